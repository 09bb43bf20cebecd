package redis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// digest stands for a key of the caller in Redis.
func digest(key string) string {
	d := sha256.Sum256([]byte(key))
	return hex.EncodeToString(d[:])
}

// sessions are a [replica.Cache] in Redis only: a layer in memory over it
// would have to be told of each change, and messages can be lost.
//
// A change that did not reach Redis, or may not have, leaves the key in stale:
// it is a miss here until it is deleted there.
type sessions struct {
	link   *link
	client *goredis.Client
	prefix string

	hits, misses atomic.Uint64

	mu    sync.Mutex
	stale map[string]uint64 // key in Redis → number of the change
	last  uint64
}

// maxStale bounds the keys remembered of an outage, at some 150 bytes each.
const maxStale = 100_000

func (s *sessions) key(key string) string { return s.prefix + ":session:" + digest(key) }

// Get implements [replica.Cache].
func (s *sessions) Get(ctx context.Context, key string) ([]byte, bool) {
	key = s.key(key)
	var value []byte
	err := errAway
	if s.change(key) == 0 {
		err = s.link.do(ctx, func(ctx context.Context) (err error) {
			value, err = s.client.Get(ctx, key).Bytes()
			return err
		})
	}
	if err != nil {
		s.misses.Add(1)
		return nil, false
	}
	s.hits.Add(1)
	return value, true
}

// Set implements [replica.Cache].
func (s *sessions) Set(ctx context.Context, key string, value []byte, ttl time.Duration) {
	if ttl <= 0 {
		s.Delete(ctx, key)
		return
	}
	key = s.key(key)
	before := s.change(key)
	ttl = max(ttl, time.Millisecond)
	s.changed(key, before, s.link.do(ctx, func(ctx context.Context) error {
		return s.client.Set(ctx, key, value, ttl).Err()
	}))
}

// Delete implements [replica.Cache].
func (s *sessions) Delete(ctx context.Context, key string) {
	key = s.key(key)
	before := s.change(key)
	// A caller who hangs up is logged out all the same.
	s.changed(key, before, s.link.do(context.WithoutCancel(ctx), func(ctx context.Context) error {
		return s.client.Unlink(ctx, key).Err()
	}))
}

// change returns the number of the last change of key that did not reach
// Redis; 0 if there is none.
func (s *sessions) change(key string) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stale[key]
}

// changed notes how a change ended. One that reached Redis mends those before
// it, but not one that failed at the same time: which came first is unknown.
func (s *sessions) changed(key string, before uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil && s.stale[key] == before:
		delete(s.stale, key)
	case err != nil && (s.stale[key] != 0 || len(s.stale) < maxStale):
		s.last++
		s.stale[key] = s.last
	}
}

// mend deletes in Redis what is stale now; what becomes so meanwhile is for
// the next time.
func (s *sessions) mend(ctx context.Context) error {
	s.mu.Lock()
	stale := maps.Clone(s.stale)
	s.mu.Unlock()
	for keys := range slices.Chunk(slices.Collect(maps.Keys(stale)), maxChunk) {
		if err := s.client.Unlink(ctx, keys...).Err(); err != nil {
			return fmt.Errorf("delete stale sessions: %w", err)
		}
		for _, key := range keys {
			s.changed(key, stale[key], nil)
		}
	}
	return nil
}
