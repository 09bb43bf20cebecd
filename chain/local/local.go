package local

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"creditbank/certify/tlog"
	"creditbank/chain"
)

// Errors of this package besides those of chain.
var (
	// ErrLocked: another process has the file open.
	ErrLocked = errors.New("anchor file is in use by another process")
	// ErrDamaged: a line of the file was changed, or is not readable.
	ErrDamaged = errors.New("anchor file damaged")
	// ErrBroken: a write failed in a way that leaves the file's state unknown.
	// Open it again to find out.
	ErrBroken = errors.New("anchor file must be opened again")
)

// A Config says which file, whose key, and which log.
type Config struct {
	Path   string             // the file; made if it does not exist
	Name   string             // name of the anchor, in its cosignatures: "anchor.example.edu/local"
	Key    ed25519.PrivateKey // the anchor's own; not the log's
	LogKey string             // verifier key of the one log this file is for
	Now    func() time.Time   // the clock
}

// An Anchorer implements chain.Anchorer on a file. It is safe for concurrent
// use; a second process is kept out by a lock.
type Anchorer struct {
	c        Config
	log      note.Verifier
	cosigner note.Signer

	mu     sync.Mutex
	f      file
	size   int64 // of the file
	last   *line // nil: none yet
	hash   string
	broken error
}

// A file is what is needed of os.File; tests put one here that fails.
type file interface {
	io.Writer
	io.Closer
	Truncate(size int64) error
	Seek(offset int64, whence int) (int64, error)
	Sync() error
}

var _ chain.Anchorer = (*Anchorer)(nil)

// Open opens the file, locks it, cuts off what a crash left, and checks every
// line of it.
func Open(c Config) (*Anchorer, error) {
	log, err := note.NewVerifier(c.LogKey)
	if err != nil {
		return nil, fmt.Errorf("local anchor: log key: %w", err)
	}
	cosigner, err := tlog.NewCosigner(c.Name, c.Key, c.Now)
	if err != nil {
		return nil, fmt.Errorf("local anchor: %w", err)
	}
	a := &Anchorer{c: c, log: log, cosigner: cosigner}
	if err := a.open(); err != nil {
		return nil, fmt.Errorf("open anchor file %s: %w", c.Path, err)
	}
	return a, nil
}

func (a *Anchorer) open() (err error) {
	f, err := os.OpenFile(a.c.Path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close() // the error that matters is the one at hand
		}
	}()
	if err := lock(f); err != nil {
		return fmt.Errorf("%w: %v", ErrLocked, err)
	}
	if err := syncDir(filepath.Dir(a.c.Path)); err != nil { // the name must survive too
		return err
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	if err := a.replay(whole); err != nil {
		return err
	}
	if len(whole) < len(data) {
		if err := errors.Join(f.Truncate(int64(len(whole))), f.Sync()); err != nil {
			return fmt.Errorf("cut off torn line: %w", err)
		}
	}
	if _, err := f.Seek(int64(len(whole)), io.SeekStart); err != nil {
		return err
	}
	a.f, a.size = f, int64(len(whole))
	return nil
}

// replay checks the lines of a file and keeps the last.
func (a *Anchorer) replay(data []byte) error {
	a.last, a.hash = nil, noHash
	for raw := range bytes.Lines(data) {
		raw = bytes.TrimSuffix(raw, []byte("\n"))
		l, err := parseLine(raw, a.c.Key.Public().(ed25519.PublicKey))
		if err != nil {
			return err
		}
		next := int64(0)
		if a.last != nil {
			next = a.last.N + 1
		}
		if l.N != next || l.Prev != a.hash {
			return fmt.Errorf("%w: line %d does not follow line %d", ErrDamaged, l.N, next-1)
		}
		o, err := tlog.Open([]byte(l.Note), a.log)
		if err != nil {
			return fmt.Errorf("%w: line %d: %v", ErrDamaged, l.N, err)
		}
		if a.last != nil && o.Size <= a.last.head.Size {
			return fmt.Errorf("%w: line %d goes back to size %d", ErrDamaged, l.N, o.Size)
		}
		l.head = o.Head
		a.last, a.hash = &l, lineHash(raw)
	}
	return nil
}

// Close unlocks and closes the file.
func (a *Anchorer) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.broken == nil {
		a.broken = fmt.Errorf("%w: closed", ErrBroken)
	}
	return a.f.Close()
}

// Latest implements chain.Anchorer.
func (a *Anchorer) Latest(_ context.Context, origin string) (chain.Anchored, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.broken != nil {
		return chain.Anchored{}, a.broken
	}
	if a.last == nil || origin != a.log.Name() {
		return chain.Anchored{}, fmt.Errorf("%w for %s", chain.ErrNone, origin)
	}
	cp := chain.Checkpoint{Origin: origin, Size: a.last.head.Size, Root: a.last.head.Root, Note: []byte(a.last.Note)}
	return chain.Anchored{Checkpoint: cp, Receipt: a.receipt()}, nil
}

// Anchor implements chain.Anchorer.
func (a *Anchorer) Anchor(ctx context.Context, cp chain.Checkpoint, consistency [][chain.HashSize]byte) (chain.Receipt, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := errors.Join(a.broken, ctx.Err()); err != nil {
		return chain.Receipt{}, err
	}
	head, err := a.check(cp)
	if err != nil {
		return chain.Receipt{}, err
	}
	if a.last != nil {
		was := a.last.head
		switch {
		case head == was:
			return a.receipt(), nil
		case head.Size == was.Size:
			return chain.Receipt{}, fmt.Errorf("%w: size %d has two roots", chain.ErrFork, head.Size)
		case head.Size < was.Size:
			return chain.Receipt{}, fmt.Errorf("%w: size %d, anchored %d", chain.ErrRollback, head.Size, was.Size)
		}
		hashes := make([]tlog.Hash, len(consistency))
		for i, h := range consistency {
			hashes[i] = h
		}
		if err := tlog.CheckConsistency(was, head, hashes); err != nil {
			return chain.Receipt{}, fmt.Errorf("%w: %v", chain.ErrStale, err)
		}
	}
	if err := a.append(cp.Note, head); err != nil {
		return chain.Receipt{}, fmt.Errorf("anchor size %d: %w", head.Size, err)
	}
	return a.receipt(), nil
}

// check holds the note against the log's key and against what cp says.
func (a *Anchorer) check(cp chain.Checkpoint) (tlog.Head, error) {
	o, err := tlog.Open(cp.Note, a.log)
	if err != nil {
		return tlog.Head{}, fmt.Errorf("%w: %v", chain.ErrInvalid, err)
	}
	if o.Origin != cp.Origin || o.Size != cp.Size || o.Root != cp.Root {
		return tlog.Head{}, fmt.Errorf("%w: the note is of %s, size %d", chain.ErrInvalid, o.Origin, o.Size)
	}
	if o.Size == 0 && o.Head != tlog.EmptyHead() {
		return tlog.Head{}, fmt.Errorf("%w: size 0 with a root of something", chain.ErrInvalid)
	}
	return o.Head, nil
}

// append writes a line and makes it durable. If the write fails, the file is
// cut back to what it was. If that fails, or fsync does, nobody knows what is
// on disk: the Anchorer stops, and opening the file again will tell.
func (a *Anchorer) append(msg []byte, head tlog.Head) error {
	l := line{V: 1, Time: a.c.Now().UTC().Truncate(time.Second), Note: string(msg), Prev: a.hash, head: head}
	if a.last != nil {
		l.N = a.last.N + 1
	}
	cosignature, err := tlog.Cosign(msg, a.log, a.cosigner)
	if err != nil {
		return err
	}
	l.Cosignature = string(cosignature)
	raw, err := l.sign(a.c.Key)
	if err != nil {
		return err
	}
	if _, err := a.f.Write(append(raw, '\n')); err != nil {
		_, serr := a.f.Seek(a.size, io.SeekStart)
		if cut := errors.Join(a.f.Truncate(a.size), serr); cut != nil {
			a.broken = fmt.Errorf("%w: %w", ErrBroken, cut)
		}
		return fmt.Errorf("write line: %w", err)
	}
	if err := a.f.Sync(); err != nil {
		a.broken = fmt.Errorf("%w: %w", ErrBroken, err)
		return a.broken
	}
	a.size += int64(len(raw)) + 1
	a.last, a.hash = &l, lineHash(raw)
	return nil
}

// receipt is that of the last line.
func (a *Anchorer) receipt() chain.Receipt {
	return chain.Receipt{
		Kind: "local", Who: a.c.Name, Time: a.last.Time, Transaction: a.hash, Position: a.last.N,
		Cosignatures: []byte(a.last.Cosignature),
	}
}

// syncDir makes a new file's name durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
