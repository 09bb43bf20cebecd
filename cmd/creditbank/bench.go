package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/cmd/creditbank/internal/load"
	"creditbank/creditbank"
)

// benchCommand returns commands for tests that kill the program under load.
func (p *program) benchCommand() *cobra.Command {
	c := group("bench", "压力与断电测试 load, and what survives being killed", "  creditbank bench post --bank ./b --acks acks.txt", p.benchPostCommand(), p.benchCheckCommand())
	c.Hidden = true
	return c
}

// A benchmark holds the flags of the bench commands.
type benchmark struct {
	load.Plan
	acks    string
	senders int
	certify bool
}

func (b *benchmark) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&b.acks, "acks", "-", "`FILE` with a line for each acknowledged key: learner, institution, external id")
}

func (p *program) benchPostCommand() *cobra.Command {
	var b benchmark
	c := &cobra.Command{
		Use:   "post",
		Short: "登记合成的成果 post synthetic outcomes, and write each key once it is durable",
		Long: "同一 --seed 每次生成相同的登记；被杀后原样重跑即可。\n" +
			"The same --seed makes the same postings each time: killed, it is run again as it was. A key is written to --acks\n" +
			"once the bank has acknowledged it.",
		Example: "  creditbank bench post --bank ./b --count 100000 --acks acks.txt\n  creditbank bench check --bank ./b --acks acks.txt",
		Args:    exactly(),
	}
	b.flags(c)
	f := c.Flags()
	f.Int64Var(&b.Seed, "seed", 1, "what the postings are drawn from")
	f.IntVar(&b.Learners, "learners", 1000, "number of learners")
	f.IntVar(&b.Count, "count", 10000, "number of postings; 0 goes on until it is stopped")
	f.BoolVar(&b.certify, "certify", false, "meanwhile convert, issue certificates and anchor their log")
	f.IntVar(&b.senders, "senders", 256, "postings under way at once")
	c.RunE = func(cmd *cobra.Command, _ []string) error { return p.benchPost(cmd.Context(), b) }
	return c
}

// benchBank opens the bank of a benchmark, and makes it if there is none.
func (p *program) benchBank(ctx context.Context) (*session, error) {
	by, err := creditbank.NewCaller(p.caller)
	if err != nil {
		return nil, err
	}
	bank, err := p.openBank(ctx, embedded.Open)
	if errors.Is(err, creditbank.ErrNotFound) {
		bank, err = p.openBank(ctx, embedded.Create)
	}
	if err != nil {
		return nil, err
	}
	return &session{bank, p, by}, nil
}

func (p *program) benchPost(ctx context.Context, b benchmark) (err error) {
	s, err := p.benchBank(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ids, err := b.Plan.Prepare(ctx, s.Bank.Bank, s.by)
	if err != nil {
		return err
	}
	acks, err := p.openAcks(b.acks)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, acks.close()) }()
	poster := s.NewPoster(context.WithoutCancel(ctx), creditbank.PosterConfig{})
	defer poster.Close()
	if b.certify {
		stop := s.certifyMeanwhile(ctx, ids)
		defer func() { err = errors.Join(err, stop()) }()
	}
	begin := time.Now()
	if err := b.send(ctx, s, poster, ids, acks); err != nil && ctx.Err() == nil {
		return err
	}
	took := time.Since(begin)
	fmt.Fprintf(p.stderr, "%d acknowledged in %v: %.0f/s\n", acks.n, took.Round(time.Millisecond), float64(acks.n)/took.Seconds())
	return nil
}

// send posts everything, several at once. What the bank did not do, or perhaps
// did, is sent again.
func (b *benchmark) send(ctx context.Context, s *session, poster *creditbank.Poster, ids []creditbank.LearnerID, acks *acks) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var wait sync.WaitGroup
	for range b.senders {
		wait.Go(func() {
			for n := range next {
				posting := b.Plan.Posting(n, ids)
				err := post(ctx, s, poster, posting)
				if err == nil {
					err = acks.write(posting.OutcomeKey)
				}
				if err != nil {
					cancel(err)
				}
			}
		})
	}
	for n := 0; (b.Count == 0 || n < b.Count) && ctx.Err() == nil; n++ {
		select {
		case next <- n:
		case <-ctx.Done():
		}
	}
	close(next)
	wait.Wait()
	return context.Cause(ctx)
}

// post posts until the bank says that the posting is on record.
func post(ctx context.Context, s *session, poster *creditbank.Poster, posting creditbank.Posting) error {
	for {
		_, err := poster.Post(ctx, s.by, posting, "bench")
		if err == nil || ctx.Err() != nil || !again(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// acks is where acknowledged keys go: a line each, written whole and at once,
// so that a process killed at any moment has told all that it was told.
type acks struct {
	mu   sync.Mutex
	w    io.Writer
	file *os.File
	n    int
}

func (p *program) openAcks(path string) (*acks, error) {
	if path == "-" {
		return &acks{w: p.stdout}, nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	return &acks{w: f, file: f}, err
}

func (a *acks) write(k creditbank.OutcomeKey) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.n++
	_, err := fmt.Fprintf(a.w, "%s %s %s\n", k.Learner, k.Institution, k.ExternalID)
	return err
}

func (a *acks) close() error {
	if a.file == nil {
		return nil
	}
	return a.file.Close()
}

func (p *program) benchCheckCommand() *cobra.Command {
	var b benchmark
	c := &cobra.Command{
		Use:     "check",
		Short:   "核对已应答的登记 check that each acknowledged key is on record, once",
		Example: "  creditbank bench check --bank ./b --acks acks.txt",
		Args:    exactly(),
	}
	b.flags(c)
	c.RunE = func(cmd *cobra.Command, _ []string) error { return p.benchCheck(cmd.Context(), b) }
	return c
}

// benchCheck looks for every key of the file of acknowledgements.
func (p *program) benchCheck(ctx context.Context, b benchmark) (err error) {
	want, err := readAcks(b.acks)
	if err != nil {
		return err
	}
	s, err := p.benchBank(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	found, wrong := 0, 0
	for learner, keys := range want {
		h, err := s.History(ctx, learner)
		if err != nil {
			return err
		}
		seen := map[string]int{}
		for _, o := range h.Outcomes {
			seen[string(o.Institution)+" "+o.ExternalID]++
		}
		for key := range keys {
			if seen[key] == 1 {
				found++
			} else {
				wrong++
				fmt.Fprintf(p.stdout, "%d times on record: %s %s\n", seen[key], learner, key)
			}
		}
	}
	fmt.Fprintf(p.stderr, "%d on record once, %d not\n", found, wrong)
	if wrong > 0 {
		return errReported
	}
	return nil
}

// readAcks reads the keys that were acknowledged, by learner.
func readAcks(path string) (map[creditbank.LearnerID]map[string]bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, noFile(path, err)
	}
	defer f.Close() // only read from
	all := map[creditbank.LearnerID]map[string]bool{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		learner, key, _ := strings.Cut(lines.Text(), " ")
		if all[creditbank.LearnerID(learner)] == nil {
			all[creditbank.LearnerID(learner)] = map[string]bool{}
		}
		all[creditbank.LearnerID(learner)][key] = true
	}
	return all, lines.Err()
}
