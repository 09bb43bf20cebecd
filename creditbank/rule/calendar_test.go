package rule_test

import (
	"strings"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

const calendars = `calendars:
  - {id: korea, title: {zh: 韩国, en: Korea}, year: 03-01, semesters: [03-01, 09-01], institutions: [I01]}
  - {id: city, year: 09-10, semesters: [09-10, 02-20], default: true}
`

// Korea's credit bank: 42 credits a year, 24 a semester, counted on the
// institution's own calendar.
func TestPeriodCapsOnACalendar(t *testing.T) {
	cat := catalogue(t, "S3 FORMAL 5 0 3", "S20 FORMAL 5 0 20")
	b := newBook(t, cat, calendars+recognition("FORMAL", `credits: stated, cap: [
      {of: {category: FORMAL}, credits: "42", per: year, calendar: korea, by: issued_on, exceed: truncate},
      {of: {category: FORMAL}, credits: "24", per: semester, calendar: korea, by: issued_on, exceed: truncate}]`), noProgramme)
	for _, tt := range []struct{ course, day, want string }{
		{"S20", "2025-03-01", "20.0"},
		{"S20", "2025-08-31", "4.0 lost 16.0 [PERIOD_CAP_TRUNCATED]"}, // the semester's 24
		{"S20", "2025-02-28", "20.0"},                                 // the year before
		{"S20", "2025-09-01", "18.0 lost 2.0 [PERIOD_CAP_TRUNCATED]"}, // the year's 42
		{"S3", "2026-02-28", "0.0 lost 3.0 [PERIOD_CAP_TRUNCATED]"},
		{"S3", "2026-03-01", "3.0"},
	} {
		if got := said(b.post(tt.course, tt.day, "", "")); got != tt.want {
			t.Errorf("%s on %s: %s, want %s", tt.course, tt.day, got, tt.want)
		}
	}
	if b.set.Recalls(creditbank.Posting{IssuedOn: 20250301}, cat.Courses["S3"]) {
		t.Error("a calendar whose periods begin with a month reads outcomes")
	}
}

// Without a calendar of its own the institution follows the default one, whose
// semesters begin in the middle of a month.
func TestSemestersWithinMonths(t *testing.T) {
	cat := catalogue(t, "S3 FORMAL 5 0 3")
	b := newBook(t, cat, calendars+recognition("FORMAL", `credits: stated, cap: {of: {category: FORMAL}, credits: "5", per: semester, by: issued_on, exceed: truncate}`), noProgramme)
	for _, tt := range []struct {
		by        creditbank.InstitutionID
		day, want string
	}{
		{"I02", "2025-09-10", "3.0"},
		{"I02", "2025-09-09", "3.0"}, // of the semester before
		{"I02", "2026-02-19", "2.0 lost 1.0 [PERIOD_CAP_TRUNCATED]"},
		{"I02", "2026-02-20", "3.0"},
		{"I02", "2025-02-20", "2.0 lost 1.0 [PERIOD_CAP_TRUNCATED]"},
		{"I01", "2026-03-01", "3.0"}, // its own semester begins here
		{"I01", "2026-03-01", "2.0 lost 1.0 [PERIOD_CAP_TRUNCATED]"},
	} {
		if got := said(b.postBy(tt.by, "S3", tt.day, "", "")); got != tt.want {
			t.Errorf("%s on %s: %s, want %s", tt.by, tt.day, got, tt.want)
		}
	}
	if !b.set.Recalls(creditbank.Posting{IssuedOn: 20250910}, cat.Courses["S3"]) {
		t.Error("a semester that begins within a month is told by totals")
	}
	if b.set.Recalls(creditbank.Posting{OutcomeKey: creditbank.OutcomeKey{Institution: "I01"}, IssuedOn: 20250910}, cat.Courses["S3"]) {
		t.Error("the semester of I01 begins with a month")
	}
}

func TestCapsCountedApart(t *testing.T) {
	for name, tt := range map[string]struct {
		limit string
		want  []string // of X1 by I01, X1 by I02, X2 by I01, X3 by I01, X1 by I01
	}{
		"each institution": {`{of: {category: CERTIFICATE, each: institution}, credits: "9", per: ever, exceed: deny}`,
			[]string{"6.0", "6.0", "0.0 [CAP_REACHED]", "0.0 [CAP_REACHED]", "0.0 [CAP_REACHED]"}},
		"each family": {`{of: {category: CERTIFICATE, each: family}, credits: "8", per: ever, exceed: truncate}`,
			[]string{"6.0", "2.0 lost 4.0 [PERIOD_CAP_TRUNCATED]", "0.0 lost 4.0 [PERIOD_CAP_TRUNCATED]", "4.0", "0.0 lost 6.0 [PERIOD_CAP_TRUNCATED]"}},
		"each course": {`{of: {category: CERTIFICATE, each: course}, credits: "8", per: calendar_year, by: issued_on, exceed: truncate}`,
			[]string{"6.0", "2.0 lost 4.0 [PERIOD_CAP_TRUNCATED]", "4.0", "4.0", "0.0 lost 6.0 [PERIOD_CAP_TRUNCATED]"}},
		"one institution": {`{of: {category: CERTIFICATE, institution: I02}, credits: "5", per: ever, exceed: truncate}`,
			[]string{"6.0", "5.0 lost 1.0 [PERIOD_CAP_TRUNCATED]", "4.0", "4.0", "6.0"}},
		"one family": {`{of: {category: CERTIFICATE, family: CARE}, credits: "9", per: ever, exceed: truncate}`,
			[]string{"6.0", "3.0 lost 3.0 [PERIOD_CAP_TRUNCATED]", "0.0 lost 4.0 [PERIOD_CAP_TRUNCATED]", "4.0", "0.0 lost 6.0 [PERIOD_CAP_TRUNCATED]"}},
		"one course": {`{of: {category: CERTIFICATE, course: X1}, credits: "9", per: ever, exceed: truncate}`,
			[]string{"6.0", "3.0 lost 3.0 [PERIOD_CAP_TRUNCATED]", "4.0", "4.0", "0.0 lost 6.0 [PERIOD_CAP_TRUNCATED]"}},
		"a level": {`{of: {category: CERTIFICATE, level: 4}, credits: "5", per: ever, exceed: truncate}`,
			[]string{"6.0", "6.0", "4.0", "1.0 lost 3.0 [PERIOD_CAP_TRUNCATED]", "6.0"}},
		"a tag": {`{of: {category: CERTIFICATE, tag: trade}, credits: "9", per: calendar_year, by: issued_on, exceed: truncate}`,
			[]string{"6.0", "3.0 lost 3.0 [PERIOD_CAP_TRUNCATED]", "4.0", "0.0 lost 4.0 [PERIOD_CAP_TRUNCATED]", "0.0 lost 6.0 [PERIOD_CAP_TRUNCATED]"}},
		"ever": {`{of: {category: CERTIFICATE}, credits: "15", per: ever, exceed: truncate}`,
			[]string{"6.0", "6.0", "3.0 lost 1.0 [PERIOD_CAP_TRUNCATED]", "0.0 lost 4.0 [PERIOD_CAP_TRUNCATED]", "0.0 lost 6.0 [PERIOD_CAP_TRUNCATED]"}},
	} {
		cat := catalogue(t, "X1 CERTIFICATE 5 0 6 CARE trade", "X2 CERTIFICATE 4 0 4 CARE", "X3 CERTIFICATE 4 0 4 - trade")
		b := newBook(t, cat, recognition("CERTIFICATE", "credits: stated, cap: "+tt.limit), noProgramme)
		for i, p := range []struct {
			by     creditbank.InstitutionID
			course string
		}{{"I01", "X1"}, {"I02", "X1"}, {"I01", "X2"}, {"I01", "X3"}, {"I01", "X1"}} {
			if got := said(b.postBy(p.by, p.course, "2025-05-01", "", "")); got != tt.want[i] {
				t.Errorf("%s: %s of %s: %s, want %s", name, p.course, p.by, got, tt.want[i])
			}
		}
	}
}

// Of a course that came after the rules nobody knows the tags: what it brought
// counts towards a cap on a tag, which is never passed.
func TestCapOnATagCountsWhatNobodyKnows(t *testing.T) {
	cat := catalogue(t, "X1 CERTIFICATE 5 0 6 - trade", "X2 CERTIFICATE 4 0 4")
	b := newBook(t, cat, recognition("CERTIFICATE", `credits: stated, cap: {of: {category: CERTIFICATE, tag: trade}, credits: "9", per: ever, exceed: truncate}`), noProgramme)
	_, err := cat.AddCourse(creditbank.Course{Code: "NEW", Title: "NEW", Institution: "I02", Category: "CERTIFICATE", Level: 4, Credits: 500})
	must(t, err)
	for i, want := range []string{"5.0", "4.0", "4.0 lost 2.0 [PERIOD_CAP_TRUNCATED]"} {
		course := []string{"NEW", "X2", "X1"}[i]
		if got := said(b.postBy("I01", course, "2025-05-01", "", "")); got != want {
			t.Errorf("%s: %s, want %s", course, got, want)
		}
	}
	if !b.set.Recalls(creditbank.Posting{IssuedOn: 20250501}, cat.Courses["X1"]) || b.set.Recalls(creditbank.Posting{IssuedOn: 20250501}, cat.Courses["X2"]) {
		t.Error("the outcomes are read where the cap asks for them, and only there")
	}
}

// A revoked outcome gives back what it took of a cap that is told by outcomes.
func TestRevokedOutcomesLeaveTheCap(t *testing.T) {
	cat := catalogue(t, "X1 CERTIFICATE 5 0 6 CARE")
	b := newBook(t, cat, recognition("CERTIFICATE", `credits: stated, cap: {of: {category: CERTIFICATE, each: institution}, credits: "9", per: ever, exceed: truncate}`), noProgramme)
	o := b.post("X1", "2025-01-01", "", "")
	b.act(creditbank.ActRevoked, creditbank.ActBody{Of: o.Seq}, 20250201)
	if got := said(b.post("X1", "2025-01-01", "", "")); got != "6.0" {
		t.Errorf("after a revocation: %s, want 6.0", got)
	}
}

// Whoever does not know the outcomes of the past may count too much, never too
// little.
func TestTotalsAloneAreCautious(t *testing.T) {
	cat := catalogue(t, "S3 FORMAL 5 0 3")
	b := newBook(t, cat, calendars+recognition("FORMAL", `credits: stated, cap: {of: {category: FORMAL}, credits: "5", per: semester, by: issued_on, exceed: truncate}`), noProgramme)
	b.post("S3", "2025-09-09", "", "")
	b.post("S3", "2025-09-10", "", "")
	p := creditbank.Posting{OutcomeKey: creditbank.OutcomeKey{Institution: "I02"}, Course: "S3", IssuedOn: 20250911}
	if got := b.set.Recognise(p, cat.Courses["S3"], creditbank.Past{Totals: b.account.Totals}).Credits; got != 0 {
		t.Errorf("by totals: %v, want 0.0", got)
	}
	if got := b.set.Recognise(p, cat.Courses["S3"], b.account.Past()).Credits; got != 200 {
		t.Errorf("by outcomes: %v, want 2.0", got)
	}
}

// Programmes count by the calendars of the rules file too: 4 credits a semester.
func TestProgrammeCapsOnACalendar(t *testing.T) {
	cat := catalogue(t, "S3 FORMAL 5 0 3", "S4 FORMAL 5 0 4")
	two := func(period string) string {
		return "\nprogrammes:\n  - {id: P1, institution: I01, title: {zh: 甲, en: A}, credits: \"80\", caps: [{of: all, credits: \"4\", period: " + period + "}], slots: [{id: E, title: {zh: 选, en: e}, credits: \"40\", elective: true}]}\n"
	}
	rules := calendars + recognise[1:] + conversion("R1", `source: {course: S3}, grant: [{slot: E, credits: source, grade: exempt}]`) +
		conversion("R2", `source: {course: S4}, grant: [{slot: E, credits: source, grade: exempt}]`)
	for _, tt := range []struct{ period, first, second, want string }{
		{"{calendar: korea, per: semester, by: issued_on}", "2025-03-01", "2025-08-31", "deny CAP_REACHED"},
		{"{calendar: korea, per: semester}", "2025-03-01", "2025-09-01", "approve E=4.0(exempt)"},
		{"{calendar: korea, per: year}", "2025-03-01", "2026-02-28", "deny CAP_REACHED"},
		{"{calendar: korea}", "2025-02-28", "2025-03-01", "approve E=4.0(exempt)"},
		{"{calendar: city, per: semester}", "2025-09-09", "2025-09-10", "approve E=4.0(exempt)"},
	} {
		b := newBook(t, cat, rules, two(tt.period))
		b.enrol("P1")
		b.post("S3", tt.first, "80", "")
		b.post("S4", tt.second, "80", "")
		want(t, b.decide("R1", today), "approve E=3.0(exempt)")
		want(t, b.decide("R2", today), tt.want)
	}
	for period, want := range map[string]string{
		"{calendar: mars}":                         `caps[0].period.calendar: "mars" is none of calendar_year, institution, korea, city`,
		"{calendar: calendar_year, per: semester}": "a calendar year has no semesters",
		"{per: semester}":                          `"calendar" is missing`,
		"{calendar: korea, per: trimester}":        `"trimester" is none of year, semester`,
	} {
		_, _, problems := rule.Compile(rule.Files{Rules: []byte(timezone + rules), Programmes: []byte(two(period))}, cat)
		if err := problems.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: reports %v, want %s", period, err, want)
		}
	}
}
