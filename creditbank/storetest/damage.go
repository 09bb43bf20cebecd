package storetest

import (
	"errors"
	"slices"
	"testing"

	"creditbank/creditbank"
)

var damageTests = []test{
	{"DamagedOutcomeIsNoticed", testDamagedOutcome},
	{"DamagedActIsNoticed", testDamagedAct},
	{"DamagedAccountIsNoticed", testDamagedAccount},
	{"DamagedDocumentIsNoticed", testDamagedDocument},
	{"DamagedLearnerIsNoticed", testDamagedLearner},
	{"DamagedLookupIsNoticed", testDamagedLookup},
	{"DamageStaysWhereItIs", testDamageStays},
	{"ImpossibleOutcomeIsNoticed", testImpossible},
}

// A damage is a column that no longer holds what was written.
type damage struct {
	column string
	value  any
}

// The columns of an outcome, each with another valid value: only the digest can
// tell. Names and meanings are the same in every dialect: credits and hours in
// hundredths, days as [creditbank.Date] has them, instants in microseconds
// since 1970, reasons as their codes with commas between them.
var outcomeDamage = []damage{
	{"institution", "I07"}, {"external_id", "zz"}, {"revision", int64(2)}, {"course", "C2"},
	{"course_version", int64(4)}, {"issued_on", int64(20260302)}, {"score", "88"}, {"attended", int64(1551)}, {"valid_until", int64(20310301)},
	{"category", "FORMAL"}, {"level", int64(3)}, {"scheduled", int64(1700)}, {"family", ""}, {"rule", "N02"},
	{"rule_set", int64(2)}, {"granted", false}, {"credits", int64(201)}, {"lost", int64(1)},
	{"expires_on", int64(0)}, {"reasons", "PERIOD_CAP_TRUNCATED"}, {"posted_at", Noon.UnixMicro() + 1},
	{"caller", "institution:I07"}, {"request", "req-2"}, {"digest", make([]byte, 32)},
	// and values that nothing can be
	{"category", "X"}, {"score", "101"}, {"reasons", "X"}, {"revision", int64(0)}, {"external_id", ""},
	{"credits", int64(-1)}, {"digest", []byte{1, 2}},
}

// The columns of an act.
var actDamage = []damage{
	{"kind", "left"}, {"at", Noon.UnixMicro() + 1}, {"day", int64(20260316)}, {"caller", "institution:I07"},
	{"request_key", "enrol-2"}, {"request_part", int64(7)}, {"request_hash", make([]byte, 32)},
	{"body", []byte(`{"programme":"P2"}`)}, {"digest", make([]byte, 32)},
	{"body", []byte(`{"programme": "P1"}`)}, {"body", []byte(`{"extra":1}`)}, {"body", []byte{}},
	{"request_hash", []byte{1}}, {"digest", []byte{}},
}

// The columns of an account at version 2 that is not frozen and holds two
// credits of March.
var accountDamage = []damage{
	{"version", int64(3)}, {"version", int64(1)}, {"frozen", true}, {"digest", make([]byte, 32)},
	{"totals", ""}, {"totals", "NON_FORMAL 202603 1.5"}, {"totals", "NON_FORMAL 202602 2.0"}, {"totals", "FORMAL 202603 2.0"},
	// and values that nothing can be
	{"totals", "X"}, {"totals", "NON_FORMAL 202603 x"}, {"digest", []byte{1, 2}},
}

// ErrImpossible is what [Harness.Damage] returns where the database cannot hold
// such a value at all, which is even better than noticing it.
var ErrImpossible = errors.New("storetest: the database cannot hold such a value")

// do does d. It returns false where the database cannot hold the damage, so that
// there is none to notice.
func (d damage) do(t *testing.T, h Harness, table string) bool {
	t.Helper()
	skipWithout(t, h.Damage != nil, "way to damage it")
	err := h.Damage(table, d.column, d.value)
	if errors.Is(err, ErrImpossible) {
		t.Logf("set %s.%s to %v: %v", table, d.column, d.value, err)
		return false
	}
	if err != nil {
		t.Fatalf("set %s.%s to %v: %v", table, d.column, d.value, err)
	}
	return true
}

func testDamagedOutcome(t *testing.T, h Harness) {
	b := Open(t, h.Store, Learner(1))[0]
	b.Post("a", 2*creditbank.Credit)
	Append(t, h.Store, b.Write())
	key := b.History.Outcomes[0].OutcomeKey
	onCopies(t, h, outcomeDamage, "outcome", func(t *testing.T, d damage, s creditbank.Store) {
		_, err := s.History(t.Context(), key.Learner)
		wantDamage(t, "History", err, string(key.Learner))
		_, err = s.Histories(t.Context(), "", key.Learner)
		wantDamage(t, "Histories", err, string(key.Learner))
		if slices.Contains([]string{"institution", "external_id", "revision"}, d.column) {
			return // no longer found under the key
		}
		_, err = s.Heads(t.Context(), []creditbank.OutcomeKey{key})
		wantDamage(t, "Heads", err, string(key.Learner))
	})
}

func testDamagedAct(t *testing.T, h Harness) {
	l := Learner(1)
	l.Act = Requested(l.Act, "open-1", 0)
	l.Act.Body.Programme = "P1" // so that there is something to damage
	Open(t, h.Store, l)
	onCopies(t, h, actDamage, "act", func(t *testing.T, _ damage, s creditbank.Store) {
		_, err := s.History(t.Context(), l.ID)
		wantDamage(t, "History", err, string(l.ID))
		_, err = s.Histories(t.Context(), "", l.ID)
		wantDamage(t, "Histories", err, string(l.ID))
	})
}

func testDamagedAccount(t *testing.T, h Harness) {
	b := Open(t, h.Store, Learner(1))[0]
	b.Post("a", 2*creditbank.Credit)
	Append(t, h.Store, b.Write())
	key := b.History.Outcomes[0].OutcomeKey
	onCopies(t, h, accountDamage, "account", func(t *testing.T, _ damage, s creditbank.Store) {
		_, err := s.Heads(t.Context(), []creditbank.OutcomeKey{key})
		wantDamage(t, "Heads", err, string(key.Learner))
		_, err = s.History(t.Context(), key.Learner)
		wantDamage(t, "History", err, string(key.Learner))
		_, err = s.Histories(t.Context(), "", key.Learner)
		wantDamage(t, "Histories", err, string(key.Learner))
	})
}

func testDamagedDocument(t *testing.T, h Harness) {
	publish(t, h.Store, 0, documents(1, 1), true)
	damages := []damage{
		{"kind", "course"}, {"id", "990102"}, {"body", []byte(`{}`)}, {"digest", make([]byte, 32)},
		{"at", Noon.UnixMicro() + 1}, {"caller", "institution:I07"}, {"version", int64(2)},
	}
	onCopies(t, h, damages, "document", func(t *testing.T, _ damage, s creditbank.Store) {
		_, err := s.Documents(t.Context(), 0)
		wantDamage(t, "Documents", err, "document")
	})
}

func testDamagedLearner(t *testing.T, h Harness) {
	l := Learner(1)
	Open(t, h.Store, l)
	other := Learner(2)
	damages := []damage{
		{"account_no", string(other.Account)}, {"region", "990103"}, {"person_key", other.Key}, {"sealed", other.Sealed},
		{"opened_at", Noon.UnixMicro() + 1}, {"digest", make([]byte, 32)},
		{"account_no", "123"}, {"person_key", []byte{}}, {"sealed", []byte{}}, {"digest", []byte{1, 2}},
	}
	onCopies(t, h, damages, "learner", func(t *testing.T, _ damage, s creditbank.Store) {
		_, err := s.Learner(t.Context(), l.ID)
		wantDamage(t, "Learner", err, string(l.ID))
		_, err = s.Histories(t.Context(), "", l.ID)
		wantDamage(t, "Histories", err, string(l.ID))
	})
}

// A look-up that leads to another learner would credit a stranger.
func testDamagedLookup(t *testing.T, h Harness) {
	l, other := Learner(1), Learner(2)
	Open(t, h.Store, l, other)
	damages := []damage{{"learner_id", string(other.ID)}, {"digest", make([]byte, 32)}, {"digest", []byte{1, 2}}}
	onCopies(t, h, damages, "lookup", func(t *testing.T, _ damage, s creditbank.Store) {
		for _, lookup := range l.Lookups {
			_, err := s.Find(t.Context(), lookup)
			wantDamage(t, "Find", err, lookup.Kind)
		}
	})
}

// Damage in one account is no trouble of another's.
func testDamageStays(t *testing.T, h Harness) {
	skipWithout(t, h.Damage != nil && h.Exec != nil, "way to damage it")
	damaged := Open(t, h.Store, Learner(1))[0]
	damaged.Post("a", creditbank.Credit)
	Append(t, h.Store, damaged.Write())
	damage{"credits", int64(201)}.do(t, h, "outcome")

	b := Open(t, h.Store, Learner(2))[0]
	b.Post("a", creditbank.Credit)
	Append(t, h.Store, b.Write())
	WantHistory(t, h.Store, b.History)
	var f Follower
	if err := f.Poll(t.Context(), h.Store); err != nil {
		t.Errorf("follow past damage: %v", err)
	}
	_, err := h.Store.History(t.Context(), damaged.History.Learner)
	wantDamage(t, "History", err, string(damaged.History.Learner))
}

// An outcome that no bank can have made is damage also where its digest fits.
func testImpossible(t *testing.T, h Harness) {
	noRule, noCategory := Recognised(creditbank.Credit), Outcome(Posting(Learner(2).ID, "a", 1), Recognised(0), 2)
	noRule.Rule = ""
	noCategory.Category = "X"
	for n, o := range []creditbank.Outcome{Outcome(Posting(Learner(1).ID, "a", 1), noRule, 2), noCategory} {
		Open(t, h.Store, Learner(n+1))
		_, err := h.Store.Append(t.Context(), NewFeed(), []creditbank.Write{
			{Learner: o.Learner, Base: 1, Outcomes: []creditbank.Outcome{o}},
		})
		if err == nil { // a store may also refuse to write it
			_, err = h.Store.History(t.Context(), o.Learner)
		}
		wantDamage(t, "History", err, string(o.Learner))
	}
}

// onCopies does each damage to a copy of the store.
func onCopies(t *testing.T, h Harness, damages []damage, table string, check func(*testing.T, damage, creditbank.Store)) {
	skipWithout(t, h.Clone != nil, "dump and restore")
	for _, d := range damages {
		t.Run(table+"."+d.column, func(t *testing.T) {
			c := h.Clone(t)
			if d.do(t, c, table) {
				check(t, d, c.Store)
			}
		})
	}
}
