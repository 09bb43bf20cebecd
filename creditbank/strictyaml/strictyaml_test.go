package strictyaml_test

import (
	"strings"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

func TestReadsWhatIsThere(t *testing.T) {
	var problems creditbank.Problems
	f := strictyaml.Parse("f.yaml", []byte("credits: \"4.10\"\nhours: 32\nopen: true\nday: 2026-03-15\nlist: [a, b]\n"), &problems).
		Map("credits", "hours", "open", "day", "list", "absent")
	if c := strictyaml.Value(f.Need("credits"), creditbank.ParseCredits); c != 410 {
		t.Errorf("credits %v", c)
	}
	if n := f.Need("hours").Int(); n != 32 {
		t.Errorf("hours %d", n)
	}
	if d := strictyaml.Value(f.Need("day"), creditbank.ParseDate); d != 20260315 {
		t.Errorf("day %v: a date must be read as written, not as an instant", d)
	}
	if !f.Get("open").Bool() || len(f.Get("list").List()) != 2 || f.Get("list").List()[1].Text() != "b" {
		t.Error("open or list read wrongly")
	}
	if f.Get("absent").Exists() || f.Get("absent").Text() != "" || f.Get("absent").Map("x").Get("x").Exists() {
		t.Error("what is absent reads as something")
	}
	if err := problems.Err(); err != nil {
		t.Error(err)
	}
}

// A comma between braces cuts a text in two; a person means one text.
func TestTextsWithCommas(t *testing.T) {
	var problems creditbank.Problems
	f := strictyaml.Parse("f.yaml", []byte("{zh: 零存整取, en: Save small, redeem whole, twice}"), &problems).Texts("zh", "en")
	if f.Need("en").Text() != "Save small, redeem whole, twice" || f.Need("zh").Text() != "零存整取" || problems.Err() != nil {
		t.Errorf("reads %q, %v", f.Get("en").Text(), problems.Err())
	}
	for _, text := range []string{"{zh: a, en: b, fr: c}", "{en, zh: a}", "{zh: a, en: }", "{zh: a, en: \"b\", c}"} {
		var problems creditbank.Problems
		f := strictyaml.Parse("f.yaml", []byte(text), &problems).Texts("zh", "en")
		f.Need("zh").Text()
		f.Need("en").Text()
		if problems.Err() == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}

func TestReportsEachFaultWithItsPlace(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"empty":         {"", "f.yaml: the file is empty"},
		"two documents": {"a: 1\n---\na: 2\n", "more than one YAML document"},
		"tab":           {"a:\n\t- b\n", "f.yaml:2: not YAML"},
		"merge key":     {"a: {<<: {b: 1}}\n", "f.yaml:1:5: a.<<: such a key is not supported"},
		"alias":         {"a: &x {b: 1}\n", "f.yaml:1:4: a: anchors and aliases are not supported"},
		"tag":           {"a: !!str {b: 1}\n", "f.yaml:1:4: a: tags are not supported"},
		"null":          {"a: {b: }\n", "f.yaml:1:8: a.b: is empty"},
		"list for map":  {"a: [b]\n", "f.yaml:1:4: a: expected a mapping"},
		"misspelt":      {"a: {bb: 1}\n", `f.yaml:1:5: a.bb: unknown key "bb"`},
		"twice":         {"a: {b: 1, b: 2}\n", `f.yaml:1:11: a.b: key "b" stands here twice`},
	} {
		var problems creditbank.Problems
		strictyaml.Parse("f.yaml", []byte(tt.text), &problems).Map("a").Need("a").Map("b").Need("b").Text()
		if err := problems.Err(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: reports %v, want %s", name, err, tt.want)
		}
	}
}

// Nothing between quotes is no value: read as zero it would be an amount of
// nothing, or a rule without a name.
func TestNothingInQuotesIsNoValue(t *testing.T) {
	var problems creditbank.Problems
	f := strictyaml.Parse("f.yaml", []byte("{credits: \"\", title: \"\"}"), &problems).Map("credits", "title")
	strictyaml.Value(f.Need("credits"), creditbank.ParseCredits)
	f.Need("title").Text()
	if err := problems.Err(); err == nil || err.Error() != "f.yaml:1:11: credits: is empty (MISSING)" {
		t.Errorf("reports %v", err)
	}
}

func TestAtNamesTheDeepestPlaceThereIs(t *testing.T) {
	var problems creditbank.Problems
	root := strictyaml.Parse("f.yaml", []byte("a:\n  - {b: 1}\n  - {b: {c: 2}}\n"), &problems)
	for _, tt := range []struct {
		path  []any
		place string
		field string
	}{
		{nil, "f.yaml:1:1", ""},
		{[]any{"a", 1, "b", "c"}, "f.yaml:3:13", "a[1].b.c"},
		{[]any{"a", 0, "b", "c"}, "f.yaml:2:9", "a[0].b"},
		{[]any{"a", 1, "x", "c"}, "f.yaml:3:5", "a[1]"},
		{[]any{"a", 2, "b"}, "f.yaml:2:3", "a"},
		{[]any{0, "a"}, "f.yaml:1:1", ""},
	} {
		if n := root.At(tt.path...); n.Place().String() != tt.place || n.Path() != tt.field {
			t.Errorf("%v: %s at %s, want %s at %s", tt.path, n.Path(), n.Place(), tt.field, tt.place)
		}
	}
	if n := (strictyaml.Node{}).At("a", 0); n.Exists() {
		t.Error("something stands in nothing")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("a: {b: [1, 2], c: &x d}\n"))
	f.Add([]byte("- - - ? x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var problems creditbank.Problems
		root := strictyaml.Parse("f.yaml", data, &problems)
		fields := root.Map("a", "b")
		for _, n := range fields.Get("a").List() {
			n.Text()
		}
		fields.Get("b").Int()
		for _, p := range problems.List() {
			if p.File != "f.yaml" || p.Reason.ZH == "" || p.Reason.EN == "" {
				t.Errorf("%v lacks a file or a text", p)
			}
		}
	})
}
