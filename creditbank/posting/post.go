package posting

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"creditbank/creditbank"
)

// A Learners finds who a row speaks of. Somebody unknown is
// [creditbank.ErrNotFound], a name that is not the account's LEARNER_NAME_MISMATCH.
type Learners interface {
	Find(ctx context.Context, ref Reference) (creditbank.LearnerID, error)
}

// A Directory finds learners by what is on their papers. The bank is one.
type Directory interface {
	FindByAccount(ctx context.Context, number creditbank.AccountNumber, name string) (creditbank.LearnerID, error)
	FindByIDNumber(ctx context.Context, number creditbank.IDNumber, name string) (creditbank.LearnerID, error)
}

// InDirectory returns the learners of a directory. It knows no aliases.
func InDirectory(d Directory) Learners { return directory{d} }

type directory struct{ Directory }

func (d directory) Find(ctx context.Context, ref Reference) (creditbank.LearnerID, error) {
	switch {
	case ref.Account != "":
		return d.FindByAccount(ctx, ref.Account, ref.Name)
	case ref.IDNumber != "":
		return d.FindByIDNumber(ctx, ref.IDNumber, ref.Name)
	}
	return "", creditbank.Invalid(creditbank.CodeMalformed, colLearner, "此处不能使用学员代号，请填写账号或身份证号",
		"aliases mean nothing here: give the account number or the identity number")
}

// A Poster puts a posting on record. The bank's is a [creditbank.Poster].
type Poster interface {
	Post(ctx context.Context, by creditbank.Caller, p creditbank.Posting, request string) (creditbank.Posted, error)
}

// A Run says how a file is put on record.
type Run struct {
	By       creditbank.Caller
	Request  string // id of the request that brought the file, for tracing
	Learners Learners
	Poster   Poster
	Allow    func(creditbank.Posting) error // what By may post; nil allows everything
	InFlight int                            // rows under way at once, 128 by default
	Fault    func(error)                    // is told of faults of the machine, for the log; may be nil
}

// A task is a row on its way. Each stage closes its channel when it is through.
type task struct {
	row     Row
	err     error // of the row's form
	learner creditbank.LearnerID
	posting creditbank.Posting
	answer  Answer
	found   chan struct{}
	done    chan struct{}
}

// Post puts the rows of a table on record and gives an answer for each, in
// file order. It holds a bounded number of rows. Where reading stops before the
// end of the file, a last answer says so, and the error is [Table.Err]; an
// error of answer stops the run, as ctx does: rows not begun are left out.
func Post(ctx context.Context, t *Table, run Run, answer func(Answer) error) (Summary, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &runner{Run: run, last: map[creditbank.LearnerID]*task{}}
	n := cmp.Or(run.InFlight, 128)
	found, posted := make(chan *task, n), make(chan *task, n)
	var wait sync.WaitGroup
	defer wait.Wait()
	wait.Go(func() { r.find(ctx, t, found) })
	wait.Go(func() { r.post(ctx, found, posted) })

	sum := Summary{Statuses: map[Status]int{}}
	for task := range posted {
		<-task.done
		r.forget(task)
		sum.Rows++
		sum.Statuses[task.answer.Status]++
		if context.Cause(ctx) != nil && errors.Is(context.Cause(ctx), errAnswer) {
			continue // nobody listens: wait for what is under way
		}
		if err := answer(task.answer); err != nil {
			cancel(fmt.Errorf("%w: %w", errAnswer, err))
		}
	}
	if err := context.Cause(ctx); err != nil {
		return sum, err
	}
	return sum, t.Err()
}

var errAnswer = errors.New("hand out an answer")

// A runner holds what the stages of a run share.
type runner struct {
	Run
	mu   sync.Mutex
	last map[creditbank.LearnerID]*task // the newest row of each learner under way
}

// find reads rows and looks their learners up, several at a time.
func (r *runner) find(ctx context.Context, t *Table, out chan<- *task) {
	defer close(out)
	n := 0
	begin := func(row Row, err error) *task {
		n++
		return &task{row: row, err: err, answer: Answer{Row: n, Line: row.Place().Line}, found: make(chan struct{}), done: make(chan struct{})}
	}
	var wait sync.WaitGroup
	defer wait.Wait()
	for row, err := range t.Rows() {
		if ctx.Err() != nil {
			return
		}
		task := begin(row, err)
		out <- task
		wait.Go(func() { r.prepare(ctx, task) })
	}
	if err := t.Err(); err != nil {
		task := begin(Row{}, err)
		task.answer.again(codeUnavailable, "读取文件中断，其后各行未登记，请重新发送", "the file broke off; the rows after this were not posted: send it again")
		var placed *creditbank.PlacedError
		if errors.As(err, &placed) {
			task.answer.refused([]*creditbank.PlacedError{placed})
			task.answer.Line = placed.Line
		}
		close(task.found)
		out <- task
	}
}

// prepare reads a row and finds its learner; what is wrong goes to the answer.
func (r *runner) prepare(ctx context.Context, t *task) {
	defer close(t.found)
	defer r.recovered(ctx, t)
	s, err := Parse(t.row)
	t.posting = s.Posting
	t.answer.ExternalID, t.answer.Revision = maskKey(s.Posting.ExternalID), s.Posting.Revision
	t.answer.Institution = creditbank.InstitutionID(maskKey(string(s.Posting.Institution)))
	err = together(t.err, err)
	if err == nil && r.Allow != nil {
		err = r.Allow(s.Posting)
	}
	if err == nil {
		t.learner, err = r.Learners.Find(ctx, s.Reference)
	}
	if err != nil {
		t.learner = ""
		r.fail(ctx, t, err)
	}
	t.posting.Learner = t.learner
}

// together joins what is wrong with the form of a row and with what it says. A
// cell that could not be read is not reported as missing as well.
func together(form, content error) error {
	if form == nil || content == nil {
		return cmp.Or(form, content)
	}
	var all, rest creditbank.Problems
	all.Add(creditbank.Place{}, form)
	rest.Add(creditbank.Place{}, content)
	spoiled := map[string]bool{}
	for _, p := range all.List() {
		if p.Field == "" {
			return form // the cells may stand in the wrong columns
		}
		spoiled[p.Field] = true
	}
	for _, p := range rest.List() {
		if !spoiled[p.Field] {
			all.Add(p.Place, p)
		}
	}
	return all.Err()
}

// post hands rows to the poster in order, those of a learner one after the
// other.
func (r *runner) post(ctx context.Context, in <-chan *task, out chan<- *task) {
	defer close(out)
	var wait sync.WaitGroup
	defer wait.Wait()
	for t := range in {
		<-t.found
		if t.learner == "" {
			close(t.done)
			out <- t
			continue
		}
		r.mu.Lock()
		before := r.last[t.learner]
		r.last[t.learner] = t
		r.mu.Unlock()
		out <- t
		wait.Go(func() {
			defer close(t.done)
			defer r.recovered(ctx, t)
			if before != nil {
				<-before.done
			}
			r.record(ctx, t)
		})
	}
}

// forget drops a row that is through from the order of its learner.
func (r *runner) forget(t *task) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last[t.learner] == t {
		delete(r.last, t.learner)
	}
}

// recovered makes a panic over a row the fault of that row: the goroutine is
// this package's own, and nobody above could recover it.
func (r *runner) recovered(ctx context.Context, t *task) {
	if p := recover(); p != nil {
		r.fail(ctx, t, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
	}
}

// A full queue is waited for: 10 ms, then twice as long each time, 5 s in all.
const (
	firstPause = 10 * time.Millisecond
	pauses     = 9
)

// record posts a row, again while the bank is too busy to take it.
func (r *runner) record(ctx context.Context, t *task) {
	pause := firstPause
	for try := 0; ; try++ {
		posted, err := r.Poster.Post(ctx, r.By, t.posting, r.Request)
		if err == nil {
			t.answer.recorded(posted)
			return
		}
		if !errors.Is(err, creditbank.ErrBusy) || try == pauses || !sleep(ctx, pause) {
			r.fail(ctx, t, err)
			return
		}
		pause *= 2
	}
}

// sleep waits, and reports false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// fail answers a row that did not get on record, or perhaps did.
func (r *runner) fail(ctx context.Context, t *task, err error) {
	switch {
	case errors.Is(err, creditbank.ErrOutcomeUnknown) || ctx.Err() != nil:
		t.answer.again(codeOutcomeUnknown, "无法确定是否已登记，请原样重新发送", "whether it is on record is not known: send it again as it is")
	case errors.Is(err, creditbank.ErrBusy):
		t.answer.again(codeBusy, "系统繁忙，未登记，请稍后重新发送", "the bank is busy and the row was not posted: send it again later")
	case errors.Is(err, creditbank.ErrInvalid) || errors.Is(err, creditbank.ErrNotFound) || errors.Is(err, creditbank.ErrConflict):
		var problems creditbank.Problems
		problems.Add(t.row.place, err)
		t.answer.refused(problems.List())
	default:
		if r.Fault != nil {
			r.Fault(err)
		}
		t.answer.again(codeUnavailable, "系统故障，请稍后原样重新发送", "a fault on our side: send the row again later as it is")
	}
}
