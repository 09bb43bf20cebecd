package creditbank

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// A Job is work that comes due by the clock and that nobody asks for: a
// [Sweeper] does it. What it does it does once, however many sweepers do it at
// the same time and wherever one is killed.
type Job struct {
	Name string // in metrics and log lines

	// Sweep does what is due, up to about so many pieces, and says whether there
	// is more. It need not be called again where there is not.
	Sweep func(ctx context.Context, limit int) (Swept, error)
}

// A Swept says what a job did.
type Swept struct {
	Done   int           // pieces of work that were due and are done
	Looked int           // pieces looked at
	More   bool          // more may be due
	Behind time.Duration // for how long what is left has been due; zero if nothing is
}

// A SweeperConfig says how to sweep. Zero values mean the defaults.
type SweeperConfig struct {
	Jobs     []Job
	Interval time.Duration // between rounds; a minute
	Batch    int           // pieces of work at once; 256

	// Report is told of each batch that did something or failed, and of each
	// round's end; may be nil.
	Report func(job string, s Swept, err error)
}

// A Sweeper does the jobs one after the other, round by round. Each process may
// run one: what they do twice comes to nothing.
type Sweeper struct{ c SweeperConfig }

// NewSweeper returns a sweeper.
func NewSweeper(c SweeperConfig) *Sweeper {
	c.Interval, c.Batch = cmp.Or(c.Interval, time.Minute), cmp.Or(c.Batch, 256)
	if c.Report == nil {
		c.Report = func(string, Swept, error) {}
	}
	return &Sweeper{c}
}

// Run sweeps until ctx ends. A job that fails is tried again by the next round;
// the others go on. It returns between two pieces of work.
func (s *Sweeper) Run(ctx context.Context) {
	tick := time.NewTicker(s.c.Interval)
	defer tick.Stop()
	for {
		for _, j := range s.c.Jobs {
			if ctx.Err() == nil {
				_, _ = s.sweep(ctx, j) // reported
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Once does everything that is due now and returns what each job did, by name. A
// job that fails keeps no other from being done.
func (s *Sweeper) Once(ctx context.Context) (map[string]Swept, error) {
	done := map[string]Swept{}
	var errs []error
	for _, j := range s.c.Jobs {
		sum, err := s.sweep(ctx, j)
		done[j.Name] = sum
		errs = append(errs, err)
	}
	return done, errors.Join(errs...)
}

// sweep does a job batch by batch until nothing is due.
func (s *Sweeper) sweep(ctx context.Context, j Job) (Swept, error) {
	var sum Swept
	for {
		one, err := j.Sweep(ctx, s.c.Batch)
		sum.Done, sum.Looked = sum.Done+one.Done, sum.Looked+one.Looked
		sum.More, sum.Behind = one.More, one.Behind
		if err != nil {
			err = fmt.Errorf("sweep %s: %w", j.Name, err)
		}
		s.c.Report(j.Name, one, err)
		if err != nil || !one.More || ctx.Err() != nil {
			return sum, err
		}
	}
}

// The names of the jobs of a bank.
const (
	JobDrafts       = "drafts"       // publishes drafts of rules whose publicity has ended, where that goes by itself
	JobApplications = "applications" // has approvals take effect whose publicity has ended, and applications lapse that were not supplemented
	JobExpiry       = "expiry"       // posts what is left of lots after their last day; marked by that day
)

// JobNames lists the names of the jobs of a bank.
func JobNames() []string { return []string{JobDrafts, JobApplications, JobExpiry} }

// Jobs returns what a bank has to do by the clock, as [JobNames] lists it.
func (b *Bank) Jobs() []Job { return []Job{b.draftsJob(), b.applicationsJob(), b.expiryJob()} }

// publicity is who publishes them.
var publicity = Caller{ID: "system:publicity"}

func (b *Bank) draftsJob() Job {
	return Job{Name: JobDrafts, Sweep: func(ctx context.Context, _ int) (Swept, error) {
		published, err := b.PublishDue(ctx, publicity) // they are few
		return Swept{Done: len(published), Looked: len(published)}, err
	}}
}
