package creditbank

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// An AwardKind says what an institution confers.
type AwardKind string

// The kinds of award.
const (
	AwardDiploma    AwardKind = "DIPLOMA"    // 毕业证书
	AwardCompletion AwardKind = "COMPLETION" // 结业证书
)

var awardTexts = map[AwardKind]Text{
	AwardDiploma:    {"毕业证书", "diploma"},
	AwardCompletion: {"结业证书", "certificate of completion"},
}

// AwardKinds lists the kinds of award.
func AwardKinds() []AwardKind { return []AwardKind{AwardDiploma, AwardCompletion} }

// Text returns what k is called.
func (k AwardKind) Text() Text { return textOf(awardTexts, k) }

// OwnStudy is credits that a learner earned in a programme by studying there.
// The bank converts and does not teach: the institution states them.
type OwnStudy struct {
	Credits Credits `json:"credits"`
	Slot    SlotID  `json:"slot,omitempty"` // "" for courses of the programme that are no slots
}

// A Conferral is what an award says, as it is put on record. The fields stand
// in alphabetical order of their names in JSON.
type Conferral struct {
	Credits   Credits     `json:"credits"` // of the lines and of own study
	Kind      AwardKind   `json:"kind"`
	Lines     []LineRef   `json:"lines"` // the lines of the programme that it rests on
	Own       []OwnStudy  `json:"own,omitempty"`
	Programme ProgrammeID `json:"programme"`
	RuleSet   int         `json:"rule_set"` // whose programme was measured against
}

// An Award (授予) is a diploma or certificate that an institution conferred for a
// programme. It rests on the lines of the programme that stood then: where one
// of them loses its source later, a case is opened instead of reversing it
// ([Case]).
type Award struct {
	Seq         int64 // the act that conferred it; names the award for ever
	Day         Date
	By          Caller
	WithdrawnOn Date  // zero while it stands
	WithdrawnBy int64 // the act that withdrew it
	Conferral
}

// Stands reports whether w has not been withdrawn.
func (w *Award) Stands() bool { return w.WithdrawnOn == 0 }

// rests reports whether w rests on a line of one of the conversions.
func (w *Award) rests(conversions []int64) bool {
	return slices.ContainsFunc(w.Lines, func(l LineRef) bool { return slices.Contains(conversions, l.Conversion) })
}

// An AwardState says how an award stands.
type AwardState string

// The states of an award.
const (
	AwardStanding   AwardState = "standing"
	AwardInQuestion AwardState = "in_question" // a case about one of its lines is open
	AwardImpaired   AwardState = "impaired"    // it stands, though a line it rested on was reversed
	AwardWithdrawn  AwardState = "withdrawn"
)

// Award returns the award that version seq conferred, or nil.
func (a *Account) Award(seq int64) *Award {
	return bySeq(a.Awards, seq, func(w *Award) int64 { return w.Seq })
}

// StateOf returns how an award stands.
func (a *Account) StateOf(w *Award) AwardState {
	if !w.Stands() {
		return AwardWithdrawn
	}
	state := AwardStanding
	for _, l := range w.Lines {
		if a.UnderCase(l.Conversion) != 0 {
			return AwardInQuestion
		}
		if c := a.Conversion(l.Conversion); c == nil || !c.Stands() {
			state = AwardImpaired
		}
	}
	return state
}

// hanging returns the standing awards that rest on a conversion or on what was
// made of its lines.
func (a *Account) hanging(conversion int64) []*Award {
	below := a.downstream(conversion)
	return slices.DeleteFunc(slices.Clone(a.Awards), func(w *Award) bool { return !w.Stands() || !w.rests(below) })
}

// linesOf returns the standing lines of a programme.
func (a *Account) linesOf(p ProgrammeID) []HeldLine {
	var lines []HeldLine
	for _, c := range a.Conversions {
		if !c.Stands() || c.Decision.Programme != p {
			continue
		}
		var slots []SlotID
		for _, l := range c.Decision.Lines {
			if !slices.Contains(slots, l.Slot) {
				slots = append(slots, l.Slot)
				held, _ := c.line(l.Slot)
				lines = append(lines, a.held(held))
			}
		}
	}
	return lines
}

// awardable says why an award like w cannot be conferred now.
func (a *Account) awardable(w Conferral) error {
	for _, other := range a.Awards {
		if other.Stands() && other.Programme == w.Programme && other.Kind == w.Kind {
			return Conflict(CodeState, "programme", fmt.Sprintf("该专业已授予%s（第%d项）", w.Kind.Text().ZH, other.Seq),
				fmt.Sprintf("a %s was conferred for the programme before, by entry %d", w.Kind.Text().EN, other.Seq))
		}
	}
	for _, l := range w.Lines {
		if k := a.UnderCase(l.Conversion); k != 0 {
			return Conflict(CodeState, "programme", fmt.Sprintf("第%d项转换正在复核（第%d项），复核结束后方可授予", l.Conversion, k),
				fmt.Sprintf("conversion %d is under review by case %d: decide that first", l.Conversion, k))
		}
	}
	return nil
}

// unmet returns what a programme asks for that lines and own study do not give:
// every slot but electives is to be filled, and the programme's credits reached.
func unmet(p Programme, lines []HeldLine, full map[SlotID]bool, own []OwnStudy) []Text {
	var missing []Text
	slots, sum := map[SlotID]Credits{}, Credits(0)
	for _, l := range lines {
		slots[l.Slot], sum = slots[l.Slot]+l.Credits, sum+l.Credits
	}
	for _, o := range own {
		slots[o.Slot], sum = slots[o.Slot]+o.Credits, sum+o.Credits
	}
	for _, s := range p.Slots {
		if s.Elective || full[s.ID] || slots[s.ID] >= s.Credits {
			continue
		}
		missing = append(missing, Text{
			fmt.Sprintf("%s（%s）现有%s学分，要求%s", s.Title.ZH, s.ID, slots[s.ID], s.Credits),
			fmt.Sprintf("%s (%s) has %s of %s credits", s.Title.EN, s.ID, slots[s.ID], s.Credits),
		})
	}
	if sum < p.Credits {
		missing = append(missing, say("总学分%[1]s，要求%[2]s", "%[1]s of %[2]s credits in all", sum, p.Credits))
	}
	return missing
}

// checkOwn reports own study that a programme has no room for.
func checkOwn(p Programme, lines []HeldLine, own []OwnStudy) error {
	seen := map[SlotID]bool{}
	for _, o := range own {
		room := p.Credits
		if o.Slot != "" {
			slot, ok := p.Slot(o.Slot)
			if !ok {
				return Invalid(CodeMalformed, "own", fmt.Sprintf("专业没有课程 %s", Shown(o.Slot)), fmt.Sprintf("the programme has no slot %s", Shown(o.Slot)))
			}
			room = slot.Credits
			for _, l := range lines {
				if l.Slot == o.Slot {
					room -= l.Credits
				}
			}
		}
		if o.Credits <= 0 || o.Credits > room || seen[o.Slot] {
			return Invalid(CodeMalformed, "own", fmt.Sprintf("修读学分 %s 应大于0且不超过 %s，每门课程只列一次", o.Credits, max(0, room)),
				fmt.Sprintf("%s credits studied are more than none and at most %s, each slot once", o.Credits, max(0, room)))
		}
		seen[o.Slot] = true
	}
	return nil
}

// An Awarding asks for an award. What the learner studied at the institution
// itself is for it to state.
type Awarding struct {
	Kind      AwardKind
	Programme ProgrammeID
	Own       []OwnStudy
}

// Confer confers an award (授予) on a learner who is enrolled and whose lines,
// with the own study that is stated, meet the programme: every slot that is no
// elective filled, the programme's credits reached, none of its lines under
// review. An award of a kind is conferred once for a programme while it stands.
func (b *Bank) Confer(ctx context.Context, c Change, r Awarding) (Act, error) {
	if !slices.Contains(AwardKinds(), r.Kind) {
		return Act{}, Invalid(CodeMalformed, "kind", "应为DIPLOMA（毕业证书）或COMPLETION（结业证书）", "is none of DIPLOMA, COMPLETION")
	}
	what := fmt.Sprintf("award %q %v", []string{string(r.Kind), string(r.Programme)}, r.Own)
	acts, _, err := b.change(ctx, c, what, func(d *draft, _ History, rules Rules) error {
		w, err := d.account.confer(rules, r)
		if err != nil {
			return err
		}
		_, err = d.act(ActAwarded, ActBody{Award: &w})
		return err
	})
	if err != nil {
		return Act{}, err
	}
	return acts[0], nil
}

// confer measures the account against a programme.
func (a *Account) confer(rules Rules, r Awarding) (Conferral, error) {
	p, ok := rules.Programme(r.Programme)
	if !ok {
		return Conferral{}, unknownProgramme(r.Programme)
	}
	if !a.Enrolled(p.ID) {
		return Conferral{}, Conflict(CodeState, "programme", "学习者未注册该专业", "the learner is not enrolled in the programme")
	}
	if a.Frozen {
		return Conferral{}, Conflict(CodeState, "learner", "账户已冻结", "the account is frozen")
	}
	lines := a.linesOf(p.ID)
	if err := checkOwn(p, lines, r.Own); err != nil {
		return Conferral{}, err
	}
	if missing := unmet(p, lines, a.full(p.ID), r.Own); len(missing) > 0 {
		zh, en := make([]string, len(missing)), make([]string, len(missing))
		for i, m := range missing {
			zh[i], en[i] = m.ZH, m.EN
		}
		return Conferral{}, Conflict(CodeState, "programme", "尚未达到专业要求："+strings.Join(zh, "；"), "the programme's requirements are not met: "+strings.Join(en, "; "))
	}
	w := Conferral{Kind: r.Kind, Lines: []LineRef{}, Own: r.Own, Programme: p.ID, RuleSet: rules.Version()}
	for _, l := range lines {
		w.Lines, w.Credits = append(w.Lines, l.LineRef), w.Credits+l.Credits
	}
	for _, o := range r.Own {
		w.Credits += o.Credits
	}
	return w, a.awardable(w)
}

// full returns the slots of a programme that a line filled, whatever it brought;
// but for what the learner has yet to make up, which the institution states as own
// study.
func (a *Account) full(p ProgrammeID) map[SlotID]bool {
	full := map[SlotID]bool{}
	for _, c := range a.Conversions {
		if c.Stands() && c.Decision.Programme == p {
			for _, l := range c.Decision.Lines {
				full[l.Slot] = full[l.Slot] || !l.Open && l.MakeUp == 0
			}
		}
	}
	return full
}

// WithdrawAward withdraws an award (撤销授予). The lines that it rested on stay;
// they are no longer protected by it.
func (b *Bank) WithdrawAward(ctx context.Context, c Change, award int64, reason string) (Act, error) {
	if err := needReason(reason); err != nil {
		return Act{}, err
	}
	return b.changeOne(ctx, c, fmt.Sprintf("withdraw award %d %q", award, reason), func(d *draft, _ History) error {
		if err := withdrawable(d.account.Award(award)); err != nil {
			return err
		}
		_, err := d.act(ActAwardWithdrawn, ActBody{Of: award, Reason: reason})
		return err
	})
}

func withdrawable(w *Award) error {
	switch {
	case w == nil:
		return NotFound(CodeUnknownAward, "award", "没有这项授予", "there is no such award")
	case !w.Stands():
		return Conflict(CodeState, "award", fmt.Sprintf("该授予已于 %s 撤销", w.WithdrawnOn), fmt.Sprintf("the award was withdrawn on %s", w.WithdrawnOn))
	}
	return nil
}

// needReason checks a reason that must be given.
func needReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return Invalid(CodeMissing, "reason", "必须说明理由", "say why")
	}
	return checkText("reason", reason, 1000)
}

func (a *Account) applyAwarded(act Act) error {
	w := act.Body.Award
	if w == nil || !slices.Contains(AwardKinds(), w.Kind) || w.Programme == "" {
		return fmt.Errorf("nothing is conferred")
	}
	for _, l := range w.Lines {
		c := a.Conversion(l.Conversion)
		if c == nil || !c.Stands() || c.Decision.Programme != w.Programme {
			return fmt.Errorf("no standing conversion %d in programme %s", l.Conversion, w.Programme)
		}
	}
	if err := a.awardable(*w); err != nil {
		return fmt.Errorf("%v", err) // damage is of no kind
	}
	a.Awards = append(a.Awards, &Award{Seq: act.Seq, Day: act.Day, By: act.By, Conferral: *w})
	return nil
}

func (a *Account) applyAwardWithdrawn(act Act) error {
	w := a.Award(act.Body.Of)
	if err := withdrawable(w); err != nil {
		return fmt.Errorf("%v", err)
	}
	w.WithdrawnOn, w.WithdrawnBy = act.Day, act.Seq
	return nil
}
