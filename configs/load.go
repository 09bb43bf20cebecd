package configs

import (
	"fmt"
	"os"
	"reflect"
	"strings"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// Load reads the configuration from the file at path; getenv, such as
// [os.Getenv], returns the variables that override it. What is wrong with it is
// reported all at once, as [creditbank.PlacedError] joined together.
func Load(path string, getenv func(string) string) (Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	return Parse(path, data, getenv)
}

// Parse is [Load] of a file that has been read.
func Parse(file string, data []byte, getenv func(string) string) (Config, error) {
	c := Default()
	l := loader{file: file, places: map[string]creditbank.Place{}, bad: map[string]bool{}}
	root := strictyaml.Parse(file, data, &l.problems)
	l.section(root, reflect.ValueOf(&c).Elem(), "")
	for _, f := range fields(reflect.ValueOf(&c).Elem(), "") {
		l.override(f, getenv(f.variable()))
	}
	if root.Exists() { // else most of what follows would be about the rest of the file
		c.validate(l.fault)
	}
	if err := l.problems.Err(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// A loader gathers what is wrong, and where values came from.
type loader struct {
	file     string
	problems creditbank.Problems
	places   map[string]creditbank.Place // of values that are no defaults
	bad      map[string]bool             // values that could not be read, and were reported
}

// section reads what stands in the file under a section. One with nothing in
// it, all its lines commented out for one, leaves the defaults; a list with
// nothing in it is empty.
func (l *loader) section(n strictyaml.Node, section reflect.Value, path string) {
	known := members(section, path)
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.name()
	}
	in := n.Map(names...)
	for _, f := range known {
		switch {
		case !in.Has(f.name()):
		case f.isSection():
			l.section(in.Get(f.name()).Optional(), f.value, f.path)
		default:
			l.read(f, in.Get(f.name()))
		}
	}
}

// read reads a value of the file.
func (l *loader) read(f field, n strictyaml.Node) {
	l.places[f.path] = n.Place()
	before := l.count()
	if f.value.Kind() == reflect.Slice {
		items := n.Optional().List()
		f.value.Set(reflect.MakeSlice(f.value.Type(), len(items), len(items)))
		for i, item := range items {
			l.parse(f.value.Index(i), item)
		}
	} else {
		l.parse(f.value, n)
	}
	l.bad[f.path] = l.count() > before
}

func (l *loader) parse(v reflect.Value, n strictyaml.Node) {
	before := l.count()
	text := n.Text()
	if l.count() > before {
		return // it is no text
	}
	if err := parse(v, text); err != nil {
		n.FailWith(err.Code, err.Reason.ZH, err.Reason.EN)
	}
}

func (l *loader) count() int { return len(l.problems.List()) }

// override reads the value of an environment variable.
func (l *loader) override(f field, text string) {
	if text == "" {
		return
	}
	l.places[f.path] = creditbank.Place{File: f.variable()}
	before := l.count()
	if f.value.Kind() == reflect.Slice {
		texts := strings.Split(text, ",")
		f.value.Set(reflect.MakeSlice(f.value.Type(), len(texts), len(texts)))
		for i, t := range texts {
			l.report(f.path, parse(f.value.Index(i), strings.TrimSpace(t)))
		}
	} else {
		l.report(f.path, parse(f.value, text))
	}
	l.bad[f.path] = l.count() > before
}

// fault reports that a value is not what it may be. One that could not be read
// has been reported.
func (l *loader) fault(path string, code creditbank.Code, zh, en string) {
	if !l.bad[path] {
		l.report(path, creditbank.Invalid(code, path, zh, en))
	}
}

// report notes what is wrong with a value where the value came from.
func (l *loader) report(path string, err *creditbank.InputError) {
	if err == nil {
		return
	}
	at, ok := l.places[path]
	if !ok {
		at = creditbank.Place{File: l.file}
	}
	l.problems.Add(at, creditbank.Invalid(err.Code, path, err.Reason.ZH, err.Reason.EN))
}
