package issuance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"creditbank/certify"
	"creditbank/certify/tlog"
	"creditbank/creditbank"
)

// The errors of this package that a caller may want to tell apart, beside the
// ledger's and [tlog.ErrDamaged].
var (
	// ErrErased: the person's key was destroyed, and with it what the
	// certificate says.
	ErrErased = errors.New("the person was erased")

	// ErrLogKey: the keyring's key of the log is not the one that the log is
	// pinned to. Nothing is signed: two keys on one log look like two logs.
	ErrLogKey = errors.New("the log is pinned to another key")

	// ErrIssuerKey: the keyring lacks a key of an issuer that was published or
	// signed before, or has another one under its id. Nothing is signed: what
	// was handed out would no longer verify.
	ErrIssuerKey = errors.New("the keyring is not the one that was used before")

	// ErrHalted: [Office.Halt] was called. Nothing is issued or revoked.
	ErrHalted = errors.New("issuing was halted")
)

// A Config is what an Office needs of the world.
type Config struct {
	Ledger creditbank.Store
	Store  Store
	Vault  creditbank.Vault
	Keys   Keyring
	Clock  func() time.Time
	Random io.Reader // fit for cryptography

	// LoadRules makes rules of a published rule set (rule.Load).
	LoadRules func(version int, body []byte) (creditbank.Rules, error)

	// Host is where the bank is served: issuers, status lists and the log are
	// named after it for ever. "credits.example.edu", or with a port.
	Host string

	// Origin is the name of the log; Host + "/certlog" if empty.
	Origin string

	// Anchors says whose confirmation of a checkpoint counts; it goes into the
	// trust file.
	Anchors certify.AnchorPolicy

	// StatusValidity is how long a status list is good for once it was handed
	// out; seven days if zero. Later, a verifier wants a newer one.
	StatusValidity time.Duration
}

// An Office (签发处) issues, revokes and hands out the certificates of a bank.
// It may be used by several goroutines, and several offices, in as many
// processes, may share one store: the store lets one write at a time win.
type Office struct {
	c         Config
	reference reference
	turn      chan struct{} // held while writing: replicas race, goroutines need not

	mu      sync.Mutex
	halted  error
	retried creditbank.LearnerID // where CatchUp goes on among those parked
}

// New returns an office.
func New(c Config) (*Office, error) {
	if c.Ledger == nil || c.Store == nil || c.Vault == nil || c.Keys == nil || c.Clock == nil || c.Random == nil || c.LoadRules == nil {
		return nil, errors.New("issuance: the configuration is incomplete")
	}
	if c.Origin == "" {
		c.Origin = c.Host + "/certlog"
	}
	if c.StatusValidity == 0 {
		c.StatusValidity = 7 * 24 * time.Hour
	}
	if _, err := certify.WebDID(c.Host, "issuers"); err != nil {
		return nil, fmt.Errorf("issuance: host: %w", err)
	}
	o := &Office{c: c, turn: make(chan struct{}, 1)}
	o.turn <- struct{}{}
	return o, nil
}

// Halt stops issuing and revoking until the program is started anew: the log
// must not be extended once somebody found that it forked or went back
// (chain.WorkerConfig.Halt). Certificates can still be fetched.
func (o *Office) Halt(cause error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.halted == nil {
		o.halted = fmt.Errorf("%w: %w", ErrHalted, cause)
	}
}

func (o *Office) halt() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.halted
}

// maxTries bounds how often a step that lost a race is tried. Whoever won did
// the same work, so there is little left to do.
const maxTries = 8

// write runs step, which reads the state, decides and commits, until it is
// not outrun by another office. Steps of one office follow each other.
func (o *Office) write(ctx context.Context, step func(State) (moved bool, err error)) error {
	select {
	case <-o.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { o.turn <- struct{}{} }()
	for range maxTries {
		if err := o.halt(); err != nil {
			return err
		}
		state, err := o.c.Store.State(ctx)
		if err != nil {
			return err
		}
		if moved, err := step(state); err != nil || moved {
			return err
		}
	}
	return fmt.Errorf("issue certificates: %w: other offices keep winning", creditbank.ErrBusy)
}

// now returns the time to the second, which is what certificates have.
func (o *Office) now() time.Time { return o.c.Clock().UTC().Truncate(time.Second) }

// logKey returns the signer of checkpoints, after checking that the log is
// pinned to its key and that its newest checkpoint is the head's.
func (o *Office) logKey(ctx context.Context, state State) (note.Signer, string, error) {
	signer, vkey, err := o.c.Keys.Log(ctx, o.c.Origin)
	if err != nil {
		return nil, "", fmt.Errorf("key of the log: %w", err)
	}
	if state.LogKey != "" && state.LogKey != vkey {
		return nil, "", fmt.Errorf("%w: %s, the keyring has %s", ErrLogKey, state.LogKey, vkey)
	}
	if state.Head.Size == 0 {
		return signer, vkey, nil
	}
	cp, err := openCheckpoint(state.Checkpoint, vkey)
	if err != nil || cp.Head != state.Head {
		return nil, "", fmt.Errorf("%w: the newest checkpoint is not the head of size %d: %v", tlog.ErrDamaged, state.Head.Size, err)
	}
	return signer, vkey, nil
}

// openCheckpoint verifies a checkpoint of our own log.
func openCheckpoint(msg []byte, vkey string) (tlog.Checkpoint, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Checkpoint{}, fmt.Errorf("key of the log: %w", err)
	}
	opened, err := tlog.Open(msg, verifier)
	return opened.Checkpoint, err
}

// tiles reads tiles of the log for package tlog.
func (o *Office) tiles(ctx context.Context) tlog.TileReader {
	return func(id tlog.TileID) ([]byte, error) { return o.c.Store.Tile(ctx, id) }
}

// published returns the state once it is as durable as can be. What is merely
// visible may be gone after a failover: a checkpoint shown to others before it
// was confirmed would be the evidence of a fork.
func (o *Office) published(ctx context.Context) (State, error) {
	state, err := o.c.Store.State(ctx)
	if err != nil {
		return State{}, err
	}
	return state, o.c.Ledger.Confirm(ctx)
}
