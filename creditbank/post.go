package creditbank

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"sync"
)

// A Poster is the bank's way in for postings: a bounded queue, sharded by
// learner, with one writer a shard. A writer takes whatever waits, without a
// timer: one posting at a time is written at once, many are written together
// in one transaction. Each caller gets its own answer.
//
// A Poster must be closed; what it has accepted by then is still written.
type Poster struct {
	bank   *Bank
	shards []chan *job
	seed   maphash.Seed
	stop   context.CancelFunc
	wait   sync.WaitGroup

	mu     sync.RWMutex // guards closed against sends
	closed bool
}

// PosterConfig sizes a Poster. Zero values mean the defaults.
type PosterConfig struct {
	Writers int // transactions under way at once; 2
	Queue   int // postings that may wait at each writer; 4096
	Batch   int // postings written in one transaction at most; 256
}

// A Posted is the answer to a posting that is on record.
type Posted struct {
	Outcome   Outcome
	Duplicate bool // it was on record already, with the same content
}

// A job is a posting on its way.
type job struct {
	posting Posting
	by      Caller
	request string
	posted  Posted
	err     error
	done    chan struct{}
}

func (j *job) finish(p Posted, err error) {
	j.posted, j.err = p, err
	close(j.done)
}

// NewPoster starts the writers. They write under ctx, never under a caller's
// context: a caller that goes away does not tear a batch.
func (b *Bank) NewPoster(ctx context.Context, c PosterConfig) *Poster {
	c.Writers, c.Queue, c.Batch = cmp.Or(c.Writers, 2), cmp.Or(c.Queue, 4096), cmp.Or(c.Batch, 256)
	ctx, stop := context.WithCancel(ctx)
	p := &Poster{bank: b, seed: maphash.MakeSeed(), stop: stop}
	for range c.Writers {
		shard := make(chan *job, c.Queue)
		p.shards = append(p.shards, shard)
		p.wait.Go(func() { p.run(ctx, shard, c.Batch) })
	}
	return p
}

// Close waits until everything accepted has been written and answered.
func (p *Poster) Close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		for _, s := range p.shards {
			close(s)
		}
	}
	p.mu.Unlock()
	p.wait.Wait()
	p.stop()
}

// Waiting returns how many postings wait to be written.
func (p *Poster) Waiting() int {
	n := 0
	for _, s := range p.shards {
		n += len(s)
	}
	return n
}

// Post puts a posting on record and returns when it is durable. Sent again it
// answers as the first time; the same key with other content is KEY_REUSED. A
// revision goes its own way ([Bank.Revise]). ErrBusy means that the queue is
// full and nothing was done; ErrOutcomeUnknown, that it may or may not be on
// record: send it again.
func (p *Poster) Post(ctx context.Context, by Caller, posting Posting, request string) (Posted, error) {
	j, err := p.send(by, posting, request)
	if err != nil {
		return Posted{}, err
	}
	if j == nil {
		return p.bank.Revise(ctx, by, posting, request)
	}
	select {
	case <-j.done:
		return j.posted, j.err
	case <-ctx.Done():
		return Posted{}, fmt.Errorf("%w: %v", ErrOutcomeUnknown, context.Cause(ctx))
	}
}

// send checks a posting and queues it. It returns no job for a revision.
func (p *Poster) send(by Caller, posting Posting, request string) (*job, error) {
	if err := errors.Join(by.check(), posting.checkForm(), checkText("request", request, 128)); err != nil {
		return nil, err
	}
	if posting.Revision > 1 {
		return nil, nil
	}
	j := &job{posting: posting, by: by, request: request, done: make(chan struct{})}
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return nil, fmt.Errorf("%w: the bank is closing", ErrBusy)
	}
	shard := p.shards[maphash.String(p.seed, string(posting.Learner))%uint64(len(p.shards))]
	select {
	case shard <- j:
		return j, nil
	default:
		return nil, fmt.Errorf("%w: %d postings are waiting", ErrBusy, len(shard))
	}
}

// run is one writer.
func (p *Poster) run(ctx context.Context, queue <-chan *job, most int) {
	for first := range queue {
		batch := []*job{first}
	fill:
		for len(batch) < most {
			select {
			case j, ok := <-queue:
				if !ok {
					break fill
				}
				batch = append(batch, j)
			default:
				break fill
			}
		}
		p.write(ctx, batch)
	}
}

// patience is how many attempts may fail in a row before a whole batch is given
// up: enough to single out a bad posting among thousands, few enough not to
// try each of them while the database is away.
const patience = 16

// write puts a batch on record. What loses a race goes again; a batch that
// fails is halved until the bad posting stands alone and fails alone.
func (p *Poster) write(ctx context.Context, batch []*job) {
	left := patience
	p.writeAll(ctx, batch, &left)
}

func (p *Poster) writeAll(ctx context.Context, batch []*job, left *int) {
	for try := 0; len(batch) > 0; try++ {
		if try == maxTries {
			finish(batch, fmt.Errorf("%w: others keep changing the account", ErrBusy))
			return
		}
		lost, err := p.attempt(ctx, batch)
		if err == nil {
			*left = patience
			batch = lost
			continue
		}
		*left--
		if len(batch) == 1 || *left <= 0 || errors.Is(err, ErrOutcomeUnknown) {
			finish(batch, err)
			return
		}
		half := len(batch) / 2
		p.writeAll(ctx, batch[:half], left)
		p.writeAll(ctx, batch[half:], left)
		return
	}
}

// finish answers each of jobs with err.
func finish(jobs []*job, err error) {
	for _, j := range jobs {
		j.finish(Posted{}, err)
	}
}

// attempt reads the states, decides, and writes once. It answers everyone but
// those it returns, who lost a race. On an error it has answered nobody.
func (p *Poster) attempt(ctx context.Context, batch []*job) (lost []*job, err error) {
	keys := make([]OutcomeKey, len(batch))
	for i, j := range batch {
		keys[i] = j.posting.OutcomeKey
	}
	heads, err := p.bank.store.Heads(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	pasts, err := p.bank.recall(ctx, batch, heads)
	if err != nil {
		return nil, err
	}
	f, err := p.bank.fold(batch, heads, pasts)
	if err != nil {
		return nil, err
	}
	writes := f.sorted()
	var taken []bool
	if len(writes) > 0 {
		feed, err := p.bank.feed()
		if err != nil {
			return nil, err
		}
		if taken, err = p.bank.store.Append(ctx, feed, writes); err != nil {
			return nil, fmt.Errorf("append postings: %w", err)
		}
	}
	won := make(map[LearnerID]bool, len(writes))
	for i, w := range writes {
		won[w.Learner] = taken[i]
	}
	for i, j := range batch {
		a := f.answers[i]
		if a.late {
			if lostWrite := f.writes[j.posting.Learner]; lostWrite != nil && !won[j.posting.Learner] {
				lost = append(lost, j) // after what was sent before it
			} else {
				j.finish(p.bank.postLate(ctx, j))
			}
			continue
		}
		if a.written && !won[j.posting.Learner] || errors.Is(a.err, errBehind) {
			lost = append(lost, j)
			continue
		}
		j.finish(a.posted, a.err)
	}
	return lost, nil
}

// postLate puts a posting on record whose course looks back, or that came after
// one in its batch: it is decided on the learner's whole history, and answered
// alone.
func (b *Bank) postLate(ctx context.Context, j *job) (Posted, error) {
	var posted Posted
	_, _, err := b.change(ctx, Change{By: j.by, Learner: j.posting.Learner}, "post", func(d *draft, h History, rules Rules) error {
		for _, l := range d.account.Lots {
			if l.OutcomeKey != j.posting.OutcomeKey {
				continue
			}
			if !l.SamePosting(j.posting) {
				return keyReused(j.posting.OutcomeKey)
			}
			posted = Posted{h.outcome(l.Seq), true}
			return b.nothingToDo(ctx)
		}
		cat := b.Catalogue()
		if err := j.posting.Check(cat, d.day); err != nil {
			return err
		}
		d.request, d.trace = Request{}, j.request
		outcome, err := d.post(rules, j.posting, cat.Courses[j.posting.Course])
		posted = Posted{Outcome: outcome}
		return err
	})
	if err != nil && err != errNothingToDo {
		return Posted{}, err
	}
	return posted, nil
}

// A folding is a batch being decided, learner by learner, in order.
type folding struct {
	writes  map[LearnerID]*Write
	made    map[OutcomeKey]Outcome // in this batch
	answers []answer
	late    map[LearnerID]bool // whose postings from here on are decided on their whole history
}

type answer struct {
	posted  Posted
	err     error
	written bool // the answer holds only if the learner's write is taken
	late    bool // there is no answer yet: it takes the learner's whole history
}

// errBehind says that a posting was decided upon a past that is not that of the
// account's head: it goes again, like one that lost a race.
var errBehind = errors.New("the account moved on")

// recall reads the histories of those whose postings need more of the past than
// the totals that their heads hold. Few rules ask for it: such a posting costs the
// reading of a history, unless the account is in memory.
func (b *Bank) recall(ctx context.Context, batch []*job, heads []Head) (map[LearnerID]Past, error) {
	cat := b.Catalogue()
	if cat.Rules == nil {
		return nil, nil
	}
	var pasts map[LearnerID]Past
	for i, j := range batch {
		id := j.posting.Learner
		if _, known := pasts[id]; known || cat.Courses[j.posting.Course].Repeat.looksBack() || !heads[i].Known || heads[i].Stored != nil || !cat.Rules.Recalls(j.posting, cat.Courses[j.posting.Course]) {
			continue
		}
		a := b.accounts.get(id, heads[i].Version)
		if a == nil {
			h, err := b.store.History(ctx, id)
			if err != nil {
				return nil, fmt.Errorf("read history: %w", err)
			}
			if a, err = NewAccount(h); err != nil {
				return nil, err
			}
		}
		if a.Version == heads[i].Version {
			if pasts == nil {
				pasts = map[LearnerID]Past{}
			}
			pasts[id] = a.Past()
		}
	}
	return pasts, nil
}

// fold decides a batch on the states read. It does no I/O.
func (b *Bank) fold(batch []*job, heads []Head, pasts map[LearnerID]Past) (*folding, error) {
	rules, at, today, err := b.current()
	if err != nil {
		return nil, err
	}
	cat := b.Catalogue()
	f := &folding{map[LearnerID]*Write{}, map[OutcomeKey]Outcome{}, make([]answer, len(batch)), map[LearnerID]bool{}}
	for i, j := range batch {
		if learner := j.posting.Learner; f.late[learner] || cat.Courses[j.posting.Course].Repeat.looksBack() {
			f.late[learner], f.answers[i].late = true, true
			continue
		}
		f.answers[i] = f.one(j, heads[i], today, func(w *Write) (Outcome, error) {
			if err := j.posting.Check(cat, today); err != nil {
				return Outcome{}, err
			}
			course := cat.Courses[j.posting.Course]
			past, recalled := pasts[j.posting.Learner]
			if !recalled && rules.Recalls(j.posting, course) {
				return Outcome{}, errBehind
			}
			past.Totals = w.Totals
			o := NewOutcome(j.posting, course, rules.Recognise(j.posting, course, past), w.Version()+1, at, j.by, j.request)
			if recalled {
				pasts[j.posting.Learner] = past.Plus(o)
			}
			return o, nil
		})
	}
	return f, nil
}

func (f *folding) one(j *job, head Head, today Date, recognise func(*Write) (Outcome, error)) answer {
	key := j.posting.OutcomeKey
	if !head.Known {
		return answer{err: unknownLearner()}
	}
	stored, inBatch := f.made[key]
	if head.Stored != nil {
		stored = *head.Stored
	}
	if inBatch || head.Stored != nil {
		if !stored.SamePosting(j.posting) {
			return answer{err: keyReused(key), written: inBatch}
		}
		return answer{posted: Posted{stored, true}, written: inBatch}
	}
	w := f.writes[key.Learner]
	if w == nil {
		w = &Write{Learner: key.Learner, Base: head.Version, Frozen: head.Frozen, Totals: head.Totals}
	}
	o, err := recognise(w)
	if err != nil {
		return answer{err: err}
	}
	f.writes[key.Learner] = w
	w.Outcomes = append(w.Outcomes, o)
	w.Totals = w.Totals.Plus(o.Category, o.IssuedOn, o.Credits)
	f.made[key] = o
	if act, moved, ok := lapsed(o, w.Version()+1, today); ok {
		w.Acts, w.Movements = append(w.Acts, act), append(w.Movements, moved...)
	}
	return answer{posted: Posted{Outcome: o}, written: true}
}

// sorted returns the writes in order of learner.
func (f *folding) sorted() []Write {
	writes := make([]Write, 0, len(f.writes))
	for _, w := range f.writes {
		writes = append(writes, *w)
	}
	slices.SortFunc(writes, func(a, b Write) int { return cmp.Compare(a.Learner, b.Learner) })
	return writes
}
