// Package strictyaml reads the YAML files that people write for a credit bank:
// rules, programmes, timelines. It knows every key it accepts and reports all
// that is wrong, each with file, line and column, instead of the first fault:
//
//	root := strictyaml.Parse("rules.yaml", data, &problems)
//	f := root.Map("timezone", "rules")
//	tz := f.Need("timezone").Text()
//	for _, r := range f.Need("rules").List() { … }
//
// A missing node reads as the zero value without a further report, so that a
// reader need not check after each step. Anchors, aliases, merge keys and
// custom tags are refused: a reviewer must see what a rule says where it says
// it. Amounts may be written bare or in quotes; they are read from their text
// and never pass through a floating-point number.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"creditbank/creditbank"
)

// A Node is a place in a YAML document. The zero Node is one that is missing.
type Node struct {
	yaml     *yaml.Node
	file     string
	path     string
	problems *creditbank.Problems
	observe  Observer
}

// An Observer is told of each mapping that a reader reads: the path at which it
// stands, such as rules[0].source, and the keys that are known there.
type Observer func(path string, known []string)

// maxSize bounds a file; the rules of a whole province are far smaller.
const maxSize = 8 << 20

var yamlLine = regexp.MustCompile(`line (\d+): `)

// Parse parses one YAML document. What is wrong with it, then and later, goes
// to problems.
func Parse(file string, data []byte, problems *creditbank.Problems) Node {
	return ParseObserved(file, data, problems, nil)
}

// ParseObserved is [Parse] for whoever wants to know which keys a reader knows,
// as a schema of the file has to.
func ParseObserved(file string, data []byte, problems *creditbank.Problems, observe Observer) Node {
	root := Node{file: file, problems: problems, observe: observe}
	if len(data) > maxSize {
		root.Fail("文件过大", "the file is larger than 8 MiB")
		return Node{}
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			root.Fail("文件为空", "the file is empty")
			return Node{}
		}
		root.syntax(err)
		return Node{}
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		root.Fail("文件应只含一个YAML文档", "the file holds more than one YAML document")
		return Node{}
	}
	root.yaml = doc.Content[0]
	return root
}

// syntax reports an error of the YAML parser at the line it names.
func (n Node) syntax(err error) {
	at := creditbank.Place{File: n.file}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		at.Line, _ = strconv.Atoi(m[1])
	}
	n.problems.Add(at, creditbank.Invalid(creditbank.CodeMalformed, "", "不是合法的YAML："+err.Error(), "not YAML: "+strings.TrimPrefix(err.Error(), "yaml: ")))
}

// Optional returns n, or a missing node where n has no value: a key with nothing
// behind it, as an empty cell is no value.
func (n Node) Optional() Node {
	if n.IsScalar() && n.yaml.Tag == "!!null" && n.yaml.Anchor == "" {
		return Node{}
	}
	return n
}

// child returns a node of the same document.
func (n Node) child(y *yaml.Node, path string) Node {
	n.yaml, n.path = y, path
	return n
}

// At returns what stands under the keys and indices of path, one below the
// other; where there is nothing more, the last that is there. It checks nothing:
// it is for naming the place of what was read before.
func (n Node) At(path ...any) Node {
	for _, step := range path {
		next := n
		switch step := step.(type) {
		case string:
			next = n.under(step)
		case int:
			if n.yaml != nil && n.yaml.Kind == yaml.SequenceNode && step < len(n.yaml.Content) {
				next = n.child(n.yaml.Content[step], fmt.Sprintf("%s[%d]", n.path, step))
			}
		}
		if next.path == n.path {
			return n
		}
		n = next
	}
	return n
}

// under returns the value of a key, or n where there is none.
func (n Node) under(key string) Node {
	if !n.IsMap() {
		return n
	}
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		if n.yaml.Content[i].Value == key {
			return n.child(n.yaml.Content[i+1], n.join(key))
		}
	}
	return n
}

// Path returns the path of n in its document, such as rules[0].source.
func (n Node) Path() string { return n.path }

// Exists reports whether n is there.
func (n Node) Exists() bool { return n.yaml != nil }

// Place returns where n stands.
func (n Node) Place() creditbank.Place {
	if n.yaml == nil {
		return creditbank.Place{File: n.file}
	}
	return creditbank.Place{File: n.file, Line: n.yaml.Line, Column: n.yaml.Column}
}

// Fail reports that n is wrong.
func (n Node) Fail(zh, en string) { n.FailWith(creditbank.CodeMalformed, zh, en) }

// FailWith reports that n is wrong, with a code.
func (n Node) FailWith(code creditbank.Code, zh, en string) {
	if n.problems != nil {
		n.problems.Add(n.Place(), creditbank.Invalid(code, n.path, zh, en))
	}
}

// IsScalar reports whether n is a single value.
func (n Node) IsScalar() bool { return n.yaml != nil && n.yaml.Kind == yaml.ScalarNode }

// IsMap reports whether n is a mapping.
func (n Node) IsMap() bool { return n.yaml != nil && n.yaml.Kind == yaml.MappingNode }

// A Fields is a mapping whose keys have been checked.
type Fields struct {
	node   Node
	values map[string]Node
}

// Map reads n as a mapping that may have the given keys and no others.
func (n Node) Map(known ...string) Fields {
	f := Fields{n, map[string]Node{}}
	if n.yaml == nil || !n.expect(yaml.MappingNode, "键值对", "a mapping") {
		return f
	}
	if n.observe != nil {
		n.observe(n.path, known)
	}
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		key := n.child(n.yaml.Content[i], n.join(n.yaml.Content[i].Value))
		value := n.child(n.yaml.Content[i+1], key.path)
		name := key.yaml.Value
		switch _, twice := f.values[name]; {
		case key.yaml.Kind != yaml.ScalarNode || name == "<<":
			key.Fail("不支持这样的键", "such a key is not supported")
		case twice:
			key.Fail(fmt.Sprintf("键“%s”重复", name), fmt.Sprintf("key %q stands here twice", name))
		case !slices.Contains(known, name):
			key.unknown(name, known)
		default:
			f.values[name] = value
		}
	}
	return f
}

// Texts reads n as a mapping from the given keys, and no others, to texts.
//
// Between braces a comma ends a text that stands without quotes: for YAML,
// {en: Save small, redeem whole} has a key "redeem whole" without a value. People
// write this, and it can mean one thing only, so it is read as the text it is.
func (n Node) Texts(known ...string) Fields {
	if n.yaml == nil || n.yaml.Kind != yaml.MappingNode || n.yaml.Style&yaml.FlowStyle == 0 {
		return n.Map(known...)
	}
	joined := *n.yaml
	joined.Content = nil
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		key, value := n.yaml.Content[i], n.yaml.Content[i+1]
		tail := i > 0 && value.Tag == "!!null" && value.Value == "" && !slices.Contains(known, key.Value)
		if last := len(joined.Content) - 1; tail && joined.Content[last].Style == 0 && joined.Content[last].Kind == yaml.ScalarNode {
			text := *joined.Content[last]
			text.Value, text.Tag = text.Value+", "+key.Value, "!!str"
			joined.Content[last] = &text
			continue
		}
		joined.Content = append(joined.Content, key, value)
	}
	return n.child(&joined, n.path).Map(known...)
}

// unknown reports a key that is none of the known ones, with the one probably
// meant.
func (n Node) unknown(name string, known []string) {
	zh := fmt.Sprintf("未知的键“%s”，可用：%s", name, strings.Join(known, "、"))
	en := fmt.Sprintf("unknown key %q, known are %s", name, strings.Join(known, ", "))
	if near := creditbank.Nearest(name, known); near != "" {
		zh = fmt.Sprintf("未知的键“%s”，是否想写“%s”？", name, near)
		en = fmt.Sprintf("unknown key %q, did you mean %q?", name, near)
	}
	n.FailWith("UNKNOWN_KEY", zh, en)
}

// Get returns the value of key, missing if it is not there.
func (f Fields) Get(key string) Node { return f.values[key] }

// Has reports whether key is there.
func (f Fields) Has(key string) bool { return f.values[key].Exists() }

// Need returns the value of key and reports its absence.
func (f Fields) Need(key string) Node {
	v, ok := f.values[key]
	if !ok && f.node.Exists() {
		f.node.FailWith(creditbank.CodeMissing, fmt.Sprintf("缺少“%s”", key), fmt.Sprintf("%q is missing", key))
	}
	return v
}

// One returns which of the keys is there and reports if it is not exactly one.
func (f Fields) One(keys ...string) string {
	found := ""
	for _, k := range keys {
		if !f.Has(k) {
			continue
		}
		if found != "" {
			f.values[k].Fail(fmt.Sprintf("“%s”与“%s”不能同时出现", found, k), fmt.Sprintf("%q and %q exclude each other", found, k))
			return found
		}
		found = k
	}
	if found == "" && f.node.Exists() {
		f.node.FailWith(creditbank.CodeMissing, "应有以下之一："+strings.Join(keys, "、"), "one of "+strings.Join(keys, ", ")+" is missing")
	}
	return found
}

// List reads n as a sequence.
func (n Node) List() []Node {
	if n.yaml == nil || !n.expect(yaml.SequenceNode, "列表", "a list") {
		return nil
	}
	items := make([]Node, 0, len(n.yaml.Content))
	for i, c := range n.yaml.Content {
		items = append(items, n.child(c, fmt.Sprintf("%s[%d]", n.path, i)))
	}
	return items
}

func (n Node) expect(kind yaml.Kind, zh, en string) bool {
	switch {
	case n.yaml.Kind == yaml.AliasNode || n.yaml.Anchor != "":
		n.Fail("不支持锚点和引用", "anchors and aliases are not supported")
		return false
	case n.yaml.Style&yaml.TaggedStyle != 0:
		n.Fail("不支持自定义标签", "tags are not supported")
		return false
	case n.yaml.Kind != kind:
		n.Fail("此处应为"+zh, "expected "+en)
		return false
	}
	return true
}

func (n Node) join(key string) string {
	if n.path == "" {
		return key
	}
	return n.path + "." + key
}

// Kind returns the text of one key of a mapping without checking the others,
// for formats in which it decides what the others may be. It is "" where the
// key is missing or n is no mapping.
func (n Node) Kind(key string) string {
	if !n.IsMap() {
		return ""
	}
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		if n.yaml.Content[i].Value == key && n.yaml.Content[i+1].Kind == yaml.ScalarNode {
			return n.yaml.Content[i+1].Value
		}
	}
	return ""
}
