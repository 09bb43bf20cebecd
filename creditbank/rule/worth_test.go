package rule_test

import (
	"fmt"
	"strings"
	"testing"

	"creditbank/creditbank"
)

// recognition returns a file with one rule for a category.
func recognition(category, rest string) string {
	return "rules:\n  - {id: R1, kind: recognition, title: {zh: 认定, en: recognition}, effective: {from: 2015-01-01}, source: {category: " + category + "}, " + rest + "}\n"
}

// said is what became of an outcome, in one line.
func said(o creditbank.Outcome) string {
	text := fmt.Sprint(o.Credits)
	if o.Lost > 0 {
		text += fmt.Sprint(" lost ", o.Lost)
	}
	return strings.TrimSuffix(fmt.Sprint(text, " ", o.Reasons), " []")
}

func TestHoursBasisAndRatio(t *testing.T) {
	for name, tt := range map[string]struct{ credits, want string }{
		"notional hours":                  {`{hours_per_credit: "10", hours: notional}`, "15.0"},
		"an exact ratio":                  {`{ratio: {credits: "3", hours: "50"}, hours: scheduled}`, "3.6"},
		"a ratio of attended hours":       {`{ratio: {credits: "1", hours: "16"}, hours: attended, round: {mode: down, step: "0.5"}}`, "2.5"},
		"one point an hour":               {`{ratio: {credits: "1", hours: "1"}, hours: attended}`, "45.0"},
		"ECTS, less than the hours bear":  {`{hours_per_credit: {from: "25", to: "30"}, hours: notional}`, "4.0"},
		"more stated than the hours bear": {`{hours_per_credit: {from: "50", to: "60"}, hours: notional}`, "3.0"},
		"at most so many":                 {`{hours_per_credit: "10", hours: scheduled, most: "5"}`, "5.0"},
		"stated, at most so many":         {`{stated: true, most: "3"}`, "3.0"},
	} {
		cat := catalogue(t, "C1 NON_FORMAL 1 60 4")
		c := cat.Courses["C1"]
		c.NotionalHours = 150 * creditbank.Hour
		cat.Courses["C1"] = c
		b := newBook(t, cat, recognition("NON_FORMAL", "credits: "+tt.credits), noProgramme)
		if got := said(b.post("C1", "2025-01-01", "", "45")); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// A course that states no notional hours has at least those it schedules; one that
// states no credits is worth what its hours are at the least generous.
func TestHoursThatAreNotStated(t *testing.T) {
	cat := catalogue(t, "C1 NON_FORMAL 1 60 0")
	b := newBook(t, cat, recognition("NON_FORMAL", `credits: {hours_per_credit: "20", hours: notional}`), noProgramme)
	if got := said(b.post("C1", "2025-01-01", "", "60")); got != "3.0" {
		t.Errorf("notional hours not stated: %s, want 3.0", got)
	}
	b = newBook(t, cat, recognition("NON_FORMAL", `credits: {hours_per_credit: {from: "25", to: "30"}, hours: notional}`), noProgramme)
	if got := said(b.post("C1", "2025-01-01", "", "60")); got != "2.0" {
		t.Errorf("credits not stated: %s, want 2.0", got)
	}
}

func TestRemainderIsCarried(t *testing.T) {
	for name, tt := range map[string]struct {
		mode  string
		hours []string
		want  string
	}{
		"whole credits":          {"down", []string{"10", "10", "10", "2"}, "0.0 1.0 0.0 1.0"},
		"never twice":            {"down", []string{"31", "1", "16"}, "1.0 1.0 1.0"},
		"rounding up gives back": {"up", []string{"1", "15", "1"}, "1.0 0.0 1.0"},
		"half up gives back":     {"half_up", []string{"8", "8", "8", "8"}, "1.0 0.0 1.0 0.0"},
	} {
		cat := catalogue(t, "C1 NON_FORMAL 1 100 0")
		b := newBook(t, cat, recognition("NON_FORMAL", fmt.Sprintf(`credits: {hours_per_credit: "16", hours: attended, round: {mode: %s, step: "1"}, carry_remainder: true}`, tt.mode)), noProgramme)
		var got []string
		for _, h := range tt.hours {
			got = append(got, said(b.post("C1", "2025-01-01", "", h)))
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s, %v hours: %v, want %s", name, tt.hours, got, tt.want)
		}
	}
}

// What a revoked outcome left over is not carried on.
func TestRemainderOfARevokedOutcome(t *testing.T) {
	cat := catalogue(t, "C1 NON_FORMAL 1 100 0")
	b := newBook(t, cat, recognition("NON_FORMAL", `credits: {hours_per_credit: "16", hours: attended, round: {mode: down, step: "1"}, carry_remainder: true}`), noProgramme)
	o := b.post("C1", "2025-01-01", "", "15")
	b.act(creditbank.ActRevoked, creditbank.ActBody{Of: o.Seq}, 20250201)
	if got := said(b.post("C1", "2025-01-01", "", "15")); got != "0.0" {
		t.Errorf("15 hours after 15 that were revoked: %s, want 0.0", got)
	}
}

// Credits by level and family, from tables that change from year to year.
func TestCreditsByTable(t *testing.T) {
	cat := catalogue(t, "X1 CERTIFICATE 5 0 6 CARE", "X2 CERTIFICATE 4 0 4 CARE", "X3 CERTIFICATE 4 0 4 IT", "X4 CERTIFICATE 3 0 9 IT national", "X5 CERTIFICATE 2 0 9")
	b := newBook(t, cat, recognition("CERTIFICATE", `credits: {table: [
      {family: CARE, level: 5, effective: {to: 2024-12-31}, credits: "10"},
      {family: CARE, level: 5, effective: {from: 2025-01-01, to: 2025-12-31}, credits: "12"},
      {family: CARE, credits: "6"},
      {course: X3, institution: I02, credits: "7"},
      {tag: national, level: 3, credits: "3"}], most: "11"}`), noProgramme)
	for _, tt := range []struct{ course, day, want string }{
		{"X1", "2024-12-31", "10.0"},
		{"X1", "2025-01-01", "11.0"}, // 12, of which 11 at most
		{"X1", "2026-01-01", "6.0"},  // the year's table has no row, the family has
		{"X2", "2025-01-01", "6.0"},
		{"X3", "2025-01-01", "7.0"},
		{"X4", "2025-01-01", "3.0"},
		{"X5", "2025-01-01", "0.0 [OUTCOME_NOT_RECOGNISED]"},
	} {
		if got := said(b.post(tt.course, tt.day, "", "")); got != tt.want {
			t.Errorf("%s on %s: %s, want %s", tt.course, tt.day, got, tt.want)
		}
	}
}

func TestExcludedSources(t *testing.T) {
	cat := catalogue(t, "X1 CERTIFICATE 1 0 6 DRIVING", "X2 CERTIFICATE 4 0 4 CARE", "X3 CERTIFICATE 4 0 4 IT vendor", "X4 CERTIFICATE 1 0 4", "S1 FORMAL 1 0 4")
	b := newBook(t, cat, `deny_sources:
  - {family: DRIVING, why: {zh: 驾驶证, en: driving licences}}
  - {course: X4, effective: {from: 2024-01-01, to: 2024-12-31}}
  - {category: FORMAL}
`+recognition("CERTIFICATE", `deny_sources: [{tag: vendor, level: 4}, {institution: I01}], require: {pass_mark: "60"}, credits: stated`), noProgramme)
	for _, tt := range []struct {
		by                      creditbank.InstitutionID
		course, day, mark, want string
	}{
		{"I02", "X1", "2025-01-01", "", "0.0 [EXCLUDED_SOURCE]"},
		{"I02", "X1", "2025-01-01", "50", "0.0 [GRADE_BELOW_PASS EXCLUDED_SOURCE]"}, // every reason
		{"I02", "X2", "2025-01-01", "", "4.0"},
		{"I01", "X2", "2025-01-01", "", "0.0 [EXCLUDED_SOURCE]"},
		{"I02", "X3", "2025-01-01", "", "0.0 [EXCLUDED_SOURCE]"},
		{"I02", "X4", "2023-12-31", "", "4.0"},
		{"I02", "X4", "2024-01-01", "", "0.0 [EXCLUDED_SOURCE]"},
		{"I02", "X4", "2024-12-31", "", "0.0 [EXCLUDED_SOURCE]"},
		{"I02", "X4", "2025-01-01", "", "4.0"},
		{"I02", "S1", "2025-01-01", "", "0.0 [EXCLUDED_SOURCE]"}, // no rule, but the list says why
	} {
		if got := said(b.postBy(tt.by, tt.course, tt.day, tt.mark, "")); got != tt.want {
			t.Errorf("%s of %s on %s: %s, want %s", tt.course, tt.by, tt.day, got, tt.want)
		}
	}
}

func TestSourceOfARecognition(t *testing.T) {
	cat := catalogue(t, "X1 CERTIFICATE 5 0 6 CARE", "X2 CERTIFICATE 4 0 4 CARE", "X3 CERTIFICATE 4 0 4 IT")
	rule := func(id, source, credits string) string {
		return "  - {id: " + id + ", kind: recognition, title: {zh: 认定, en: recognition}, effective: {from: 2015-01-01}, source: {category: CERTIFICATE, " + source + `}, credits: {table: [{credits: "` + credits + `"}]}}` + "\n"
	}
	b := newBook(t, cat, "rules:\n"+rule("R1", "course: X1", "1")+rule("R2", "family: CARE", "2")+rule("R3", "institution: I01", "3")+rule("R4", "level: 4", "4"), noProgramme)
	for _, tt := range []struct {
		by           creditbank.InstitutionID
		course, want string
	}{{"I02", "X1", "1.0"}, {"I02", "X2", "2.0"}, {"I01", "X3", "3.0"}, {"I02", "X3", "4.0"}} {
		if got := said(b.postBy(tt.by, tt.course, "2025-01-01", "", "")); got != tt.want {
			t.Errorf("%s of %s: %s, want %s", tt.course, tt.by, got, tt.want)
		}
	}
}

func TestValidityIsTheLeast(t *testing.T) {
	for name, tt := range map[string]struct{ rule, issuer, want string }{
		"the rule's":             {"P5Y", "P3Y", "2030-03-01"},
		"the issuer's":           {"{min: [P5Y, issuer]}", "P3Y", "2028-03-01"},
		"the rule's, as shorter": {"{min: [P5Y, issuer]}", "P7Y", "2030-03-01"},
		"the issuer's alone":     {"{min: [issuer]}", "P1Y", "2026-03-01"},
		"an issuer without one":  {"{min: [P5Y, issuer]}", "", "2030-03-01"},
		"none":                   {"{min: [issuer]}", "", ""},
	} {
		cat := catalogue(t, "X1 CERTIFICATE 5 0 6")
		if tt.issuer != "" {
			c := cat.Courses["X1"]
			var err error
			c.ValidFor, err = creditbank.ParsePeriod(tt.issuer)
			must(t, err)
			cat.Courses["X1"] = c
		}
		b := newBook(t, cat, recognition("CERTIFICATE", "credits: stated, valid_for: "+tt.rule), noProgramme)
		if got := b.post("X1", "2025-03-01", "", "").ExpiresOn.String(); got != tt.want {
			t.Errorf("%s: through %s, want %s", name, got, tt.want)
		}
	}
}

// A certificate's own last day ends the lot whatever the rule says, or does not; a
// rule can only let it end sooner.
func TestOwnLastDayEndsTheLot(t *testing.T) {
	for name, tt := range map[string]struct{ rule, issuer, own, want string }{
		"no term in the rule":         {"", "", "2027-06-30", "2027-06-30"},
		"sooner than the rule's":      {", valid_for: P5Y", "", "2027-06-30", "2027-06-30"},
		"later than the rule's":       {", valid_for: P2Y", "", "2027-06-30", "2027-03-01"},
		"the day of the rule's":       {", valid_for: P2Y", "", "2027-03-01", "2027-03-01"},
		"sooner than the course's":    {", valid_for: {min: [issuer]}", "P3Y", "2027-06-30", "2027-06-30"},
		"later than the course's":     {", valid_for: {min: [issuer]}", "P1Y", "2027-06-30", "2026-03-01"},
		"a course that says nothing":  {", valid_for: {min: [issuer, P5Y]}", "", "2027-06-30", "2027-06-30"},
		"a course that is not asked":  {", valid_for: P5Y", "P1Y", "2027-06-30", "2027-06-30"},
		"on the day of issue":         {", valid_for: P5Y", "", "2025-03-01", "2025-03-01"},
		"none, and none in the rule":  {"", "", "", ""},
		"none, but one in the course": {", valid_for: {min: [issuer]}", "P1Y", "", "2026-03-01"},
	} {
		cat := catalogue(t, "X1 CERTIFICATE 5 0 6")
		c := cat.Courses["X1"]
		if tt.issuer != "" {
			var err error
			c.ValidFor, err = creditbank.ParsePeriod(tt.issuer)
			must(t, err)
			cat.Courses["X1"] = c
		}
		b := newBook(t, cat, recognition("CERTIFICATE", "credits: stated"+tt.rule), noProgramme)
		p := creditbank.Posting{Course: "X1", IssuedOn: 20250301}
		must(t, p.ValidUntil.UnmarshalText([]byte(tt.own)))
		if got := b.set.Recognise(p, c, creditbank.Past{}).ExpiresOn.String(); got != tt.want {
			t.Errorf("%s: through %q, want %q", name, got, tt.want)
		}
	}
}

// A remainder is the same rule's: what another left, or what a cap took, is not
// carried, and where the rate has changed since, no more than a step is settled.
func TestRemainderOfTheSameRule(t *testing.T) {
	const carry = `credits: {hours_per_credit: "%s", hours: attended, round: {mode: down, step: "1"}, carry_remainder: true}`
	rule := func(per, more string) string {
		return recognition("NON_FORMAL", fmt.Sprintf(carry, per)+more)
	}
	cat := catalogue(t, "C1 NON_FORMAL 1 100 0", "X1 CERTIFICATE 1 100 0")
	two := newBook(t, cat, rule("16", "")+strings.Replace(strings.TrimPrefix(strings.Replace(rule("16", ""), "R1", "R2", 1), "rules:\n"), "NON_FORMAL", "CERTIFICATE", 1), noProgramme)
	two.post("C1", "2025-01-01", "", "15")
	if got := said(two.post("X1", "2025-01-01", "", "15")); got != "0.0" {
		t.Errorf("15 hours after 15 of another rule: %s, want 0.0", got)
	}
	capped := newBook(t, cat, rule("16", `, cap: {of: {category: NON_FORMAL}, credits: "1", per: calendar_year, by: issued_on, exceed: truncate}`), noProgramme)
	capped.post("C1", "2024-01-01", "", "33") // 2 credits, of which the cap took one; an hour is left
	if got := said(capped.post("C1", "2025-01-01", "", "14")); got != "0.0" {
		t.Errorf("14 hours after a year whose cap took a credit: %s, want 0.0", got)
	}
	for _, tt := range []struct{ before, now, want string }{
		{"5", "20", "1.0"},  // 10 credits of 50 hours would now be 2.5, and these are 2.5: less than a credit is taken off
		{"50", "10", "5.0"}, // 1 credit of 50 hours would now be 5: less than a credit is added
	} {
		b := newBook(t, cat, rule(tt.before, ""), noProgramme)
		b.post("C1", "2025-01-01", "", "50")
		b.set = newBook(t, cat, rule(tt.now, ""), noProgramme).set
		if got := said(b.post("C1", "2025-01-01", "", "50")); got != tt.want {
			t.Errorf("50 hours at %s a credit after 50 at %s: %s, want %s", tt.now, tt.before, got, tt.want)
		}
	}
}

// A cap that cuts has nothing to say of what is refused.
func TestRefusedOutcomesAreNotCut(t *testing.T) {
	cat := catalogue(t, "S3 FORMAL 5 0 3")
	b := newBook(t, cat, recognition("FORMAL", `require: {pass_mark: "60"}, credits: stated, cap: {of: {category: FORMAL}, credits: "4", per: calendar_year, by: issued_on, exceed: truncate}`), noProgramme)
	b.post("S3", "2025-01-01", "80", "")
	if got := said(b.post("S3", "2025-01-01", "50", "")); got != "0.0 [GRADE_BELOW_PASS]" {
		t.Errorf("failed, where 1.0 is left: %s", got)
	}
}
