package access

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"creditbank/creditbank"
)

// A Store keeps records durably. It decides nothing. All methods may be called
// concurrently, and by several processes on one database. If a method that
// writes returns an error that wraps [creditbank.ErrOutcomeUnknown] the write
// may or may not have been made; on any other error nothing was written. Rows
// read back are checked against their digest: damage is an error that wraps
// none of the kinds. Instants are in whole microseconds of UTC.
type Store interface {
	// Put writes the records, and the answer if it is not nil, all or nothing.
	// It writes nothing and returns false if the newest version of a record is
	// not the one before, or if the answer's key was used and has not expired.
	// Records name different things; see [CheckPut].
	Put(ctx context.Context, records []Record, answer *Answer) (bool, error)

	// Get returns a version of a record, 0 the newest; of kinds that are
	// replaced there is no other. ErrNotFound if there is none.
	Get(ctx context.Context, kind Kind, id string, version int) (Record, error)

	// List returns the newest versions of up to limit records of a kind with
	// ids above after, in order of id, byte by byte.
	List(ctx context.Context, kind Kind, after string, limit int) ([]Record, error)

	// Answer returns the answer kept for a caller's key, or ErrNotFound.
	Answer(ctx context.Context, by creditbank.Caller, key string) (Answer, error)

	// Changes returns up to limit versions of records of kinds that are kept,
	// numbered above after, in order of number. Numbers have no gap, and once
	// one can be seen no lower one comes to be.
	Changes(ctx context.Context, after int64, limit int) ([]Change, error)

	// Purge deletes the answers, and the records of kinds that are replaced,
	// that expired before an instant, and returns how many. What is kept stays.
	Purge(ctx context.Context, before time.Time) (int64, error)

	// Confirm returns once everything this store has read is as durable as a
	// write it acknowledges, see [creditbank.Store].
	Confirm(ctx context.Context) error
}

// A Kind says what a record is about.
type Kind string

// The kinds of record. Of those that are kept every version stays for ever: who
// could do what, when, and who saw to it. The others are replaced by their next
// version, because they serve for a while only, or because they must not
// outlive what they are about.
const (
	KindClient    Kind = "client"    // kept
	KindAccount   Kind = "account"   // kept
	KindNumber    Kind = "number"    // kept; from an account number to the account
	KindLearner   Kind = "learner"   // kept; from a learner to the account
	KindBootstrap Kind = "bootstrap" // kept; that the first operator was made

	KindPerson   Kind = "person"   // who holds a staff account, sealed
	KindPassword Kind = "password" // the hash of an account's password
	KindIdentity Kind = "identity" // from an identity elsewhere to the account
	KindCode     Kind = "code"     // an activation code
	KindAttempts Kind = "attempts" // failed logins in a row
	KindSession  Kind = "session"  // of a browser
	KindToken    Kind = "token"    // a revoked one
	KindOnce     Kind = "once"     // something that may be used once, and was
	KindSigner   Kind = "signer"   // a key that signs access tokens, sealed
)

// Kinds lists the kinds.
func Kinds() []Kind {
	return []Kind{
		KindClient, KindAccount, KindNumber, KindLearner, KindBootstrap,
		KindPerson, KindPassword, KindIdentity, KindCode, KindAttempts, KindSession, KindToken,
		KindOnce, KindSigner,
	}
}

// Kept reports whether every version of k stays for ever.
func (k Kind) Kept() bool {
	switch k {
	case KindClient, KindAccount, KindNumber, KindLearner, KindBootstrap:
		return true
	}
	return false
}

// A Record is one version of something.
type Record struct {
	Kind    Kind
	ID      string
	Version int    // counts from 1
	What    string // what was done: "opened", "granted", …
	At      time.Time
	By      creditbank.Caller
	Expires time.Time // zero for never; kinds that are kept do not expire
	Body    []byte
}

// Digest returns the SHA-256 of everything r says, which is stored with it and
// checked on reading.
func (r Record) Digest() [32]byte {
	return digest([]string{string(r.Kind), r.ID, r.What, r.By.ID, string(r.Body)}, int64(r.Version), r.At.UnixMicro(), microsOrZero(r.Expires))
}

// A Change is a version of a record that is kept, with its number among all.
type Change struct {
	Seq int64
	Record
}

// A Request is the key under which a caller asked for something, and a hash of
// what was asked. A repeated request is answered as the first; the same key
// with another hash is a conflict. The key "" cannot be repeated.
type Request struct {
	By   creditbank.Caller
	Key  string
	Hash creditbank.Hash
}

// An Answer is what a request came to: the version of a record. So it holds no
// personal data, and no secret can be shown from it again.
type Answer struct {
	Request
	At      time.Time
	Expires time.Time
	Kind    Kind
	ID      string
	Version int
}

// Digest returns the SHA-256 of everything a says, which is stored with it and
// checked on reading.
func (a Answer) Digest() [32]byte {
	return digest([]string{a.By.ID, a.Key, string(a.Hash[:]), string(a.Kind), a.ID}, int64(a.Version), a.At.UnixMicro(), a.Expires.UnixMicro())
}

// digest hashes strings, each after its length, and numbers.
func digest(strings []string, numbers ...int64) [32]byte {
	b := make([]byte, 0, 512)
	for _, s := range strings {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return sha256.Sum256(b)
}

func microsOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// CheckPut reports whether records and answer may be given to [Store.Put].
// Stores call it first.
func CheckPut(records []Record, answer *Answer) error {
	if len(records) == 0 {
		return fmt.Errorf("put no records")
	}
	for i, r := range records {
		switch {
		case !slices.Contains(Kinds(), r.Kind) || r.ID == "" || r.Version < 1 || r.What == "" || r.By.ID == "" || !wholeMicros(r.At) || !wholeMicros(r.Expires):
			return fmt.Errorf("put record %s %s: it is incomplete", r.Kind, r.ID)
		case r.Kind.Kept() && !r.Expires.IsZero():
			return fmt.Errorf("put record %s %s: it expires, and is of a kind that is kept", r.Kind, r.ID)
		case slices.ContainsFunc(records[:i], func(other Record) bool { return other.Kind == r.Kind && other.ID == r.ID }):
			return fmt.Errorf("put record %s %s twice", r.Kind, r.ID)
		}
	}
	if answer != nil && (answer.By.ID == "" || answer.Key == "" || !answer.Expires.After(answer.At) || !wholeMicros(answer.At) || !wholeMicros(answer.Expires)) {
		return fmt.Errorf("put an answer that is incomplete")
	}
	return nil
}

func wholeMicros(t time.Time) bool { return t.Equal(t.Truncate(time.Microsecond)) }
