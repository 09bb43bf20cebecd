package creditbank

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"
)

// decideAgain evaluates the rule of conversion c once more, as of c's own day
// and by the rules of then, with the outcomes as they are in now. The account
// it is evaluated on is the one of h just before c, except that
//
//   - outcomes posted by then stand with their newest revision, in the
//     conversions before c too,
//   - lines that fell or came into doubt since are carried no more, and
//   - what other standing conversions and open applications hold of them is
//     taken, also what later ones took: nothing is consumed twice by looking
//     back.
func (b *Bank) decideAgain(ctx context.Context, h History, now *Account, c *Conversion, at time.Time) (*Decision, error) {
	rules, err := b.rules(ctx, c.Decision.RuleSet)
	if err != nil {
		return nil, err
	}
	then, err := h.At(c.Seq - 1)
	if err != nil {
		return nil, err
	}
	for i, before := range then.Conversions {
		// One that was relinked since stands on the newest revisions, by which
		// it is known to share a source.
		if current := now.Conversion(before.Seq); current.Stands() {
			relinked := *before
			relinked.Decision = current.Decision
			then.Conversions[i] = &relinked
		}
	}
	then.back = &lookback{now, c.Seq}
	then.Lots = nil
	for _, l := range now.Lots {
		if now.firstPosted(l) >= c.Seq || !l.Current() {
			continue
		}
		lot := *l
		lot.uses, lot.holds = nil, nil
		for _, u := range l.uses {
			if u.until == 0 && u.conversion != c.Seq {
				lot.uses = append(lot.uses, use{conversion: u.conversion, credits: u.credits})
			}
		}
		for _, h := range l.holds {
			if h.until == 0 {
				lot.holds = append(lot.holds, hold{application: h.application, credits: h.credits})
			}
		}
		then.Lots = append(then.Lots, &lot)
	}
	if c.Decision.Review != nil {
		return rules.Review(then, *c.Decision.Review, at) // reviewed once is enough
	}
	return rules.Decide(then, c.Decision.Rule, at, c.Decision.Day)
}

// decideOnce reaches a decision on an account as it was reached first.
func (b *Bank) decideOnce(ctx context.Context, a *Account, d *Decision) (*Decision, error) {
	rules, err := b.rules(ctx, d.RuleSet)
	if err != nil {
		return nil, err
	}
	if d.Review != nil {
		return rules.Review(a, *d.Review, d.At)
	}
	return rules.Decide(a, d.Rule, d.At, d.Day)
}

// firstPosted returns the version at which the first revision of l's outcome
// was posted.
func (a *Account) firstPosted(l *Lot) int64 {
	for _, other := range a.Lots {
		if other.Institution == l.Institution && other.ExternalID == l.ExternalID && other.Revision == 1 {
			return other.Seq
		}
	}
	return l.Seq
}

// A Replay compares a decision on record with the same decision reached again.
type Replay struct {
	Stored, Again []byte // canonical bytes
	Hash          Hash   // of the stored bytes
}

// Equal reports whether the decision came out the same.
func (r Replay) Equal() bool { return bytes.Equal(r.Stored, r.Again) }

// Replay decides once more what the act of version seq decided: by the rule
// set of then, on the history of then, with the clock of then. Unless data was
// damaged or this program means something else by the rules, the bytes are the
// same.
func (b *Bank) Replay(ctx context.Context, id LearnerID, seq int64) (Replay, error) {
	h, err := b.store.History(ctx, id)
	if err != nil {
		return Replay{}, err
	}
	i := slices.IndexFunc(h.Acts, func(a Act) bool { return a.Seq == seq && a.Body.Decision != nil })
	if i < 0 {
		return Replay{}, NotFound(CodeUnknownOutcome, "decision", fmt.Sprintf("没有第 %d 号决定", seq), fmt.Sprintf("there is no decision %d", seq))
	}
	stored := h.Acts[i].Body.Decision
	account, err := h.At(seq - 1)
	if err != nil {
		return Replay{}, err
	}
	var again *Decision
	if kind := h.Acts[i].Kind; kind == ActDecided || kind == ActApplied || kind == ActResolved {
		again, err = b.decideOnce(ctx, account, stored)
	} else if c := account.Conversion(h.Acts[i].Body.Of); c != nil {
		again, err = b.decideAgain(ctx, h, account, c, stored.At)
	} else {
		err = fmt.Errorf("account %s: act %d reconsiders nothing", id, seq)
	}
	if err != nil {
		return Replay{}, err
	}
	return Replay{stored.Canonical(), again.Canonical(), stored.Hash()}, nil
}
