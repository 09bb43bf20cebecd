package configs

import (
	"log/slog"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

// String returns the configuration as a file that [Parse] reads, every key in
// it. Passwords, which no valid configuration holds, are hidden.
func (c Config) String() string {
	out, err := yaml.Marshal(section(reflect.ValueOf(c), ""))
	if err != nil {
		return "configuration: " + err.Error()
	}
	return string(out)
}

// GoString returns String, so that %#v hides passwords too.
func (c Config) GoString() string { return c.String() }

func section(v reflect.Value, path string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, f := range members(v, path) {
		k := &yaml.Node{Kind: yaml.ScalarNode, Value: f.name()}
		switch {
		case f.isSection():
			n.Content = append(n.Content, k, section(f.value, f.path))
		case f.value.Kind() == reflect.Slice:
			list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
			for i := range f.value.Len() {
				list.Content = append(list.Content, scalar(f.value.Index(i)))
			}
			n.Content = append(n.Content, k, list)
		default:
			n.Content = append(n.Content, k, scalar(f.value))
		}
	}
	return n
}

func scalar(v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: format(v)}
	if v.Kind() == reflect.String { // else an empty one, or "null", is none
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// LogValue returns the configuration in groups, passwords hidden.
func (c Config) LogValue() slog.Value { return group(reflect.ValueOf(c), "") }

func group(v reflect.Value, path string) slog.Value {
	var attrs []slog.Attr
	for _, f := range members(v, path) {
		switch {
		case f.isSection():
			attrs = append(attrs, slog.Attr{Key: f.name(), Value: group(f.value, f.path)})
		case f.value.Kind() == reflect.Slice:
			texts := make([]string, f.value.Len())
			for i := range texts {
				texts[i] = format(f.value.Index(i))
			}
			attrs = append(attrs, slog.String(f.name(), strings.Join(texts, ",")))
		default:
			attrs = append(attrs, slog.String(f.name(), format(f.value)))
		}
	}
	return slog.GroupValue(attrs...)
}
