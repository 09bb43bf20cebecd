package storetest

import (
	"context"
	"fmt"

	"creditbank/creditbank"
)

// A Follower reads a feed from where it was, as whatever issues certificates
// does.
type Follower struct {
	Cursor  int64                  // number of the last entry read
	Entries []creditbank.FeedEntry // everything read
}

// Poll numbers the feed and reads what is new, a few entries at a time. It
// fails if a number is missing, repeated or out of order.
func (f *Follower) Poll(ctx context.Context, s creditbank.Store) error {
	high, err := s.Number(ctx)
	if err != nil {
		return fmt.Errorf("Number: %w", err)
	}
	const page = 7
	for {
		entries, err := s.Feed(ctx, f.Cursor, page)
		if err != nil {
			return fmt.Errorf("Feed(%d): %w", f.Cursor, err)
		}
		if len(entries) > page {
			return fmt.Errorf("Feed(%d, %d) returned %d entries", f.Cursor, page, len(entries))
		}
		for _, e := range entries {
			if e.Seq != f.Cursor+1 {
				return fmt.Errorf("feed entry %d after %d", e.Seq, f.Cursor)
			}
			f.Cursor = e.Seq
			f.Entries = append(f.Entries, e)
		}
		if len(entries) < page {
			break
		}
	}
	if f.Cursor < high {
		return fmt.Errorf("Number returned %d, but the feed ends at %d", high, f.Cursor)
	}
	return nil
}

// Rows returns the rows of the entries by feed id, without entries that wrote
// none. An id read twice is an error.
func (f *Follower) Rows() (map[string][]creditbank.RowRef, error) {
	rows := map[string][]creditbank.RowRef{}
	ids := map[string]bool{}
	for _, e := range f.Entries {
		if ids[e.ID] {
			return nil, fmt.Errorf("feed entry %s was seen twice", e.ID)
		}
		ids[e.ID] = true
		if len(e.Rows) > 0 {
			rows[e.ID] = e.Rows
		}
	}
	return rows, nil
}

// Refs returns the references to the rows of writes, in the order in which the
// feed has them.
func Refs(writes ...creditbank.Write) []creditbank.RowRef {
	var refs []creditbank.RowRef
	for _, w := range Sorted(writes) {
		kinds := make(map[int64]creditbank.ActKind, len(w.Acts))
		for _, a := range w.Acts {
			kinds[a.Seq] = a.Kind
		}
		for seq := w.Base + 1; seq <= w.Version(); seq++ {
			refs = append(refs, creditbank.RowRef{Learner: w.Learner, Seq: seq, Kind: kinds[seq]})
		}
	}
	return refs
}
