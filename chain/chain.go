// Package chain says what an anchor is: a checkpoint of the certificate log
// that somebody other than the bank has recorded, together with the proof that
// it extends the one recorded before.
//
// A bank that keeps its own log can rewrite it and show different trees to
// different people. Once members of a ledger have recorded a checkpoint, and
// refuse every later one that does not extend it, the bank no longer can: a
// rewritten log gets no anchor. One anchor covers every certificate logged
// before it.
//
// An [Anchorer] is one place that records: chain/fabric is a permissioned
// ledger run by several authorities, chain/local an append-only signed file
// for a bank that has no such ledger yet. Both pass the suite in
// chain/chaintest. A [Worker] takes checkpoints from the log to an Anchorer,
// and never stands in the way of the log: anchoring may lag, fail and catch
// up, and only receipts are late.
//
// The package imports the standard library only. It knows a tree by size and
// root and does not compute hashes; checking proofs is the Anchorer's task.
package chain

import (
	"context"
	"errors"
	"time"
)

// HashSize is the length of a root and of a node of a proof: SHA-256.
const HashSize = 32

// A Checkpoint is a state of a log: after Size records the tree has Root.
type Checkpoint struct {
	Origin string         // name of the log, first line of the note
	Size   int64          // number of records
	Root   [HashSize]byte // RFC 6962 tree hash
	Note   []byte         // the signed note these were read from (C2SP tlog-checkpoint)
}

// A Receipt is what an Anchorer gives for a recorded checkpoint.
type Receipt struct {
	Kind         string    `json:"kind"`                   // which Anchorer: "local", "fabric"
	Who          string    `json:"who"`                    // who recorded: key name, channel
	Time         time.Time `json:"time"`                   // when, by the recorder's clock
	Transaction  string    `json:"transaction"`            // transaction id, or hash of the line
	Position     int64     `json:"position"`               // block number, or line number; from 0
	Cosignatures []byte    `json:"cosignatures,omitempty"` // note signature lines that can be added to the checkpoint
	Validation   string    `json:"validation,omitempty"`   // what the ledger said of the transaction, where it says so
}

// An Anchored is the last checkpoint an Anchorer recorded for a log.
type Anchored struct {
	Checkpoint Checkpoint
	Receipt    Receipt
}

// The errors of an Anchorer. An error that wraps none of them is an outage or
// an unknown outcome: ask [Anchorer.Latest] before assuming either.
var (
	// ErrNone: nothing is anchored for this log yet.
	ErrNone = errors.New("no anchor yet")
	// ErrFork: what is anchored and the checkpoint are not states of one
	// append-only log. Either the log was rewritten or a backup was restored.
	// Nothing may be signed until a person has looked.
	ErrFork = errors.New("log forked")
	// ErrRollback: the checkpoint is smaller than what is anchored. The log
	// lost records, or another process is ahead; the same rule as for ErrFork
	// applies unless it is known to be the latter.
	ErrRollback = errors.New("checkpoint is older than the anchor")
	// ErrStale: the consistency proof does not start at what is anchored now.
	// Somebody else anchored meanwhile: ask Latest, make a new proof.
	ErrStale = errors.New("consistency proof starts elsewhere")
	// ErrInvalid: the checkpoint is not one: signature, origin or note text.
	ErrInvalid = errors.New("not a checkpoint of this log")
)

// An Anchorer records checkpoints of logs.
type Anchorer interface {
	// Anchor records cp, given the RFC 6962 consistency proof from the
	// checkpoint that Latest returns to cp. The proof is empty for the first
	// checkpoint of a log, for one of the same size, and where the latest has
	// size 0.
	//
	// It may be repeated: a checkpoint of the latest size and root is a
	// success and returns the receipt of the first time. It refuses, and
	// records nothing:
	//   - a smaller size, with ErrRollback;
	//   - the same size with another root, with ErrFork;
	//   - a proof that does not lead from the latest to cp, with ErrStale, or
	//     with ErrFork if it can tell. A caller that made the proof from what
	//     Latest still returns knows that it is a fork;
	//   - a note that is not signed by the log or says something else than
	//     cp, with ErrInvalid.
	//
	// If ctx ends or the connection breaks, the outcome is unknown: the
	// checkpoint may be recorded later, or may be already. Latest tells.
	// When Anchor returns nil, the record is durable.
	Anchor(ctx context.Context, cp Checkpoint, consistency [][HashSize]byte) (Receipt, error)

	// Latest returns the checkpoint recorded last for a log, or ErrNone.
	Latest(ctx context.Context, origin string) (Anchored, error)
}
