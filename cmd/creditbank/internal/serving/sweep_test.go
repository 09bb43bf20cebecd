package serving_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"creditbank/cmd/creditbank/internal/load"
	"creditbank/cmd/creditbank/internal/serving"
	"creditbank/creditbank"
)

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// A service posts what has expired by itself, says so, and counts it.
func TestServiceSweeps(t *testing.T) {
	c := config(t)
	ctx := t.Context()
	then := func() time.Time { return time.Date(2021, time.June, 1, 4, 0, 0, 0, time.UTC) }
	s, err := serving.Open(ctx, serving.Options{Config: c, Log: slog.New(slog.DiscardHandler), Clock: then})
	if err != nil {
		t.Fatal(err)
	}
	plan := load.Plan{Seed: 5, Learners: 20}
	by := creditbank.Caller{ID: "operator:test"}
	ids, err := plan.Prepare(ctx, s.Bank, by)
	if err != nil {
		t.Fatal(err)
	}
	poster := s.Bank.NewPoster(ctx, creditbank.PosterConfig{})
	due := 0
	for n := range 40 {
		p := plan.Posting(n, ids)
		p.IssuedOn = 20210110
		posted, err := poster.Post(ctx, by, p, "")
		if err != nil {
			t.Fatal(err)
		}
		if posted.Outcome.Credits > 0 && posted.Outcome.ExpiresOn != 0 {
			due++
		}
	}
	poster.Close()
	if err := s.Close(ctx); err != nil || due == 0 {
		t.Fatalf("%d lots expire, %v", due, err)
	}

	log := &lines{}
	s, err = serving.Open(ctx, serving.Options{Config: c, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	err = s.Run(running, func(net.Addr) {
		go func() {
			defer stop()
			for begun := time.Now(); s.Swept("expiry").Done < due && time.Since(begun) < 20*time.Second; {
				time.Sleep(10 * time.Millisecond)
			}
		}()
	})
	if got := s.Swept("expiry"); err != nil || got.Done != due || got.Behind != 0 {
		t.Errorf("swept %+v, %v; want %d", got, err, due)
	}
	if !strings.Contains(log.String(), "job=expiry done=") {
		t.Errorf("the log says nothing of it:\n%s", log)
	}
}
