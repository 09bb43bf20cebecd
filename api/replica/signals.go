package replica

import (
	"bytes"
	"context"
	"slices"
	"sync"
)

// Signals tell whoever listens that something changed: an event for the
// browsers that are watching, an entry of a cache that is stale.
//
// A signal is a hint. It arrives at most once, in the order sent by one
// replica unless that sends from several goroutines, and may not arrive. A
// subscriber that may have missed some is told so: it gets a nil payload,
// which means "look for yourself". The exception is a replica that is killed
// just after it changed something. So subscribers also look from time to time
// without being told.
type Signals interface {
	// Publish sends a signal to the subscribers of a topic on all replicas,
	// this one included. Publish after what it tells of can be seen. A payload
	// that is empty arrives as nil. Payloads are small: some kilobytes.
	Publish(ctx context.Context, topic string, payload []byte)

	// Subscribe returns a channel of the signals of a topic from now on. The
	// payloads are shared with other subscribers and not to be changed. The
	// channel is closed by cancel, which may be called several times, and when
	// the Shared is closed.
	Subscribe(topic string) (signals <-chan []byte, cancel func())
}

// backlog is how many signals wait for a subscriber before it is told that it
// missed some.
const backlog = 64

// A Hub is the [Signals] of one process.
type Hub struct {
	mu     sync.Mutex
	topics map[string][]*subscriber
	closed bool
	sent   uint64
	lost   uint64
}

// A subscriber has room for a backlog and one nil: once the backlog is full
// the nil takes the last place, and stands for whatever comes until it is
// read. Whoever reads it looks after all that was published before.
type subscriber struct{ signals chan []byte }

// NewHub returns a hub without subscribers.
func NewHub() *Hub { return &Hub{topics: map[string][]*subscriber{}} }

// Publish implements [Signals].
func (h *Hub) Publish(_ context.Context, topic string, payload []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sent++
	h.deliver(topic, payload)
}

// Deliver hands on a signal that another replica published.
func (h *Hub) Deliver(topic string, payload []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.deliver(topic, payload)
}

func (h *Hub) deliver(topic string, payload []byte) {
	if len(payload) == 0 {
		payload = nil
	}
	payload = bytes.Clone(payload)
	for _, s := range h.topics[topic] {
		h.send(s, payload)
	}
}

// Wake tells all subscribers of all topics to look for themselves.
func (h *Hub) Wake() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, subscribers := range h.topics {
		for _, s := range subscribers {
			h.send(s, nil)
		}
	}
}

// send never waits. Only it writes to the channel, under the lock, so that
// there is at least the room it saw.
func (h *Hub) send(s *subscriber, payload []byte) {
	switch waiting := len(s.signals); {
	case waiting < backlog:
		s.signals <- payload
	case waiting == backlog:
		s.signals <- nil
		h.countLost(payload)
	default: // the nil at the end has not been read and stands for this, too
		h.countLost(payload)
	}
}

func (h *Hub) countLost(payload []byte) {
	if payload != nil {
		h.lost++
	}
}

// Subscribe implements [Signals].
func (h *Hub) Subscribe(topic string) (<-chan []byte, func()) {
	s := &subscriber{make(chan []byte, backlog+1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		close(s.signals)
		return s.signals, func() {}
	}
	h.topics[topic] = append(h.topics[topic], s)
	return s.signals, func() { h.unsubscribe(topic, s) }
}

func (h *Hub) unsubscribe(topic string, s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.Index(h.topics[topic], s)
	if i < 0 {
		return
	}
	close(s.signals)
	h.topics[topic] = slices.Delete(h.topics[topic], i, i+1)
	if len(h.topics[topic]) == 0 {
		delete(h.topics, topic)
	}
}

// Close ends all subscriptions, and those to come.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, subscribers := range h.topics {
		for _, s := range subscribers {
			close(s.signals)
		}
	}
	clear(h.topics)
}

// Counts returns how many subscribers there are, how many signals were
// published here and how many of all a subscriber was too slow for.
func (h *Hub) Counts() (subscribers int, sent, lost uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, of := range h.topics {
		subscribers += len(of)
	}
	return subscribers, h.sent, h.lost
}
