package posting_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"creditbank/creditbank"
	"creditbank/creditbank/posting"
)

var update = flag.Bool("update", false, "write the golden files anew")

// A desk is a small bank: it knows learners L1 to L4 by alias and recognises
// 1.5 credits for anything that is passed.
type desk struct {
	mu      sync.Mutex
	stored  map[creditbank.OutcomeKey]creditbank.Posting
	order   map[creditbank.LearnerID][]string // external ids as they arrived
	under   map[creditbank.LearnerID]bool     // posts under way
	fail    map[string][]error                // by external id, one after the other
	pause   func(creditbank.Posting)
	overlap bool
}

func newDesk() *desk {
	return &desk{
		stored: map[creditbank.OutcomeKey]creditbank.Posting{}, order: map[creditbank.LearnerID][]string{},
		under: map[creditbank.LearnerID]bool{}, fail: map[string][]error{}, pause: func(creditbank.Posting) {},
	}
}

func (d *desk) Find(_ context.Context, ref posting.Reference) (creditbank.LearnerID, error) {
	if !slices.Contains([]string{"L1", "L2", "L3", "L4"}, ref.Alias) {
		return "", creditbank.NotFound(creditbank.CodeUnknownLearner, "learner", "没有此学员", "no such learner")
	}
	return creditbank.LearnerID(ref.Alias), nil
}

func (d *desk) Post(_ context.Context, _ creditbank.Caller, p creditbank.Posting, _ string) (creditbank.Posted, error) {
	d.mu.Lock()
	d.overlap = d.overlap || d.under[p.Learner]
	d.under[p.Learner] = true
	d.mu.Unlock()
	d.pause(p)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.under[p.Learner] = false
	if errs := d.fail[p.ExternalID]; len(errs) > 0 {
		d.fail[p.ExternalID] = errs[1:]
		return creditbank.Posted{}, errs[0]
	}
	old, again := d.stored[p.OutcomeKey]
	if again && old != p {
		return creditbank.Posted{}, creditbank.Conflict(creditbank.CodeKeyReused, "external_id", "已使用", "was used")
	}
	d.stored[p.OutcomeKey] = p
	d.order[p.Learner] = append(d.order[p.Learner], p.ExternalID)
	rec := creditbank.Recognition{Rule: "R", RuleSet: 1, Granted: true, Credits: 150}
	if p.Score.Failed(60_00) {
		rec = creditbank.Recognition{Reasons: []creditbank.Reason{creditbank.GradeBelowPass, creditbank.AttendanceBelowMin}}
	}
	return creditbank.Posted{Outcome: creditbank.Outcome{Posting: p, Recognition: rec}, Duplicate: again}, nil
}

func (d *desk) run() posting.Run {
	return posting.Run{By: creditbank.Caller{ID: "institution:I06"}, Learners: d, Poster: d}
}

// post posts a file and returns the answers in the given format.
func post(t *testing.T, d *desk, src posting.Source, f posting.Format) string {
	t.Helper()
	tab, err := posting.OpenFile(src)
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	var b bytes.Buffer
	w, err := posting.NewAnswerWriter(&b, f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := posting.Post(t.Context(), tab, d.run(), w.Write); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestBadRowsAreAnsweredAndTheOthersGoIn(t *testing.T) {
	text, err := os.ReadFile("testdata/three_bad.csv")
	if err != nil {
		t.Fatal(err)
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		text   []byte
		golden string
		format posting.Format
	}{
		{"UTF-8 in, CSV out", text, "three_bad.answers.csv", posting.CSV},
		{"UTF-8 in, NDJSON out", text, "three_bad.answers.ndjson", posting.NDJSON},
		{"GB18030 in, CSV out", gb, "three_bad.answers.csv", posting.CSV},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk()
			golden(t, tt.golden, post(t, d, source("three_bad.csv", string(tt.text)), tt.format))
			if want := []string{"A1", "A1", "A7"}; !slices.Equal(d.order["L1"], want) {
				t.Errorf("posted for L1: %q, want %q", d.order["L1"], want)
			}
		})
	}
}

func TestAWorkbookIsPosted(t *testing.T) {
	day := styled{time.Date(2024, 6, 10, 0, 0, 0, 0, time.UTC), 14, ""}
	src := book(workbook(t, [][]any{
		{"编号", "机构", "学员", "课程", "取得日期", "成绩", "出勤学时", "修订号", "有效期至"},
		{"A1", "I06", "L1", "S01", day, 80.9, 16, 1, styled{time.Date(2027, 6, 30, 0, 0, 0, 0, time.UTC), 14, ""}},
		{"A2", "I06", "L2", "S01", 45453, "合格", 16},
		{"A3", "I06", "L2", "S01", day, "合格", 16.5},
	}))
	d := newDesk()
	got := post(t, d, src, posting.NDJSON)
	want := []posting.Status{posting.Accepted, posting.Refused, posting.Accepted}
	for i, line := range strings.Split(strings.TrimSpace(got), "\n") {
		if !strings.Contains(line, string(want[i])) {
			t.Errorf("row %d: %s, want %s", i+1, line, want[i])
		}
	}
	key := creditbank.OutcomeKey{Learner: "L1", Institution: "I06", ExternalID: "A1", Revision: 1}
	if p := d.stored[key]; p.IssuedOn != 20240610 || p.Score.String() != "80.9" || p.Attended != 16*creditbank.Hour || p.ValidUntil != 20270630 {
		t.Errorf("posted %+v", p)
	}
}

func TestValidUntil(t *testing.T) {
	const head = "external_id,institution,learner,course,issued_on,valid_until\n"
	const bad = "a.csv:2:6: valid_until: "
	for name, tt := range map[string]struct {
		src  posting.Source
		want creditbank.Date
		err  string
	}{
		"a day":                 {source("a.csv", head+"A1,I06,L1,S01,2024-06-10,2027-06-30\n"), 20270630, ""},
		"in Chinese":            {source("a.csv", "编号,机构,学员,课程,取得日期,有效期至\nA1,I06,L1,S01,2024年6月10日,2027年6月30日\n"), 20270630, ""},
		"of a spreadsheet":      {source("a.csv", head+"A1,I06,L1,S01,2024/6/10,2027/6/30 0:00\n"), 20270630, ""},
		"none":                  {source("a.csv", head+"A1,I06,L1,S01,2024-06-10,\n"), 0, ""},
		"no column":             {source("a.csv", "external_id,institution,learner,course,issued_on\nA1,I06,L1,S01,2024-06-10\n"), 0, ""},
		"a line of its own":     {source("a.ndjson", `{"external_id":"A1","institution":"I06","learner":"L1","course":"S01","issued_on":"2024-06-10","valid_until":"2027-06-30"}`), 20270630, ""},
		"a line without":        {source("a.ndjson", `{"external_id":"A1","institution":"I06","learner":"L1","course":"S01","issued_on":"2024-06-10"}`), 0, ""},
		"not of the calendar":   {source("a.csv", head+"A1,I06,L1,S01,2024-06-10,2027-06-31\n"), 0, bad + `"2027-06-31" is not a date such as 2026-03-15 (MALFORMED)`},
		"a word":                {source("a.csv", head+"A1,I06,L1,S01,2024-06-10,长期\n"), 0, bad + `"长期" is not a date such as 2026-03-15 (MALFORMED)`},
		"a spreadsheet's inner": {source("a.csv", head+"A1,I06,L1,S01,2024-06-10,46568\n"), 0, bad + `"46568" is a spreadsheet's inner number of a day: format the column as a date or write 2026-03-15 (SPREADSHEET_MANGLED)`},
	} {
		tab, err := posting.OpenFile(tt.src)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for row, err := range tab.Rows() {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			s, err := posting.Parse(row)
			if got := fmt.Sprint(err); s.Posting.ValidUntil != tt.want || (err == nil) != (tt.err == "") || err != nil && got != tt.err {
				t.Errorf("%s: until %v, error %v; want %v, %s", name, s.Posting.ValidUntil, err, tt.want, tt.err)
			}
		}
	}
}

func TestReferences(t *testing.T) {
	const head = "external_id,institution,course,issued_on,account,id_number,learner_name,learner\n"
	for _, tt := range []struct {
		name, cells string
		want        posting.Reference
		faults      []string
	}{
		{name: "an account number", cells: "100000000017,,,", want: posting.Reference{Account: "100000000017"}},
		{name: "with a name", cells: "1000-0000 0017,,李,", want: posting.Reference{Account: "100000000017", Name: "李"}},
		{name: "an identity number with a name", cells: ",990101195811030283,王桂兰,", want: posting.Reference{IDNumber: "990101195811030283", Name: "王桂兰"}},
		{name: "an alias", cells: ",,,L1", want: posting.Reference{Alias: "L1"}},
		{name: "an identity number without a name", cells: ",990101195811030283,,", faults: []string{"a.csv:2:7 learner_name MISSING"}},
		{name: "a wrong check digit", cells: ",990101195811030284,王,", faults: []string{"a.csv:2:6 id_number ID_NUMBER_INVALID"}},
		{name: "a rounded identity number", cells: ",990101195811030000,王,", faults: []string{"a.csv:2:6 id_number ID_NUMBER_INVALID"}},
		{name: "a wrong account number", cells: "100000000018,,,", faults: []string{"a.csv:2:5 account ACCOUNT_NUMBER_INVALID"}},
		{name: "nobody", cells: ",,李,", faults: []string{"a.csv:2:5 account MISSING"}},
		{name: "two ways at once", cells: "100000000017,990101195811030283,王,", faults: []string{"a.csv:2:6 id_number MALFORMED"}},
	} {
		tab, err := posting.OpenFile(source("a.csv", head+"A1,I1,S01,2024-06-10,"+tt.cells+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		for row := range tab.Rows() {
			s, err := posting.Parse(row)
			if !slices.Equal(faults(err), tt.faults) || err == nil && s.Reference != tt.want {
				t.Errorf("%s: %+v, %q; want %+v, %q", tt.name, s.Reference, faults(err), tt.want, tt.faults)
			}
		}
	}
	if _, err := posting.OpenFile(source("a.csv", "external_id,institution,course,issued_on\n")); err == nil {
		t.Error("a file that names no learners is accepted")
	}
}

func TestParseDate(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want creditbank.Date
	}{
		{"2026-03-15", 20260315}, {"2026/3/15", 20260315}, {"2026-3-5", 20260305}, {"2026.3.15", 20260315},
		{"2026年3月15日", 20260315}, {"20260315", 20260315}, {"2026-03-15 00:00:00", 20260315}, {"2026/3/15 0:00", 20260315},
		{"2026-02-29", 0}, {"15/03/2026", 0}, {"03-15-26", 0}, {"46096", 0}, {"2026-03", 0}, {"", 0}, {"2026-03-15 15:00", 0},
	} {
		if got, err := posting.ParseDate(tt.in); got != tt.want || (err == nil) != (tt.want != 0) {
			t.Errorf("ParseDate(%q) = %v, %v; want %v", tt.in, got, err, tt.want)
		}
	}
}

// rows returns a posting file of n rows for each of the learners, in turn.
func rows(n int, learners ...string) string {
	var b strings.Builder
	b.WriteString("external_id,institution,learner,course,issued_on\n")
	for i := range n {
		for _, l := range learners {
			fmt.Fprintf(&b, "%s-%04d,I06,%s,S01,2024-06-10\n", l, i, l)
		}
	}
	return b.String()
}

func TestOneLearnersRowsKeepTheirOrderWhileOthersRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.pause = func(p creditbank.Posting) {
			if p.Learner == "L1" {
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(time.Millisecond)
		}
		start := time.Now()
		out := post(t, d, source("a.csv", rows(100, "L1", "L2", "L3", "L4")), posting.NDJSON)
		took := time.Since(start)
		for l, ids := range d.order {
			if !slices.IsSorted(ids) || len(ids) != 100 {
				t.Errorf("%s was posted as %q", l, ids)
			}
		}
		if d.overlap {
			t.Error("two rows of one learner were under way at once")
		}
		if alone := 100*11*time.Millisecond + 300*time.Millisecond; took >= alone {
			t.Errorf("took %v, as long as one row after the other (%v)", took, alone)
		}
		for i, line := range strings.Split(strings.TrimSpace(out), "\n") {
			if want := fmt.Sprintf(`{"row":%d,`, i+1); !strings.HasPrefix(line, want) {
				t.Fatalf("answer %d: %s", i+1, line)
			}
		}
	})
}

func TestFaultsOfTheBank(t *testing.T) {
	broken := errors.New("disk full")
	for _, tt := range []struct {
		name   string
		fails  []error
		want   posting.Status
		code   string
		faults int
	}{
		{name: "busy for a while", fails: []error{creditbank.ErrBusy, creditbank.ErrBusy, creditbank.ErrBusy}, want: posting.Accepted},
		{name: "busy for ever", fails: slices.Repeat([]error{creditbank.ErrBusy}, 100), want: posting.Unknown, code: "BUSY"},
		{name: "outcome unknown", fails: []error{fmt.Errorf("commit: %w", creditbank.ErrOutcomeUnknown)}, want: posting.Unknown, code: "OUTCOME_UNKNOWN"},
		{name: "a fault", fails: []error{broken}, want: posting.Unknown, code: "UNAVAILABLE", faults: 1},
		{name: "two refusals", fails: []error{errors.Join(creditbank.Invalid("A", "score", "甲", "a"), creditbank.NotFound("B", "course", "乙", "b"))}, want: posting.Refused, code: "A|B"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk()
				d.fail["L1-0000"] = tt.fails
				tab, err := posting.OpenFile(source("a.csv", rows(1, "L1", "L2")))
				if err != nil {
					t.Fatal(err)
				}
				var got []posting.Answer
				run, faults := d.run(), 0
				run.Fault = func(error) { faults++ }
				sum, err := posting.Post(t.Context(), tab, run, func(a posting.Answer) error { got = append(got, a); return nil })
				if err != nil || len(got) != 2 || got[0].Status != tt.want || got[0].Code != tt.code || faults != tt.faults {
					t.Errorf("answers %+v, %d faults, %v; want %s %s", got, faults, err, tt.want, tt.code)
				}
				if got[1].Status != posting.Accepted || sum.Statuses[posting.Accepted] < 1 {
					t.Errorf("the next row: %+v", got[1])
				}
			})
		})
	}
}

func TestPostStops(t *testing.T) {
	refused := errors.New("listener went away")
	for _, tt := range []struct {
		name   string
		src    posting.Source
		answer func(cancel context.CancelFunc, n int) error
		want   error
		most   int // rows that may be answered
	}{
		{"when the listener goes away", source("a.csv", rows(5000, "L1", "L2")), func(_ context.CancelFunc, n int) error { return refused }, refused, 1000},
		{"when it is cancelled", source("a.csv", rows(5000, "L1", "L2")), func(cancel context.CancelFunc, n int) error { cancel(); return nil }, context.Canceled, 1000},
		{"when the file breaks off", posting.Source{Name: "a.csv", Reader: broken{strings.NewReader(rows(3, "L1"))}}, func(context.CancelFunc, int) error { return nil }, errBroken, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tab, err := posting.OpenFile(tt.src)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var last posting.Answer
			sum, err := posting.Post(ctx, tab, newDesk().run(), func(a posting.Answer) error { last = a; return tt.answer(cancel, a.Row) })
			if !errors.Is(err, tt.want) || sum.Rows > tt.most {
				t.Errorf("Post = %+v, %v; want %v and at most %d rows", sum, err, tt.want, tt.most)
			}
			if tt.want == errBroken && (last.Row != 4 || last.Status != posting.Unknown) {
				t.Errorf("the last answer is %+v, want one that says that the file broke off", last)
			}
		})
	}
}

func TestASpoiledCellIsReportedOnce(t *testing.T) {
	out := post(t, newDesk(), source("a.csv", "external_id,institution,learner,course,issued_on,score\n1.23457E+11,I06,L1,S01,2024-06-31,80\n"), posting.NDJSON)
	if want := `"code":"SPREADSHEET_MANGLED|MALFORMED","column":"external_id|issued_on"`; !strings.Contains(out, want) {
		t.Errorf("answer %s, want %s", out, want)
	}
}

func TestAllow(t *testing.T) {
	tab, err := posting.OpenFile(source("a.csv", rows(1, "L1")))
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk()
	run := d.run()
	run.Allow = func(creditbank.Posting) error {
		return creditbank.Invalid("FORBIDDEN", "institution", "只能登记本机构的成果", "you may post for your own institution only")
	}
	_, err = posting.Post(t.Context(), tab, run, func(a posting.Answer) error {
		if a.Status != posting.Refused || a.Code != "FORBIDDEN" || a.Column != "institution" {
			t.Errorf("answer %+v", a)
		}
		return nil
	})
	if err != nil || len(d.stored) > 0 {
		t.Errorf("Post = %v with %d on record", err, len(d.stored))
	}
}

func FuzzParse(f *testing.F) {
	f.Add("A1,I1,S01,2024-06-10,合格,16,,990101195811030283,王,2,2027-06-30")
	f.Add("A1,I1,S01,2024/6/10,80.5,16.00,100000000017,,,,")
	f.Add("A1,I1,S01,20240610,80.5,16,100000000017,,,1,长期")
	f.Fuzz(func(t *testing.T, cells string) {
		tab, err := posting.OpenFile(source("a.csv", "external_id,institution,course,issued_on,score,attended_hours,account,id_number,learner_name,revision,valid_until\n"+cells+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range tab.Rows() {
			if err != nil {
				continue
			}
			s, err := posting.Parse(row)
			if err != nil {
				continue
			}
			p := s.Posting
			if p.ExternalID == "" || p.IssuedOn == 0 || p.Revision < 1 || p.Attended < 0 || (s.Reference.Account == "") == (s.Reference.IDNumber == "") {
				t.Errorf("Parse(%q) = %+v", cells, s)
			}
		}
	})
}
