package posting_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"creditbank/creditbank"
	"creditbank/creditbank/posting"
)

var columns = []posting.Column{
	{Name: "code", Title: "代码"},
	{Name: "name", Optional: true},
	{Name: "hours", Kind: posting.Number, Optional: true},
	{Name: "day", Kind: posting.Date, Optional: true},
}

// source returns a source whose format its name tells.
func source(name, text string) posting.Source {
	return posting.Source{Name: name, Reader: strings.NewReader(text), Format: posting.FormatOf(name)}
}

// read returns everything in a table as text: a row as line:code|name|hours|day,
// an error as its codes and places.
func read(src posting.Source) []string {
	var out []string
	t, err := posting.Open(src, columns)
	if err != nil {
		return faults(err)
	}
	defer t.Close()
	for row, err := range t.Rows() {
		if err != nil {
			out = append(out, faults(err)...)
			continue
		}
		out = append(out, fmt.Sprintf("%d:%s|%s|%s|%s", row.Place().Line, row.Get("code"), row.Get("name"), row.Get("hours"), row.Get("day")))
	}
	return append(out, faults(t.Err())...)
}

func faults(err error) []string {
	var out []string
	var problems creditbank.Problems
	problems.Add(creditbank.Place{}, err)
	for _, p := range problems.List() {
		out = append(out, fmt.Sprintf("%v %s %s", p.Place, p.Field, p.Code))
	}
	return out
}

func TestTable(t *testing.T) {
	for _, tt := range []struct {
		name, file, in string
		want           []string
	}{
		{"columns in any order, a byte order mark, CRLF", "a.csv", "\ufeffname,code\r\n李,C1\r\n王 ,C2\r\n", []string{"2:C1|李||", "3:C2|王||"}},
		{"a Chinese column name", "a.csv", "代码\nC1\n", []string{"2:C1|||"}},
		{"quotes, a comma and a quote within", "a.csv", "code,name\nC1,\"李, \"\"国\"\"\"\n", []string{`2:C1|李, "国"||`}},
		{"blank rows are left out", "a.csv", "code,name\n\nC1,a\n,\n  , \nC2,b", []string{"3:C1|a||", "6:C2|b||"}},
		{"full-width space around a cell", "a.csv", "code\n\u3000C1\u3000\n", []string{"2:C1|||"}},

		{"unknown column", "a.csv", "code,nmae\nC1,a\n", []string{"a.csv:1:2 nmae UNKNOWN_COLUMN"}},
		{"every fault of a header", "a.csv", "name,Name,x,name\n", []string{"a.csv:1 code MISSING", "a.csv:1:2 Name UNKNOWN_COLUMN", "a.csv:1:3 x UNKNOWN_COLUMN", "a.csv:1:4 name DUPLICATE_COLUMN"}},
		{"semicolons", "a.csv", "code;name\nC1;a\n", []string{"a.csv:1 code MISSING", "a.csv:1:1  UNKNOWN_COLUMN"}},
		{"empty file", "a.csv", "", []string{"a.csv:1  MISSING"}},
		{"an Excel file named .csv", "a.csv", "PK\x03\x04....", []string{"a.csv  MALFORMED"}},
		{"an old Excel file", "a.xlsx", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", []string{"a.xlsx  MALFORMED"}},
		{"a CSV file named .xlsx", "a.xlsx", "code\nC1\n", []string{"a.xlsx  MALFORMED"}},
		{"a damaged workbook", "a.xlsx", "PK\x03\x04nothing", []string{"a.xlsx  MALFORMED"}},
		{"UTF-16", "a.csv", "\xff\xfec\x00o\x00", []string{"a.csv  ENCODING"}},

		{"too many cells, too few; the other rows stay", "a.csv", "code,name\nC1,a,b\nC2\nC3,c\n", []string{"a.csv:2  CELL_COUNT", "a.csv:3  CELL_COUNT", "4:C3|c||"}},
		{"a stray quote", "a.csv", "code,name\nC1,a\"b\nC2,b\n", []string{"a.csv:2  MALFORMED", "3:C2|b||"}},
		{"a quote that is never closed", "a.csv", "code,name\nC1,a\nC2,\"b\nC3,c\n", []string{"2:C1|a||", "a.csv:3  MALFORMED"}},
		{"a line break in a cell", "a.csv", "code,name\nC1,\"a\nb\"\nC2,b\n", []string{"a.csv:2:2 name MALFORMED", "4:C2|b||"}},
		{"a damaged character", "a.csv", "code,name\nC1,李国建\xe6\nC2,王小明\n", []string{"a.csv:2:2 name ENCODING", "3:C2|王小明||"}},
		{"an identity number as a float", "a.csv", "code,hours\n9.90101E+17,1\n", []string{"a.csv:2:1 code SPREADSHEET_MANGLED"}},
		{"a code that only looks like a float", "a.csv", "code\n1E5\n", []string{"2:1E5|||"}},
		{"binary tails and zeros", "a.csv", "code,hours\nC1,80.900000000000006\nC2,16.0\nC3,16.0000\n", []string{"2:C1||80.9|", "3:C2||16.0|", "4:C3||16.00|"}},
		{"a formula error", "a.csv", "code,name\nC1,#N/A\n", []string{"a.csv:2:2 name SPREADSHEET_MANGLED"}},

		{"NDJSON, keys in any order", "a.ndjson", `{"hours":1.50,"code":"C1"}` + "\n\n" + `{"code":2,"name":null}`, []string{"1:C1||1.50|", "3:2|||"}},
		{"NDJSON, faults keep to their line", "a.ndjson", strings.Join([]string{`{"code":"C1","nmae":"a"}`, `{"name":"a"}`, `[1]`, `{"code":{}}`, `{"code":"a","code":"b"}`, `{"code":`, `{"code":"C7"} x`, `{"code":"C8"}`}, "\n"),
			[]string{"a.ndjson:1:2 nmae UNKNOWN_COLUMN", "a.ndjson:2 code MISSING", "a.ndjson:3  MALFORMED", "a.ndjson:4 code MALFORMED", "a.ndjson:5:2 code DUPLICATE_COLUMN", "a.ndjson:6  MALFORMED", "a.ndjson:7  MALFORMED", "8:C8|||"}},
		{"NDJSON, a number as a float", "a.ndjson", `{"code":9.90101E+17}`, []string{"a.ndjson:1:1 code SPREADSHEET_MANGLED"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := read(source(tt.file, tt.in)); !slices.Equal(got, tt.want) {
				t.Errorf("read %q:\n got %q\nwant %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestUnknownColumnSuggestsTheNearest(t *testing.T) {
	for in, want := range map[string]string{
		"cod": "code", "Code": "code", "HOURS": "hours", "huors": "hours", "nam e": "name", "": "", "something": "",
	} {
		_, err := posting.Open(source("a.csv", "code,"+in+"\n"), columns)
		if err == nil {
			t.Errorf("column %q is accepted", in)
			continue
		}
		if suggests := strings.Contains(err.Error(), "did you mean"); suggests != (want != "") || !strings.Contains(err.Error(), want) {
			t.Errorf("column %q: %v; want the suggestion %q", in, err, want)
		}
	}
}

func TestEncodings(t *testing.T) {
	text := "code,name\n" + strings.Repeat("C1,plain\n", 20000) + "C2,王桂兰\nC3,㐱\n" // beyond the first buffer, and beyond GBK
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	want := read(source("a.csv", text))
	for _, tt := range []struct {
		name     string
		text     string
		encoding posting.Encoding
	}{
		{"UTF-8, declared", text, posting.UTF8},
		{"GB18030, declared", gb, posting.GB18030},
		{"GB18030, detected", gb, posting.Detect},
		{"UTF-8 with a mark, declared GB18030", "\ufeff" + text, posting.GB18030},
	} {
		src := source("a.csv", tt.text)
		src.Encoding = tt.encoding
		got := read(src)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q…, want %q…", tt.name, got[max(0, len(got)-2):], want[len(want)-2:])
		}
	}
}

func TestLimits(t *testing.T) {
	long := strings.Repeat("x", 70<<10)
	for _, tt := range []struct {
		name, file, in string
		limits         posting.Limits
		want           []string
	}{
		{"a quote that swallows the file", "a.csv", "code,name\nC1,a\nC2,\"" + strings.Repeat("y\n", 50<<10), posting.Limits{Row: 8 << 10}, []string{"2:C1|a||", "a.csv:3  TOO_LARGE"}},
		{"a long line of JSON is passed over", "a.ndjson", `{"code":"` + long + "\"}\n" + `{"code":"C2"}`, posting.Limits{}, []string{"a.ndjson:1  TOO_LARGE", "2:C2|||"}},
		{"a large file", "a.csv", "code,name\nC1,a\n" + strings.Repeat("C2,b\n", 100), posting.Limits{Size: 18}, []string{"2:C1|a||", "a.csv  TOO_LARGE"}},
		{"many cells", "a.csv", "code\n" + strings.Repeat(",", 500) + "\nC2\n", posting.Limits{}, []string{"a.csv:2  CELL_COUNT", "3:C2|||"}},
	} {
		src := source(tt.file, tt.in)
		src.Limits = tt.limits
		if got := read(src); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// slow gives a byte at a time, then fails.
type broken struct{ text *strings.Reader }

var errBroken = errors.New("connection reset")

func (b broken) Read(p []byte) (int, error) {
	if b.text.Len() == 0 {
		return 0, errBroken
	}
	return b.text.Read(p[:1])
}

func TestABrokenReadIsNoEnd(t *testing.T) {
	for _, file := range []string{"a.csv", "a.ndjson"} {
		text := map[string]string{"a.csv": "code\nC1\nC2", "a.ndjson": "{\"code\":\"C1\"}\n{\"code\":"}[file]
		tab, err := posting.Open(posting.Source{Name: file, Reader: broken{strings.NewReader(text)}, Format: posting.FormatOf(file)}, columns)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for range tab.Rows() {
			n++
		}
		if !errors.Is(tab.Err(), errBroken) || n != 1 {
			t.Errorf("%s: %d rows, then %v; want 1 row, then %v", file, n, tab.Err(), errBroken)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add("a.csv", "code,name\nC1,\"a\nb\"\n", 0)
	f.Add("a.ndjson", `{"code":"C1"}`, 1)
	f.Add("a.csv", "\ufeffcode\n\xc0\xee\n", 2)
	f.Fuzz(func(t *testing.T, name, text string, encoding int) {
		if posting.FormatOf(name) == posting.XLSX {
			name = "a.csv"
		}
		src := source(name, text)
		src.Encoding, src.Limits = posting.Encoding(encoding%3), posting.Limits{Size: 1 << 16, Row: 1 << 12}
		tab, err := posting.Open(src, columns)
		if err != nil {
			return
		}
		last := 0
		for row, err := range tab.Rows() {
			if line := row.Place().Line; line < last {
				t.Errorf("line %d comes after line %d", line, last)
			} else {
				last = line
			}
			if err == nil && row.Get("code") != strings.TrimSpace(row.Get("code")) {
				t.Errorf("cell %q is not trimmed", row.Get("code"))
			}
		}
	})
}
