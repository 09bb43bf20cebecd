package creditbank

import (
	"container/list"
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// defaultAccounts is how many accounts a bank keeps in memory.
const defaultAccounts = 10_000

// An accountCache keeps the accounts that were read last. It may be used by
// several goroutines. A nil cache keeps nothing.
type accountCache struct {
	most int

	pausedUntil atomic.Int64 // in Unix nanoseconds: nothing is put until then

	mu    sync.Mutex
	order *list.List // of *Account, the one used last in front
	byID  map[LearnerID]*list.Element
}

func newAccountCache(most int) *accountCache {
	if most < 0 {
		return nil
	}
	if most == 0 {
		most = defaultAccounts
	}
	return &accountCache{most: most, order: list.New(), byID: map[LearnerID]*list.Element{}}
}

// get returns the account at a version, or nil.
func (c *accountCache) get(id LearnerID, version int64) *Account {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[id]
	if e == nil || e.Value.(*Account).Version != version {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*Account)
}

// put keeps a, in place of an older version of it, and drops what was not used
// for longest.
func (c *accountCache) put(a *Account) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byID[a.Learner]; e != nil {
		e.Value = a
		c.order.MoveToFront(e)
		return
	}
	c.byID[a.Learner] = c.order.PushFront(a)
	if c.order.Len() > c.most {
		last := c.order.Remove(c.order.Back()).(*Account)
		delete(c.byID, last.Learner)
	}
}

// Version returns the version of a learner's account as it is now. It reads one
// row by its key.
func (b *Bank) Version(ctx context.Context, id LearnerID) (int64, error) {
	// No outcome has such a key: no institution is called "-".
	heads, err := b.store.Heads(ctx, []OutcomeKey{{Learner: id, Institution: "-", ExternalID: "-", Revision: 1}})
	if err != nil {
		return 0, err
	}
	if !heads[0].Known {
		return 0, unknownLearner()
	}
	return heads[0].Version, nil
}

// Account returns the account of a learner as it is now. It is shared with other
// readers, who rely on nobody changing it.
//
// It comes from memory if the version kept there is the one in the store, which
// is read each time: so it is right however many banks write to the store. A
// version names one history only if no commit is ever taken back; therefore what
// is kept was confirmed first ([Store], Confirm).
func (b *Bank) Account(ctx context.Context, id LearnerID) (*Account, error) {
	if b.accounts != nil {
		version, err := b.Version(ctx, id)
		if err != nil {
			return nil, err
		}
		if a := b.accounts.get(id, version); a != nil {
			return a, nil
		}
	}
	h, err := b.store.History(ctx, id)
	if err != nil {
		return nil, err
	}
	a, err := NewAccount(h)
	if err != nil {
		return nil, err
	}
	b.keep(ctx, a)
	return a, nil
}

// A reader waits this long for what it read to be confirmed, and where it was
// in vain, readers do not try again for a while: a standby that is down is no
// reason to read slowly.
const (
	confirmLimit = time.Second
	confirmPause = time.Minute
)

// keep puts a into memory, if it can be confirmed soon.
func (b *Bank) keep(ctx context.Context, a *Account) {
	if b.accounts == nil || b.clock().UnixNano() < b.accounts.pausedUntil.Load() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, confirmLimit)
	defer cancel()
	if err := b.store.Confirm(limited); err == nil {
		b.accounts.put(a)
	} else if ctx.Err() == nil {
		b.accounts.pausedUntil.Store(b.clock().Add(confirmPause).UnixNano())
	}
}
