package generate

import (
	"slices"
	"sync"
)

// A Bag holds values that are known to exist. Of more than it can hold it keeps
// the first half for good and the newest. It is safe for concurrent use.
type Bag[T any] struct {
	mu    sync.Mutex
	items []T
	next  int
}

const bagSize = 256

// Add puts values in.
func (b *Bag[T]) Add(values ...T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range values {
		if len(b.items) < bagSize {
			b.items = append(b.items, v)
			continue
		}
		b.items[bagSize/2+b.next%(bagSize/2)] = v // the oldest of the newer half
		b.next++
	}
}

// Pick returns one of the values, false if there are none.
func (b *Bag[T]) Pick(r Rand) (v T, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.items) == 0 {
		return v, false
	}
	return b.items[r.IntN(len(b.items))], true
}

// Where returns one of the values that fit, false if there are none.
func (b *Bag[T]) Where(r Rand, fits func(T) bool) (v T, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.items) == 0 {
		return v, false
	}
	start := r.IntN(len(b.items))
	for i := range b.items {
		if c := b.items[(start+i)%len(b.items)]; fits(c) {
			return c, true
		}
	}
	return v, false
}

// Take takes the newest value out, false if there are none.
func (b *Bag[T]) Take() (v T, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.items) == 0 {
		return v, false
	}
	v = b.items[len(b.items)-1]
	b.items = b.items[:len(b.items)-1]
	return v, true
}

// Remove takes out the values that fit.
func (b *Bag[T]) Remove(fits func(T) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.items = slices.DeleteFunc(b.items, fits)
}

// Len returns how many values there are.
func (b *Bag[T]) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.items)
}
