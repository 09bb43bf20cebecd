package generate

import "encoding/json"

// A field is a member of an object or an element of a list, somewhere in a tree.
type field struct {
	object map[string]any // nil where it is an element
	name   string
	list   []any
	index  int
	value  any
}

// fields lists all fields of a tree.
func fields(tree any) []field {
	var all []field
	switch t := tree.(type) {
	case map[string]any:
		for _, name := range sortedKeys(t) {
			all = append(all, field{object: t, name: name, value: t[name]})
			all = append(all, fields(t[name])...)
		}
	case []any:
		for i, v := range t {
			all = append(all, field{list: t, index: i, value: v})
			all = append(all, fields(v)...)
		}
	}
	return all
}

// set replaces the value.
func (f field) set(v any) {
	if f.object != nil {
		f.object[f.name] = v
		return
	}
	f.list[f.index] = v
}

// drop leaves a member out; an element becomes an empty object.
func (f field) drop() {
	if f.object != nil {
		delete(f.object, f.name)
		return
	}
	f.list[f.index] = map[string]any{}
}

// rename gives a member another name.
func (f field) rename(r Rand) {
	if f.object == nil {
		return
	}
	delete(f.object, f.name)
	f.object[Pick(r, f.name+"_", "x"+f.name, "", "__proto__", "名称")] = f.value
}

// add adds a member that nobody knows.
func (f field) add(r Rand) {
	o := f.object
	if inner, ok := f.value.(map[string]any); ok {
		o = inner
	}
	if o != nil {
		o[Pick(r, "extra", "id", "Learner", "is_admin", "")] = Pick[any](r, nil, "x", json.Number("1"), []any{})
	}
}

// onField spoils one field of a body that is a tree.
func onField(do func(Rand, field)) func(Rand, *Request) bool {
	return func(r Rand, q *Request) bool {
		all := fields(q.Tree)
		if len(all) == 0 {
			return false
		}
		do(r, Pick(r, all...))
		return true
	}
}

// swapped swaps the values of two fields, as where the columns of a file have
// slipped.
func swapped(r Rand, q *Request) bool {
	var leaves []field
	for _, f := range fields(q.Tree) {
		if _, ok := f.value.(string); ok {
			leaves = append(leaves, f)
		}
	}
	if len(leaves) < 2 {
		return false
	}
	a, b := Pick(r, leaves...), Pick(r, leaves...)
	a.set(b.value)
	b.set(a.value)
	return true
}
