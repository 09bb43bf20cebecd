package storetest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"creditbank/creditbank"
)

var ledgerTests = []test{
	{"LedgerOfRandomHistories", testLedger},
}

// ledgerBalance asks what an account of the ledger holds.
func ledgerBalance(l creditbank.LearnerID, account creditbank.AccountID) string {
	return fmt.Sprintf(`SELECT coalesce(sum(CASE WHEN to_account = '%[2]s' THEN credits ELSE -credits END), 0)
		FROM ledger WHERE learner_id = '%[1]s' AND (to_account = '%[2]s' OR from_account = '%[2]s')`, l, account)
}

// bothSides is every transfer seen from both of its accounts.
const bothSides = `(
	SELECT learner_id, category, to_account AS account, credits AS credits FROM ledger
	UNION ALL
	SELECT learner_id, category, from_account AS account, -credits AS credits FROM ledger) AS both_sides`

// unbalanced counts the categories whose accounts do not add up to zero, and
// overdrawn the lots below zero.
const (
	unbalanced = `SELECT count(*) FROM (SELECT category FROM ` + bothSides + `
		GROUP BY category HAVING sum(credits) <> 0) AS unbalanced`
	overdrawn = `SELECT count(*) FROM (SELECT learner_id, account FROM ` + bothSides + `
		WHERE account LIKE 'lot:%' GROUP BY learner_id, account HAVING sum(credits) < 0) AS overdrawn`
)

func testLedger(t *testing.T, h Harness) {
	random := rand.New(rand.NewPCG(uint64(Day), 1)) // always the same histories
	books := Open(t, h.Store, Learners(12)...)
	for range 15 {
		var writes []creditbank.Write
		for _, b := range books {
			for range 1 + random.IntN(3) {
				step(random, b)
			}
			writes = append(writes, b.Write())
		}
		Append(t, h.Store, writes...)
		wantInt(t, h, unbalanced, 0)
		wantInt(t, h, overdrawn, 0)
	}
	for _, b := range books {
		WantHistory(t, h.Store, b.History)
		wantHead(t, h.Store, b)
		wantLedger(t, h, b.Account())
	}
}

// wantLedger checks that the ledger and the account agree.
func wantLedger(t *testing.T, h Harness, a *creditbank.Account) {
	t.Helper()
	var cut creditbank.Credits
	for _, lot := range a.Lots {
		wantInt(t, h, ledgerBalance(a.Learner, creditbank.LotAccount(lot.Seq)), int64(lot.Available(Day)))
		if lot.Current() && lot.RevokedOn == 0 {
			cut += lot.Lost
		}
	}
	wantInt(t, h, ledgerBalance(a.Learner, creditbank.AccountCut), int64(cut))
	slot := creditbank.SlotAccount("P1", "T-A1")
	wantInt(t, h, ledgerBalance(a.Learner, slot), int64(a.Balance(Day).Programmes["P1"]))
}

// step takes a random step that the account allows. The accounts built here
// never revise or revoke what a conversion holds.
func step(random *rand.Rand, b *Book) {
	a := b.Account()
	var unused []*creditbank.Lot
	for _, l := range a.Lots {
		if l.Current() && l.RevokedOn == 0 && !l.InUse() {
			unused = append(unused, l)
		}
	}
	var standing []*creditbank.Conversion
	for _, c := range a.Conversions {
		if c.Stands() {
			standing = append(standing, c)
		}
	}
	switch n := random.IntN(10); {
	case n == 0 && len(standing) > 0:
		b.Reverse(standing[random.IntN(len(standing))].Seq)
	case n == 1 && len(unused) > 0:
		b.Revoke(unused[random.IntN(len(unused))].Seq)
	case n == 2 && len(unused) > 0:
		p := unused[random.IntN(len(unused))].Posting
		p.Revision++
		b.Record(p, Recognised(credits(random)))
	case n <= 5 && convert(random, b, a):
	case n == 6:
		b.Deny()
	default:
		b.Record(Posting(a.Learner, fmt.Sprintf("r%d", a.Version), 1), recognition(random))
	}
}

// convert converts some or all of up to three lots, if there are any.
func convert(random *rand.Rand, b *Book, a *creditbank.Account) bool {
	var lots []int64
	for _, l := range a.Lots {
		if l.Available(Day) > 0 && len(lots) < 3 && random.IntN(2) == 0 {
			lots = append(lots, l.Seq)
		}
	}
	if len(lots) > 0 {
		b.Convert(credits(random)+1, lots...)
	}
	return len(lots) > 0
}

func credits(random *rand.Rand) creditbank.Credits { return creditbank.Credits(random.IntN(400)) }

func recognition(random *rand.Rand) creditbank.Recognition {
	r := Recognised(credits(random))
	switch random.IntN(4) {
	case 0:
		return Refused()
	case 1:
		r.Lost = credits(random)
		r.Reasons = []creditbank.Reason{creditbank.PeriodCapTruncated}
	}
	return r
}
