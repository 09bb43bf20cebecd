package creditbank_test

import (
	"strings"
	"testing"

	"creditbank/creditbank"
)

// Each reason that recognition gives is told in words, with its figures, by the
// rule set that gave it.
func TestExplainOutcome(t *testing.T) {
	c := newCity(t)
	const rules = `timezone: Asia/Shanghai
scales:
  - {id: letter, labels: [{label: A, points: "90"}, {label: C, points: "60"}, {label: F, points: "30"}], pass: C}
calendars:
  - {id: korea, year: 03-01, semesters: [03-01, 09-01], default: true}
deny_sources: [{tag: leisure, why: {zh: 休闲课程, en: leisure classes}}, {institution: I01, level: 5}]
rules:
  - {id: F, kind: recognition, title: {zh: 学历, en: formal}, effective: {from: 2015-01-01}, source: {category: FORMAL}, require: {pass_mark: origin}, credits: stated, cap: [
      {of: {category: FORMAL, each: institution}, credits: "5", per: year, by: issued_on, exceed: truncate},
      {of: {category: FORMAL}, credits: "20", per: ever, exceed: deny},
      {of: {category: FORMAL, tag: trade, level: 3}, credits: "7", per: ever, exceed: deny}]}
  - {id: N, kind: recognition, title: {zh: 社区, en: community}, effective: {from: 2015-01-01}, source: {category: NON_FORMAL}, require: {pass_mark: "60", min_attendance: "0.80"}, credits: {hours_per_credit: "16", hours: scheduled}}
  - {id: C, kind: recognition, title: {zh: 证书, en: certificate}, effective: {from: 2015-01-01}, source: {category: CERTIFICATE}, credits: {table: [{level: 3, credits: "4"}]}}
`
	c.publish(rules)
	formal := creditbank.Course{Code: "S1", Category: creditbank.Formal}
	community := creditbank.Course{Code: "N1", Category: creditbank.NonFormal, Hours: 20 * creditbank.Hour}
	for name, tt := range map[string]struct {
		course   creditbank.Course
		score    string
		attended creditbank.Hours
		rec      creditbank.Recognition
		zh, en   []string
	}{
		"below the pass mark": {formal, "59|letter:F", 0, creditbank.Recognition{Reasons: []creditbank.Reason{creditbank.GradeBelowPass}},
			[]string{"成绩为59|letter:F，及格线为60, letter:C (60)"}, []string{"the score is 59|letter:F, the pass mark 60, letter:C (60)"}},
		"two reasons": {community, "50", 15 * creditbank.Hour, creditbank.Recognition{Reasons: []creditbank.Reason{creditbank.GradeBelowPass, creditbank.AttendanceBelowMin}},
			[]string{"成绩为50，及格线为60", "课程共20学时，出勤15学时，要求不少于16学时"}, []string{"the score is 50, the pass mark 60", "15 of 20 hours were attended, at least 16 are needed"}},
		"no rule": {creditbank.Course{Code: "I1", Category: creditbank.Informal}, "", 0, creditbank.Recognition{Reasons: []creditbank.Reason{creditbank.OutcomeNotRecognised}},
			[]string{"没有认定规则适用于2026-03-01取得的这类无一定形式学习成果"}, []string{"no recognition rule is for such informal outcomes of 2026-03-01"}},
		"no row": {creditbank.Course{Code: "X1", Category: creditbank.Certificate, Level: 2}, "", 0, creditbank.Recognition{Reasons: []creditbank.Reason{creditbank.OutcomeNotRecognised}},
			[]string{"认定规则C的学分表没有2026-03-01取得的这类成果"}, []string{"the table of recognition rule C has no row for such outcomes of 2026-03-01"}},
		"excluded": {creditbank.Course{Code: "N1", Category: creditbank.NonFormal, Tags: []string{"leisure"}}, "", 0, creditbank.Recognition{Reasons: []creditbank.Reason{creditbank.ExcludedSource}},
			[]string{"列入不予认定的范围（tag=leisure）：休闲课程"}, []string{"on the list of what is not recognised (tag=leisure): leisure classes"}},
		"excluded without a word": {creditbank.Course{Code: "S1", Category: creditbank.Formal, Level: 5}, "", 0, creditbank.Recognition{Reasons: []creditbank.Reason{creditbank.ExcludedSource}},
			[]string{"列入不予认定的范围（institution=I01 level=5）"}, []string{"on the list of what is not recognised (institution=I01 level=5)"}},
		"cut": {formal, "80", 0, creditbank.Recognition{Granted: true, Rule: "F", Credits: 100, Lost: 200, Reasons: []creditbank.Reason{creditbank.PeriodCapTruncated}},
			[]string{"3.0学分按学历教育认定学分上限5.0（2026-03-01至2027-02-28，I01）截减为1.0学分"}, []string{"3.0 credits were cut to 1.0 by the cap on formal credits, 5.0 (2026-03-01 to 2027-02-28, I01)"}},
		"denied": {creditbank.Course{Code: "S1", Category: creditbank.Formal, Credits: 300}, "80", 0, creditbank.Recognition{Rule: "F", Reasons: []creditbank.Reason{creditbank.CapReached}},
			[]string{"3.0学分超出学历教育认定学分上限20.0（终身）"}, []string{"3.0 credits are beyond the cap on formal credits, 20.0 (a lifetime)"}},
		"denied by one that is narrowed": {creditbank.Course{Code: "S1", Category: creditbank.Formal, Credits: 300, Level: 3, Tags: []string{"trade"}}, "80", 0, creditbank.Recognition{Rule: "F", Reasons: []creditbank.Reason{creditbank.CapReached}},
			[]string{"3.0学分超出学历教育认定学分上限20.0（终身）或学历教育认定学分上限7.0（终身，trade，3级）"}, []string{"3.0 credits are beyond the cap on formal credits, 20.0 (a lifetime) or the cap on formal credits, 7.0 (a lifetime, trade, level 3)"}},
		"in order": {formal, "80", 0, creditbank.Recognition{Granted: true, Rule: "F"}, nil, nil},
	} {
		score, err := creditbank.ParseScore(tt.score)
		must(t, err)
		p := creditbank.Posting{OutcomeKey: creditbank.OutcomeKey{Learner: "l", Institution: "I01", ExternalID: "1", Revision: 1}, Course: tt.course.Code, IssuedOn: 20260301, Score: score, Attended: tt.attended}
		cat := *c.Catalogue()
		cat.Courses = map[creditbank.CourseCode]creditbank.Course{tt.course.Code: tt.course}
		tt.rec.RuleSet = cat.Rules.Version()
		o := creditbank.NewOutcome(p, tt.course, tt.rec, 2, c.clock(), operator, "")
		var zh, en []string
		for _, text := range creditbank.ExplainOutcome(&cat, o) {
			zh, en = append(zh, text.ZH), append(en, text.EN)
		}
		if strings.Join(zh, "/") != strings.Join(tt.zh, "/") || strings.Join(en, "/") != strings.Join(tt.en, "/") {
			t.Errorf("%s: explained as\n%q\n%q\nwant\n%q\n%q", name, zh, en, tt.zh, tt.en)
		}
		o.RuleSet = 99 // unknown here: the codes' own words
		if got := creditbank.ExplainOutcome(&cat, o); len(got) != len(o.Reasons) {
			t.Errorf("%s: %d sentences without the rules", name, len(got))
		}
	}
}
