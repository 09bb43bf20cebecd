package creditbank_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"creditbank/creditbank"
)

// Random lives: whatever institutions post, revise and revoke, and whatever a
// learner asks for, the ledger stays a ledger.
func TestRandomLives(t *testing.T) {
	for name, words := range map[string]map[creditbank.CourseCode]creditbank.Repeat{
		"courses without a word": nil,
		"courses with a word":    {"S1": creditbank.RepeatBest, "S2": creditbank.RepeatYearly, "N3": creditbank.RepeatOnce},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t)
			db, err := sql.Open("sqlite", c.path)
			must(t, err)
			t.Cleanup(func() { must(t, db.Close()) })
			c.repeat = words
			randomLives(t, c, db)
		})
	}
}

// randomLives draws lives in a city and checks them, with db to read the rows.
func randomLives(t *testing.T, c *city, db *sql.DB) {
	c.publishPassMark("60")
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		c.set("2026-03-15")
		c.publishPassMark("60")
		l := c.stranger(n)
		live := &life{city: c, rt: rt, learner: l, newest: map[string]int{}}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			live.step()
		}
		a, err := c.Account(t.Context(), l)
		if err != nil {
			rt.Fatalf("the account does not add up: %v", err)
		}
		live.checkAccount(a)
		live.checkLedger(db, a)
		live.sweep()
		a, err = c.Account(t.Context(), l)
		if err != nil {
			rt.Fatalf("the account does not add up once it was swept: %v", err)
		}
		live.checkSwept(a)
		live.checkLedger(db, a)
		live.checkApplications(a)
		live.checkPetitions(a)
		live.checkReplays()
	})
}

// publishPassMark publishes rules by which less is recognised or more.
func (c *city) publishPassMark(mark string) {
	c.publishBoth(strings.ReplaceAll(cityFiles, `pass_mark: "60"`, fmt.Sprintf("pass_mark: %q", mark))+reviewedPool+shownPool,
		strings.Replace(cityProgrammes, `share: "0.60"}`, `share: "0.60"}, {of: {category: NON_FORMAL}, per: source, credits: "6"}`, 1))
}

// reviewedPool is R3 with a reviewer.
const reviewedPool = `  - {id: R5, kind: conversion, title: {zh: 零存整取, en: pool}, programme: P1, effective: {from: 2020-01-01, to: 2027-06-01}, source: {pool: {category: NON_FORMAL, credits: "2"}, split: true}, approval: reviewer, grant: [{slot: E, credits: "2", grade: exempt}]}
`

// shownPool is R3 with everything that the life of an application has.
const shownPool = `  - {id: R6, kind: conversion, title: {zh: 零存整取, en: pool}, programme: P1, effective: {from: 2020-01-01, to: 2027-06-01}, source: {pool: {category: NON_FORMAL, credits: "2"}, split: true}, approval: {reviewers: 3, supplement_within: P5D}, decide_within: {days: 5, working: true}, publicity: P3D, appeal: {file_within: P10D, levels: 2}, grant: [{slot: E, credits: "2", grade: exempt}]}
`

// pursue does something about some application of the learner, whether open or not.
func (v *life) pursue(change creditbank.Change) error {
	a, err := v.Account(v.t.Context(), v.learner)
	if err != nil || len(a.Applications) == 0 {
		return err
	}
	ctx := v.t.Context()
	p := rapid.SampledFrom(a.Applications).Draw(v.rt, "application")
	who := change
	who.By.ID = rapid.SampledFrom([]string{"r1", "r2", "r3", "r4", "r5", "r6", "r7", operator.ID}).Draw(v.rt, "who")
	switch rapid.SampledFrom([]string{"review", "review", "review", "review", "claim", "release", "recuse", "return", "supplement", "retract", "object", "answer", "effect", "due", "appeal"}).Draw(v.rt, "pursue") {
	case "review":
		_, err = v.Review(ctx, who, p.Seq, creditbank.Verdict{Approve: rapid.IntRange(0, 3).Draw(v.rt, "verdict") > 0})
	case "claim":
		_, err = v.Claim(ctx, who, p.Seq, "")
	case "release":
		_, err = v.Release(ctx, who, p.Seq)
	case "recuse":
		_, err = v.Recuse(ctx, who, p.Seq, "亲属")
	case "return":
		_, err = v.Return(ctx, who, p.Seq, creditbank.Returning{Reason: "缺材料"})
	case "supplement":
		_, err = v.Supplement(ctx, change, p.Seq, creditbank.Supplement{Text: "附"})
	case "retract":
		_, err = v.Retract(ctx, change, p.Seq, "")
	case "object":
		_, err = v.ObjectTo(ctx, who, p.Seq, "异议")
	case "answer":
		if len(p.Objections) > 0 {
			objection := rapid.SampledFrom(p.Objections).Draw(v.rt, "objection")
			_, err = v.Answer(ctx, who, p.Seq, creditbank.Answer{Objection: objection.Seq, Text: "答复", Uphold: rapid.Bool().Draw(v.rt, "uphold")})
		}
	case "effect":
		_, err = v.Effect(ctx, change, p.Seq)
	case "due":
		_, err = v.ApplicationsDue(ctx, operator, 100)
	case "appeal":
		_, err = v.Appeal(ctx, change, p.Seq, "不服")
	}
	return err
}

// checkApplications checks that each application has an end, or stands in the
// worklist; that nobody voted twice or on their own, and what was decided once is.
func (v *life) checkApplications(a *creditbank.Account) {
	open := 0
	for _, p := range a.Applications {
		if p.Open() != (p.ClosedBy == 0) {
			v.rt.Fatalf("application %d is %s, closed by %d", p.Seq, p.State, p.ClosedBy)
		}
		if p.Open() {
			open++
		}
		made := a.Conversion(p.DecidedBy)
		if (p.State == creditbank.StateEffective) != (made != nil) {
			v.rt.Fatalf("application %d is %s, and there is the conversion %+v", p.Seq, p.State, made)
		}
		voted := map[string]bool{}
		for _, o := range p.Opinions {
			key := fmt.Sprint(o.Round, o.Owner())
			if voted[key] && !o.Struck || o.Owner() == p.By.ID {
				v.rt.Fatalf("application %d: %s voted twice, or on their own: %+v", p.Seq, o.Owner(), p.Opinions)
			}
			voted[key] = !o.Struck
		}
	}
	if items, _, err := v.Worklist(v.t.Context(), creditbank.WorkQuery{Programmes: []creditbank.ProgrammeID{"P1"}, Filter: creditbank.WorkAll, Limit: 10_000}); err != nil {
		v.rt.Fatal(err)
	} else {
		work := a.Work()
		items = slices.DeleteFunc(items, func(w creditbank.WorkItem) bool { return w.Learner != a.Learner })
		slices.SortFunc(items, func(a, b creditbank.WorkItem) int { return int(a.Seq - b.Seq) })
		if diff := cmp.Diff(work, items, cmpopts.EquateEmpty()); diff != "" || len(work) != open {
			v.rt.Fatalf("the worklist differs from the account (-want +got):\n%s", diff)
		}
	}
}

// A life is one learner's random history.
type life struct {
	*city
	rt      *rapid.T
	learner creditbank.LearnerID
	newest  map[string]int // revision by external id
}

func (v *life) step() {
	change := creditbank.Change{By: operator, Learner: v.learner}
	ctx := v.t.Context()
	var err error
	switch rapid.SampledFrom([]string{"post", "post", "post", "convert", "convert", "convert", "convert", "pursue", "pursue", "pursue", "pursue", "pursue", "petition", "petition", "petition", "petition", "revise", "revoke", "freeze", "leave", "time", "sweep", "anew"}).Draw(v.rt, "step") {
	case "post":
		id := fmt.Sprintf("O%d", len(v.newest))
		v.newest[id] = 1
		_, err = v.poster.Post(ctx, operator, v.draw(id, 1), "")
	case "revise":
		id := fmt.Sprintf("O%d", rapid.IntRange(0, 8).Draw(v.rt, "id"))
		if _, err = v.Revise(ctx, operator, v.draw(id, v.newest[id]+1), ""); err == nil {
			v.newest[id]++
		}
	case "revoke":
		id := fmt.Sprintf("O%d", rapid.IntRange(0, 8).Draw(v.rt, "id"))
		_, err = v.Revoke(ctx, change, creditbank.Revoking{Institution: "I01", ExternalID: id})
	case "convert":
		_, err = v.Convert(ctx, change, []creditbank.RuleID{creditbank.RuleID(rapid.SampledFrom([]string{"R1", "R2", "R3", "R4", "R5", "R6", "R6"}).Draw(v.rt, "rule"))})
	case "pursue":
		err = v.pursue(change)
	case "anew":
		v.anew()
	case "sweep":
		v.sweep()
	case "petition":
		err = v.askFor(change)
	case "freeze":
		if err = v.Freeze(ctx, change, ""); err == nil && rapid.Bool().Draw(v.rt, "thaw") {
			err = v.Unfreeze(ctx, change, "")
		}
	case "time":
		v.set([]string{"2026-03-15", "2026-04-01", "2027-06-30", "2026-03-14", "2026-03-18", "2026-03-20"}[rapid.IntRange(0, 5).Draw(v.rt, "date")])
	case "leave":
		if err = v.Leave(ctx, change, "P1"); err == nil {
			err = v.Enrol(ctx, change, "P1")
		}
	}
	if err != nil && !errors.Is(err, creditbank.ErrNotFound) && !errors.Is(err, creditbank.ErrConflict) && !errors.Is(err, creditbank.ErrForbidden) && !errors.Is(err, creditbank.ErrInvalid) {
		v.rt.Fatal(err)
	}
}

// anew publishes rules under which more or less is recognised, or recognises
// anew what the learner has.
func (v *life) anew() {
	if rapid.Bool().Draw(v.rt, "publish") {
		v.publishPassMark(rapid.SampledFrom([]string{"40", "60"}).Draw(v.rt, "pass mark"))
		return
	}
	reasons := []creditbank.Reason{creditbank.DuplicateSubject, creditbank.GradeBelowPass}[rapid.IntRange(0, 1).Draw(v.rt, "from"):]
	before := below(v.learner)
	if _, err := v.Rerecognise(v.t.Context(), operator, creditbank.Rerecognition{Reasons: reasons}, before, 1); err != nil {
		v.rt.Fatal(err)
	}
}

// below returns the id, in the form of one, after which the given one comes.
func below(id creditbank.LearnerID) creditbank.LearnerID {
	b := []byte(id)
	for i := len(b) - 1; i >= 0; i-- {
		switch b[i] {
		case '-':
		case '0':
			b[i] = 'f' // and one less in front of it
		case 'a':
			b[i] = '9'
			return creditbank.LearnerID(b)
		default:
			b[i]--
			return creditbank.LearnerID(b)
		}
	}
	return ""
}

// sweep posts what has expired, and then there is nothing left to post.
func (v *life) sweep() {
	_, err := v.Expire(v.t.Context(), v.learner)
	if err != nil {
		v.rt.Fatal(err)
	}
	if acts, err := v.Expire(v.t.Context(), v.learner); err != nil || acts != nil {
		v.rt.Fatalf("swept twice: %v, %v", acts, err)
	}
}

// checkSwept checks that every credit of an expired lot is used, held or posted
// as expired, and none of another lot.
func (v *life) checkSwept(a *creditbank.Account) {
	for _, l := range a.Lots {
		standing := l.Granted && l.Current() && l.RevokedOn == 0
		var used creditbank.Credits
		for _, c := range a.Conversions {
			for _, s := range c.Decision.Sources {
				if c.Stands() && s.Lot == l.Seq {
					used += s.Credits
				}
			}
		}
		left := l.Credits - used - l.Held(20300101)
		switch {
		case standing && l.Expired(v.Today()) && l.Lapsed() != left:
			v.rt.Fatalf("lot %d: %v of %v expired, want %v", l.Seq, l.Lapsed(), l.Credits, left)
		case l.Lapsed() > 0 && !standing:
			v.rt.Fatalf("lot %d is gone, and %v of it expired", l.Seq, l.Lapsed())
		}
	}
}

func (v *life) draw(id string, revision int) creditbank.Posting {
	p := v.posting(v.learner, id, rapid.SampledFrom([]string{"S1", "S2", "N3", "N3"}).Draw(v.rt, "course"),
		fmt.Sprintf("%d-0%d-15", rapid.IntRange(2020, 2025).Draw(v.rt, "year"), rapid.IntRange(1, 9).Draw(v.rt, "month")),
		rapid.SampledFrom([]string{"50", "65", "75", "95", "合格", ""}).Draw(v.rt, "score"))
	p.Revision = revision
	return p
}

// checkAccount checks caps, slots and lots.
func (v *life) checkAccount(a *creditbank.Account) {
	var granted creditbank.Credits
	perSource := map[int64]creditbank.Credits{}
	slots, used := map[creditbank.SlotID]creditbank.Credits{}, map[int64]creditbank.Credits{}
	for _, c := range a.Conversions {
		if !c.Stands() {
			continue
		}
		for _, l := range c.Decision.Lines {
			granted += l.Credits
			slots[l.Slot] += l.Credits
		}
		for _, s := range c.Decision.Sources {
			used[s.Lot] += s.Credits
			if s.Category == creditbank.NonFormal {
				perSource[s.Lot] += c.Decision.Granted()
			}
			if lot := a.Lot(s.Lot); lot == nil || !lot.Current() || lot.RevokedOn != 0 {
				v.rt.Fatalf("conversion %d stands on lot %d, which does not", c.Seq, s.Lot)
			}
		}
	}
	if granted > 12*creditbank.Credit || slots["A"] > 400 || slots["B"] > 800 || slots["E"] > 800 {
		v.rt.Fatalf("granted %v in all, %v", granted, slots)
	}
	for lot, sum := range perSource {
		if sum > 6*creditbank.Credit {
			v.rt.Fatalf("source %d has granted %v", lot, sum)
		}
	}
	var year creditbank.Totals
	for _, l := range a.Lots {
		if used[l.Seq]+l.Held(20300101) > l.Credits {
			v.rt.Fatalf("lot %d of %v is consumed for %v and held for %v", l.Seq, l.Credits, used[l.Seq], l.Held(20300101))
		}
		if l.Current() && l.RevokedOn == 0 {
			year = year.Plus(l.Category, l.IssuedOn, l.Credits)
		}
	}
	v.checkRepeats(a)
	if !year.Equal(a.Totals) {
		v.rt.Fatalf("totals %v, the lots say %v", a.Totals, year)
	}
	for y := 2020; y <= 2025; y++ {
		if sum := year.Sum(creditbank.NonFormal, y*100+1, y*100+12); sum > 10*creditbank.Credit {
			v.rt.Fatalf("%v recognised in %d", sum, y)
		}
	}
}

// checkRepeats checks that of a course that counts the best result one stands,
// and of one that counts yearly one a year.
func (v *life) checkRepeats(a *creditbank.Account) {
	counted := map[string]int{}
	for _, l := range a.Lots {
		if !l.Granted || !l.Current() || l.RevokedOn != 0 {
			continue
		}
		key := string(l.Course)
		switch v.repeat[l.Course] {
		case creditbank.RepeatYearly:
			key = fmt.Sprint(key, " ", l.IssuedOn.Year())
		case creditbank.RepeatBest:
		default:
			continue
		}
		if counted[key]++; counted[key] > 1 {
			v.rt.Fatalf("%s counts %d times", key, counted[key])
		}
	}
}

// checkLedger checks the rows as SQL sees them.
func (v *life) checkLedger(db *sql.DB, a *creditbank.Account) {
	rows, err := db.Query(`
		SELECT account, category, sum(credits)
		FROM (
			SELECT to_account AS account, category, credits FROM ledger WHERE learner_id = $1
			UNION ALL
			SELECT from_account, category, -credits FROM ledger WHERE learner_id = $1
		) AS entries
		GROUP BY account, category`, string(v.learner))
	if err != nil {
		v.rt.Fatal(err)
	}
	defer rows.Close()
	sums, lots := map[string]int64{}, map[string]creditbank.Credits{}
	programme, applications := creditbank.Credits(0), map[creditbank.AccountID]creditbank.Credits{}
	for rows.Next() {
		var account, category string
		var credits int64
		if err := rows.Scan(&account, &category, &credits); err != nil {
			v.rt.Fatal(err)
		}
		sums[category] += credits
		if strings.HasPrefix(account, "lot:") {
			lots[account] = creditbank.Credits(credits)
		}
		if strings.HasPrefix(account, "hold:") {
			applications[creditbank.AccountID(account)] += creditbank.Credits(credits)
		}
		if strings.HasPrefix(account, "programme:") {
			programme += creditbank.Credits(credits)
		}
	}
	for category, sum := range sums {
		if sum != 0 {
			v.rt.Fatalf("the accounts of %s sum to %d", category, sum)
		}
	}
	for _, l := range a.Lots {
		left := creditbank.Credits(0)
		if l.Granted && l.Current() && l.RevokedOn == 0 {
			left = l.Credits - l.Held(20300101) - l.Lapsed() // after every day that is drawn
			for _, c := range a.Conversions {
				for _, s := range c.Decision.Sources {
					if c.Stands() && s.Lot == l.Seq {
						left -= s.Credits
					}
				}
			}
		}
		if got := lots[string(creditbank.LotAccount(l.Seq))]; got != left {
			v.rt.Fatalf("lot %d: the ledger says %v, the account %v", l.Seq, got, left)
		}
	}
	var held creditbank.Credits
	for _, p := range a.Applications {
		holds := applications[creditbank.HoldAccount(p.Seq)]
		if held += holds; holds < 0 || holds > 0 && !p.Open() {
			v.rt.Fatalf("application %d is %s and holds %v in the ledger", p.Seq, p.State, holds)
		}
	}
	for _, l := range a.Lots {
		held -= l.Held(20300101)
	}
	if held != 0 {
		v.rt.Fatalf("the ledger holds %v more than the lots say", held)
	}
	if want := a.Balance(20300101).Programmes["P1"]; programme != want { // after every day that is drawn
		v.rt.Fatalf("the programme: the ledger says %v, the account %v", programme, want)
	}
}

func (v *life) checkReplays() {
	h, err := v.History(v.t.Context(), v.learner)
	if err != nil {
		v.rt.Fatal(err)
	}
	called, err := h.Movements()
	if err != nil {
		v.rt.Fatal(err)
	}
	stored, err := v.ledgers.Movements(v.t.Context(), v.learner)
	if err != nil || !slices.Equal(called, stored) {
		v.rt.Fatalf("the ledger has %v, %v; the history calls for %v", stored, err, called)
	}
	for _, act := range h.Acts {
		if act.Body.Decision == nil {
			continue
		}
		r, err := v.Replay(v.t.Context(), v.learner, act.Seq)
		if err != nil || !r.Equal() {
			v.rt.Fatalf("act %d (%s) replayed: %v\n%s\n%s", act.Seq, act.Kind, err, r.Stored, r.Again)
		}
	}
}
