package creditbank

import (
	"context"
	"crypto/sha256"
	"slices"
	"time"
)

// A Concern is what an institution is told of an account: what it posted or
// granted was undone, put in doubt or decided about, or a petition waits for it. It is written with the act
// itself, and names nobody: who may know the learner reads the account.
type Concern struct {
	ConcernRef
	Institution InstitutionID // who is told
	Kind        ActKind
	Day         Date
	Of          int64         // the row that it was done to
	Since       int64         // the revision or the revoked outcome that caused it, zero if none
	Programme   ProgrammeID   // of the conversion or award, "" for an outcome
	Source      InstitutionID // that posted the outcome that caused it, or that it is about
	ExternalID  string        // of that outcome
}

// A ConcernRef is the place of a concern in its institution's list: by the instant
// of the act, then the learner, then the row.
type ConcernRef struct {
	At      time.Time
	Learner LearnerID
	Seq     int64
}

// Digest returns the SHA-256 of everything c says, which is stored with it and
// checked on reading.
func (c Concern) Digest() [32]byte {
	b := appendStrings(make([]byte, 0, 256), string(c.Learner), string(c.Institution), string(c.Kind), string(c.Programme), string(c.Source), c.ExternalID)
	return sha256.Sum256(appendInts(b, c.Seq, c.At.UnixMicro(), int64(c.Day), c.Of, c.Since))
}

// Concerned lists the kinds of act that institutions are told of.
func Concerned() []ActKind {
	return []ActKind{
		ActRevoked, ActReplaced, ActReversed, ActRelinked, ActRegraded, ActVoided,
		ActCaseOpened, ActCaseDecided, ActAwarded, ActAwardWithdrawn,
		ActPetitioned, ActPetitionSupplemented, ActPetitionWithdrawn,
	}
}

// concerns returns whom acts concern that were just drafted on a: who posted what
// they are about, whose programme it stands in, whose lines it was made of, and
// who conferred what hangs on it; each once for an act.
func concerns(cat *Catalogue, a *Account, acts []Act) []Concern {
	var all []Concern
	for _, act := range acts {
		if !slices.Contains(Concerned(), act.Kind) {
			continue
		}
		w := witnesses{cat: cat, a: a, c: Concern{
			ConcernRef: ConcernRef{act.At, act.Learner, act.Seq}, Kind: act.Kind, Day: act.Day,
			Of: act.Body.Of, Since: act.Body.Since,
		}}
		w.see(act)
		slices.Sort(w.told)
		for _, w.c.Institution = range slices.Compact(w.told) {
			if w.c.Institution != "" {
				all = append(all, w.c)
			}
		}
	}
	return all
}

// Told returns the institutions that are told of an act on record.
func Told(cat *Catalogue, a *Account, act Act) []InstitutionID {
	var told []InstitutionID
	for _, c := range concerns(cat, a, []Act{act}) {
		told = append(told, c.Institution)
	}
	return told
}

// witnesses gathers whom one act concerns.
type witnesses struct {
	cat  *Catalogue
	a    *Account
	c    Concern
	told []InstitutionID
}

// see notes whom an act concerns, and what it is about.
func (w *witnesses) see(act Act) {
	conversion, award := w.a.Conversion(act.Body.Of), w.a.Award(act.Body.Of)
	switch {
	case act.Kind == ActAwarded:
		award = w.a.Award(act.Seq)
	case act.Kind == ActCaseOpened:
		award = w.a.Award(act.Body.Case.Award)
	case act.Kind == ActCaseDecided:
		k := w.a.Case(act.Body.Of)
		conversion, award, w.c.Since = w.a.Conversion(k.Conversion), w.a.Award(k.Award), k.Since
	case act.Kind == ActVoided:
		conversion = w.a.certifiedBy(act.Body.Of)
	}
	if p := w.petition(act); p != nil {
		w.told = append(w.told, p.Claim.Institution)
		return
	}
	lot := w.a.Lot(act.Body.Of)
	if lot == nil {
		lot = w.a.Lot(w.c.Since)
	}
	if lot != nil {
		w.told = append(w.told, lot.Institution)
		w.c.Source, w.c.ExternalID = lot.Institution, lot.ExternalID
	}
	if award != nil {
		w.c.Programme = award.Programme
		w.told = append(w.told, w.cat.InstitutionOf(award.Programme))
	}
	if conversion != nil {
		w.c.Programme = conversion.Decision.Programme
		w.conversion(conversion)
	}
}

// petition returns the petition that an act is about, or nil.
func (w *witnesses) petition(act Act) *Petition {
	switch act.Kind {
	case ActPetitioned:
		return w.a.Petition(act.Seq)
	case ActPetitionSupplemented, ActPetitionWithdrawn:
		return w.a.Petition(act.Body.Of)
	}
	return nil
}

// certifiedBy returns the conversion whose certificate is that of a row, or nil.
func (a *Account) certifiedBy(seq int64) *Conversion {
	i := slices.IndexFunc(a.Conversions, func(c *Conversion) bool { return c.Certified() == seq })
	if i < 0 {
		return nil
	}
	return a.Conversions[i]
}

// conversion tells who granted it, who posted its sources, and who granted the
// lines that it carries.
func (w *witnesses) conversion(c *Conversion) {
	w.told = append(w.told, w.cat.InstitutionOf(c.Decision.Programme))
	for _, s := range c.Decision.Sources {
		if _, ok := s.Line(); ok {
			w.told = append(w.told, w.cat.InstitutionOf(s.Programme))
		} else if lot := w.a.Lot(s.Lot); lot != nil {
			w.told = append(w.told, lot.Institution)
		}
	}
}

// InstitutionOf returns the institution that a programme belongs to, by the
// newest rule set that knows it; "" if none does.
func (c *Catalogue) InstitutionOf(id ProgrammeID) InstitutionID {
	for _, set := range slices.Backward(c.RuleSets) {
		if p, ok := set.Programme(id); ok {
			return p.Institution
		}
	}
	return ""
}

// Concerns returns up to limit of what an institution is told, the newest first:
// what comes before a place in that order, if it is not zero.
func (b *Bank) Concerns(ctx context.Context, institution InstitutionID, before ConcernRef, limit int) ([]Concern, error) {
	return b.store.Concerns(ctx, institution, before, limit)
}
