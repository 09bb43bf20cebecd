package rule_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// Random recognition rules over random outcomes: no cap is ever passed, whatever
// it counts by; the same posting after the same past is worth the same; what is
// granted is a multiple of the step and no more than the hours bear.
func TestRecognitionInvariants(t *testing.T) {
	cat := catalogue(t, "X1 CERTIFICATE 5 100000 10000 CARE", "X2 CERTIFICATE 4 40 4 CARE", "X3 CERTIFICATE 3 77.77 0 IT vendor", "X4 CERTIFICATE 3 0 2.5")
	rapid.Check(t, func(rt *rapid.T) {
		var caps []drawnCap
		for range rapid.IntRange(0, 3).Draw(rt, "caps") {
			caps = append(caps, drawCap(rt))
		}
		text := scales + calendars + drawRecognition(rt, caps)
		if fault := rule.RoundTrip(timezone + text); fault != "" {
			rt.Fatal(fault)
		}
		b := newBook(t, cat, text, noProgramme)
		for range rapid.IntRange(1, 12).Draw(rt, "outcomes") {
			course := rapid.SampledFrom([]string{"X1", "X2", "X3", "X4"}).Draw(rt, "course")
			day := creditbank.NewDate(rapid.IntRange(2024, 2025).Draw(rt, "year"), 1, rapid.IntRange(1, 365).Draw(rt, "day"))
			score := rapid.SampledFrom([]string{"", "50", "60", "合格", "不合格", "letter:B", "55|letter:C", "de:4.1", "99|de:1.0|letter:A"}).Draw(rt, "score")
			attended := creditbank.Hours(rapid.Int64Range(0, int64(cat.Courses[creditbank.CourseCode(course)].Hours)).Draw(rt, "attended")).String()
			by := rapid.SampledFrom([]creditbank.InstitutionID{"I01", "I02"}).Draw(rt, "by")
			before := b.account.Past()
			o := b.postBy(by, course, day.String(), score, attended)
			c := cat.Courses[o.Course]
			again := creditbank.NewOutcome(o.Posting, c, b.set.Recognise(o.Posting, c, before), o.Seq, clock, tests, "")
			if again.Digest() != o.Digest() {
				rt.Fatalf("recognised again: %+v\n%+v", again, o)
			}
			cautious := b.set.Recognise(o.Posting, c, creditbank.Past{Totals: before.Totals})
			if !b.set.Recalls(o.Posting, c) && (cautious.Granted != o.Granted || cautious.Credits != o.Credits) {
				rt.Fatalf("recalls nothing, and yet by totals %+v, by outcomes %+v", cautious, o.Recognition)
			}
			checkRecognised(rt, b, o)
			if rapid.IntRange(0, 5).Draw(rt, "revoked") == 0 {
				b.act(creditbank.ActRevoked, creditbank.ActBody{Of: o.Seq}, 20260101)
			}
		}
		for _, limit := range caps {
			limit.check(rt, b.account)
		}
	})
}

// checkRecognised checks what holds of one outcome.
func checkRecognised(rt *rapid.T, b *book, o creditbank.Outcome) {
	if err := o.Validate(); err != nil {
		rt.Fatal(err)
	}
	grounds := b.set.Grounds(o, b.cat.Courses[o.Course])
	codes := map[creditbank.Reason]bool{}
	for _, f := range grounds {
		codes[f.Code] = true
	}
	for _, r := range o.Reasons {
		if !codes[r] {
			rt.Fatalf("%v is not told of: %+v", r, grounds)
		}
	}
	if len(codes) != len(o.Reasons) {
		rt.Fatalf("reasons %v, grounds %+v", o.Reasons, grounds)
	}
	cut := len(o.Reasons) == 1 && o.Reasons[0] == creditbank.PeriodCapTruncated
	if o.Granted != (len(o.Reasons) == 0 || cut) || (o.Lost > 0) != cut || o.Lost < 0 || o.Credits+o.Lost > creditbank.MaxCredits*1000 {
		rt.Fatalf("granted %v: %v, lost %v, %v", o.Granted, o.Credits, o.Lost, o.Reasons)
	}
}

// A drawnCap is a cap as the test understands it.
type drawnCap struct {
	text   string
	limit  creditbank.Credits
	period func(creditbank.InstitutionID, creditbank.Date) string
	apart  func(*creditbank.Lot) string
}

// drawCap draws a cap that truncates or denies.
func drawCap(rt *rapid.T) drawnCap {
	korea := func(d creditbank.Date) (year, semester string) {
		y, m := d.Year(), int(d)/100%100
		if m < 3 {
			return fmt.Sprint(y - 1), fmt.Sprint(y-1, "autumn")
		}
		if m >= 9 {
			return fmt.Sprint(y), fmt.Sprint(y, "autumn")
		}
		return fmt.Sprint(y), fmt.Sprint(y, "spring")
	}
	city := func(d creditbank.Date) (year, semester string) {
		switch y, md := d.Year(), int(d)%10000; {
		case md >= 910:
			return fmt.Sprint(y), fmt.Sprint(y, "autumn")
		case md >= 220:
			return fmt.Sprint(y - 1), fmt.Sprint(y-1, "spring")
		default:
			return fmt.Sprint(y - 1), fmt.Sprint(y-1, "autumn")
		}
	}
	own := func(i creditbank.InstitutionID, d creditbank.Date) (year, semester string) {
		if i == "I01" {
			return korea(d)
		}
		return city(d)
	}
	limit := creditbank.Credits(rapid.IntRange(1, 3000).Draw(rt, "limit"))
	c := drawnCap{limit: limit, apart: func(*creditbank.Lot) string { return "" }}
	per := ""
	switch rapid.IntRange(0, 4).Draw(rt, "per") {
	case 0:
		per, c.period = "per: calendar_year, by: issued_on", func(_ creditbank.InstitutionID, d creditbank.Date) string { return fmt.Sprint(d.Year()) }
	case 1:
		per, c.period = "per: ever", func(creditbank.InstitutionID, creditbank.Date) string { return "" }
	case 2:
		per, c.period = "per: year, calendar: korea, by: issued_on", func(_ creditbank.InstitutionID, d creditbank.Date) string { y, _ := korea(d); return y }
	case 3: // of an institution's own calendar, counted for each institution, so that the periods are the same for all it counts
		per, c.period = "per: semester, by: issued_on", func(i creditbank.InstitutionID, d creditbank.Date) string { _, s := own(i, d); return s }
	case 4:
		per, c.period = "per: semester, calendar: city, by: issued_on", func(_ creditbank.InstitutionID, d creditbank.Date) string { _, s := city(d); return s }
	}
	each := ""
	switch kind := rapid.IntRange(0, 3).Draw(rt, "each"); {
	case kind == 1 || strings.HasPrefix(per, "per: semester, by"):
		each, c.apart = ", each: institution", func(l *creditbank.Lot) string { return string(l.Institution) }
	case kind == 2:
		each, c.apart = ", each: course", func(l *creditbank.Lot) string { return string(l.Course) }
	case kind == 3:
		each, c.apart = ", each: family", func(l *creditbank.Lot) string {
			if l.Family == "" {
				return "course " + string(l.Course)
			}
			return l.Family
		}
	}
	c.text = fmt.Sprintf(`{of: {category: CERTIFICATE%s}, credits: "%s", %s, exceed: %s}`, each, limit, per, rapid.SampledFrom([]string{"truncate", "deny"}).Draw(rt, "exceed"))
	return c
}

// check adds up what stands.
func (c drawnCap) check(rt *rapid.T, a *creditbank.Account) {
	sums := map[string]creditbank.Credits{}
	for _, l := range a.Lots {
		if !l.Granted || !l.Current() || l.RevokedOn != 0 {
			continue
		}
		key := c.period(l.Institution, l.IssuedOn) + " " + c.apart(l)
		if sums[key] += l.Credits; sums[key] > c.limit {
			rt.Fatalf("%s: %v recognised in %q", c.text, sums[key], key)
		}
	}
}

// drawRecognition draws a rule for certificates with these caps.
func drawRecognition(rt *rapid.T, caps []drawnCap) string {
	credits := rapid.SampledFrom([]string{
		"stated", `{stated: true, most: "3"}`,
		`{hours_per_credit: "16", hours: scheduled, round: {mode: down, step: "0.5"}}`,
		`{hours_per_credit: "0.01", hours: attended}`,
		`{hours_per_credit: "17.5", hours: attended, round: {mode: up, step: "1"}, carry_remainder: true}`,
		`{ratio: {credits: "3", hours: "50"}, hours: scheduled, round: {mode: half_up, step: "0.25"}, carry_remainder: true}`,
		`{hours_per_credit: {from: "25", to: "30"}, hours: notional}`,
		`{table: [{family: CARE, level: 5, effective: {to: 2024-12-31}, credits: "10"}, {level: 3, credits: "2"}, {course: X2, institution: I01, credits: "1.25"}], most: "9"}`,
	}).Draw(rt, "credits")
	pass := rapid.SampledFrom([]string{"", `require: {pass_mark: "60"}, `, "require: {pass_mark: origin}, ", `require: {pass_mark: {scale: letter, value: C}, min_attendance: "0.5"}, `}).Draw(rt, "require")
	denied := rapid.SampledFrom([]string{"", "deny_sources: [{tag: vendor}], ", "deny_sources: [{course: X4, institution: I01}], "}).Draw(rt, "denied")
	limits := make([]string, len(caps))
	for i, c := range caps {
		limits[i] = c.text
	}
	return recognition("CERTIFICATE", pass+denied+"credits: "+credits+", cap: ["+strings.Join(limits, ", ")+"]")
}
