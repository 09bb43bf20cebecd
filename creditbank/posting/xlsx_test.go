package posting_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"creditbank/creditbank/posting"
)

// A styled is a cell value with a number format.
type styled struct {
	value  any
	format int    // built in
	custom string // or this
}

// workbook returns a workbook whose first sheet has the rows.
func workbook(t testing.TB, rows [][]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, row := range rows {
		for j, v := range row {
			name, err := excelize.CoordinatesToCellName(j+1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			if err := set(f, name, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := f.NewSheet("另一张表"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func set(f *excelize.File, cell string, v any) error {
	s, ok := v.(styled)
	if !ok {
		return f.SetCellValue("Sheet1", cell, v)
	}
	if err := f.SetCellValue("Sheet1", cell, s.value); err != nil {
		return err
	}
	style := &excelize.Style{NumFmt: s.format}
	if s.custom != "" {
		style.CustomNumFmt = &s.custom
	}
	id, err := f.NewStyle(style)
	if err != nil {
		return err
	}
	return f.SetCellStyle("Sheet1", cell, cell, id)
}

func book(data []byte) posting.Source {
	return posting.Source{Name: "a.xlsx", Reader: bytes.NewReader(data), Format: posting.XLSX}
}

func TestWorkbook(t *testing.T) {
	day := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	got := read(book(workbook(t, [][]any{
		{"code", "name", "hours", "day"},
		{"C1", "李", 16, styled{day, 14, ""}},
		{"C2", "", 16.5, styled{day, 0, `yyyy"年"m"月"d"日"`}},
		{"C3", "", styled{16, 2, ""}, styled{day.Add(15 * time.Hour), 22, ""}},
		{"C4", "", 0.1 + 0.2, styled{day, 15, ""}},
		{}, // row 6
		{"C7", "trailing style", nil, styled{"", 14, ""}},
		{123456789012, "a typed number", "1.5", "2026-03-15"},
		{"990101195811030283", "an identity number as text"},
		{styled{12, 0, "0000"}, "zeros of a format"},
		{styled{1200.0, 4, ""}, "a thousands comma"},
		{"C12", "", styled{1200.0, 4, ""}},
		{"C13", "", styled{5, 0, `0.0"h"`}},
	})))
	want := []string{
		"2:C1|李|16|2026-03-15", "3:C2||16.5|2026-03-15", "4:C3||16|2026-03-15", "5:C4||0.3|2026-03-15",
		"7:C7|trailing style||", "8:123456789012|a typed number|1.5|2026-03-15", "9:990101195811030283|an identity number as text||",
		"10:0012|zeros of a format||", "11:1200|a thousands comma||", "12:C12||1200|", "13:C13||5|",
	}
	if !slices.Equal(got, want) {
		t.Errorf("read the workbook:\n got %q\nwant %q", got, want)
	}
}

func TestWorkbookSaysWhatASpreadsheetSpoiled(t *testing.T) {
	day := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		row  []any
		want string
	}{
		{"a code that became a date", []any{styled{day, 14, ""}}, "a.xlsx:2:1 code SPREADSHEET_MANGLED"},
		{"hours that became a date", []any{"C1", "", styled{day, 16, ""}}, "a.xlsx:2:3 hours SPREADSHEET_MANGLED"},
		{"a percentage", []any{"C1", "", styled{0.8, 9, ""}}, "a.xlsx:2:3 hours SPREADSHEET_MANGLED"},
		{"a date before the calendar begins", []any{"C1", "", "", styled{0.5, 14, ""}}, "a.xlsx:2:4 day SPREADSHEET_MANGLED"},
		{"a cell beyond the header", []any{"C1", "", "", "", "x"}, "a.xlsx:2  CELL_COUNT"},
		{"a formula error", []any{"#REF!"}, "a.xlsx:2:1 code SPREADSHEET_MANGLED"},
	} {
		got := read(book(workbook(t, [][]any{{"code", "name", "hours", "day"}, tt.row, {"C3"}})))
		if want := []string{tt.want, "3:C3|||"}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", tt.name, got, want)
		}
	}
}

// Excel writes an identity number that was typed as a number in this form.
func TestWorkbookRefusesRoundedIdentityNumbers(t *testing.T) {
	data := workbook(t, [][]any{{"code"}, {1}})
	for _, number := range []string{"9.9010119581103002E+17", "9.9010119581103E+17"} {
		got := read(book(rewrite(t, data, "<v>1</v>", "<v>"+number+"</v>")))
		if want := []string{"a.xlsx:2:1 code SPREADSHEET_MANGLED"}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", number, got, want)
		}
	}
}

func TestWorkbookLimits(t *testing.T) {
	data := workbook(t, [][]any{{"code"}, {strings.Repeat("x", 30000)}, {"C3"}})
	for _, tt := range []struct {
		name   string
		limits posting.Limits
		want   []string
	}{
		{"file", posting.Limits{Size: 1000}, []string{"a.xlsx  TOO_LARGE"}},
		{"unzipped", posting.Limits{Unpacked: 1000}, []string{"a.xlsx  MALFORMED"}},
		{"row", posting.Limits{Row: 10000}, []string{"a.xlsx:2  TOO_LARGE", "3:C3|||"}},
	} {
		src := book(data)
		src.Limits = tt.limits
		if got := read(src); !slices.Equal(got, tt.want) {
			t.Errorf("limit of %s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func FuzzWorkbook(f *testing.F) {
	f.Add(workbook(f, [][]any{{"code", "day"}, {"C1", styled{46096, 14, ""}}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		src := book(data)
		src.Limits = posting.Limits{Size: 1 << 20, Unpacked: 1 << 20}
		read(src)
	})
}
