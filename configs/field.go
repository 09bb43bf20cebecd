package configs

import (
	"reflect"
	"strings"
)

// A field is one value of a configuration.
type field struct {
	path  string // of its key, "limits.per_client.burst"
	value reflect.Value
	tag   reflect.StructTag
}

// variable returns the name of the environment variable that overrides f.
func (f field) variable() string {
	return "CREDITBANK_" + strings.ToUpper(strings.ReplaceAll(f.path, ".", "_"))
}

// members returns what stands under a section: values and further sections.
func members(section reflect.Value, path string) []field {
	t := section.Type()
	all := make([]field, t.NumField())
	for i := range all {
		all[i] = field{join(path, key(t.Field(i))), section.Field(i), t.Field(i).Tag}
	}
	return all
}

// fields returns every value under a section, in the order of the file.
func fields(section reflect.Value, path string) []field {
	var all []field
	for _, f := range members(section, path) {
		if f.isSection() {
			all = append(all, fields(f.value, f.path)...)
		} else {
			all = append(all, f)
		}
	}
	return all
}

func (f field) isSection() bool { return f.value.Kind() == reflect.Struct }

// name returns the last element of f's path.
func (f field) name() string { return f.path[strings.LastIndexByte(f.path, '.')+1:] }

// key returns the name of a field in the file: its tag, or the name in small
// letters.
func key(f reflect.StructField) string {
	if k, ok := f.Tag.Lookup("yaml"); ok {
		return k
	}
	return strings.ToLower(f.Name)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
