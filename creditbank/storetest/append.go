package storetest

import (
	"fmt"
	"slices"
	"testing"

	"creditbank/creditbank"
)

var appendTests = []test{
	{"HistoryIsReadBackAsWritten", testHistory},
	{"UnknownLearnerHasNoHistory", testNoHistory},
	{"StateIsKeptWithTheAccount", testState},
	{"StaleWriteIsLeftWhole", testStaleWrite},
	{"WriteToUnknownAccountIsLeft", testUnknownAccount},
	{"EachWriteOfABatchHasItsOwnFate", testOwnFates},
	{"BadlyFormedWritesAreRefused", testBadWrites},
	{"KeyUsedTwiceCorruptsNothing", testKeyUsedTwice},
	{"RequestUsedTwiceCorruptsNothing", testRequestUsedTwice},
	{"LargeWriteIsTaken", testLargeWrite},
	{"NoWritesAreNoError", testNoWrites},
	{"RowsCannotBeEdited", testRowsCannotBeEdited},
}

// fill adds rows of every kind to b.
func fill(b *Book) {
	l := b.History.Learner
	b.Request("enrol-1", creditbank.ActEnrolled, creditbank.ActBody{Programme: "P1"})
	one := b.Post("a", 2*creditbank.Credit)
	two := b.Post("b", creditbank.Credit+25*creditbank.Centicredit)
	b.Record(Posting(l, "c", 1), Refused())
	cut := Recognised(50 * creditbank.Centicredit)
	cut.Lost, cut.Reasons = creditbank.Credit, []creditbank.Reason{creditbank.PeriodCapTruncated}
	b.Record(Posting(l, "d", 1), cut)
	bare := Posting(l, "e", 1)
	bare.Score, bare.Attended = creditbank.Score{}, 0
	b.Record(bare, creditbank.Recognition{Rule: "N02", RuleSet: 2, Granted: true})
	b.Record(Posting(l, "b", 2), Recognised(creditbank.Credit))
	own, refused := Posting(l, "own", 1), Posting(l, "own-refused", 1)
	own.ValidUntil, refused.ValidUntil = 20280630, 20280630
	b.Record(own, Until(own.ValidUntil, creditbank.Credit))
	b.Record(refused, Refused())
	b.Revoke(b.Account().Lots[3].Seq)
	conversion := b.Convert(creditbank.Credit, one.Seq, b.Account().Lots[5].Seq)
	b.Deny()
	b.Reverse(conversion.Seq)
	b.Act(creditbank.ActLeft, creditbank.ActBody{Programme: "P1"})
	b.Act(creditbank.ActFrozen, creditbank.ActBody{Reason: "核查", Since: two.Seq})
}

func testHistory(t *testing.T, h Harness) {
	b := Open(t, h.Store, Learner(1))[0]
	WantHistory(t, h.Store, b.History)
	fill(b)
	Append(t, h.Store, b.Write())
	WantHistory(t, h.Store, b.History)
	wantHead(t, h.Store, b)

	b.Act(creditbank.ActUnfrozen, creditbank.ActBody{Reason: "已核实"})
	b.Post("f", 3*creditbank.Credit)
	Append(t, h.Store, b.Write())
	WantHistory(t, h.Store, b.History)
	wantHead(t, h.Store, b)
	if h.Reopen != nil {
		WantHistory(t, h.Reopen(), b.History)
	}
}

func testNoHistory(t *testing.T, h Harness) {
	Open(t, h.Store, Learner(1))
	if _, err := h.Store.History(t.Context(), Learner(2).ID); !isOnly(err, creditbank.ErrNotFound) {
		t.Errorf("History of an unknown learner: %v, want ErrNotFound", err)
	}
}

func testState(t *testing.T, h Harness) {
	b := Open(t, h.Store, Learner(1))[0]
	wantHead(t, h.Store, b)
	for range 2 {
		b.Act(creditbank.ActFrozen, creditbank.ActBody{})
		Append(t, h.Store, b.Write())
		wantHead(t, h.Store, b)
		b.Act(creditbank.ActUnfrozen, creditbank.ActBody{})
		Append(t, h.Store, b.Write())
		wantHead(t, h.Store, b)
	}
}

func testStaleWrite(t *testing.T, h Harness) {
	winner := Open(t, h.Store, Learner(1))[0]
	loser := winner.Clone()
	winner.Post("a", creditbank.Credit)
	fill(loser)
	Append(t, h.Store, winner.Write())
	taken, err := h.Store.Append(t.Context(), NewFeed(), []creditbank.Write{loser.Write()})
	if err != nil || !slices.Equal(taken, []bool{false}) {
		t.Fatalf("Append at an old version = %v, %v; want it left", taken, err)
	}
	WantHistory(t, h.Store, winner.History)
	wantHead(t, h.Store, winner)
	wantInt(t, h, "SELECT count(*) FROM transfer", 0)
}

func testUnknownAccount(t *testing.T, h Harness) {
	b := NewBook(t, Learner(1))
	b.Post("a", creditbank.Credit)
	taken, err := h.Store.Append(t.Context(), NewFeed(), []creditbank.Write{b.Write()})
	if err != nil || !slices.Equal(taken, []bool{false}) {
		t.Errorf("Append to no account = %v, %v; want it left", taken, err)
	}
	wantInt(t, h, "SELECT count(*) FROM outcome", 0)
	wantInt(t, h, "SELECT count(*) FROM account", 0)
}

func testOwnFates(t *testing.T, h Harness) {
	books := Open(t, h.Store, Learners(20)...)
	var writes []creditbank.Write
	for i, b := range books {
		mine := b.Clone()
		if i%3 == 0 { // somebody was faster
			b.Post("faster", creditbank.Credit)
			Append(t, h.Store, b.Write())
		} else {
			b.Post("slower", 2*creditbank.Credit)
			b.Convert(creditbank.Credit, 2)
		}
		mine.Post("slower", 2*creditbank.Credit)
		mine.Convert(creditbank.Credit, 2)
		writes = append(writes, mine.Write())
	}
	taken, err := h.Store.Append(t.Context(), NewFeed(), writes)
	if err != nil || len(taken) != len(writes) {
		t.Fatalf("Append = %v, %v", taken, err)
	}
	for i, b := range books {
		if want := i%3 != 0; taken[i] != want {
			t.Errorf("write %d: taken = %v, want %v", i, taken[i], want)
		}
		WantHistory(t, h.Store, b.History)
		wantHead(t, h.Store, b)
	}
}

func testBadWrites(t *testing.T, h Harness) {
	books := Open(t, h.Store, Learners(2)...)
	before := []creditbank.History{books[0].History, books[1].History}
	for _, b := range books {
		b.Post("a", creditbank.Credit)
		b.Post("b", creditbank.Credit)
	}
	one, two := books[0].Write(), books[1].Write()
	gap := one
	gap.Outcomes = slices.Clone(one.Outcomes[1:])
	for name, writes := range map[string][]creditbank.Write{
		"not sorted":    {two, one},
		"learner twice": {one, one},
		"version left":  {gap, two},
	} {
		if taken, err := h.Store.Append(t.Context(), NewFeed(), writes); err == nil {
			t.Errorf("Append(%s) = %v, want an error", name, taken)
		}
	}
	for _, history := range before {
		WantHistory(t, h.Store, history)
	}
}

// A key on record under the very version it is written at cannot come from a
// bank that reads heads. Whatever the store makes of such a write, refusing the
// batch or leaving the write, nothing may be half written.
func testKeyUsedTwice(t *testing.T, h Harness) {
	testCollision(t, h, func(b *Book) creditbank.Write {
		w := b.Write()
		w.Outcomes = append(w.Outcomes, Outcome(w.Outcomes[0].Posting, Recognised(creditbank.Credit), w.Version()+1))
		return w
	})
}

func testRequestUsedTwice(t *testing.T, h Harness) {
	testCollision(t, h, func(b *Book) creditbank.Write {
		b.Request("again", creditbank.ActEnrolled, creditbank.ActBody{Programme: "P1"})
		b.Request("again", creditbank.ActEnrolled, creditbank.ActBody{Programme: "P2"})
		return b.Write()
	})
}

func testCollision(t *testing.T, h Harness, collide func(*Book) creditbank.Write) {
	books := Open(t, h.Store, Learners(9)...)
	before := make([]creditbank.History, len(books))
	writes := make([]creditbank.Write, len(books))
	for i, b := range books {
		before[i] = b.Clone().History
		b.Post("a", creditbank.Credit)
		if i == 4 {
			writes[i] = collide(b)
		} else {
			writes[i] = b.Write()
		}
	}
	taken, err := h.Store.Append(t.Context(), NewFeed(), writes)
	if err == nil && taken[4] || err != nil && isKind(err) {
		t.Fatalf("Append with a key used twice = %v, %v", taken, err)
	}
	for i, b := range books {
		want := before[i]
		if err == nil && taken[i] {
			want = b.History
		}
		WantHistory(t, h.Store, want)
	}
	// The store goes on, and the others can be written without the bad one.
	if err != nil {
		Append(t, h.Store, slices.Delete(slices.Clone(writes), 4, 5)...)
	}
	WantHistory(t, h.Store, books[0].History)
	WantHistory(t, h.Store, before[4])
}

func testLargeWrite(t *testing.T, h Harness) {
	b := Open(t, h.Store, Learner(1))[0]
	for i := range 400 {
		// Not through Post, which adds the account up each time.
		o := Outcome(Posting(b.History.Learner, fmt.Sprintf("x-%d", i), 1), Recognised(creditbank.Credit), b.next())
		b.History.Outcomes = append(b.History.Outcomes, o)
	}
	Append(t, h.Store, b.Write())
	WantHistory(t, h.Store, b.History)
	wantHead(t, h.Store, b)
}

func testNoWrites(t *testing.T, h Harness) {
	if taken, err := h.Store.Append(t.Context(), NewFeed(), nil); err != nil || len(taken) != 0 {
		t.Errorf("Append(nil) = %v, %v; want nothing", taken, err)
	}
	if taken, err := h.Store.Open(t.Context(), NewFeed(), nil); err != nil || len(taken) != 0 {
		t.Errorf("Open(nil) = %v, %v; want nothing", taken, err)
	}
	if heads, err := h.Store.Heads(t.Context(), nil); err != nil || len(heads) != 0 {
		t.Errorf("Heads(nil) = %v, %v; want nothing", heads, err)
	}
}

func testRowsCannotBeEdited(t *testing.T, h Harness) {
	skipWithout(t, h.Exec != nil, "raw SQL")
	b := Open(t, h.Store, Learner(1))[0]
	fill(b)
	Append(t, h.Store, b.Write())
	if _, err := h.Store.Publish(t.Context(), NewFeed(), 0, []creditbank.Document{Document(1)}); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		"UPDATE outcome SET credits = credits + 1", "DELETE FROM outcome",
		"UPDATE act SET day = day + 1", "DELETE FROM act",
		"UPDATE transfer SET credits = credits + 1", "DELETE FROM transfer",
		"UPDATE document SET id = 'x'", "DELETE FROM document",
	} {
		if err := h.Exec(query); err == nil {
			t.Errorf("%s: no error, want the database to refuse it", query)
		}
	}
	WantHistory(t, h.Store, b.History)
}
