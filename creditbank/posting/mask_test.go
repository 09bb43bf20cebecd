package posting_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/posting"
)

// People whose numbers must not get into an answer: of 18 characters, of 18
// with a check letter, and of the 15 of before 1999.
var idNumbers = []struct{ number, masked string }{
	{"990101195811030283", "990101********0283"},
	{"11010519491231002X", "110105********002X"},
	{"11010519491231002x", "110105********002x"},
	{"110105491231002", "110105******002"},
	{"110105 19491231 002X", "110105********002X"},
	{"１１０１０５１９４９１２３１００２Ｘ", "110105********002X"},
}

// hides checks that a message to an institution tells where the fault is, and
// not whose number stands there.
func hides(t *testing.T, what, message, number, masked string) {
	t.Helper()
	if strings.Contains(message, number) || !strings.Contains(message, masked) {
		t.Errorf("%s: %s; want %s as %s", what, message, number, masked)
	}
}

// Where columns have slipped, an identity number stands in a cell that messages
// quote.
func TestAnswersDoNotQuoteIdentityNumbers(t *testing.T) {
	const header = "external_id,institution,learner,course,issued_on,score,attended_hours,revision\n"
	for _, id := range idNumbers {
		for _, column := range []string{"issued_on", "score", "attended_hours", "revision"} {
			cells := map[string]string{"issued_on": "2024-06-01", "score": "80", "attended_hours": "", "revision": ""}
			cells[column] = id.number
			if _, err := posting.ParseHours(id.number); err == nil && column == "attended_hours" {
				continue // so many hours: the bank says that they are too many
			}
			row := fmt.Sprintf("K1,I06,L1,S05,%s,%s,%s,%s\n", cells["issued_on"], cells["score"], cells["attended_hours"], cells["revision"])
			for _, f := range []posting.Format{posting.CSV, posting.NDJSON} {
				hides(t, column, post(t, newDesk(), source("a.csv", header+row), f), id.number, id.masked)
			}
		}
		d := newDesk() // what the bank says is no better
		d.fail["K1"] = []error{creditbank.NotFound(creditbank.CodeUnknownCourse, "course", "没有课程“"+id.number+"”", "there is no course "+id.number)}
		row := "K1,I06,L1," + id.number + ",2024-06-01,80,,\n"
		hides(t, "course", post(t, d, source("a.csv", header+row), posting.CSV), id.number, id.masked)

		// a file without a header
		_, err := posting.OpenFile(source("a.csv", "K1,I06,L1,S05,2024-06-01,"+id.number+"\n"))
		hides(t, "header", fmt.Sprintf("%v", err), id.number, id.masked)
		var all creditbank.Problems
		all.Add(creditbank.Place{}, err)
		for _, p := range all.List() {
			if strings.Contains(p.Reason.ZH+p.Field, id.number) {
				t.Errorf("header: %s, field %s", p.Reason.ZH, p.Field)
			}
		}
		tab, err := posting.OpenFile(source("a.ndjson", `{"external_id":"K1","`+id.number+`":[1]}`+"\n"+`{"external_id":"K1","`+id.number+`":"1"}`+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range tab.Rows() {
			hides(t, "a JSON name", fmt.Sprintf("%v", err), id.number, id.masked)
		}
	}
}

// The error of another's parser is as likely to quote the cell.
func TestValueDoesNotQuoteIdentityNumbers(t *testing.T) {
	for _, id := range idNumbers {
		tab, err := posting.Open(source("a.csv", "code\n"+id.number+"\n"), columns)
		if err != nil {
			t.Fatal(err)
		}
		for row := range tab.Rows() {
			for _, parseErr := range []error{
				fmt.Errorf("%q is none", id.number), creditbank.Invalid(creditbank.CodeMalformed, "", "不是"+id.number, id.number+" is none"),
			} {
				var problems creditbank.Problems
				posting.Value(row, "code", &problems, func(string) (int, error) { return 0, parseErr })
				p := problems.List()[0]
				hides(t, "EN", p.Reason.EN, id.number, id.masked)
				hides(t, "ZH", p.Reason.ZH, id.number, id.masked)
			}
		}
	}
}

// A key of an institution's own is repeated to it, but for one that is a
// person's.
func TestAnswersRepeatKeysButNotPersons(t *testing.T) {
	const header = "external_id,institution,learner,course,issued_on\n"
	for _, tt := range []struct{ key, want string }{
		{"990101195811030283", "990101********0283"},
		{"11010519491231002x", "110105********002X"},
		{"202403150000000001", "202403150000000001"}, // 18 digits that are no identity number
		{"202403150000001", "202403150000001"},
	} {
		for _, row := range []string{tt.key + ",I06,L1,S05,2024-06-01\n", "K1," + tt.key + ",L1,S05,2024-06-01\n"} {
			got := post(t, newDesk(), source("a.csv", header+row), posting.CSV)
			if !strings.Contains(got, tt.want) || tt.key != tt.want && strings.Contains(got, tt.key) {
				t.Errorf("%s: answered %s, want %s in it", tt.key, got, tt.want)
			}
		}
	}
}

// A number that a spreadsheet rounded still tells most of whose it was.
func TestWorkbookFaultsDoNotQuoteIdentityNumbers(t *testing.T) {
	data := workbook(t, [][]any{{"code", "hours", "day"}, {7, 8, 9}})
	for _, tt := range []struct{ from, number string }{
		{"<v>7</v>", "9.9010119581103002E+17"}, {"<v>7</v>", "9.9010119581103E+17"}, {"<v>7</v>", "1.1010549123100E+14"},
		{"<v>8</v>", "9.9010119581103002E+17"}, {"<v>8</v>", "990101195811030283"},
		{"<v>9</v>", "9.9010119581103002E+17"}, {"<v>9</v>", "990101195811030283"},
	} {
		tab, err := posting.Open(book(rewrite(t, data, tt.from, "<v>"+tt.number+"</v>")), columns)
		if err != nil {
			t.Fatal(err)
		}
		defer tab.Close()
		for row, err := range tab.Rows() {
			var problems creditbank.Problems
			problems.Add(row.Place(), err)
			posting.Value(row, "hours", &problems, posting.ParseHours)
			posting.Value(row, "day", &problems, posting.ParseDate)
			for _, p := range problems.List() {
				text := strings.NewReplacer(".", "").Replace(p.Error() + p.Reason.ZH)
				if strings.Contains(text, "19581103") || strings.Contains(text, "491231") {
					t.Errorf("%s: %v %s", tt.number, p, p.Reason.ZH)
				}
			}
		}
	}
}

// Nothing stays behind of a workbook, whether it could be read or not.
func TestWorkbooksLeaveNoFiles(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	good := workbook(t, [][]any{{"code"}, {"C1"}})
	for _, tt := range []struct {
		name string
		data []byte
		ok   bool
	}{
		{"good", good, true},
		{"wrong header", workbook(t, [][]any{{"kode"}, {"C1"}}), false},
		{"empty", workbook(t, nil), false},
		{"no workbook", []byte("PK\x03\x04nothing"), false},
		{"cut off", good[:len(good)/2], false},
		{"broken sheet", rewrite(t, good, "<sheetData>", "<sheetDat"), false},
	} {
		for _, limits := range []posting.Limits{{}, {Row: 1}, {Unpacked: 1000}} {
			src := book(tt.data)
			src.Limits = limits
			tab, err := posting.Open(src, columns)
			if (err == nil) != (tt.ok && limits == posting.Limits{}) {
				t.Errorf("%s, %+v: Open: %v", tt.name, limits, err)
			}
			if err == nil {
				for range tab.Rows() {
				}
				if err := tab.Close(); err != nil {
					t.Errorf("%s: Close: %v", tt.name, err)
				}
			}
			left, err := os.ReadDir(dir)
			if err != nil || len(left) > 0 {
				t.Errorf("%s, %+v: left behind %v, %v", tt.name, limits, left, err)
			}
		}
	}
}
