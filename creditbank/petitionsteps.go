package creditbank

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// A Petitioning asks for recognition of what nobody posted.
type Petitioning struct {
	Claimed
	PetitionWords
}

// check reports everything that is wrong with r, joined.
func (r Petitioning) check(cat *Catalogue, today Date) error {
	errs := []error{checkText("title", r.Title, 300), checkText("text", r.Text, maxWords)}
	if r.Course == "" {
		if r.Title == "" {
			errs = append(errs, Invalid(CodeMissing, "title", "请填写对应的课程代码，或证书、经历、奖项的名称", "name the course it corresponds to, or say what it is called"))
		}
		return errors.Join(append(errs, r.posting("", "-").checkClaim(cat, today))...)
	}
	return errors.Join(append(errs, r.posting("", "-").Check(cat, today))...)
}

// posting returns c as it would be posted.
func (c Claimed) posting(id LearnerID, number string) Posting {
	return Posting{
		OutcomeKey: OutcomeKey{Learner: id, Institution: c.Institution, ExternalID: number, Revision: 1},
		Course:     c.Course, IssuedOn: c.IssuedOn, Score: c.Score, Attended: c.Attended, ValidUntil: c.ValidUntil,
	}
}

// checkClaim is [Posting.Check] for what has no course yet.
func (p Posting) checkClaim(cat *Catalogue, today Date) error {
	var errs []error
	if _, ok := cat.Institutions[p.Institution]; !ok {
		errs = append(errs, NotFound(CodeUnknownInstitution, "institution", fmt.Sprintf("机构 %s 不存在", Shown(p.Institution)),
			fmt.Sprintf("institution %s does not exist", Shown(p.Institution))))
	}
	switch {
	case p.IssuedOn == 0:
		errs = append(errs, Invalid(CodeMissing, "issued_on", "缺少取得日期", "the day of issue is missing"))
	case p.IssuedOn > today:
		errs = append(errs, Invalid(CodeDateInFuture, "issued_on", fmt.Sprintf("取得日期 %s 晚于申请日 %s", p.IssuedOn, today),
			fmt.Sprintf("the day of issue %s lies in the future (today is %s)", p.IssuedOn, today)))
	}
	errs = append(errs, p.checkValidity())
	if p.Attended < 0 {
		errs = append(errs, Invalid(CodeMalformed, "attended_hours", "出勤学时不能为负", "attended hours are not negative"))
	}
	return errors.Join(errs...)
}

// Petition applies for recognition of what nobody posted (申请认定). The act names
// the petition; evidence is added to it ([Bank.AddEvidence]).
func (b *Bank) Petition(ctx context.Context, c Change, r Petitioning) (Act, error) {
	words := r.words()
	claim := []string{string(r.Institution), string(r.Course), r.IssuedOn.String(), r.Score.String(), r.Attended.String()}
	if r.ValidUntil != 0 { // what was asked for before there was such a day is known again
		claim = append(claim, r.ValidUntil.String())
	}
	what := fmt.Sprintf("petition %q %s", claim, b.vault.Hash("words", string(words)))
	return b.changeLast(ctx, c, what, func(d *draft, _ History) error {
		if err := r.check(b.Catalogue(), d.day); err != nil {
			return err
		}
		sealed, err := b.sealWords(ctx, c.Learner, string(words))
		if err != nil {
			return err
		}
		s := PetitionStep{Attended: r.Attended, Course: r.Course, Institution: r.Institution, IssuedOn: r.IssuedOn, Sealed: sealed, ValidUntil: r.ValidUntil}
		if r.Score != (Score{}) {
			s.Score = &r.Score
		}
		return d.petition(ActPetitioned, ActBody{Petition: &s})
	})
}

// words returns the words of r as they are sealed.
func (w PetitionWords) words() []byte { return canonical(w) }

// PetitionWords returns what the applicant said of a petition, unsealed.
func (b *Bank) PetitionWords(ctx context.Context, id LearnerID, sealed []byte) (PetitionWords, error) {
	var w PetitionWords
	plain, err := b.Words(ctx, id, sealed)
	if err != nil || plain == "" {
		return w, err
	}
	if err := json.Unmarshal([]byte(plain), &w); err != nil {
		return w, fmt.Errorf("words of a petition of %s: not in their form", id) // the fault would repeat them
	}
	return w, nil
}

// ReturnPetition asks the applicant for a supplement (退回补正).
func (b *Bank) ReturnPetition(ctx context.Context, c Change, petition int64, reason string) (Act, error) {
	return b.petitionStep(ctx, c, ActPetitionReturned, petition, reason)
}

// RefusePetition ends a petition (不予认定). One that was returned can be refused
// too: it may never come back.
func (b *Bank) RefusePetition(ctx context.Context, c Change, petition int64, reason string) (Act, error) {
	return b.petitionStep(ctx, c, ActPetitionRefused, petition, reason)
}

// RecusePetition keeps a reviewer out of a petition for good (回避): they neither
// decide it nor see it any more.
func (b *Bank) RecusePetition(ctx context.Context, c Change, petition int64, reason string) (Act, error) {
	return b.petitionStep(ctx, c, ActPetitionRecused, petition, reason)
}

// petitionStep is for what the institution does, and gives its reason for.
func (b *Bank) petitionStep(ctx context.Context, c Change, kind ActKind, petition int64, reason string) (Act, error) {
	if err := checkReason(reason); err != nil {
		return Act{}, err
	}
	return b.changeLast(ctx, c, fmt.Sprintf("%s %d %q", kind, petition, reason), func(d *draft, _ History) error {
		return d.petition(kind, ActBody{Of: petition, Reason: reason})
	})
}

// SupplementPetition brings a returned petition back to its institution (补正).
func (b *Bank) SupplementPetition(ctx context.Context, c Change, petition int64, text string) (Act, error) {
	if err := checkWords(text); err != nil {
		return Act{}, err
	}
	what := fmt.Sprintf("%s %d %s", ActPetitionSupplemented, petition, b.vault.Hash("words", text))
	return b.changeLast(ctx, c, what, func(d *draft, _ History) error {
		if err := d.allowsPetition(ActPetitionSupplemented, ActBody{Of: petition}); err != nil {
			return err
		}
		sealed, err := b.sealWords(ctx, c.Learner, text)
		if err != nil {
			return err
		}
		return d.petition(ActPetitionSupplemented, ActBody{Of: petition, Petition: &PetitionStep{Sealed: sealed}})
	})
}

// WithdrawPetition ends a petition that is not decided (撤回). What was posted is
// revoked, not withdrawn.
func (b *Bank) WithdrawPetition(ctx context.Context, c Change, petition int64, reason string) (Act, error) {
	if err := checkText("reason", reason, 1000); err != nil {
		return Act{}, err
	}
	return b.changeLast(ctx, c, fmt.Sprintf("%s %d %q", ActPetitionWithdrawn, petition, reason), func(d *draft, _ History) error {
		return d.petition(ActPetitionWithdrawn, ActBody{Of: petition, Reason: reason})
	})
}

// Findings are what an institution found a petition to be. What is nil stands as it
// was claimed.
type Findings struct {
	Course   *CourseCode
	IssuedOn *Date
	Score    *Score
	Attended *Hours
	// ValidUntil is the certificate's own last day; the zero Date that it names
	// none. Left out of the encoding where it is nil, as all that is added.
	ValidUntil *Date `json:",omitempty"`
}

// of returns what is to be posted, given what was claimed.
func (f Findings) of(c Claimed) Claimed {
	if f.Course != nil {
		c.Course = *f.Course
	}
	if f.IssuedOn != nil {
		c.IssuedOn = *f.IssuedOn
	}
	if f.Score != nil {
		c.Score = *f.Score
	}
	if f.Attended != nil {
		c.Attended = *f.Attended
	}
	if f.ValidUntil != nil {
		c.ValidUntil = *f.ValidUntil
	}
	return c
}

// AcceptPetition posts what a petition claims, or what the institution found
// instead, and closes it, in one write. The rules recognise it as any posting, and
// may refuse to: [Bank.PreviewPetition] says so before.
func (b *Bank) AcceptPetition(ctx context.Context, c Change, petition int64, f Findings) (Outcome, error) {
	what := fmt.Sprintf("%s %d %s", ActPetitionAccepted, petition, canonical(f))
	acts, _, err := b.change(ctx, c, what, func(d *draft, _ History, rules Rules) error {
		posting, course, err := b.accepting(d.account, d.act0(ActPetitionAccepted, ActBody{Of: petition}), f)
		if err != nil {
			return err
		}
		r, yields := d.account.recognise(rules, posting, course)
		o, err := d.outcome(posting, course, r)
		if err != nil {
			return err
		}
		if err := d.petition(ActPetitionAccepted, ActBody{Of: petition, Since: o.Seq}); err != nil {
			return err
		}
		return d.yield(yields, o.Seq) // a repeat that counts instead
	})
	if err != nil {
		return Outcome{}, err
	}
	accepted := slices.IndexFunc(acts, func(act Act) bool { return act.Kind == ActPetitionAccepted })
	if accepted < 0 {
		return Outcome{}, fmt.Errorf("petition %d of %s: it was accepted by no act", petition, c.Learner)
	}
	act := acts[accepted]
	a, err := b.Account(ctx, c.Learner)
	if err != nil {
		return Outcome{}, err
	}
	lot := a.Lot(act.Body.Since)
	if lot == nil {
		return Outcome{}, fmt.Errorf("petition %d of %s: no outcome %d", petition, c.Learner, act.Body.Since)
	}
	return lot.Outcome, nil
}

// PreviewPetition returns the outcome that accepting a petition would post now, with
// what the rules make of it. Nothing is written.
func (b *Bank) PreviewPetition(ctx context.Context, by Caller, id LearnerID, petition int64, f Findings) (Outcome, error) {
	if err := by.check(); err != nil {
		return Outcome{}, err
	}
	a, err := b.Account(ctx, id)
	if err != nil {
		return Outcome{}, err
	}
	rules, at, day, err := b.current()
	if err != nil {
		return Outcome{}, err
	}
	act := Act{Learner: id, Seq: a.Version + 1, Kind: ActPetitionAccepted, At: at, Day: day, By: by, Body: ActBody{Of: petition}}
	posting, course, err := b.accepting(a, act, f)
	if err != nil {
		return Outcome{}, err
	}
	r, _ := a.recognise(rules, posting, course)
	return NewOutcome(posting, course, r, a.Version+1, at, by, ""), nil
}

// accepting returns what accepting a petition posts, if it may be accepted.
func (b *Bank) accepting(a *Account, act Act, f Findings) (Posting, Course, error) {
	if err := a.allowsPetition(act); err != nil {
		return Posting{}, Course{}, err
	}
	p := a.Petition(act.Body.Of)
	found := f.of(p.Claim)
	if found.Course == "" {
		return Posting{}, Course{}, Invalid(CodeMissing, "course", "申请未写明课程，请填写与之对应的课程代码", "the petition names no course: name the one it corresponds to")
	}
	posting := found.posting(a.Learner, p.number(a.Learner))
	if err := posting.Check(b.Catalogue(), act.Day); err != nil {
		return Posting{}, Course{}, err
	}
	if a.newest(posting.Institution, posting.ExternalID) != nil {
		return Posting{}, Course{}, keyReused(posting.OutcomeKey)
	}
	return posting, b.Catalogue().Courses[found.Course], nil
}

// act0 returns an act as it would be drafted next, to ask whether it may be.
func (d *draft) act0(kind ActKind, body ActBody) Act {
	return Act{Learner: d.account.Learner, Seq: d.account.Version + 1, Kind: kind, At: d.at, Day: d.day, By: d.by, Body: body}
}

// allowsPetition says why an act in the life of a petition cannot be drafted.
func (d *draft) allowsPetition(kind ActKind, body ActBody) error {
	return d.account.allowsPetition(d.act0(kind, body))
}

// petition adds an act in the life of a petition, if it is allowed.
func (d *draft) petition(kind ActKind, body ActBody) error {
	if err := d.allowsPetition(kind, body); err != nil {
		return err
	}
	_, err := d.act(kind, body)
	return err
}
