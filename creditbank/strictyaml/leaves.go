package strictyaml

import (
	"fmt"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// A Leaf is a single value of a document with its path.
type Leaf struct {
	Path string // "grant[T-A1].credits"
	Text string
}

// Leaves returns the single values below n in the order of the file, without
// asking what their keys mean. An element of a list is called by the first of the
// naming keys that it has, else by its number from 1; a name that stands twice
// gets a number too. Lists of single values are one leaf, their values between
// commas.
func (n Node) Leaves(naming ...string) []Leaf {
	if n.yaml == nil {
		return nil
	}
	return leaves(nil, n.yaml, "", naming)
}

func leaves(all []Leaf, n *yaml.Node, path string, naming []string) []Leaf {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			at := n.Content[i].Value
			if path != "" {
				at = path + "." + at
			}
			all = leaves(all, n.Content[i+1], at, naming)
		}
	case yaml.SequenceNode:
		if values, plain := scalars(n); plain {
			return append(all, Leaf{path, strings.Join(values, ", ")})
		}
		seen := map[string]int{}
		for i, c := range n.Content {
			name := nameOf(c, i, naming)
			if seen[name]++; seen[name] > 1 {
				name = fmt.Sprintf("%s#%d", name, seen[name])
			}
			all = leaves(all, c, path+"["+name+"]", naming)
		}
	default:
		all = append(all, Leaf{path, n.Value})
	}
	return all
}

// scalars returns the values of a list that holds nothing but single values.
func scalars(n *yaml.Node) (values []string, plain bool) {
	for _, c := range n.Content {
		if c.Kind != yaml.ScalarNode {
			return nil, false
		}
		values = append(values, c.Value)
	}
	return values, true
}

// nameOf returns what the i-th element of a list is called.
func nameOf(n *yaml.Node, i int, naming []string) string {
	for _, key := range naming {
		if name := (Node{yaml: n}).Kind(key); name != "" {
			return name
		}
	}
	return strconv.Itoa(i + 1)
}

// Keys returns the keys of a mapping in the order of the file, with their values.
func (n Node) Keys() []Key {
	if !n.IsMap() {
		return nil
	}
	var all []Key
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		key := n.yaml.Content[i]
		all = append(all, Key{key.Value, n.child(n.yaml.Content[i+1], n.join(key.Value))})
	}
	return all
}

// A Key is a key of a mapping with its value.
type Key struct {
	Name string
	Node
}
