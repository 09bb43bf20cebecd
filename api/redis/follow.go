package redis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// beat is how often the connection is tried, the deny list compared, and
// Redis looked for while it is away.
const beat = time.Second

// maxSilence is how many beats may pass without a word on the channel, though
// each asks for one, until the connection counts as dead.
const maxSilence = 3

// run listens to the other replicas until ctx ends, through all outages.
func (s *shared) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := s.follow(ctx)
		s.link.away(s.link.turns.Load(), err)
		s.foundOnce.Do(func() { close(s.found) })
		select {
		case <-ctx.Done():
		case <-time.After(beat):
		}
	}
}

// follow listens on one connection, and returns why it could no longer.
func (s *shared) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	sub := s.client.Subscribe(ctx)
	var listening sync.WaitGroup
	defer listening.Wait()
	defer sub.Close()
	defer cancel()
	if err := sub.Subscribe(ctx, channel(s.prefix)); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	words := make(chan word)
	listening.Go(func() { listen(ctx, sub, words) })

	tick := time.NewTicker(beat)
	defer tick.Stop()
	silent, subscribed := 0, false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case w := <-words:
			silent = 0
			switch said := w.said.(type) {
			case *goredis.Message:
				s.heard(said.Payload)
			case *goredis.Subscription: // from now on nothing passes by
				subscribed = true
				if err := s.tend(ctx); err != nil {
					return err
				}
			}
			if w.err != nil {
				return fmt.Errorf("listen: %w", w.err)
			}
		case <-tick.C:
			if silent++; silent > maxSilence {
				return errors.New("listen: no answer")
			}
			if !subscribed {
				continue
			}
			if err := sub.Ping(ctx); err != nil {
				return fmt.Errorf("ask for a word: %w", err)
			}
			if err := s.tend(ctx); err != nil {
				return err
			}
		}
	}
}

// A word is what came on the channel: a message, an answer, or its end.
type word struct {
	said any
	err  error
}

// listen passes on what comes until ctx or the connection ends. It waits
// without a time limit, since a limit could cut a message in two.
func listen(ctx context.Context, from *goredis.PubSub, to chan<- word) {
	for {
		said, err := from.Receive(ctx)
		select {
		case to <- word{said, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// tend keeps Redis and this replica at one, and finds out whether Redis is
// back once it was away.
func (s *shared) tend(ctx context.Context) error {
	if s.link.there() {
		if err := s.denied.check(ctx); err != nil {
			return err
		}
		if err := s.sessions.mend(ctx); err != nil {
			return err
		}
		s.signals.settle(ctx)
		return nil
	}
	if err := s.denied.compare(ctx); err != nil {
		return err
	}
	if err := s.sessions.mend(ctx); err != nil {
		return err
	}
	if err := s.prove(ctx); err != nil {
		return err
	}
	s.link.back()
	// What was published until now may have been lost both ways.
	s.signals.settle(ctx)
	s.signals.Wake()
	s.foundOnce.Do(func() { close(s.found) })
	return nil
}

// prove finds out whether Redis takes writes, as fast as a request wants it:
// one that is full, or follows another, only answers reads.
func (s *shared) prove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.link.timeout)
	defer cancel()
	if err := s.client.Set(ctx, s.prefix+":alive", "1", time.Minute).Err(); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}
