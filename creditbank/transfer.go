package creditbank

import "fmt"

// An AccountID names an account of the ledger within one learner's books:
//
//	issuer:I06            what the institution has given out
//	lot:17                what is left of the outcome of version 17
//	conversion:R05        what a conversion rule took in and gave out
//	programme:P1/T-A1     what fills a slot of a programme
//	carried:P1/T-A1       what of it counts in other programmes too, below zero
//	forfeited, cut        what a conversion or a period cap took away
//	hold:23               what the application of version 23 is promised
//	expired               what was left of lots after their last day
type AccountID string

// Accounts of the ledger.
const (
	AccountForfeited AccountID = "forfeited"
	AccountCut       AccountID = "cut"
	AccountExpired   AccountID = "expired"
)

// IssuerAccount returns the account of an institution.
func IssuerAccount(i InstitutionID) AccountID { return "issuer:" + AccountID(i) }

// LotAccount returns the account of the lot that version seq made.
func LotAccount(seq int64) AccountID { return AccountID(fmt.Sprintf("lot:%d", seq)) }

// HoldAccount returns the account of what an application holds.
func HoldAccount(application int64) AccountID {
	return AccountID(fmt.Sprintf("hold:%d", application))
}

// ConversionAccount returns the account of a conversion rule.
func ConversionAccount(r RuleID) AccountID { return "conversion:" + AccountID(r) }

// SlotAccount returns the account of a slot of a programme.
func SlotAccount(p ProgrammeID, s SlotID) AccountID {
	return "programme:" + AccountID(p) + "/" + AccountID(s)
}

// CarriedAccount returns the account that stands for the lines of a slot where
// they are carried on: the lines stay, and what other programmes took of them is
// owed here. It never owes more than the slot's account holds.
func CarriedAccount(p ProgrammeID, s SlotID) AccountID {
	return "carried:" + AccountID(p) + "/" + AccountID(s)
}

// A Transfer moves credits of one category from one account to another: what
// one side gains the other loses, so the accounts of a category always sum to
// zero.
type Transfer struct {
	From, To AccountID
	Category Category
	Credits  Credits // above zero
}

// NewTransfer returns a transfer, or an error where it would not move anything
// between two accounts.
func NewTransfer(from, to AccountID, cat Category, credits Credits) (Transfer, error) {
	if from == "" || to == "" || from == to || cat == "" || credits <= 0 {
		return Transfer{}, fmt.Errorf("transfer of %v %s from %q to %q moves nothing", credits, cat, from, to)
	}
	return Transfer{from, to, cat, credits}, nil
}

// Reversed returns the transfer that undoes t.
func (t Transfer) Reversed() Transfer {
	t.From, t.To = t.To, t.From
	return t
}

// reversed returns the transfers that undo ts, last first.
func reversed(ts []Transfer) []Transfer {
	back := make([]Transfer, 0, len(ts))
	for i := len(ts) - 1; i >= 0; i-- {
		back = append(back, ts[i].Reversed())
	}
	return back
}

// A journal gathers transfers and leaves out those of nothing.
type journal struct{ transfers []Transfer }

func (j *journal) move(from, to AccountID, cat Category, credits Credits) {
	if t, err := NewTransfer(from, to, cat, credits); err == nil {
		j.transfers = append(j.transfers, t)
	}
}

// Transfers returns the recognition of o as transfers. They are not stored:
// the row itself is the record.
func (o Outcome) Transfers() []Transfer {
	var j journal
	if o.Granted {
		issuer := IssuerAccount(o.Institution)
		j.move(issuer, LotAccount(o.Seq), o.Category, o.Credits)
		j.move(issuer, AccountCut, o.Category, o.Lost)
	}
	return j.transfers
}

// Transfers returns what carrying out an approved decision moves: the sources
// into the rule's account, the lines out of it, and what was forfeited. Each
// line leaves in the category of its main source; a rule's rate may create or
// leave a rest in the rule's own account, since conversion does not conserve
// credits.
func (d *Decision) Transfers() []Transfer {
	var j journal
	if !d.Approved {
		return nil
	}
	rule := ConversionAccount(d.Rule)
	for _, u := range d.Sources {
		j.move(u.account(), rule, u.Category, u.Credits)
	}
	for _, l := range d.Lines {
		j.move(rule, SlotAccount(d.Programme, l.Slot), l.Category, l.Credits)
	}
	if len(d.Lines) > 0 {
		j.move(rule, AccountForfeited, d.Lines[0].Category, d.Forfeited)
	}
	return j.transfers
}

// account returns the account that u comes out of.
func (u Consumption) account() AccountID {
	if _, ok := u.Line(); ok {
		return CarriedAccount(u.Programme, u.Slot)
	}
	return LotAccount(u.Lot)
}

// undone returns the transfers that undo an approved decision. What returns to a
// lot that was revoked or replaced meanwhile goes on to its issuer.
func (a *Account) undone(d *Decision) []Transfer {
	j := journal{reversed(d.Transfers())}
	for _, u := range d.Sources {
		if lot := a.Lot(u.Lot); lot != nil && lot.takenBack {
			j.move(LotAccount(u.Lot), IssuerAccount(lot.Institution), u.Category, u.Credits)
		}
	}
	return j.transfers
}

// returned returns the transfers that take a lot back, but for what conversions
// in doubt still hold of it.
func (l *Lot) returned() []Transfer {
	var j journal
	for _, t := range reversed(l.Outcome.Transfers()) {
		if t.From == LotAccount(l.Seq) {
			t.Credits = l.inLedger()
		}
		j.move(t.From, t.To, t.Category, t.Credits)
	}
	return j.transfers
}
