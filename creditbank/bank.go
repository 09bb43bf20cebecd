package creditbank

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A Bank ties the domain together: it looks up, lets pure code decide, and
// appends. It may be used by several goroutines, and several banks may share
// one store.
type Bank struct {
	store     Store
	vault     Vault
	clock     func() time.Time
	random    io.Reader
	loadRules func(version int, body []byte) (Rules, error)
	maker     RuleMaker
	policy    RulePolicy

	accounts  *accountCache // nil if there is none
	catalogue atomic.Pointer[Catalogue]
	refresh   sync.Mutex // held while the catalogue is replaced
	ruleSets  sync.Map   // version → Rules
}

// A Config is what a Bank needs of the world.
type Config struct {
	Store  Store
	Vault  Vault
	Clock  func() time.Time
	Random io.Reader // safe for concurrent use

	// LoadRules makes rules of a published rule set (rule.Load).
	LoadRules func(version int, body []byte) (Rules, error)

	// Rules makes rule sets of files (rule.Maker). Where it is nil, drafts of rules
	// cannot be made, nor rules suspended.
	Rules RuleMaker

	// Policy is what a draft of rules must pass before it is published. By the zero
	// RulePolicy, rules may be published directly.
	Policy RulePolicy

	// Accounts is how many accounts are kept in memory for readers; 10,000 if
	// zero, none if negative.
	Accounts int
}

// New returns a bank on c.Store with the reference data published there.
func New(ctx context.Context, c Config) (*Bank, error) {
	if c.Store == nil || c.Vault == nil || c.Clock == nil || c.Random == nil || c.LoadRules == nil {
		return nil, errors.New("bank: the configuration is incomplete")
	}
	if !c.Policy.Valid() {
		return nil, fmt.Errorf("bank: a quorum of %d and %d days of publicity are no policy of rules", c.Policy.Quorum, c.Policy.PublicityDays)
	}
	b := &Bank{
		store: c.Store, vault: c.Vault, clock: c.Clock, random: c.Random, loadRules: c.LoadRules, maker: c.Rules, policy: c.Policy,
		accounts: newAccountCache(c.Accounts),
	}
	b.catalogue.Store(NewCatalogue())
	return b, b.Refresh(ctx)
}

// maxTries bounds the retries of a write that lost a race for an account. An
// attempt takes milliseconds and loses to about every third while somebody posts
// to the same account without pause: at eight one in a thousand was told BUSY
// though nothing was.
const maxTries = 64

// Catalogue returns the reference data as last read.
func (b *Bank) Catalogue() *Catalogue { return b.catalogue.Load() }

// Refresh reads reference data published since by any bank on the store.
func (b *Bank) Refresh(ctx context.Context) error {
	b.refresh.Lock()
	defer b.refresh.Unlock()
	old := b.catalogue.Load()
	docs, err := b.store.Documents(ctx, old.Version)
	if err != nil {
		return fmt.Errorf("read reference data: %w", err)
	}
	if len(docs) == 0 {
		return nil
	}
	next := old.clone()
	for _, d := range docs {
		if err := b.apply(next, d); err != nil {
			return fmt.Errorf("reference document %d (%s %s): %v", d.Version, d.Kind, d.ID, err)
		}
		next.Version = d.Version
	}
	b.catalogue.Store(next)
	return nil
}

// Kinds of reference document.
const (
	docRegion      = "region"
	docInstitution = "institution"
	docCourse      = "course"
	docRuleSet     = "ruleset"
	docRuleAct     = "ruleact"
	docCalendar    = "calendar"
	docDeputy      = "deputy"
)

// apply takes a published document into cat.
func (b *Bank) apply(cat *Catalogue, d Document) error {
	switch d.Kind {
	case docRegion:
		return decodeInto(d.Body, func(r Region) { cat.Regions[r.Code] = r })
	case docInstitution:
		return decodeInto(d.Body, func(i Institution) { cat.Institutions[i.ID] = i })
	case docCourse:
		return decodeInto(d.Body, func(c Course) {
			if old, ok := cat.Courses[c.Code]; ok {
				cat.past[courseVersion{old.Code, old.Version}] = old
			}
			cat.Courses[c.Code] = c
		})
	case docCalendar:
		return decodeInto(d.Body, cat.addCalendarYear)
	case docDeputy:
		return decodeInto(d.Body, func(v Deputation) { cat.Deputations[v.key()] = v })
	case docRuleSet:
		version, err := strconv.Atoi(d.ID)
		if err != nil {
			return err
		}
		rules, err := b.loadRules(version, d.Body)
		if err != nil {
			return err
		}
		b.ruleSets.Store(version, rules)
		published := RuleSet{Rules: rules, Body: d.Body, At: d.At, By: d.By}
		if p := cat.publishing; p != nil && p.Body.RuleSet == version {
			published.Act = p
		}
		cat.Rules, cat.ruleSetHash, cat.publishing = rules, sha256.Sum256(d.Body), nil
		cat.RuleSets = append(cat.RuleSets, published)
		return nil
	case docRuleAct:
		body, err := decodeRuleAct(d.Body)
		if err != nil {
			return err
		}
		return cat.applyRuleAct(RuleAct{At: d.At, By: d.By, Body: body})
	}
	return errors.New("unknown kind")
}

func decodeInto[T any](body []byte, take func(T)) error {
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	take(v)
	return nil
}

// rules returns a published version of the rules; if it is not known yet, another
// bank on the store has published it.
func (b *Bank) rules(ctx context.Context, version int) (Rules, error) {
	if r, ok := b.ruleSets.Load(version); ok {
		return r.(Rules), nil
	}
	if err := b.Refresh(ctx); err != nil {
		return nil, err
	}
	if r, ok := b.ruleSets.Load(version); ok {
		return r.(Rules), nil
	}
	return nil, fmt.Errorf("rule set %d is not published", version)
}

// current returns the rules in force and today's date in their time zone.
func (b *Bank) current() (Rules, time.Time, Date, error) {
	rules := b.Catalogue().Rules
	if rules == nil {
		return nil, time.Time{}, 0, Conflict(CodeState, "", "尚未发布任何规则", "no rules have been published yet")
	}
	now := b.clock()
	return rules, now.UTC().Truncate(time.Microsecond), DateOf(now.In(rules.Location())), nil
}

// Today returns the date in the time zone of the rules in force; in UTC before
// there are any.
func (b *Bank) Today() Date {
	_, _, day, err := b.current()
	if err != nil {
		return DateOf(b.clock().UTC())
	}
	return day
}

// Reference is a set of reference data to publish. RuleSet is a compiled
// document (rule.Compile), or nil to leave the rules as they are.
type Reference struct {
	Regions      []Region
	Institutions []Institution
	Courses      []Course
	RuleSet      []byte
	Calendar     []CalendarYear // whole years, each in place of what was known of it
	Deputations  []Deputation
}

// Publish publishes what r holds beyond what is published already. Each piece
// is checked; on an error nothing is published.
func (b *Bank) Publish(ctx context.Context, by Caller, r Reference) error {
	return b.PublishIf(ctx, by, r, func(*Catalogue) error { return nil })
}

// PublishIf is [Bank.Publish] for whoever must look first at what is to be
// replaced: check is asked about the very catalogue that r will follow, anew each
// time others publish meanwhile. On its error nothing is published.
func (b *Bank) PublishIf(ctx context.Context, by Caller, r Reference, check func(*Catalogue) error) error {
	if err := by.check(); err != nil {
		return err
	}
	return b.publishOn(ctx, func(base *Catalogue) ([]Document, error) {
		if err := check(base); err != nil {
			return nil, err
		}
		return b.documents(base, by, r)
	})
}

// publishOn publishes what make makes of the catalogue that it will follow, again
// and again while others publish meanwhile.
func (b *Bank) publishOn(ctx context.Context, make func(base *Catalogue) ([]Document, error)) error {
	for range maxTries {
		if err := b.Refresh(ctx); err != nil {
			return err
		}
		base := b.Catalogue()
		docs, err := make(base)
		if err != nil {
			return err
		}
		if len(docs) == 0 {
			return b.store.Confirm(ctx)
		}
		feed, err := b.feed()
		if err != nil {
			return err
		}
		done, err := b.store.Publish(ctx, feed, base.Version, docs)
		if err != nil {
			return fmt.Errorf("publish reference data: %w", err)
		}
		if done {
			return b.Refresh(ctx)
		}
	}
	return fmt.Errorf("publish reference data: %w: others keep publishing", ErrBusy)
}

// documents returns the documents that bring base to what r says.
func (b *Bank) documents(base *Catalogue, by Caller, r Reference) ([]Document, error) {
	cat := base.clone()
	var docs []Document
	add := func(kind, id string, body []byte) {
		docs = append(docs, Document{Version: base.Version + len(docs) + 1, Kind: kind, ID: id, Body: body, At: b.clock().UTC().Truncate(time.Microsecond), By: by})
	}
	for _, v := range r.Regions {
		old, known := cat.Regions[v.Code]
		delete(cat.Regions, v.Code) // a changed region is its next version
		if err := cat.AddRegion(v); err != nil {
			return nil, err
		} else if !known || old != v {
			add(docRegion, string(v.Code), canonical(v))
		}
	}
	for _, v := range r.Institutions {
		old, known := cat.Institutions[v.ID]
		delete(cat.Institutions, v.ID)
		if err := cat.AddInstitution(v); err != nil {
			return nil, err
		} else if !known || !sameInstitution(old, v) {
			add(docInstitution, string(v.ID), canonical(v))
		}
	}
	for _, v := range r.Courses {
		old := cat.Courses[v.Code]
		now, err := cat.AddCourse(v)
		if err != nil {
			return nil, err
		}
		if now.Version != old.Version {
			add(docCourse, string(v.Code), canonical(now))
		}
	}
	for _, v := range r.Calendar {
		if err := v.check(); err != nil {
			return nil, err
		}
		if old, known := cat.CalendarYears[v.Year]; !known || !sameCalendarYear(old, v) {
			cat.addCalendarYear(v)
			add(docCalendar, strconv.Itoa(v.Year), canonical(v))
		}
	}
	for _, v := range r.Deputations {
		if err := v.check(); err != nil {
			return nil, err
		}
		if old, known := cat.Deputations[v.key()]; !known || old != v {
			cat.Deputations[v.key()] = v
			add(docDeputy, v.key(), canonical(v))
		}
	}
	if r.RuleSet == nil {
		return docs, nil
	}
	body, err := b.standingOn(base, r.RuleSet)
	if err != nil || b.publishedAlready(base, body) {
		return docs, err
	}
	if base.Rules != nil && !b.policy.Direct() {
		return nil, reviewRequired()
	}
	if _, err := b.loadRules(nextVersion(base), body); err != nil {
		return nil, Invalid(CodeMalformed, "ruleset", "规则集不可用："+err.Error(), "the rule set cannot be used: "+err.Error())
	}
	add(docRuleSet, strconv.Itoa(nextVersion(base)), body)
	return docs, nil
}

// nextVersion returns the version of the rules that will follow those of cat.
func nextVersion(cat *Catalogue) int {
	if cat.Rules == nil {
		return 1
	}
	return cat.Rules.Version() + 1
}

// publishedAlready reports whether the newest rule set is body.
func (b *Bank) publishedAlready(cat *Catalogue, body []byte) bool {
	return cat.Rules != nil && cat.ruleSetHash == sha256.Sum256(body)
}

// feed returns a new feed row.
func (b *Bank) feed() (Feed, error) {
	at := b.clock().UTC().Truncate(time.Microsecond)
	id, err := NewFeedID(at, b.random)
	return Feed{id, at}, err
}
