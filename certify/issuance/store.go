package issuance

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"creditbank/certify"
	"creditbank/certify/tlog"
	"creditbank/chain"
	"creditbank/creditbank"
)

// A Store keeps certificates and the log they stand in, in the database of the
// ledger: what the ledger confirms ([creditbank.Store], Confirm) is confirmed
// here too. It reads and writes rows and decides nothing. All methods may be
// called concurrently, and by several processes on one database.
//
// Rows read back are checked: damage is an error that wraps none of the
// ledger's kinds, and damage of a certificate one that wraps [ErrDamaged],
// which no other error does. An error of a method that writes means that nothing was
// written, unless it wraps [creditbank.ErrOutcomeUnknown]: then the caller must
// find out by reading the state anew.
type Store interface {
	// State returns where the log and the follower stand: all of it as one
	// Commit left it, or [NewState] before the first.
	State(ctx context.Context) (State, error)

	// Commit writes everything in c, in one transaction, and moves the state
	// from c.Base to c.Next. If the state is not c.Base any more it writes
	// nothing and returns false. A second certificate for a row of the history,
	// or a second revocation of a certificate, is an error, and nothing of c is
	// written.
	Commit(ctx context.Context, c Commit) (bool, error)

	// Tile returns the stored data of a tile or entry bundle, the widest there
	// is, or none. It may be wider than any state read before.
	Tile(ctx context.Context, id tlog.TileID) ([]byte, error)

	// Certificates returns a learner's certificates in order of Seq, revoked
	// ones too.
	Certificates(ctx context.Context, learner creditbank.LearnerID) ([]Certificate, error)

	// Find returns the learner whose certificate has the id, or ErrNotFound.
	Find(ctx context.Context, id string) (creditbank.LearnerID, error)

	// Between returns up to limit certificates, revoked ones too, the hashes of
	// whose records in the log are no less than least and no greater than
	// greatest, in order of the hash.
	Between(ctx context.Context, least, greatest [sha256.Size]byte, limit int) ([]Certificate, error)

	// Revoked returns the indexes that are set in a status list, in order.
	Revoked(ctx context.Context, list int) ([]int, error)

	// Checkpoints returns up to limit signed checkpoints of a size above after,
	// in order of size.
	Checkpoints(ctx context.Context, after int64, limit int) ([]Checkpoint, error)

	// SaveReceipt keeps a receipt of the checkpoint of a size. A second one by
	// the same recorder for the same size changes nothing. ErrNotFound if there
	// is no such checkpoint.
	SaveReceipt(ctx context.Context, size int64, r chain.Receipt) error

	// Anchored returns, for each recorder, the newest checkpoint it has given a
	// receipt for, smallest first.
	Anchored(ctx context.Context) ([]Anchored, error)

	// PinKeys keeps the public keys of issuers' keys. One whose id is pinned
	// already changes nothing.
	PinKeys(ctx context.Context, keys []IssuerKey) error

	// IssuerKeys returns the keys that are pinned, in order of id.
	IssuerKeys(ctx context.Context) ([]IssuerKey, error)

	// Parked returns up to limit learners above after whose certificates could
	// not be made, in order.
	Parked(ctx context.Context, after creditbank.LearnerID, limit int) ([]creditbank.LearnerID, error)
}

// A State is where the log and the follower stand.
type State struct {
	Cursor     int64     // number of the last feed row taken care of
	Head       tlog.Head // of the log
	Checkpoint []byte    // the signed note of Head; nil while the log is empty
	LogKey     string    // the verifier key the log is pinned to; "" before the first Commit
	Status     StatusPosition
}

// NewState returns the state of a store that nothing was written to.
func NewState() State { return State{Head: tlog.EmptyHead()} }

// A StatusPosition says which places in the status lists are given out: Used
// places of list List, and all of every list before it.
type StatusPosition struct {
	List int    // 0 before the first
	Seed []byte // secret; the order in which places of List are given out
	Used int
}

// A Commit is what one step writes.
type Commit struct {
	Base State // as it was read
	Next State // with the new checkpoint, where the head moved
	At   time.Time

	Tiles    []tlog.Tile // each replaces what is stored under its ID
	Issued   []Certificate
	Revoked  []Revocation
	Parked   []creditbank.LearnerID // whose certificates could not be made
	Unparked []creditbank.LearnerID // parked before, and dealt with now
}

// A Certificate is a certificate on record. What it says is sealed.
type Certificate struct {
	Learner     creditbank.LearnerID
	Seq         int64 // the row of the learner's history that it certifies
	ID          string
	Kind        certify.Kind
	Institution creditbank.InstitutionID // that issues it
	KeyID       string                   // the key that signs it
	Index       int64                    // in the log
	Leaf        tlog.Leaf
	Status      Place
	Created     time.Time // date of the signature, whole seconds
	Sealed      []byte    // the unsigned credential, under the learner's key

	RevokedAt    time.Time // whole seconds; zero while it is valid
	RevokedIndex int64     // in the log
}

// Valid reports whether c has not been revoked.
func (c Certificate) Valid() bool { return c.RevokedAt.IsZero() }

// A Place is an entry of a status list.
type Place struct{ List, Index int }

// A Revocation revokes a certificate: it sets the bit at Place, and stands in
// the log at Index.
type Revocation struct {
	Learner creditbank.LearnerID
	Seq     int64 // of the certificate
	Place   Place
	At      time.Time
	Index   int64
}

// A Checkpoint is a signed checkpoint on record.
type Checkpoint struct {
	Size int64
	Note []byte
	At   time.Time
}

// An Anchored is a checkpoint with a receipt for it.
type Anchored struct {
	Checkpoint
	Receipt chain.Receipt
}

// Check reports what no step would write. Stores call it first.
func (c Commit) Check() error {
	added := c.Next.Head.Size - c.Base.Head.Size
	switch {
	case c.Next.LogKey == "" || c.Base.LogKey != "" && c.Base.LogKey != c.Next.LogKey:
		return fmt.Errorf("commit: log key %q after %q", c.Next.LogKey, c.Base.LogKey)
	case c.Next.Cursor < c.Base.Cursor || added < 0:
		return fmt.Errorf("commit: backwards from feed row %d, size %d", c.Base.Cursor, c.Base.Head.Size)
	case added != int64(len(c.Issued)+len(c.Revoked)):
		return fmt.Errorf("commit: %d records for %d certificates and %d revocations", added, len(c.Issued), len(c.Revoked))
	case added > 0 && (len(c.Tiles) == 0 || len(c.Next.Checkpoint) == 0):
		return fmt.Errorf("commit: %d records without tiles or checkpoint", added)
	}
	seen := make([]bool, added)
	for _, index := range c.indexes() {
		n := index - c.Base.Head.Size
		if n < 0 || n >= added || seen[n] {
			return fmt.Errorf("commit: record %d of a log grown from %d to %d", index, c.Base.Head.Size, c.Next.Head.Size)
		}
		seen[n] = true
	}
	return nil
}

func (c Commit) indexes() []int64 {
	all := make([]int64, 0, len(c.Issued)+len(c.Revoked))
	for _, i := range c.Issued {
		all = append(all, i.Index)
	}
	for _, r := range c.Revoked {
		all = append(all, r.Index)
	}
	return all
}
