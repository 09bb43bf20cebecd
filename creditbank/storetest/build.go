package storetest

import (
	crand "crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"creditbank/creditbank"
)

// Day is the day on which everything built here happens, and Noon its noon in
// Beijing.
const Day creditbank.Date = 20260315

// Noon is an instant of [Day] that has microseconds, to see that they are kept.
var Noon = time.Date(2026, time.March, 15, 4, 0, 0, 123456000, time.UTC)

// Issuer posts what [Posting] returns.
const Issuer creditbank.InstitutionID = "I06"

// NewFeed returns a feed row with an id that was never used.
func NewFeed() creditbank.Feed {
	id, err := creditbank.NewFeedID(Noon, crand.Reader)
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return creditbank.Feed{ID: id, At: Noon}
}

// seed returns bytes that depend on nothing but what they are for.
func seed(what string, n int) [32]byte { return sha256.Sum256(fmt.Appendf(nil, "%s %d", what, n)) }

// Learner returns the n-th learner with what opening the account writes: it is
// the same on each call, and shares nothing with any other.
func Learner(n int) creditbank.NewLearner {
	h := seed("learner", n)
	random := rand.NewChaCha8(h)
	account, err := creditbank.NewAccountNumber(random)
	if err != nil {
		panic(err) // ChaCha8 never fails
	}
	id := creditbank.LearnerID(fmt.Sprintf("%x-%x-4%03x-8%03x-%x", h[0:4], h[4:6], n&0xfff, n>>12&0xfff, h[6:12]))
	sealed := make([]byte, 60)
	random.Read(sealed)
	return creditbank.NewLearner{
		Learner: creditbank.Learner{
			ID: id, Account: account, Region: "990102", Key: h[:], Sealed: sealed, Opened: Noon,
		},
		Lookups: []creditbank.Lookup{
			{Kind: "account", Value: string(account)},
			{Kind: "id_number", Value: hex.EncodeToString(sealed[:32])},
		},
		Act: Act(id, 1, creditbank.ActOpened, creditbank.ActBody{}),
	}
}

// Learners returns the first n learners, sorted by id as writes must be.
func Learners(n int) []creditbank.NewLearner {
	ls := make([]creditbank.NewLearner, n)
	for i := range ls {
		ls[i] = Learner(i)
	}
	slices.SortFunc(ls, func(a, b creditbank.NewLearner) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return ls
}

// Posting returns a posting of the given key by [Issuer].
func Posting(l creditbank.LearnerID, externalID string, revision int) creditbank.Posting {
	score, err := creditbank.ParseScore("87.50")
	if err != nil {
		panic(err)
	}
	return creditbank.Posting{
		OutcomeKey: creditbank.OutcomeKey{Learner: l, Institution: Issuer, ExternalID: externalID, Revision: revision},
		Course:     "C-太极拳", IssuedOn: 20260301, Score: score, Attended: 15*creditbank.Hour + 50,
	}
}

// Course returns the course that [Posting] names.
func Course() creditbank.Course {
	return creditbank.Course{
		Code: "C-太极拳", Version: 3, Title: "太极拳", Institution: Issuer, Category: creditbank.NonFormal,
		Level: 2, Hours: 16 * creditbank.Hour, Family: "taiji",
	}
}

// Recognised returns the recognition of so many credits for five years.
func Recognised(c creditbank.Credits) creditbank.Recognition {
	return creditbank.Recognition{Rule: "N01", RuleSet: 1, Granted: true, Credits: c, ExpiresOn: 20310301}
}

// Refused returns a recognition that grants nothing, for two reasons.
func Refused() creditbank.Recognition {
	return creditbank.Recognition{RuleSet: 1, Reasons: []creditbank.Reason{
		creditbank.AttendanceBelowMin, creditbank.GradeBelowPass,
	}}
}

// Outcome returns p recognised as r, as version seq of the account.
func Outcome(p creditbank.Posting, r creditbank.Recognition, seq int64) creditbank.Outcome {
	return creditbank.NewOutcome(p, Course(), r, seq, Noon, caller, "req-1")
}

// caller acts in everything built here, but for reviews.
var (
	caller   = creditbank.Caller{ID: "institution:I06"}
	reviewer = creditbank.Caller{ID: "reviewer:1"}
)

// Act returns an act that cannot be repeated, as version seq of the account.
func Act(l creditbank.LearnerID, seq int64, kind creditbank.ActKind, body creditbank.ActBody) creditbank.Act {
	by := caller
	if kind == creditbank.ActDecided && body.Of != 0 {
		by = reviewer // nobody decides what they applied for
	}
	return creditbank.Act{Learner: l, Seq: seq, Kind: kind, At: Noon, Day: Day, By: by, Body: body}
}

// Requested returns a with the n-th part of the request of the given key.
func Requested(a creditbank.Act, key string, part int) creditbank.Act {
	a.Request = creditbank.Request{Key: key, Part: part, Hash: sha256.Sum256([]byte(key))}
	return a
}

// Document returns version v of the reference data: a region.
func Document(v int) creditbank.Document {
	return creditbank.Document{
		Version: v, Kind: "region", ID: fmt.Sprintf("9901%02d", v),
		Body: fmt.Appendf(nil, `{"code":"9901%02d","name":"清河 %d"}`, v, v), At: Noon, By: caller,
	}
}
