package rule_test

import (
	"fmt"
	"testing"

	"creditbank/creditbank"
)

// recognition is a rule set of one programme nobody uses.
const noProgramme = `
programmes:
  - id: P1
    institution: I01
    title: {zh: 甲, en: A}
    credits: "80"
    slots: [{id: T1, title: {zh: 一, en: one}, credits: "8"}]
`

func TestRecogniseByHours(t *testing.T) {
	for _, tt := range []struct {
		hours, per, basis, mode, step, attended string
		want                                    string
	}{
		{"16", "18", "scheduled", "down", "0.5", "16", "0.5"},
		{"72", "18", "scheduled", "down", "0.5", "72", "4.0"},
		{"120", "18", "scheduled", "down", "0.5", "120", "6.5"}, // 6.67
		{"4", "18", "scheduled", "down", "0.5", "4", "0.0"},
		{"27", "18", "scheduled", "half_up", "1", "27", "2.0"}, // 1.5 is half
		{"26", "18", "scheduled", "half_up", "1", "26", "1.0"},
		{"19", "18", "scheduled", "up", "0.5", "19", "1.5"},
		{"18", "18", "scheduled", "up", "0.5", "18", "1.0"},
		{"30", "18", "attended", "down", "0.1", "20", "1.1"},
		{"10", "30", "scheduled", "down", "0.01", "10", "0.33"},
		{"1", "3", "scheduled", "half_up", "1", "1", "0.0"}, // an odd divisor has no half
		{"2", "3", "scheduled", "half_up", "1", "2", "1.0"},
		{"45.5", "17.5", "scheduled", "down", "0.25", "45.5", "2.5"}, // 2.6 exactly
	} {
		cat := catalogue(t, "C1 NON_FORMAL 1 "+tt.hours+" 0")
		b := newBook(t, cat, fmt.Sprintf(`
rules:
  - id: R1
    kind: recognition
    title: {zh: 按学时, en: by hours}
    effective: {from: 2020-01-01}
    source: {category: NON_FORMAL}
    credits: {hours_per_credit: "%s", hours: %s, round: {mode: %s, step: "%s"}}
`, tt.per, tt.basis, tt.mode, tt.step), noProgramme)
		if got := b.post("C1", "2025-01-01", "", tt.attended).Credits.String(); got != tt.want {
			t.Errorf("%s hours at %s a credit, %s to %s: %s, want %s", tt.hours, tt.per, tt.mode, tt.step, got, tt.want)
		}
	}
}

const cityRules = `
rules:
  - id: R1
    kind: recognition
    title: {zh: 社区, en: community}
    effective: {from: 2020-01-01, to: 2025-12-31}
    source: {category: NON_FORMAL, without_tag: leisure}
    require: {pass_mark: "60", min_attendance: "0.80"}
    credits: {hours_per_credit: "18", hours: scheduled, round: {mode: down, step: "0.5"}}
    valid_for: P5Y
    cap: {of: {category: NON_FORMAL}, credits: "10", per: calendar_year, by: issued_on, exceed: truncate}
  - id: R2
    kind: recognition
    title: {zh: 休闲, en: leisure}
    effective: {from: 2020-01-01, to: 2025-12-31}
    source: {category: NON_FORMAL, tag: leisure}
    require: {pass_mark: "60", min_attendance: "0.80"}
    credits: {hours_per_credit: "32", hours: scheduled, round: {mode: down, step: "0.5"}}
    valid_for: P5Y
    cap: {of: {category: NON_FORMAL}, credits: "10", per: calendar_year, by: issued_on, exceed: %s}
  - id: R3
    kind: recognition
    title: {zh: 学历, en: formal}
    effective: {from: 2015-01-01}
    source: {category: FORMAL}
    require: {pass_mark: "60"}
    credits: stated
`

func TestRecogniseRefusals(t *testing.T) {
	cat := catalogue(t, "C1 NON_FORMAL 1 20 0", "C2 FORMAL 5 0 3", "C3 CERTIFICATE 4 0 4")
	b := newBook(t, cat, fmt.Sprintf(cityRules, "truncate"), noProgramme)
	for _, tt := range []struct{ course, day, score, attended, want string }{
		{"C1", "2025-01-01", "60", "16", "1.0 []"},
		{"C1", "2025-01-02", "59.9", "16", "0.0 [GRADE_BELOW_PASS]"},
		{"C1", "2025-01-03", "不合格", "15.99", "0.0 [GRADE_BELOW_PASS ATTENDANCE_BELOW_MIN]"},
		{"C1", "2025-01-04", "合格", "15", "0.0 [ATTENDANCE_BELOW_MIN]"},
		{"C1", "2025-01-05", "", "16", "1.0 []"},                         // no score is no failure
		{"C1", "2025-01-06", "90", "", "0.0 [ATTENDANCE_BELOW_MIN]"},     // nothing said is nothing attended
		{"C1", "2019-12-31", "90", "20", "0.0 [OUTCOME_NOT_RECOGNISED]"}, // before every window
		{"C1", "2020-01-01", "90", "20", "1.0 []"},
		{"C1", "2025-12-31", "90", "20", "1.0 []"},
		{"C1", "2026-01-01", "90", "20", "0.0 [OUTCOME_NOT_RECOGNISED]"}, // after it
		{"C2", "2016-01-01", "72", "", "3.0 []"},
		{"C3", "2025-01-01", "合格", "", "0.0 [OUTCOME_NOT_RECOGNISED]"}, // no rule for certificates
	} {
		o := b.post(tt.course, tt.day, tt.score, tt.attended)
		if got := fmt.Sprint(o.Credits, " ", o.Reasons); got != tt.want || o.Granted != (len(o.Reasons) == 0) {
			t.Errorf("%s on %s, score %q, %s hours: %s, want %s", tt.course, tt.day, tt.score, tt.attended, got, tt.want)
		}
	}
}

func TestYearlyCapCountsWhicheverRule(t *testing.T) {
	cat := catalogue(t, "C1 NON_FORMAL 1 120 0", "C2 NON_FORMAL 1 160 0 - leisure", "C3 NON_FORMAL 1 4 0")
	b := newBook(t, cat, fmt.Sprintf(cityRules, "truncate"), noProgramme)
	for _, tt := range []struct{ course, day, want string }{
		{"C1", "2025-03-01", "6.5 lost 0.0 []"},
		{"C2", "2025-02-01", "3.5 lost 1.5 [PERIOD_CAP_TRUNCATED]"}, // the other rule's credits count; posting order, not the day's
		{"C1", "2025-12-31", "0.0 lost 6.5 [PERIOD_CAP_TRUNCATED]"},
		{"C3", "2025-12-31", "0.0 lost 0.0 []"}, // nothing to cut
		{"C1", "2024-12-31", "6.5 lost 0.0 []"}, // another year
	} {
		o := b.post(tt.course, tt.day, "合格", cat.Courses[creditbank.CourseCode(tt.course)].Hours.String())
		if got := fmt.Sprintf("%v lost %v %v", o.Credits, o.Lost, o.Reasons); got != tt.want || !o.Granted {
			t.Errorf("%s on %s: %s, want %s", tt.course, tt.day, got, tt.want)
		}
	}
}

func TestYearlyCapThatDenies(t *testing.T) {
	cat := catalogue(t, "C2 NON_FORMAL 1 192 0 - leisure")
	b := newBook(t, cat, fmt.Sprintf(cityRules, "deny"), noProgramme)
	b.post("C2", "2025-02-01", "合格", "192")
	if o := b.post("C2", "2025-03-01", "合格", "192"); o.Granted || fmt.Sprint(o.Reasons) != "[CAP_REACHED]" {
		t.Errorf("6.0 of the 4.0 left: granted %v, %v", o.Granted, o.Reasons)
	}
}

func TestValidity(t *testing.T) {
	cat := catalogue(t, "C1 NON_FORMAL 1 18 0", "C2 FORMAL 5 0 3")
	b := newBook(t, cat, fmt.Sprintf(cityRules, "truncate"), noProgramme)
	leap := b.post("C1", "2024-02-29", "合格", "18")
	if leap.ExpiresOn.String() != "2029-02-28" {
		t.Errorf("29 February 2024 + P5Y expires on %v", leap.ExpiresOn)
	}
	if formal := b.post("C2", "2024-02-29", "80", ""); formal.ExpiresOn != 0 {
		t.Errorf("formal outcomes expire on %v, want never", formal.ExpiresOn)
	}
	for day, want := range map[creditbank.Date]creditbank.Credits{20240228: 0, 20240229: 100, 20290228: 100, 20290301: 0} {
		if got := b.account.Balance(day).Available[creditbank.NonFormal]; got != want {
			t.Errorf("available on %v: %v, want %v", day, got, want)
		}
	}
}
