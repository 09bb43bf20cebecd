//go:build unix

package trial_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/postgres"
	"creditbank/creditbank/postgres/pgtest"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/scenario"
	"creditbank/creditbank/sqlite"
	"creditbank/creditbank/storetest"
	"creditbank/creditbank/trial"
)

// population is how many learners a benchmark looks at. Each has five outcomes
// on average; every second one is enrolled in a programme of ten rules and has
// asked for a conversion.
const population = 20_000

var by = creditbank.Caller{ID: "bench"}

// A crowd makes learners up.
type crowd struct {
	cat     *creditbank.Catalogue
	set     *rule.Set
	draft   *rule.Set
	courses []creditbank.Course
}

func newCrowd(b testing.TB) *crowd {
	b.Helper()
	city, err := scenario.Read(os.DirFS(qinghe))
	must(b, err)
	c := &crowd{cat: creditbank.NewCatalogue()}
	for _, course := range city.Reference.Courses {
		c.cat.Courses[course.Code] = course
		c.courses = append(c.courses, course)
	}
	for _, i := range city.Reference.Institutions {
		c.cat.Institutions[i.ID] = i
	}
	files, err := rule.Source(city.Reference.RuleSet)
	must(b, err)
	loaded, err := rule.Load(1, city.Reference.RuleSet)
	must(b, err)
	c.set = loaded.(*rule.Set)
	changed := bytes.Replace(files.Rules, []byte(`hours_per_credit: "18"`), []byte(`hours_per_credit: "16"`), 1)
	_, draft, problems := rule.Draft(rule.Files{Rules: changed, Programmes: files.Programmes}, c.cat)
	must(b, problems.Err())
	c.draft = draft
	return c
}

// write returns what the n-th learner did after opening the account.
func (c *crowd) write(l creditbank.NewLearner, n int) creditbank.Write {
	draw := rand.New(rand.NewPCG(1, uint64(n)))
	h := creditbank.History{Learner: l.ID, Acts: []creditbank.Act{l.Act}}
	w := creditbank.Write{Learner: l.ID, Base: 1}
	act := func(kind creditbank.ActKind, body creditbank.ActBody) {
		a := creditbank.Act{Learner: l.ID, Seq: h.Version() + 1, Kind: kind, At: evening, Day: 20260420, By: by, Body: body}
		h.Acts, w.Acts = append(h.Acts, a), append(w.Acts, a)
	}
	if n%2 == 0 {
		act(creditbank.ActEnrolled, creditbank.ActBody{Programme: "P1"})
	}
	for i := range 2 + draw.IntN(7) {
		course := c.courses[draw.IntN(len(c.courses))]
		score, _ := creditbank.ParseScore(fmt.Sprint(50 + draw.IntN(51)))
		p := creditbank.Posting{
			OutcomeKey: creditbank.OutcomeKey{Learner: l.ID, Institution: course.Institution, ExternalID: fmt.Sprint("O", i), Revision: 1},
			Course:     course.Code, Score: score, Attended: course.Hours,
			IssuedOn: creditbank.DateOf(time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, draw.IntN(1900))),
		}
		o := creditbank.NewOutcome(p, course, c.set.Recognise(p, course, creditbank.Past{Totals: w.Totals}), h.Version()+1, evening, by, "")
		w.Totals = w.Totals.Plus(o.Category, o.IssuedOn, o.Credits)
		h.Outcomes, w.Outcomes = append(h.Outcomes, o), append(w.Outcomes, o)
	}
	if n%2 == 0 {
		a, err := creditbank.NewAccount(h)
		if err == nil {
			d, err := c.set.Decide(a, []creditbank.RuleID{"R03", "R05", "R10"}[n/2%3], evening, 20260420)
			if err == nil {
				act(creditbank.ActDecided, creditbank.ActBody{Decision: d})
			}
		}
	}
	return w
}

// fill puts a population into a store.
func (c *crowd) fill(b *testing.B, store creditbank.Store) {
	b.Helper()
	learners := storetest.Learners(population)
	for begin := 0; begin < len(learners); begin += 1000 {
		part := learners[begin:min(begin+1000, len(learners))]
		storetest.Open(b, store, part...)
		var writes []creditbank.Write
		for i, l := range part {
			writes = append(writes, c.write(l, begin+i))
		}
		storetest.Append(b, store, writes...)
	}
}

// memory is a store of dossiers that are there already.
type memory []creditbank.Dossier

func (m memory) Learners(_ context.Context, after creditbank.LearnerID, limit int) ([]creditbank.LearnerID, error) {
	var ids []creditbank.LearnerID
	for i := m.above(after); i < len(m) && len(ids) < limit; i++ {
		ids = append(ids, m[i].Learner)
	}
	return ids, nil
}

func (m memory) Histories(_ context.Context, after, through creditbank.LearnerID) ([]creditbank.Dossier, error) {
	return m[m.above(after):m.above(through)], nil
}

// above returns the index of the first dossier above an id.
func (m memory) above(id creditbank.LearnerID) int {
	low, high := 0, len(m)
	for low < high {
		if mid := (low + high) / 2; m[mid].Learner <= id {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

// BenchmarkTrial tries a draft on a population: on SQLite, on PostgreSQL, and
// without a store. It reports learners/s, the most memory in use, and the
// microseconds of processor time that a learner takes of this process: on a machine
// that does other things besides, only those can be compared.
func BenchmarkTrial(b *testing.B) {
	c := newCrowd(b)
	b.Run("pure", func(b *testing.B) {
		var m memory
		for i, l := range storetest.Learners(population) {
			w := c.write(l, i)
			m = append(m, creditbank.Dossier{Region: l.Region, History: creditbank.History{Learner: l.ID, Outcomes: w.Outcomes, Acts: append([]creditbank.Act{l.Act}, w.Acts...)}})
		}
		c.bench(b, m)
	})
	b.Run("sqlite", func(b *testing.B) {
		store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "bank.db"))
		must(b, err)
		defer store.Close()
		c.fill(b, store)
		c.bench(b, store)
	})
	b.Run("postgres", func(b *testing.B) {
		server := pgtest.New(b, pgtest.Options{Settings: map[string]string{"shared_buffers": "256MB"}})
		must(b, server.CreateDatabase(b.Context(), "trial", ""))
		store, err := postgres.Open(b.Context(), server.DSN("trial"))
		must(b, err)
		defer store.Close()
		c.fill(b, store)
		c.bench(b, store)
	})
}

func (c *crowd) bench(b *testing.B, store trial.Store) {
	t, err := trial.New(trial.Config{Published: c.set, Draft: c.draft, Catalogue: c.cat, At: evening})
	must(b, err)
	var most uint64
	begin := processorTime(b)
	b.ResetTimer()
	for range b.N {
		changed := 0
		report, err := trial.Run(b.Context(), store, t, trial.Options{
			Learner: func(trial.Learner) error { changed++; return nil },
			Progress: func(p trial.Progress) error {
				if p.Learners%5000 == 0 {
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					most = max(most, m.HeapInuse)
				}
				return nil
			},
		})
		must(b, err)
		if report.Learners != population || changed == 0 {
			b.Fatalf("%d learners, %d changed", report.Learners, changed)
		}
	}
	b.ReportMetric(float64(population)*float64(b.N)/b.Elapsed().Seconds(), "learners/s")
	b.ReportMetric(float64((processorTime(b)-begin).Microseconds())/float64(population)/float64(b.N), "cpu-µs/learner")
	b.ReportMetric(float64(most)/(1<<20), "MiB")
}

// processorTime returns what the process has used so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
