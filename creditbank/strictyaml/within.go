package strictyaml

import (
	"gopkg.in/yaml.v3"

	"creditbank/creditbank"
)

// FailWithin reports that something inside the text n is wrong, at the given line
// (from 1) and column (from 0) of the text. Where YAML does not say how the lines
// of the text stand in the file, the place of n serves.
func (n Node) FailWithin(line, column int, zh, en string) {
	if n.problems == nil || n.yaml == nil {
		return
	}
	at := n.Place()
	switch style := n.yaml.Style; {
	case style&yaml.LiteralStyle != 0:
		at.Line, at.Column = at.Line+line, 0 // the text begins below; its indentation is nobody's to know
	case style&yaml.FoldedStyle == 0 && line == 1:
		at.Column += column
		if style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			at.Column++
		}
	}
	n.problems.Add(at, creditbank.Invalid(creditbank.CodeMalformed, n.path, zh, en))
}

// A Pair is a key that the file chose, with its value.
type Pair struct {
	Key   string
	Value Node
}

// Pairs reads n as a mapping with keys of any name, in the order of the file.
func (n Node) Pairs() []Pair {
	if n.yaml == nil || !n.expect(yaml.MappingNode, "键值对", "a mapping") {
		return nil
	}
	keys := make([]string, 0, len(n.yaml.Content)/2)
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		keys = append(keys, n.yaml.Content[i].Value)
	}
	f := n.Map(keys...)
	var pairs []Pair
	for _, key := range keys {
		if v, ok := f.values[key]; ok {
			pairs = append(pairs, Pair{key, v})
			delete(f.values, key)
		}
	}
	return pairs
}
