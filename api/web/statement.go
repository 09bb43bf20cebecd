package web

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"

	"creditbank/creditbank"
)

// An entry is a line of a statement.
type entry struct {
	seq     int64
	On      creditbank.Date
	What    creditbank.Text
	About   creditbank.Text // a course, a programme, an institution; "" for none
	By      string          // the institution of an outcome
	Details []creditbank.Text
	Credits string // with a sign where the balance grows, "" where nothing moves
}

// entries returns everything on record about an account, the newest first.
func (s *Site) entries(h creditbank.History, a *creditbank.Account) []entry {
	all := make([]entry, 0, h.Version())
	for _, o := range h.Outcomes {
		all = append(all, s.posted(o))
	}
	for _, act := range h.Acts {
		all = append(all, s.act(a, act))
	}
	slices.SortFunc(all, func(b, c entry) int { return cmp.Compare(c.seq, b.seq) })
	return all
}

func (s *Site) posted(o creditbank.Outcome) entry {
	e := entry{seq: o.Seq, On: s.day(o.PostedAt), What: words["posted"], About: s.course(o.Course), By: s.institution(o.Institution)}
	switch {
	case !o.Granted:
		e.What = words["posted.rejected"]
	case o.Revision > 1:
		e.What, e.Credits = words["posted.revised"], "+"+o.Credits.String()
	default:
		e.Credits = "+" + o.Credits.String()
	}
	e.Details = append(e.Details, creditbank.ExplainOutcome(s.c.Bank.Catalogue(), o)...)
	return e
}

func (s *Site) act(a *creditbank.Account, act creditbank.Act) entry {
	e := entry{seq: act.Seq, On: act.Day, What: act.Kind.Text()}
	b := act.Body
	switch {
	case b.Decision != nil:
		e.About, e.Details = s.programme(b.Decision.Programme), s.decided(b.Decision)
		if act.Kind == creditbank.ActDecided {
			e.What = words["denied"]
			if b.Decision.Approved {
				e.What, e.Credits = words["converted"], b.Decision.Granted().String()
			}
		}
	case b.Programme != "":
		e.About = s.programme(b.Programme)
	case b.Consent != nil:
		e.About = s.called(b.Consent.Recipient)
	case act.Kind == creditbank.ActWithdrawn:
		if given := a.GivenConsent(b.Of); given != nil {
			e.About = s.called(given.Recipient)
		}
	case b.Award != nil:
		e.About, e.Details, e.Credits = s.programme(b.Award.Programme), []creditbank.Text{b.Award.Kind.Text()}, b.Award.Credits.String()
	case a.Award(b.Of) != nil:
		e.About = s.programme(a.Award(b.Of).Programme)
	case a.Case(b.Of) != nil:
		e.About = s.programme(a.Award(a.Case(b.Of).Award).Programme)
	case a.Lot(b.Of) != nil:
		e.About = s.lot(a, b.Of)
	case a.Conversion(b.Of) != nil:
		e.About = s.programme(a.Conversion(b.Of).Decision.Programme)
	}
	return e
}

// decided says which rule decided, and why it came out so.
func (s *Site) decided(d *creditbank.Decision) []creditbank.Text {
	cat := s.c.Bank.Catalogue()
	var all []creditbank.Text
	if cat.Rules != nil {
		if title, _, ok := cat.Rules.RuleTitle(d.Rule); ok {
			all = append(all, title)
		}
	}
	return append(all, creditbank.Explain(cat, d)...)
}

// called returns what an institution is called, in any language.
func (s *Site) called(id creditbank.InstitutionID) creditbank.Text {
	return creditbank.Text{ZH: s.institution(id)}
}

// A consent is one that the learner gave.
type consent struct {
	Seq       int64
	Recipient string
	Purpose   creditbank.Text
	Fields    []creditbank.Text
	On, Until creditbank.Date
	Withdrawn creditbank.Date // zero while it stands
	Over      bool            // its last day is past
}

func (s *Site) consents(a *creditbank.Account) []consent {
	all := make([]consent, 0, len(a.Consents))
	for _, c := range slices.Backward(a.Consents) {
		all = append(all, consent{
			c.Seq, s.institution(c.Recipient), c.Purpose.Text(), fields(c.Fields), c.On, c.Until, c.WithdrawnOn, c.Until < s.c.Bank.Today(),
		})
	}
	return all
}

func fields(list []creditbank.Field) []creditbank.Text {
	all := make([]creditbank.Text, len(list))
	for i, f := range list {
		all[i] = f.Text()
	}
	return all
}

// A disclosure is that somebody was told about the learner.
type disclosure struct {
	At      string
	Who     string
	Fields  []creditbank.Text
	Purpose creditbank.Text // "" where none was named
	Basis   creditbank.Text
}

func (s *Site) disclosure(d creditbank.Disclosure) disclosure {
	told := disclosure{At: s.there(d.At).Format("2006-01-02 15:04"), Who: s.institution(d.Recipient), Fields: fields(d.Fields), Basis: d.Basis.Text()}
	if d.Recipient == "" {
		told.Who = s.region(d.Authority)
	}
	if d.Purpose != "" {
		told.Purpose = d.Purpose.Text()
	}
	return told
}

// withdraw withdraws a consent of whoever is logged in. It is asked for under a
// key that follows from which it is, so that pressing twice does it once.
func (s *Site) withdraw(v *visit) error {
	if !v.LoggedIn {
		return v.to("/login?" + url.Values{"next": {"/me"}}.Encode())
	}
	seq, err := strconv.ParseInt(v.r.PostFormValue("seq"), 10, 64)
	if err != nil || v.Principal.Learner == "" {
		return creditbank.NotFound(creditbank.CodeUnknownConsent, "seq", "没有这项同意", "there is no such consent")
	}
	change := creditbank.Change{By: v.Principal.Caller(), Learner: v.Principal.Learner, Key: "page withdraw " + strconv.FormatInt(seq, 10)}
	if _, err := s.c.Bank.WithdrawConsent(v.r.Context(), change, seq); err != nil {
		return err
	}
	return v.to("/me#consents")
}
