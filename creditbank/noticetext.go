package creditbank

import (
	"fmt"
	"slices"
)

// noticeTexts says what each kind of act tells a learner, and the details; an
// empty text where another row tells it already. A kind that has no entry is told
// by its name.
var noticeTexts = map[ActKind]func(x noticer, act Act) (Text, []Text){
	ActOpened: func(noticer, Act) (Text, []Text) {
		return Text{"学习账户已开立", "your learning account was opened"}, nil
	},
	ActEnrolled:       noticer.enrolled,
	ActLeft:           noticer.left,
	ActFrozen:         noticer.frozen,
	ActUnfrozen:       noticer.unfrozen,
	ActRevoked:        noticer.revoked,
	ActDecided:        noticer.decided,
	ActReversed:       noticer.reversed,
	ActRelinked:       noticer.relinked,
	ActRegraded:       noticer.regraded,
	ActReplaced:       func(noticer, Act) (Text, []Text) { return Text{}, nil }, // the revision tells it
	ActApplied:        noticer.applied,
	ActConsented:      noticer.consented,
	ActWithdrawn:      noticer.unconsented,
	ActRequested:      noticer.requested,
	ActVoided:         noticer.voided,
	ActAwarded:        noticer.awarded,
	ActAwardWithdrawn: noticer.awardWithdrawn,
	ActCaseOpened:     noticer.caseOpened,
	ActCaseDecided:    noticer.caseDecided,

	ActExpired: noticer.expired, ActRecognised: noticer.recognised,

	ActClaimed: silent, ActReleased: silent, ActRecused: silent, ActOpined: silent,
	ActReturned: noticer.returned, ActSupplemented: noticer.supplemented, ActResolved: noticer.resolved,
	ActObjected: noticer.objected, ActAnswered: noticer.answered,
	ActRetracted: noticer.retracted, ActLapsed: noticer.lapsed, ActAppealed: noticer.appealed,

	ActPetitioned: noticer.petitioned, ActEvidenced: noticer.evidenced, ActPetitionRecused: silent,
	ActPetitionReturned: noticer.petitionReturned, ActPetitionSupplemented: noticer.petitionSupplemented,
	ActPetitionAccepted: noticer.petitionAccepted, ActPetitionRefused: noticer.petitionRefused, ActPetitionWithdrawn: noticer.petitionWithdrawn,
}

// outcome tells of a posting.
func (x noticer) outcome(o Outcome) Notice {
	n := Notice{Seq: o.Seq, At: o.PostedAt, Day: DateOf(o.PostedAt), Kind: "posted", Of: o.Seq}
	if x.cat.Rules != nil {
		n.Day = DateOf(o.PostedAt.In(x.cat.Rules.Location()))
	}
	course, by := x.course(o.Course), x.institution(o.Institution)
	switch {
	case o.Revision > 1:
		n.Kind = "revised"
		n.Text = say("%[1]s更正了“%[2]s”的成果（修订%[3]d）：成绩%[4]s，认定%[5]s学分", "%[1]s corrected the outcome of %[2]s (revision %[3]d): score %[4]s, recognised as %[5]s credits",
			by, course, o.Revision, orNone(o.Score.String()), o.Credits)
	case o.Granted:
		n.Text = say("%[1]s登记了“%[2]s”的成果，认定%[3]s学分", "%[1]s posted an outcome of %[2]s, recognised as %[3]s credits", by, course, o.Credits)
	}
	if !o.Granted {
		if o.Revision == 1 {
			n.Kind = "refused"
		}
		n.Text = say("%[1]s登记了“%[2]s”的成果，未获认定", "%[1]s posted an outcome of %[2]s, which was not recognised", by, course)
	}
	n.Details = append(n.Details, ExplainOutcome(x.cat, o)...)
	if o.Granted && o.ExpiresOn != 0 {
		n.Details = append(n.Details, say("可用至%[1]s", "it can be used through %[1]s", o.ExpiresOn))
	}
	return n
}

func (x noticer) enrolled(act Act) (Text, []Text) {
	return with(x.programme(act.Body.Programme), "已注册“%s”", "you are enrolled in %s"), nil
}

func (x noticer) left(act Act) (Text, []Text) {
	return with(x.programme(act.Body.Programme), "已退出“%s”，已转换的学分保留", "you have left %s; what was converted stays"), nil
}

func (x noticer) frozen(Act) (Text, []Text) {
	return Text{"账户已冻结：余额可查，不能转换", "your account was frozen: balances can be read, conversions wait"}, nil
}

func (x noticer) unfrozen(Act) (Text, []Text) {
	return Text{"账户已解冻", "your account is no longer frozen"}, nil
}

func (x noticer) revoked(act Act) (Text, []Text) {
	l := x.a.Lot(act.Body.Of)
	if l == nil {
		return plainNotice(x, act)
	}
	return say("%[1]s撤销了“%[2]s”的成果（%[3]s学分）", "%[1]s revoked the outcome of %[2]s (%[3]s credits)", x.institution(l.Institution), x.course(l.Course), l.Credits), nil
}

func (x noticer) decided(act Act) (Text, []Text) {
	d := act.Body.Decision
	details := append(Explain(x.cat, d), appealable(act)...)
	if d.Approved {
		return with(x.rule(d), "转换已批准：%s；", "conversion approved: %s; ").and(x.lines(d)), details
	}
	if act.Body.Of != 0 {
		details = append(details, letGo)
	}
	return with(x.rule(d), "转换未获批准：%s", "conversion denied: %s"), details
}

func (x noticer) applied(act Act) (Text, []Text) {
	return with(x.rule(act.Body.Decision), "转换申请已提交，等待审核：%s", "your application is with a reviewer: %s"), x.holding(act)
}

// and appends the words of u.
func (t Text) and(u Text) Text { return Text{t.ZH + u.ZH, t.EN + u.EN} }

func (x noticer) reversed(act Act) (Text, []Text) {
	c := x.a.Conversion(act.Body.Of)
	if c == nil {
		return plainNotice(x, act)
	}
	text := with(x.rule(c.Decision), "转换已冲正：%s；", "conversion reversed: %s; ").and(x.lines(c.Decision))
	details := x.because(act)
	if slices.ContainsFunc(c.Decision.Sources, func(s Consumption) bool { _, ok := s.Line(); return !ok }) {
		details = append(details, Text{"其他来源如未失效，已退回余额", "its other sources are available again unless they have expired"})
	}
	return text, details
}

func (x noticer) relinked(act Act) (Text, []Text) {
	return with(x.rule(act.Body.Decision), "来源成果已更正，转换保持不变：%s", "a source was corrected, and the conversion stands as it was: %s"), x.because(act)
}

func (x noticer) regraded(act Act) (Text, []Text) {
	d := act.Body.Decision
	return with(x.rule(d), "转换的成绩已更正：%s；", "the grades of a conversion were corrected: %s; ").and(x.lines(d)), x.because(act)
}

// because says which outcome caused an act.
func (x noticer) because(act Act) []Text {
	l := x.a.Lot(act.Body.Since)
	if l == nil {
		return nil
	}
	revoked := slices.ContainsFunc(x.h.Acts, func(other Act) bool {
		return other.Kind == ActRevoked && other.Body.Of == l.Seq && other.At.Equal(act.At)
	})
	if revoked {
		return []Text{say("原因：“%[1]s”的成果（编号%[2]s）被%[3]s撤销", "because the outcome of %[1]s (%[2]s) was revoked by %[3]s", x.course(l.Course), l.ExternalID, x.institution(l.Institution))}
	}
	return []Text{say("原因：“%[1]s”的成果（编号%[2]s）被%[3]s更正或撤销", "because the outcome of %[1]s (%[2]s) was corrected or revoked by %[3]s", x.course(l.Course), l.ExternalID, x.institution(l.Institution))}
}

func (x noticer) consented(act Act) (Text, []Text) {
	c := act.Body.Consent
	return Text{
		fmt.Sprintf("您同意向%s提供信息：%s", x.institution(c.Recipient), c.Purpose.Text().ZH),
		fmt.Sprintf("you let %s be told: %s", x.institution(c.Recipient), c.Purpose.Text().EN),
	}, nil
}

func (x noticer) unconsented(act Act) (Text, []Text) {
	given := x.a.GivenConsent(act.Body.Of)
	if given == nil {
		return plainNotice(x, act)
	}
	return say("您撤回了对%[1]s的同意", "you withdrew your consent to %[1]s being told", x.institution(given.Recipient)), nil
}

func (x noticer) requested(act Act) (Text, []Text) {
	l := x.a.Lot(act.Body.Of)
	if l == nil {
		return plainNotice(x, act)
	}
	return say("已申请“%[1]s”的成果证书", "the certificate of %[1]s was asked for", x.course(l.Course)), nil
}

func (x noticer) voided(act Act) (Text, []Text) {
	if l := x.a.Lot(act.Body.Of); l != nil {
		return say("“%[1]s”的成果证书已作废，成果本身有效", "the certificate of %[1]s was voided; the outcome itself stands", x.course(l.Course)), nil
	}
	return Text{"转换证书已作废，转换本身有效", "the certificate of a conversion was voided; the conversion itself stands"}, nil
}

func (x noticer) awarded(act Act) (Text, []Text) {
	w := act.Body.Award
	p := x.programme(w.Programme)
	return Text{
		fmt.Sprintf("“%s”授予%s，共%s学分", p.ZH, w.Kind.Text().ZH, w.Credits),
		fmt.Sprintf("%s: a %s was conferred on you, for %s credits", p.EN, w.Kind.Text().EN, w.Credits),
	}, nil
}

func (x noticer) awardWithdrawn(act Act) (Text, []Text) {
	w := x.a.Award(act.Body.Of)
	if w == nil {
		return plainNotice(x, act)
	}
	p := x.programme(w.Programme)
	return Text{
		fmt.Sprintf("“%s”的%s已撤销", p.ZH, w.Kind.Text().ZH),
		fmt.Sprintf("%s: the %s was withdrawn", p.EN, w.Kind.Text().EN),
	}, nil
}

func (x noticer) caseOpened(act Act) (Text, []Text) {
	c := x.a.Conversion(act.Body.Of)
	if c == nil {
		return plainNotice(x, act)
	}
	details := append(x.because(act), Text{
		"复核期间学分照计，但不能用于其他转换，也不出具新的证书",
		"until it is decided the credits count, but cannot be used in other conversions, and no certificate is issued anew",
	})
	return with(x.rule(c.Decision), "转换已立案复核：%s", "a conversion is under review, since an award hangs on it: %s"), details
}

func (x noticer) caseDecided(act Act) (Text, []Text) {
	k := x.a.Case(act.Body.Of)
	if k == nil {
		return plainNotice(x, act)
	}
	if act.Body.Case.Upheld {
		return say("第%[1]d号复核：维持转换", "case %[1]d: the conversion is upheld", k.Seq), nil
	}
	if c := x.a.Conversion(k.Conversion); c != nil && c.Stands() {
		return say("第%[1]d号复核：本授予机构不再维持，转换因其他授予保留", "case %[1]d: no longer upheld for this award; the conversion stays for another", k.Seq), nil
	}
	return say("第%[1]d号复核：转换冲正", "case %[1]d: the conversion is reversed", k.Seq), nil
}

func (x noticer) expired(act Act) (Text, []Text) {
	l := x.a.Lot(act.Body.Of)
	if l == nil {
		return plainNotice(x, act)
	}
	return say("“%[1]s”成果剩余的%[2]s学分已失效", "what was left of the outcome of %[1]s has expired: %[2]s credits", x.course(l.Course), act.Body.Credits),
		[]Text{say("可用至%[1]s", "it could be used through %[1]s", l.ExpiresOn)}
}

func (x noticer) recognised(act Act) (Text, []Text) {
	l, r := x.a.Lot(act.Body.Of), act.Body.Recognition
	if l == nil || r == nil {
		return plainNotice(x, act)
	}
	o := l.Outcome
	o.Recognition = r.Recognition()
	if !o.Granted {
		return say("“%[1]s”的成果按新规则重新认定：不予认定", "the outcome of %[1]s was judged anew by the rules of now, and is not recognised", x.course(o.Course)), ExplainOutcome(x.cat, o)
	}
	details := ExplainOutcome(x.cat, o)
	if o.ExpiresOn != 0 {
		details = append(details, say("可用至%[1]s", "it can be used through %[1]s", o.ExpiresOn))
	}
	return say("“%[1]s”的成果按新规则重新认定：认定%[2]s学分", "the outcome of %[1]s was judged anew by the rules of now, and recognised as %[2]s credits", x.course(o.Course), o.Credits), details
}

// course names a course with its code.
func (x noticer) course(code CourseCode) string { return explainer{cat: x.cat}.course(string(code)) }

// institution names an institution.
func (x noticer) institution(id InstitutionID) string {
	if i, ok := x.cat.Institutions[id]; ok {
		return i.Name
	}
	return string(id)
}

// programme names a programme; one that the rules have no more by its id.
func (x noticer) programme(id ProgrammeID) Text {
	if x.cat.Rules != nil {
		if p, ok := x.cat.Rules.Programme(id); ok {
			return p.Title
		}
	}
	return Text{string(id), string(id)}
}

// rule names the rule of a decision with its programme.
func (x noticer) rule(d *Decision) Text {
	p := x.programme(d.Programme)
	title := Text{}
	if x.cat.Rules != nil {
		title, _, _ = x.cat.Rules.RuleTitle(d.Rule)
	}
	return Text{
		fmt.Sprintf("规则%s“%s”，专业“%s”", d.Rule, title.ZH, p.ZH),
		fmt.Sprintf("rule %s (%s), programme %s", d.Rule, title.EN, p.EN),
	}
}

// lines says what a decision granted.
func (x noticer) lines(d *Decision) Text {
	var programme Programme
	if x.cat.Rules != nil {
		programme, _ = x.cat.Rules.Programme(d.Programme)
	}
	named := make([]Text, 0, len(d.Lines))
	for _, l := range d.Lines {
		title := Text{}
		if s, ok := programme.Slot(l.Slot); ok {
			title = s.Title
		}
		grade := Text{"成绩" + l.Grade, "grade " + l.Grade}
		if l.Grade == Exempt {
			grade = Text{"免考", "exempt"}
		}
		named = append(named, Text{
			fmt.Sprintf("“%s %s”%s学分（%s）", title.ZH, l.Slot, l.Credits, grade.ZH),
			fmt.Sprintf("%s credits in %s %s (%s)", l.Credits, title.EN, l.Slot, grade.EN),
		})
	}
	return joinTexts(named, "、", ", ")
}
