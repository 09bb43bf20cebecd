package strictyaml

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"creditbank/creditbank"
)

// Text reads n as a string.
func (n Node) Text() string {
	if n.yaml == nil || !n.expect(yaml.ScalarNode, "文本", "a text") {
		return ""
	}
	if n.yaml.Tag == "!!null" {
		n.FailWith(creditbank.CodeMissing, "不能为空", "is empty")
		return ""
	}
	return n.yaml.Value
}

// Int reads n as a whole number.
func (n Node) Int() int {
	if n.yaml == nil || !n.expect(yaml.ScalarNode, "整数", "a whole number") {
		return 0
	}
	v, err := strconv.Atoi(n.yaml.Value)
	if err != nil {
		n.Fail(fmt.Sprintf("“%s”不是整数", n.yaml.Value), fmt.Sprintf("%q is no whole number", n.yaml.Value))
	}
	return v
}

// Bool reads n as true or false.
func (n Node) Bool() bool {
	if n.yaml == nil || !n.expect(yaml.ScalarNode, "true或false", "true or false") {
		return false
	}
	if n.yaml.Value != "true" && n.yaml.Value != "false" {
		n.Fail(fmt.Sprintf("“%s”应为true或false", n.yaml.Value), fmt.Sprintf("%q is neither true nor false", n.yaml.Value))
	}
	return n.yaml.Value == "true"
}

// Choice reads n as one of the given words.
func (n Node) Choice(words ...string) string {
	v := n.Text()
	if v != "" && !slices.Contains(words, v) {
		n.Fail(fmt.Sprintf("“%s”应为以下之一：%s", v, strings.Join(words, "、")), fmt.Sprintf("%q is none of %s", v, strings.Join(words, ", ")))
		return ""
	}
	return v
}

// Value reads n as a text that parse understands, and reports its error. A text
// in quotes with nothing between them is no value.
func Value[T any](n Node, parse func(string) (T, error)) T {
	var zero T
	s := n.Text()
	if s == "" {
		if n.IsScalar() && n.yaml.Tag != "!!null" {
			n.FailWith(creditbank.CodeMissing, "不能为空", "is empty")
		}
		return zero
	}
	v, err := parse(s)
	if err != nil {
		var input *creditbank.InputError
		if errors.As(err, &input) {
			n.FailWith(input.Code, input.Reason.ZH, input.Reason.EN)
		} else {
			n.Fail("格式不正确："+err.Error(), err.Error())
		}
		return zero
	}
	return v
}
