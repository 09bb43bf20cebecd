package creditbank

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"
)

// A Store keeps the bank's rows durably. It reads and writes rows and decides
// nothing: every rule about credits is in pure methods above it. All methods
// may be called concurrently, and by several processes on one database.
//
// A method that writes does so in one transaction that also inserts one row
// into the feed. If it returns an error that wraps [ErrOutcomeUnknown] the
// transaction may or may not have been committed, and the caller must find out
// by repeating it; on any other error nothing was written. Rows read back are
// checked: damage is an error that wraps none of the kinds. Instants are given
// in whole microseconds of UTC, which is what both dialects keep.
type Store interface {
	ApplicationStore
	DisclosureStore
	InboxStore
	HistoryStore
	SweepStore
	PetitionStore

	// Heads returns, for each key, what posting under it needs to know. It
	// reads the account's newest committed state. The result has the order of
	// the keys.
	Heads(ctx context.Context, keys []OutcomeKey) ([]Head, error)

	// Append adds rows to accounts. Each write is taken or left whole: it is
	// left, with nothing of it written, if the account is not at its base
	// version; the result says which were taken. Writes name different
	// learners and are sorted by learner.
	Append(ctx context.Context, feed Feed, writes []Write) (taken []bool, err error)

	// History returns everything on record about a learner's account.
	// ErrNotFound if there is no such account.
	History(ctx context.Context, id LearnerID) (History, error)

	// Open adds learners with their accounts. A learner whose id or one of whose
	// look-ups is taken is left out, with nothing of it written; the result says
	// which were taken in.
	Open(ctx context.Context, feed Feed, learners []NewLearner) (taken []bool, err error)

	// Learner returns a learner. ErrNotFound if there is none.
	Learner(ctx context.Context, id LearnerID) (Learner, error)

	// Find returns the learner that a look-up leads to, or ErrNotFound.
	Find(ctx context.Context, l Lookup) (LearnerID, error)

	// Learners returns up to limit learners' ids above after, in order.
	Learners(ctx context.Context, after LearnerID, limit int) ([]LearnerID, error)

	// Documents returns the reference documents above the given version, in
	// order of version.
	Documents(ctx context.Context, after int) ([]Document, error)

	// Publish adds reference documents, which follow version base without a
	// gap. It adds nothing and returns false if the newest version is not base.
	Publish(ctx context.Context, feed Feed, base int, docs []Document) (bool, error)

	// Number gives the next numbers to feed rows that are committed and have
	// none yet, and returns the highest number given out so far. When it returns,
	// everything committed before the call has a number. Numbers have no gap,
	// and a row once numbered keeps its number. Any process may call it at any
	// time.
	Number(ctx context.Context) (int64, error)

	// Feed returns up to limit numbered feed rows above after, in order.
	Feed(ctx context.Context, after int64, limit int) ([]FeedEntry, error)

	// Confirm returns once everything this store has read is as durable as a
	// write it acknowledges. What is visible may not be: a commit that still
	// waits for its standby can be read, and be gone after a failover. It comes
	// before telling anybody that what they ask for was done already. Heads and
	// Open see to it themselves.
	Confirm(ctx context.Context) error

	// Close releases the store.
	Close() error
}

// An ApplicationStore finds open applications by an index that [Store.Append]
// keeps ([Write], Work). Each list is read from after, exclusive.
type ApplicationStore interface {
	// Cases returns up to limit cases that wait for a decision, in the same
	// order: acts of kind case_opened that no act of kind case_decided names. What
	// became moot meanwhile is among them.
	Cases(ctx context.Context, after RowRef, limit int) ([]RowRef, error)

	// Worklist returns up to limit open applications for the programmes, in
	// order of [WorkItem.Place]. It reads none of other programmes.
	Worklist(ctx context.Context, programmes []ProgrammeID, after WorkPlace, limit int) ([]WorkItem, error)

	// Waking returns up to limit applications on which the clock has something
	// to do by a day, in order of the day, learner and version; the place has
	// that day.
	Waking(ctx context.Context, by Date, after WorkPlace, limit int) ([]WorkItem, error)

	// Shown returns up to limit applications under publicity, in order of
	// [WorkItem.Place].
	Shown(ctx context.Context, after WorkPlace, limit int) ([]WorkItem, error)

	// ShownAs returns the application under publicity of a public number, or
	// ErrNotFound.
	ShownAs(ctx context.Context, number string) (WorkItem, error)
}

// A SweepStore finds what comes due by the clock, and what may be recognised
// anew.
type SweepStore interface {
	// Expiring returns up to limit expiries above after, in order of day and
	// learner, through a day, each once: days that are the last of a lot as it
	// was posted or recognised anew. What has become of the lot since is not
	// looked at.
	Expiring(ctx context.Context, after Expiry, through Date, limit int) ([]Expiry, error)

	// Refused returns up to limit learners above after, in order, each once, who
	// have an outcome that was refused when it was posted, or one that was
	// recognised anew since.
	Refused(ctx context.Context, after LearnerID, limit int) ([]LearnerID, error)

	// Mark returns how far a job of the sweep has come; zero if it was never
	// noted.
	Mark(ctx context.Context, job string) (int64, error)

	// SetMark notes how far a job has come. A mark never goes back: a lower one
	// changes nothing. It may be repeated.
	SetMark(ctx context.Context, job string, mark int64) error
}

// An Expiry is a day that was the last of a lot of a learner.
type Expiry struct {
	Day     Date
	Learner LearnerID
}

// A DisclosureStore keeps what was told about learners, and to whom. It is no
// part of any account: it moves no version and adds no row to the feed.
type DisclosureStore interface {
	// Disclose puts a disclosure on record. One whose id is on record already
	// changes nothing, so that it may be repeated.
	Disclose(ctx context.Context, d Disclosure) error

	// Disclosures returns up to limit disclosures of a learner, the newest
	// first: those with ids below before, if that is not empty.
	Disclosures(ctx context.Context, learner LearnerID, before string, limit int) ([]Disclosure, error)
}

// A Feed is the feed row of one transaction.
type Feed struct {
	ID string // a UUID of version 7, so that the index grows at its end
	At time.Time
}

// A FeedEntry is a numbered feed row with the history rows its transaction
// wrote, sorted by learner and version.
type FeedEntry struct {
	Seq  int64
	ID   string
	At   time.Time
	Rows []RowRef
}

// A RowRef points at a row of an account's history.
type RowRef struct {
	Learner LearnerID
	Seq     int64
	Kind    ActKind // "" for an outcome
}

// A Head is the state of an account as far as posting needs it.
type Head struct {
	Known   bool // whether the account exists
	Version int64
	Frozen  bool
	Totals  Totals
	Stored  *Outcome // the outcome on record under exactly this key, if any
}

// StateDigest returns the SHA-256 of the state kept with an account, which is
// stored with it and checked on reading: a posting trusts it without adding the
// account up.
func StateDigest(id LearnerID, version int64, frozen bool, t Totals) [32]byte {
	state := int64(0)
	if frozen {
		state = 1
	}
	b := appendStrings(make([]byte, 0, 128), string(id), t.String())
	return sha256.Sum256(appendInts(b, version, state))
}

// A Write adds rows to one account, in one go or not at all.
type Write struct {
	Learner   LearnerID
	Base      int64 // the version the account must have
	Frozen    bool  // the state after the write, kept with the account
	Totals    Totals
	Outcomes  []Outcome
	Acts      []Act
	Movements []Movement
	Concerns  []Concern      // whom the acts concern
	Work      []WorkItem     // to put into the worklist, or to take out where they are closed
	Petitions []PetitionItem // likewise, of the list of open petitions
	Evidence  []Evidence     // of acts among Acts
}

// Version returns the account's version after w.
func (w Write) Version() int64 { return w.Base + int64(len(w.Outcomes)+len(w.Acts)) }

// A Movement is a transfer as an act made it: the n-th of version seq.
type Movement struct {
	Seq int64
	N   int
	Transfer
}

// A Learner is a person as the bank knows them. Who they are is sealed under
// their own key: destroying Key erases the person and leaves the ledger.
type Learner struct {
	ID      LearnerID
	Account AccountNumber
	Region  RegionCode
	Key     []byte // the person's key, wrapped by the bank's
	Sealed  []byte // a Person, sealed under that key
	Opened  time.Time
}

// Digest returns the SHA-256 of everything l says, which is stored with it and
// checked on reading.
func (l Learner) Digest() [32]byte {
	b := appendStrings(make([]byte, 0, 512), string(l.ID), string(l.Account), string(l.Region), string(l.Key), string(l.Sealed))
	return sha256.Sum256(appendInts(b, l.Opened.UnixMicro()))
}

// A NewLearner is a learner with what opening the account writes.
type NewLearner struct {
	Learner
	Lookups []Lookup
	Act     Act // of kind opened, version 1
}

// A Lookup leads from something known about a person to the learner.
type Lookup struct {
	Kind  string // "account" or "id_number"
	Value string // the account number, or a keyed hash of the identity number
}

// Digest returns the SHA-256 of a look-up that leads to the learner, which is
// stored with it and checked on reading: a look-up that leads astray would post
// to a stranger.
func (l Lookup) Digest(id LearnerID) [32]byte {
	return sha256.Sum256(appendStrings(make([]byte, 0, 256), l.Kind, l.Value, string(id)))
}

// A Document is one version of a piece of reference data.
type Document struct {
	Version int    // of the catalogue, without gaps
	Kind    string // "region", "institution", "course", "ruleset", "ruleact", "calendar", "deputy"
	ID      string
	Body    []byte
	At      time.Time
	By      Caller
}

// Digest returns the SHA-256 of everything d says, which is stored with it and
// checked on reading.
func (d Document) Digest() [32]byte {
	b := appendStrings(make([]byte, 0, len(d.Body)+128), d.Kind, d.ID, string(d.Body), d.By.ID)
	return sha256.Sum256(appendInts(b, int64(d.Version), d.At.UnixMicro()))
}

// A Vault seals personal data. The suite it uses is named in what it seals, so
// that suites and keys can change.
type Vault interface {
	// NewKey returns a new key for a learner, wrapped under the bank's own and
	// bound to the learner: it opens nothing for another.
	NewKey(owner LearnerID) (wrapped []byte, err error)

	// Seal encrypts plain under a learner's key.
	Seal(owner LearnerID, wrapped, plain []byte) ([]byte, error)

	// Unseal decrypts what Seal made. An error means that the data is damaged,
	// or the key another or another's.
	Unseal(owner LearnerID, wrapped, sealed []byte) ([]byte, error)

	// Hash returns a keyed hash by which a person can be found again, and
	// which cannot be guessed without the bank's key.
	Hash(kind, value string) string
}

// A Person is who a learner is: personal data, sealed when stored.
type Person struct {
	IDNumber IDNumber `json:"id_number"`
	Name     string   `json:"name"`
}

// CheckWrites reports whether writes may be given to [Store.Append]: sorted by
// learner, each once, and versions that follow. Stores call it first.
func CheckWrites(writes []Write) error {
	for i, w := range writes {
		if i > 0 && writes[i-1].Learner >= w.Learner {
			return fmt.Errorf("writes are not sorted by learner at %d", i)
		}
		seen := make(map[int64]bool, len(w.Outcomes)+len(w.Acts))
		for _, o := range w.Outcomes {
			seen[o.Seq] = o.Learner == w.Learner
		}
		for _, a := range w.Acts {
			seen[a.Seq] = a.Learner == w.Learner
		}
		for _, e := range w.Evidence {
			if e.Learner != w.Learner || e.Seq <= w.Base || e.Seq > w.Version() {
				return fmt.Errorf("write to account %s: evidence %d belongs to none of its acts", w.Learner, e.Seq)
			}
		}
		for seq := w.Base + 1; seq <= w.Version(); seq++ {
			if !seen[seq] {
				return fmt.Errorf("write to account %s: version %d is missing", w.Learner, seq)
			}
		}
	}
	return nil
}
