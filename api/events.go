package api

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"creditbank/creditbank"
)

// A Feed is the part of the ledger that events are made of.
type Feed interface {
	// Number and Feed are those of [creditbank.Store].
	Number(ctx context.Context) (int64, error)
	Feed(ctx context.Context, after int64, limit int) ([]creditbank.FeedEntry, error)
}

const (
	// topicFeed is where replicas tell each other that the feed has grown: a
	// hint, so that events need not wait for the next poll.
	topicFeed = "feed"

	// topicReference is where they tell that reference data was published.
	topicReference = "reference"

	pollFeed  = time.Second           // how often the feed is read where nobody gives a hint
	hintEvery = 20 * time.Millisecond // how often a hint is given at most
	heartbeat = 15 * time.Second
	feedPage  = 256

	// streamsEach is how many streams one caller may have open, so that none can
	// take all there are.
	streamsEach = 32
)

// events follows the feed while anybody listens. Each stream reads the feed from
// where it stands, so that a slow one holds up nobody and nothing is missed; what
// is shared is the knowledge of how far the feed goes.
type events struct {
	feed Feed
	bank *creditbank.Bank

	mu     sync.Mutex
	last   int64         // number of the newest feed row known
	grown  chan struct{} // closed and replaced when last grows
	open   int           // streams
	most   int
	of     map[string]int // streams of each caller
	beat   time.Duration  // heartbeat
	closed chan struct{}
	once   sync.Once

	written chan struct{} // holds one where a hint is to be given
}

func newEvents(feed Feed, bank *creditbank.Bank, most int) *events {
	return &events{feed: feed, bank: bank, grown: make(chan struct{}), most: most, of: map[string]int{}, beat: heartbeat, closed: make(chan struct{}), written: make(chan struct{}, 1)}
}

// wrote notes that the feed may have grown by what this replica did. It never
// waits.
func (e *events) wrote() {
	select {
	case e.written <- struct{}{}:
	default: // a hint is on its way
	}
}

// hint gives hints until ctx ends: one for all that was written since the last,
// so that many writers do not make a hint each.
func (e *events) hint(ctx context.Context, give func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.written:
		}
		give()
		pause := time.NewTimer(hintEvery)
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
	}
}

// tell has every replica look at the feed after a request that may have written
// to it, however it was answered.
func (s *Server) tell(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			defer s.events.wrote()
		}
		next.ServeHTTP(w, r)
	})
}

// close ends all streams.
func (e *events) close() { e.once.Do(func() { close(e.closed) }) }

// run keeps the end of the feed known until ctx ends.
func (e *events) run(ctx context.Context, hints <-chan []byte, fault func(error)) {
	tick := time.NewTicker(pollFeed)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-hints:
			if !open {
				hints = nil
			}
		case <-tick.C:
		}
		if err := e.look(ctx); err != nil && ctx.Err() == nil {
			fault(err)
		}
	}
}

// look finds out how far the feed goes, if anybody listens.
func (e *events) look(ctx context.Context) error {
	e.mu.Lock()
	listening := e.open > 0
	e.mu.Unlock()
	if !listening {
		return nil
	}
	last, err := e.feed.Number(ctx)
	if err != nil {
		return fmt.Errorf("number the feed: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if last > e.last {
		e.last = last
		close(e.grown)
		e.grown = make(chan struct{})
	}
	return nil
}

// enter counts a stream of a caller, unless there are too many.
func (e *events) enter(caller string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.of[caller] >= streamsEach {
		return refuse(problemRate, "TOO_MANY_STREAMS", fmt.Sprintf("同一调用者最多同时打开%d个事件流", streamsEach), fmt.Sprintf("one caller may have %d event streams open", streamsEach))
	}
	if e.open >= e.most {
		return refuse(problemBusy, "TOO_MANY_STREAMS", "事件流过多，请稍后重试", "too many event streams are open")
	}
	e.open++
	e.of[caller]++
	return nil
}

func (e *events) leave(caller string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open--
	if e.of[caller]--; e.of[caller] == 0 {
		delete(e.of, caller)
	}
}

// wait returns once the feed may go beyond after, and how far it goes.
func (e *events) wait(ctx context.Context, after int64, timeout time.Duration) int64 {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for {
		e.mu.Lock()
		last, grown := e.last, e.grown
		e.mu.Unlock()
		if last > after {
			return last
		}
		select {
		case <-grown:
		case <-timer.C:
			return last
		case <-e.closed:
			return last
		case <-ctx.Done():
			return last
		}
	}
}
