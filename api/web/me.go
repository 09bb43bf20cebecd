package web

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// me shows people what the bank has about them: a learner the account, everybody
// who they are.
func (s *Site) me(v *visit) error {
	if !v.LoggedIn {
		return v.to("/login?" + url.Values{"next": {"/me"}}.Encode())
	}
	ctx := v.r.Context()
	a, err := s.c.Registry.Account(ctx, access.AccountID(v.Principal.ID))
	if err != nil {
		return err
	}
	who := person{Number: grouped(a.Number), Institution: s.institution(a.Institution), Roles: s.roles(v.Principal), head: v.text(words["me.staff"])}
	if who.Name, err = s.c.Registry.Name(ctx, a); err != nil {
		return err
	}
	if v.Principal.Learner != "" {
		who.head = v.text(words["me"])
		if who.Own, err = s.own(ctx, v.Principal.Learner); err != nil {
			return err
		}
	}
	return v.show(http.StatusOK, "me", who)
}

// A person is who is logged in.
type person struct {
	Name, Number string
	Institution  string // of staff
	Roles        []role
	Own          *own // of a learner

	head string
}

// title names nobody: browsers remember it.
func (p person) title() string { return p.head }

// A role is one, with what within.
type role struct {
	Role  creditbank.Text
	Kind  access.ScopeKind
	Where string
}

// grouped writes an account number as people read it.
func grouped(n creditbank.AccountNumber) string {
	if len(n) != 12 {
		return string(n)
	}
	return string(n[:4] + " " + n[4:8] + " " + n[8:])
}

// institution returns what an institution is called, its id where nobody said.
func (s *Site) institution(id creditbank.InstitutionID) string {
	if i, ok := s.c.Bank.Catalogue().Institutions[id]; ok {
		return i.Name
	}
	return string(id)
}

func (s *Site) region(id creditbank.RegionCode) string {
	if r, ok := s.c.Bank.Catalogue().Regions[id]; ok {
		return r.Name
	}
	return string(id)
}

// roles returns the roles that somebody was granted. A learner's own is not
// granted.
func (s *Site) roles(p access.Principal) []role {
	var all []role
	for _, g := range p.Grants {
		r := role{g.Role.Text(), g.Scope.Kind, g.Scope.ID}
		switch g.Scope.Kind {
		case access.ScopeLearner:
			continue
		case access.ScopeRegion:
			r.Where = s.region(creditbank.RegionCode(g.Scope.ID))
		default:
			r.Where = s.institution(creditbank.InstitutionID(g.Scope.ID))
		}
		all = append(all, r)
	}
	return all
}

// own is what a learner sees of the own account.
type own struct {
	Learner     creditbank.LearnerID
	Region      string
	Frozen      bool
	Today       creditbank.Date
	Balance     []amount
	Programmes  []programme
	Entries     []entry
	Earlier     int // entries that are not shown
	Issued      []certificate
	Consents    []consent
	Disclosures []disclosure
	More        bool // disclosures that are not shown
}

// An amount is the credits of a category.
type amount struct {
	Category creditbank.Text
	Credits  creditbank.Credits
}

// A programme is one that the learner has to do with.
type programme struct {
	Title       creditbank.Text
	Institution string
	Enrolled    bool
	Credits     creditbank.Credits // converted
	Of          creditbank.Credits // that the programme takes
}

const (
	shownEntries     = 20
	shownDisclosures = 20
)

// own reads the own account of a learner.
func (s *Site) own(ctx context.Context, id creditbank.LearnerID) (*own, error) {
	l, err := s.c.Bank.Learner(ctx, id)
	if err != nil {
		return nil, err
	}
	h, err := s.c.Bank.History(ctx, id)
	if err != nil {
		return nil, err
	}
	a, err := creditbank.NewAccount(h)
	if err != nil {
		return nil, err
	}
	o := &own{Learner: id, Region: s.region(l.Region), Frozen: a.Frozen, Today: s.c.Bank.Today(), Consents: s.consents(a)}
	s.balance(o, a)
	entries := s.entries(h, a)
	o.Entries = entries[:min(len(entries), shownEntries)]
	o.Earlier = len(entries) - len(o.Entries)
	if o.Issued, err = s.certificates(ctx, a); err != nil {
		return nil, err
	}
	told, err := s.c.Bank.Disclosures(ctx, id, "", shownDisclosures+1)
	if err != nil {
		return nil, err
	}
	o.More = len(told) > shownDisclosures
	for _, d := range told[:min(len(told), shownDisclosures)] {
		o.Disclosures = append(o.Disclosures, s.disclosure(d))
	}
	return o, nil
}

// balance fills in what the learner has: each category, and each programme.
func (s *Site) balance(o *own, a *creditbank.Account) {
	b := a.Balance(o.Today)
	for _, c := range creditbank.Categories() {
		o.Balance = append(o.Balance, amount{c.Text(), b.Available[c]})
	}
	ids := append(slices.Collect(maps.Keys(b.Programmes)), a.Enrolments()...)
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		p := programme{Title: s.programme(id), Enrolled: a.Enrolled(id), Credits: b.Programmes[id]}
		if rules := s.c.Bank.Catalogue().Rules; rules != nil {
			known, _ := rules.Programme(id)
			p.Institution, p.Of = s.institution(known.Institution), known.Credits
		}
		o.Programmes = append(o.Programmes, p)
	}
}

// programme returns the title of a programme, its id where the rules in force
// do not know it any more.
func (s *Site) programme(id creditbank.ProgrammeID) creditbank.Text {
	if rules := s.c.Bank.Catalogue().Rules; rules != nil {
		if p, ok := rules.Programme(id); ok {
			return p.Title
		}
	}
	return creditbank.Text{ZH: string(id), EN: string(id)}
}

// lot returns what an outcome is called.
func (s *Site) lot(a *creditbank.Account, seq int64) creditbank.Text {
	l := a.Lot(seq)
	if l == nil {
		return creditbank.Text{ZH: strconv.FormatInt(seq, 10)}
	}
	return s.course(l.Course)
}

func (s *Site) course(code creditbank.CourseCode) creditbank.Text {
	if c, ok := s.c.Bank.Catalogue().Courses[code]; ok {
		return creditbank.Text{ZH: c.Title, EN: c.Title}
	}
	return creditbank.Text{ZH: string(code), EN: string(code)}
}

// day returns the day of an instant where the rules are made.
func (s *Site) day(t time.Time) creditbank.Date { return creditbank.DateOf(s.there(t)) }

func (s *Site) there(t time.Time) time.Time {
	if rules := s.c.Bank.Catalogue().Rules; rules != nil {
		return t.In(rules.Location())
	}
	return t.UTC()
}
