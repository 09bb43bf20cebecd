package creditbank

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// A Change asks for something that concerns one learner. Key makes it safe to
// send again: the same key with the same request answers as the first time,
// with another it is KEY_REUSED.
type Change struct {
	By      Caller
	Learner LearnerID
	Key     string
}

// change runs decide on the learner's account and appends what it drafts,
// again and again while others win the race. If the key was used before, its
// acts are returned instead.
func (b *Bank) change(ctx context.Context, c Change, what string, decide func(d *draft, h History, rules Rules) error) ([]Act, Write, error) {
	if err := errors.Join(c.By.check(), checkText("idempotency_key", c.Key, 128)); err != nil {
		return nil, Write{}, err
	}
	request := Request{Key: c.Key, Hash: hashRequest(what)}
	for range maxTries {
		h, err := b.store.History(ctx, c.Learner)
		if errors.Is(err, ErrNotFound) {
			return nil, Write{}, unknownLearner()
		}
		if err != nil {
			return nil, Write{}, err
		}
		if acts, err := repeated(h, c.By, request); err != nil {
			return nil, Write{}, err
		} else if acts != nil {
			return acts, Write{}, b.store.Confirm(ctx)
		}
		account, err := NewAccount(h)
		if err != nil {
			return nil, Write{}, err
		}
		rules, at, day, err := b.current()
		if err != nil {
			return nil, Write{}, err
		}
		d := newDraft(account, at, day, c.By, request)
		if err := decide(d, h, rules); err != nil {
			return nil, Write{}, err
		}
		if err := d.finish(); err != nil {
			return nil, Write{}, err
		}
		w := d.rows()
		w.Concerns = concerns(b.Catalogue(), account, w.Acts)
		feed, err := b.feed()
		if err != nil {
			return nil, Write{}, err
		}
		taken, err := b.store.Append(ctx, feed, []Write{w})
		if err != nil {
			return nil, Write{}, err
		}
		if taken[0] {
			return w.Acts, w, nil
		}
	}
	return nil, Write{}, fmt.Errorf("account %s: %w: others keep changing it", c.Learner, ErrBusy)
}

// changeOne is change for what drafts one act.
func (b *Bank) changeOne(ctx context.Context, c Change, what string, decide func(d *draft, h History) error) (Act, error) {
	acts, _, err := b.change(ctx, c, what, func(d *draft, h History, _ Rules) error { return decide(d, h) })
	if err != nil {
		return Act{}, err
	}
	return acts[0], nil
}

func unknownLearner() error {
	return NotFound(CodeUnknownLearner, "learner", "没有该学习者的账户", "the learner has no account")
}

// repeated returns the acts that the same request made before, if any.
func repeated(h History, by Caller, r Request) ([]Act, error) {
	if r.Key == "" {
		return nil, nil
	}
	var acts []Act
	for _, a := range h.Acts {
		if a.By != by || a.Request.Key != r.Key {
			continue
		}
		if a.Request.Hash != r.Hash {
			return nil, Conflict(CodeKeyReused, "idempotency_key", "该请求号已用于其他请求", "this request key was used for another request")
		}
		acts = append(acts, a)
	}
	slices.SortFunc(acts, func(a, b Act) int { return a.Request.Part - b.Request.Part })
	return acts, nil
}
