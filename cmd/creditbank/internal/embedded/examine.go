package embedded

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"creditbank/creditbank"
)

// A Fault is something that does not add up.
type Fault struct {
	Check   string                   `json:"check"` // one of the checks
	Account creditbank.AccountNumber `json:"account,omitempty"`
	Message creditbank.Text          `json:"message"`
}

// The checks of an examination.
const (
	CheckHistory   = "history"   // rows are undamaged and follow one another
	CheckState     = "state"     // the state kept with the account is what its rows add up to
	CheckTransfers = "transfers" // the transfers stored are those that the rows call for
	CheckLots      = "lots"      // no lot is below zero, and each holds what the account says
	CheckZero      = "zero"      // all accounts of a category sum to zero
	CheckPerson    = "person"    // who the learner is can be read
	CheckReplay    = "replay"    // each decision comes out the same again
	CheckLog       = "log"       // the log holds each certificate and revocation, and nothing else
	CheckAnchor    = "anchor"    // the log extends what was anchored
)

// An Examination is what an examination found.
type Examination struct {
	Accounts  int     `json:"accounts"`
	Outcomes  int     `json:"outcomes"`
	Decisions int     `json:"decisions"`
	Transfers int     `json:"transfers"`
	Replayed  int     `json:"replayed"`
	Evidence  int     `json:"evidence"`
	Log       LogView `json:"log"`
	Faults    []Fault `json:"faults"`
}

// A LogView says what the log of certificates holds.
type LogView struct {
	Records      int64 `json:"records"`
	Certificates int   `json:"certificates"`
	Revoked      int   `json:"revoked"`
	Anchored     int64 `json:"anchored"` // records that the newest anchor covers
	Behind       int64 `json:"behind"`   // entries of the ledger that certificates have not followed yet
}

// An examiner goes through the accounts one by one.
type examiner struct {
	bank      *Bank
	replay    bool
	sums      map[creditbank.Category]creditbank.Credits
	work      map[creditbank.LearnerID][]creditbank.WorkItem
	petitions map[creditbank.LearnerID][]creditbank.PetitionItem
	result    Examination
}

// Examine adds up every account anew and compares it with what is stored. With
// replay it also decides every decision again.
func (b *Bank) Examine(ctx context.Context, replay bool, progress func(accounts int)) (Examination, error) {
	x := &examiner{bank: b, replay: replay, sums: map[creditbank.Category]creditbank.Credits{}}
	x.result.Faults = []Fault{}
	log, err := x.examineLog(ctx)
	if err != nil {
		return x.result, err
	}
	if err := x.readWork(ctx); err != nil {
		return x.result, err
	}
	if err := x.readPetitions(ctx); err != nil {
		return x.result, err
	}
	if err := x.everybody(ctx, log, progress); err != nil {
		return x.result, err
	}
	for c, sum := range x.sums {
		if sum != 0 {
			x.fault(CheckZero, "", fmt.Sprintf("类别 %s 的所有账户合计为 %s，应为零", c, sum), fmt.Sprintf("all accounts of %s sum to %s, not to zero", c, sum))
		}
	}
	return x.result, log.finish(ctx)
}

// everybody examines the accounts one by one.
func (x *examiner) everybody(ctx context.Context, log *logExaminer, progress func(accounts int)) error {
	const page = 500
	var after creditbank.LearnerID
	for {
		ids, err := x.bank.Learners(ctx, after, page)
		if err != nil {
			return err
		}
		for _, id := range ids {
			account, err := x.learner(ctx, id)
			if err == nil {
				err = log.learner(ctx, id, account)
			}
			if err != nil {
				return err
			}
			x.result.Accounts++
			progress(x.result.Accounts)
		}
		if len(ids) < page {
			return nil
		}
		after = ids[len(ids)-1]
	}
}

func (x *examiner) fault(check string, account creditbank.AccountNumber, zh, en string) {
	x.result.Faults = append(x.result.Faults, Fault{check, account, creditbank.Text{ZH: zh, EN: en}})
}

// learner examines one account and returns its number. Damage is a fault of the
// result; an error ends the examination.
func (x *examiner) learner(ctx context.Context, id creditbank.LearnerID) (creditbank.AccountNumber, error) {
	l, err := x.bank.Learner(ctx, id)
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		x.fault(CheckPerson, "", "学习者记录受损："+err.Error(), "a learner's row is damaged: "+err.Error())
		l = creditbank.Learner{ID: id}
	}
	return l.Account, x.account(ctx, l)
}

func (x *examiner) account(ctx context.Context, l creditbank.Learner) error {
	id := l.ID
	if _, err := x.bank.Person(ctx, id); err != nil && len(l.Key) > 0 {
		x.fault(CheckPerson, l.Account, "无法读出学习者身份："+err.Error(), "who the learner is cannot be read: "+err.Error())
	}
	h, account, err := x.history(ctx, id)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		x.fault(CheckHistory, l.Account, "账户记录受损："+err.Error(), "the history is damaged: "+err.Error())
		return nil
	}
	x.result.Outcomes += len(h.Outcomes)
	if err := x.state(ctx, l, account); err != nil {
		return err
	}
	if err := x.transfers(ctx, l, h, account); err != nil {
		return err
	}
	x.listed(l, account)
	if err := x.asked(ctx, l, account); err != nil {
		return err
	}
	return x.decisions(ctx, l, h)
}

func (x *examiner) history(ctx context.Context, id creditbank.LearnerID) (creditbank.History, *creditbank.Account, error) {
	h, err := x.bank.History(ctx, id)
	if err != nil {
		return h, nil, err
	}
	a, err := creditbank.NewAccount(h)
	return h, a, err
}

// state compares what is kept with the account for the next posting.
func (x *examiner) state(ctx context.Context, l creditbank.Learner, a *creditbank.Account) error {
	heads, err := x.bank.Store.Heads(ctx, []creditbank.OutcomeKey{{Learner: l.ID, Institution: "-", ExternalID: "-", Revision: 1}})
	if err != nil {
		return err
	}
	switch h := heads[0]; {
	case !h.Known || h.Version != a.Version:
		x.fault(CheckState, l.Account, fmt.Sprintf("账户版本为 %d，记录共 %d 项", h.Version, a.Version), fmt.Sprintf("the account stands at version %d, its rows make %d", h.Version, a.Version))
	case h.Frozen != a.Frozen:
		x.fault(CheckState, l.Account, "冻结状态与记录不符", "whether the account is frozen does not follow from its rows")
	case !h.Totals.Equal(a.Totals):
		x.fault(CheckState, l.Account, fmt.Sprintf("年度合计为“%s”，按记录应为“%s”", h.Totals, a.Totals), fmt.Sprintf("the totals are %q, its rows add up to %q", h.Totals, a.Totals))
	}
	return nil
}

// transfers compares the transfers stored with those that the rows call for,
// and what they leave in each lot with what the account says.
func (x *examiner) transfers(ctx context.Context, l creditbank.Learner, h creditbank.History, a *creditbank.Account) error {
	stored, err := x.bank.Store.Movements(ctx, l.ID)
	if err != nil {
		return err
	}
	x.result.Transfers += len(stored)
	derived, err := h.Movements()
	if err != nil {
		return err
	}
	if !slices.Equal(stored, derived) {
		x.fault(CheckTransfers, l.Account, fmt.Sprintf("账本存有分录 %d 笔，与按记录推出的 %d 笔不符", len(stored), len(derived)),
			fmt.Sprintf("the ledger holds %d transfers, which are not the %d that the rows call for", len(stored), len(derived)))
	}
	x.balances(l, a, stored)
	return nil
}

// A book is an account of the ledger in one category.
type book struct {
	account  creditbank.AccountID
	category creditbank.Category
}

// balances adds the stored transfers up and looks at what is left where.
func (x *examiner) balances(l creditbank.Learner, a *creditbank.Account, stored []creditbank.Movement) {
	held := map[book]creditbank.Credits{}
	for _, m := range stored {
		held[book{m.From, m.Category}] -= m.Credits
		held[book{m.To, m.Category}] += m.Credits
	}
	for b, n := range held {
		x.sums[b.category] += n
	}
	used := map[int64]creditbank.Credits{}
	for _, c := range a.Conversions {
		for _, s := range c.Decision.Sources {
			if c.Stands() {
				used[s.Lot] += s.Credits
			}
		}
	}
	set := map[book]creditbank.Credits{} // what applications hold, and what has expired
	for _, lot := range a.Lots {
		account, want := creditbank.LotAccount(lot.Seq), creditbank.Credits(0)
		if lot.Granted && lot.Current() && lot.RevokedOn == 0 {
			want = lot.Credits - used[lot.Seq] - lot.Held(endOfTime) - lot.Lapsed()
		}
		set[book{creditbank.HoldAccount(lot.HeldBy()), lot.Category}] += lot.Held(endOfTime)
		set[book{creditbank.AccountExpired, lot.Category}] += lot.Lapsed()
		if n := held[book{account, lot.Category}]; n != want || n < 0 {
			x.fault(CheckLots, l.Account, fmt.Sprintf("%s 在账本中余 %s，按记录应余 %s", account, n, want),
				fmt.Sprintf("%s has %s left in the ledger, %s by its rows", account, n, want))
		}
	}
	x.set(l, held, set)
}

// endOfTime is later than every hold that has ended.
const endOfTime creditbank.Date = 99991231

// set compares what stands on the accounts of applications together, and on that
// of what has expired, with what the lots say of it.
func (x *examiner) set(l creditbank.Learner, held, want map[book]creditbank.Credits) {
	sum := func(books map[book]creditbank.Credits, expired bool, c creditbank.Category) (sum creditbank.Credits) {
		for b, n := range books {
			if b.category == c && (expired && b.account == creditbank.AccountExpired || !expired && strings.HasPrefix(string(b.account), "hold:")) {
				sum += n
			}
		}
		return sum
	}
	for _, c := range creditbank.Categories() {
		for _, expired := range []bool{false, true} {
			if got, want := sum(held, expired, c), sum(want, expired, c); got != want {
				x.fault(CheckLots, l.Account, fmt.Sprintf("%s 已占用或已失效学分在账本中为 %s，按记录应为 %s", c, got, want),
					fmt.Sprintf("%s that is held or has expired is %s in the ledger, %s by its rows", c, got, want))
			}
		}
	}
}

// decisions decides every decision again.
func (x *examiner) decisions(ctx context.Context, l creditbank.Learner, h creditbank.History) error {
	for _, act := range h.Acts {
		if act.Body.Decision == nil {
			continue
		}
		x.result.Decisions++
		if !x.replay {
			continue
		}
		r, err := x.bank.Replay(ctx, l.ID, act.Seq)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		x.result.Replayed++
		switch {
		case err != nil:
			x.fault(CheckReplay, l.Account, fmt.Sprintf("第 %d 项决定无法复算：%v", act.Seq, err), fmt.Sprintf("decision %d cannot be reached again: %v", act.Seq, err))
		case !r.Equal():
			x.fault(CheckReplay, l.Account, fmt.Sprintf("第 %d 项决定复算结果不同", act.Seq), fmt.Sprintf("decision %d comes out otherwise", act.Seq))
		}
	}
	return nil
}
