package trial

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"

	"creditbank/creditbank"
)

// A Store is what a trial reads ([creditbank.Bank] or a store).
type Store interface {
	// Learners returns up to limit learners' ids above after, in order.
	Learners(ctx context.Context, after creditbank.LearnerID, limit int) ([]creditbank.LearnerID, error)

	// Histories returns the dossiers of the learners above after, through the
	// given one, in order.
	Histories(ctx context.Context, after, through creditbank.LearnerID) ([]creditbank.Dossier, error)
}

// Options say how a trial is run, and who hears of it meanwhile. Both functions
// are called by one goroutine at a time, in the order of learners; an error of
// theirs ends the trial.
type Options struct {
	Workers int // how many accounts are looked at, at once; as many as there are cores if zero
	Page    int // how many learners are read at once; 200 if zero

	// Progress is told after each page; nil for nobody.
	Progress func(Progress) error

	// Learner is told of each learner for whom something changes; nil for nobody.
	Learner func(Learner) error
}

// A Progress is how far a trial is. The share is an estimate from how far into
// the space of ids it is, in thousandths: nobody counts a population.
type Progress struct {
	Learners int `json:"learners"` // looked at
	PerMille int `json:"per_mille"`
}

// Run tries the draft on everybody. What it holds in memory is bounded by the
// options and by what is counted, whatever the size of the population; what it
// tells is the same however many workers there are. Learners whose accounts are
// opened meanwhile may be left out.
func Run(ctx context.Context, store Store, t *Trial, o Options) (*Report, error) {
	o.Workers, o.Page = cmp.Or(o.Workers, runtime.GOMAXPROCS(0)), cmp.Or(o.Page, 200)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{store: store, trial: t, options: o, fail: cancel}
	todo := make(chan *page)
	order := make(chan *page, 2*o.Workers) // bounds the pages that are done before their turn
	var wait sync.WaitGroup
	wait.Go(func() { r.list(ctx, todo, order) })
	counts := make([]*tabulating, o.Workers)
	for i := range counts {
		counts[i] = newTabulating()
		wait.Go(func() { r.work(ctx, todo, counts[i]) })
	}
	r.tell(ctx, order)
	wait.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	for _, c := range counts[1:] {
		counts[0].merge(c)
	}
	report := counts[0].finish()
	report.RuleSet, report.Day = t.Published.Version(), t.day
	return report, nil
}

type run struct {
	store   Store
	trial   *Trial
	options Options
	fail    context.CancelCauseFunc
}

// A page is a range of learners, with what came of it once done is closed.
type page struct {
	after, through creditbank.LearnerID
	learners       int       // looked at
	changed        []Learner // if somebody wants to hear of them
	done           chan struct{}
}

// list parts the population into pages, in order.
func (r *run) list(ctx context.Context, todo, order chan<- *page) {
	defer close(todo)
	defer close(order)
	for after := creditbank.LearnerID(""); ; {
		ids, err := r.store.Learners(ctx, after, r.options.Page)
		if err != nil {
			r.fail(fmt.Errorf("list learners: %w", err))
			return
		}
		if len(ids) == 0 {
			return
		}
		p := &page{after: after, through: ids[len(ids)-1], done: make(chan struct{})}
		for _, queue := range []chan<- *page{order, todo} {
			select {
			case queue <- p:
			case <-ctx.Done():
				return
			}
		}
		after = p.through
	}
}

// work looks at pages until there are no more.
func (r *run) work(ctx context.Context, todo <-chan *page, counts *tabulating) {
	var l looking
	for p := range todo {
		if err := r.look(ctx, p, &l, counts); err != nil {
			r.fail(err)
			return
		}
		close(p.done)
	}
}

func (r *run) look(ctx context.Context, p *page, l *looking, counts *tabulating) error {
	dossiers, err := r.store.Histories(ctx, p.after, p.through)
	if err != nil {
		return fmt.Errorf("read accounts: %w", err)
	}
	for _, d := range dossiers {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.trial.Within != nil && !r.trial.Within(d.Region) {
			continue
		}
		if err := l.look(r.trial, d); err != nil {
			return err
		}
		learner := l.learner(d)
		counts.add(r.trial.institution, d.Region, l.cases, learner)
		p.learners++
		if r.options.Learner != nil && learner.Verdict != Unchanged {
			p.changed = append(p.changed, learner)
		}
	}
	return nil
}

// institution returns whose programme it is.
func (t *Trial) institution(id creditbank.ProgrammeID) creditbank.InstitutionID {
	if p, ok := t.Published.Programme(id); ok {
		return p.Institution
	}
	p, _ := t.Draft.Programme(id)
	return p.Institution
}

// tell tells of pages in their order, as they are done.
func (r *run) tell(ctx context.Context, order <-chan *page) {
	done := 0
	for p := range order {
		select {
		case <-p.done:
		case <-ctx.Done():
			return
		}
		for _, l := range p.changed {
			if err := r.options.Learner(l); err != nil {
				r.fail(err)
				return
			}
		}
		done += p.learners
		if r.options.Progress == nil {
			continue
		}
		if err := r.options.Progress(Progress{done, perMille(p.through)}); err != nil {
			r.fail(err)
			return
		}
	}
}

// perMille returns how far into the space of ids an id is. Ids are random.
func perMille(id creditbank.LearnerID) int {
	n, err := strconv.ParseUint(string(id[:min(8, len(id))]), 16, 32)
	if err != nil {
		return 0
	}
	return int(n * 1000 >> 32)
}
