package foreign_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

var update = flag.Bool("update", false, "write the tables in doc.go anew")

// A table says who accepted what. It stands in the package's documentation.
type table struct {
	title string
	rows  [][]string
}

func newTable(title string, verifiers ...string) *table {
	return &table{title: title, rows: [][]string{append([]string{title}, verifiers...)}}
}

func (t *table) add(name string, accepted ...bool) {
	row := []string{name}
	for _, a := range accepted {
		word := "refuses"
		if a {
			word = "accepts"
		}
		row = append(row, word)
	}
	t.rows = append(t.rows, row)
}

// text returns the table as it stands in a comment: one that go doc shows as
// it is.
func (t *table) text() string {
	width := make([]int, len(t.rows[0]))
	for _, row := range t.rows {
		for i, cell := range row {
			width[i] = max(width[i], runewidth.StringWidth(cell))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		line := ""
		for i, cell := range row {
			line += runewidth.FillRight(cell, width[i]+2)
		}
		fmt.Fprintf(&b, "//\t%s\n", strings.TrimRight(line, " "))
	}
	return b.String()
}

// check compares the table with the one in doc.go, or writes it there.
func (t *table) check(tt *testing.T) {
	tt.Helper()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		tt.Fatal(err)
	}
	start := bytes.Index(doc, []byte("//\t"+t.title+"  "))
	if start < 0 {
		tt.Fatalf("doc.go has no table %q", t.title)
	}
	end := start + bytes.Index(doc[start:], []byte("//\n"))
	if want := t.text(); string(doc[start:end]) != want {
		if !*update {
			tt.Fatalf("the table in doc.go is not what was found; go test ./certify/foreign -update. Found:\n%s", want)
		}
		if err := os.WriteFile("doc.go", append(append(bytes.Clone(doc[:start]), want...), doc[end:]...), 0o644); err != nil {
			tt.Fatal(err)
		}
	}
}
