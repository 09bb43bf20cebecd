package redis

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	goredis "github.com/redis/go-redis/v9"

	"creditbank/api/replica"
)

// A message is what goes through the channel: a signal, denials, or the call
// to wake all subscribers. JSON, so that it can be read in redis-cli.
type message struct {
	From    string   `json:"from,omitempty"` // the replica, of a signal
	Topic   []byte   `json:"topic,omitempty"`
	Payload []byte   `json:"payload,omitempty"`
	Denied  []denial `json:"denied,omitempty"`
	Wake    bool     `json:"wake,omitempty"`
}

type denial struct {
	JTI   []byte `json:"jti"`
	Until int64  `json:"until"` // milliseconds since 1970
}

// channel is the one channel of all topics: few replicas want none of what is
// sent, and a subscription that never changes cannot lose its place.
func channel(prefix string) string { return prefix + ":messages" }

// signals are [replica.Signals] over Redis. Those who subscribed here are
// reached without it.
type signals struct {
	*replica.Hub
	link   *link
	client *goredis.Client
	prefix string
	self   string // the name of this replica

	owed   atomic.Bool // the other replicas missed something
	unsent atomic.Uint64
}

// Publish implements [replica.Signals].
func (s *signals) Publish(ctx context.Context, topic string, payload []byte) {
	s.Hub.Publish(ctx, topic, payload)
	// What changed has changed, though the caller hangs up.
	err := s.send(context.WithoutCancel(ctx), message{From: s.self, Topic: []byte(topic), Payload: payload})
	if err != nil {
		s.unsent.Add(1)
		s.owed.Store(true)
	}
}

func (s *signals) send(ctx context.Context, m message) error {
	text, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("redis: publish: %w", err)
	}
	return s.link.do(ctx, func(ctx context.Context) error {
		return s.client.Publish(ctx, channel(s.prefix), text).Err()
	})
}

// settle tells the subscribers of other replicas to look for themselves, if
// they missed something.
func (s *signals) settle(ctx context.Context) {
	if s.owed.Swap(false) && s.send(ctx, message{From: s.self, Wake: true}) != nil {
		s.owed.Store(true)
	}
}

// heard hands on what came through the channel. What is no message, or of a
// later version of this program, is passed over.
func (s *shared) heard(text string) {
	var m message
	if json.Unmarshal([]byte(text), &m) != nil {
		return
	}
	switch {
	case len(m.Denied) > 0:
		s.denied.heard(m.Denied)
	case m.From == s.signals.self:
	case m.Wake:
		s.signals.Wake()
	case m.From != "":
		s.signals.Deliver(string(m.Topic), m.Payload)
	}
}
