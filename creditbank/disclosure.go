package creditbank

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"
)

// A Basis says by what right somebody is told about a learner.
type Basis string

// The bases of a disclosure.
const (
	BasisSource  Basis = "SOURCE"  // the recipient posted an outcome of the learner
	BasisTarget  Basis = "TARGET"  // the learner studies, applies or has credits there
	BasisConsent Basis = "CONSENT" // the learner consents
	BasisShown   Basis = "SHOWN"   // whoever asked named the learner by number and name, as on their papers
	BasisDuty    Basis = "DUTY"    // an authority in the exercise of its duty (PIPL article 13 (3), 34)
)

var basisTexts = map[Basis]Text{
	BasisSource:  {"成果颁发机构", "the institution posted an outcome"},
	BasisTarget:  {"转换目标机构", "the learner converts credits there"},
	BasisConsent: {"学习者同意", "the learner consents"},
	BasisShown:   {"凭本人证件查找", "found by the number and name on their papers"},
	BasisDuty:    {"主管部门履行职责", "an authority's duty"},
}

// Text returns what b is called.
func (b Basis) Text() Text { return textOf(basisTexts, b) }

// Basis returns by what right one of who, institutions that act as one, may be
// told the fields of a for the purpose on a day; an error of kind [ErrForbidden]
// if by none. programmes tells whose a programme is.
//
// Institutions between which credits move may see all fields: the one that
// posted an outcome answers for it wherever it is used, and the one in whose
// programme the learner is enrolled, has applied or holds credits decides on
// them, as does the one that an open petition asks. Each look is put on record.
// Whoever else asks needs the learner's consent; which one it was is for
// [Account.ConsentFor] to say. A purpose of "" asks whether there is a consent for
// any. [FieldEvidence] is asked about elsewhere ([Petition.Shown]).
func (a *Account) Basis(who []InstitutionID, programmes func(ProgrammeID) InstitutionID, fields []Field, purpose Purpose, day Date) (Basis, error) {
	switch {
	case slices.ContainsFunc(a.Lots, func(l *Lot) bool { return slices.Contains(who, l.Institution) }):
		return BasisSource, nil
	case slices.ContainsFunc(a.targets(), func(p ProgrammeID) bool { return slices.Contains(who, programmes(p)) }):
		return BasisTarget, nil
	case a.petitionsTo(who):
		return BasisTarget, nil
	case a.ConsentFor(who, fields, purpose, day) != nil:
		return BasisConsent, nil
	}
	return "", Forbidden(CodeConsentRequired, "", "需要学习者同意：该学习者与贵机构没有成果或转换关系，也没有有效的同意",
		"the learner's consent is required: nothing was posted by or converted at this institution, and no consent is in force")
}

// targets returns the programmes that the learner is enrolled in, applied to,
// or holds lines of.
func (a *Account) targets() []ProgrammeID {
	all := a.Enrolments()
	for _, p := range a.Applications {
		all = append(all, p.Decision.Programme)
	}
	for _, c := range a.Conversions {
		if c.Stands() {
			all = append(all, c.Decision.Programme)
		}
	}
	return all
}

// ConsentFor returns the oldest consent by which one of who may be told all the
// fields for the purpose on a day, or nil. Consents do not add up: what is told
// at once is told on one of them.
func (a *Account) ConsentFor(who []InstitutionID, fields []Field, purpose Purpose, day Date) *GivenConsent {
	i := slices.IndexFunc(a.Consents, func(c *GivenConsent) bool { return c.covers(who, fields, purpose, day) })
	if i < 0 {
		return nil
	}
	return a.Consents[i]
}

// A Disclosure (信息提供记录) says that somebody was told about a learner: who,
// what, what for, by what right. It is written before they are told.
type Disclosure struct {
	ID        string // a UUID of version 7: later ones are greater
	At        time.Time
	Learner   LearnerID
	By        Caller
	Recipient InstitutionID // "" where an authority was told
	Authority RegionCode    // whose authority, "" where an institution was told
	Purpose   Purpose       // can be "" where the basis is no consent
	Fields    []Field
	Basis     Basis
	Consent   int64  // the consent, where that is the basis
	Request   string // the request that asked, for the record
}

// Digest returns the SHA-256 of everything d says, which is stored with it and
// checked on reading.
func (d Disclosure) Digest() [32]byte {
	b := appendStrings(make([]byte, 0, 512), d.ID, string(d.Learner), d.By.ID, string(d.Recipient), string(d.Authority),
		string(d.Purpose), FormatFields(d.Fields), string(d.Basis), d.Request)
	return sha256.Sum256(appendInts(b, d.At.UnixMicro(), d.Consent))
}

// check reports what no disclosure can say.
func (d Disclosure) check(cat *Catalogue) error {
	if d.Purpose != "" {
		if _, err := ParsePurpose(string(d.Purpose)); err != nil {
			return err
		}
	}
	_, known := cat.Institutions[d.Recipient]
	_, region := cat.Regions[d.Authority]
	switch _, named := basisTexts[d.Basis]; {
	case !named:
		return Invalid(CodeMalformed, "basis", "不是提供信息的依据", "is no basis of a disclosure")
	case (d.Recipient == "") == (d.Authority == ""), (d.Authority != "") != (d.Basis == BasisDuty):
		return Invalid(CodeMalformed, "recipient", "接收方应为一个机构，或履行职责的主管部门", "the recipient is an institution, or else an authority on duty")
	case d.Recipient != "" && !known:
		return NotFound(CodeUnknownInstitution, "recipient", "接收方机构不存在", "the recipient does not exist")
	case d.Authority != "" && !region:
		return NotFound(CodeUnknownRegion, "authority", "主管部门所在地区不存在", "the authority's region does not exist")
	case (d.Consent != 0) != (d.Basis == BasisConsent):
		return Invalid(CodeMalformed, "consent", "依据为同意时应指明是哪一项同意", "a consent is named where it is the basis, and only there")
	}
	return checkText("request", d.Request, 128)
}

// Disclose puts on record that by is about to be told what d says; the id, the
// time and By are filled in here. Nothing may be told before it returns, and
// nothing at all if it returns an error. Where a consent is the basis it must
// be one for that recipient, and cover all of d now; whether another basis holds
// is for the caller to have found out ([Account.Basis]).
func (b *Bank) Disclose(ctx context.Context, by Caller, d Disclosure) error {
	if err := by.check(); err != nil {
		return err
	}
	if err := d.check(b.Catalogue()); err != nil {
		return err
	}
	var err error
	if d.Fields, err = sortFields(d.Fields); err != nil {
		return err
	}
	if err := b.checkDisclosure(ctx, &d); err != nil {
		return err
	}
	feed, err := b.feed()
	if err != nil {
		return err
	}
	d.ID, d.At, d.By = feed.ID, feed.At, by
	if err := b.store.Disclose(ctx, d); err != nil {
		return fmt.Errorf("record a disclosure about %s: %w", d.Learner, err)
	}
	return nil
}

// checkDisclosure checks d against the learner's account as it is now, and fills
// in the purpose of the consent where none was named.
func (b *Bank) checkDisclosure(ctx context.Context, d *Disclosure) error {
	if d.Basis != BasisConsent {
		_, err := b.Version(ctx, d.Learner)
		return err
	}
	a, err := b.Account(ctx, d.Learner)
	if err != nil {
		return err
	}
	c := a.GivenConsent(d.Consent)
	if c == nil || !c.covers([]InstitutionID{d.Recipient}, d.Fields, d.Purpose, b.Today()) {
		return Forbidden(CodeConsentRequired, "consent", "该项同意不存在、已失效或不包括所请求的内容", "the consent does not exist, is over, or does not cover what is asked for")
	}
	d.Purpose = c.Purpose
	return nil
}

// Disclosures returns up to limit disclosures of a learner, the newest first:
// those with ids below before, if that is not empty.
func (b *Bank) Disclosures(ctx context.Context, learner LearnerID, before string, limit int) ([]Disclosure, error) {
	return b.store.Disclosures(ctx, learner, before, limit)
}
