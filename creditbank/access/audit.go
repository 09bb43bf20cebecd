package access

import (
	"context"
	"time"

	"creditbank/creditbank"
)

// An Entry says who did what to a record, without what is secret in it.
type Entry struct {
	Seq     int64
	Kind    Kind
	ID      string
	Version int
	What    string
	At      time.Time
	By      creditbank.Caller

	// Of clients and accounts, as they were from then on.
	Institution creditbank.InstitutionID
	Learner     creditbank.LearnerID
	Grants      []Grant
	Disabled    bool
}

// Audit returns up to limit entries numbered above after, in order. Numbers have
// no gap: who has read up to one has read everything below.
func (r *Registry) Audit(ctx context.Context, after int64, limit int) ([]Entry, error) {
	changes, err := r.store.Changes(ctx, after, limit)
	if err != nil {
		return nil, err
	}
	all := make([]Entry, len(changes))
	for i, c := range changes {
		if all[i], err = c.entry(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (c Change) entry() (Entry, error) {
	e := Entry{Seq: c.Seq, Kind: c.Kind, ID: c.ID, Version: c.Version, What: c.What, At: c.At, By: c.By}
	switch c.Kind {
	case KindClient:
		b, err := decode[clientBody](c.Record)
		e.Institution, e.Grants, e.Disabled = b.Institution, b.Grants, b.Disabled
		return e, err
	case KindAccount:
		b, err := decode[accountBody](c.Record)
		e.Institution, e.Learner, e.Grants, e.Disabled = b.Institution, b.Learner, b.Grants, b.Disabled
		return e, err
	}
	return e, nil
}

// Purge deletes what has expired: sessions, codes, counts of failures, the deny
// list, answers to requests. It says how many. What it leaves counts for nothing
// either, so it matters little when it runs.
func (r *Registry) Purge(ctx context.Context) (int64, error) { return r.store.Purge(ctx, r.now()) }
