package configs

import "reflect"

// A Field is a value of a configuration, for the tests that walk all of them.
type Field struct{ Path, Variable, Text, Range, Kind string }

// Fields returns every value of c.
func Fields(c *Config) []Field {
	var all []Field
	for _, f := range fields(reflect.ValueOf(c).Elem(), "") {
		text := ""
		if f.value.Kind() == reflect.Slice {
			for i := range f.value.Len() {
				text += "," + format(f.value.Index(i))
			}
			text = text[min(1, len(text)):]
		} else {
			text = format(f.value)
		}
		all = append(all, Field{f.path, f.variable(), text, f.tag.Get("range"), f.value.Type().String()})
	}
	return all
}
