package scenario

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"creditbank/creditbank"
	"creditbank/creditbank/posting"
	"creditbank/creditbank/strictyaml"
)

// A Deed is what an event does.
type Deed string

// The deeds, by the key that names them in the timeline.
const (
	Convert  Deed = "convert"
	Enrol    Deed = "enrol"
	Withdraw Deed = "withdraw"
	Post     Deed = "post"
	Revise   Deed = "revise"
	Revoke   Deed = "revoke"
	Freeze   Deed = "freeze"
	Unfreeze Deed = "unfreeze"
	Plan     Deed = "plan"
)

var deeds = []Deed{Convert, Enrol, Withdraw, Post, Revise, Revoke, Freeze, Unfreeze, Plan}

// An Event is an entry of the timeline. Which fields count depends on the deed.
type Event struct {
	Place     creditbank.Place
	At        creditbank.Date
	Do        Deed
	Learner   string                 // alias; of a revocation it may be empty
	Rules     []creditbank.RuleID    // convert
	Programme creditbank.ProgrammeID // enrol, withdraw, plan; convert where it stands beside
	Outcome   Outcome                // post, revise
	Revoking  creditbank.Revoking    // revoke
}

// readTimeline reads the events. It returns false where one cannot be read: to
// go on without it would make another story.
func (c *City) readTimeline(fsys fs.FS) ([]Event, bool) {
	data, err := fs.ReadFile(fsys, timelineFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, true
	}
	if err != nil {
		c.unreadable(timelineFile, err)
		return nil, false
	}
	var problems creditbank.Problems
	var events []Event
	root := strictyaml.Parse(timelineFile, data, &problems).Map("events")
	for _, n := range root.Need("events").List() {
		e := event(n)
		if len(events) > 0 && e.At != 0 && e.At < events[len(events)-1].At {
			n.FailWith("DATE_ORDER", fmt.Sprintf("日期 %s 早于前一事件的 %s，事件应按日期先后排列", e.At, events[len(events)-1].At),
				fmt.Sprintf("the day %s lies before that of the event above, %s: events stand in order of time", e.At, events[len(events)-1].At))
			e.At = events[len(events)-1].At
		}
		events = append(events, e)
	}
	for _, p := range problems.List() {
		c.Problems.Add(p.Place, p)
	}
	for _, e := range events {
		if e.At != 0 && !slices.Contains(c.Days, e.At) {
			c.Days = append(c.Days, e.At)
		}
	}
	if len(c.Days) > 0 {
		c.Day = c.Days[0]
	}
	return events, len(problems.List()) == 0
}

// event reads one event.
func event(n strictyaml.Node) Event {
	keys := []string{"at", "learner", "programme"}
	var names []string
	for _, d := range deeds {
		names = append(names, string(d))
	}
	f := n.Map(append(keys, names...)...)
	e := Event{Place: n.Place(), At: strictyaml.Value(f.Need("at"), creditbank.ParseDate), Do: Deed(f.One(names...))}
	what := f.Get(string(e.Do))
	beside := []string{}
	switch e.Do {
	case Convert:
		beside = []string{"learner", "programme"}
		for _, r := range what.List() {
			e.Rules = append(e.Rules, creditbank.RuleID(r.Text()))
		}
		if len(e.Rules) == 0 && what.Exists() {
			what.FailWith(creditbank.CodeMissing, "至少要有一条规则", "name at least one rule")
		}
		e.Learner, e.Programme = f.Need("learner").Text(), creditbank.ProgrammeID(f.Get("programme").Text())
	case Enrol, Withdraw:
		beside = []string{"learner"}
		e.Learner, e.Programme = f.Need("learner").Text(), creditbank.ProgrammeID(what.Text())
	case Post, Revise:
		e.Outcome = line(what, e.Do == Revise)
		e.Learner = e.Outcome.Alias
	case Revoke:
		e.Learner, e.Revoking = revoking(what)
	case Freeze, Unfreeze:
		e.Learner = what.Text()
	case Plan:
		g := what.Map("learner", "programme")
		e.Learner, e.Programme = g.Need("learner").Text(), creditbank.ProgrammeID(g.Need("programme").Text())
	}
	for _, key := range []string{"learner", "programme"} {
		if f.Has(key) && !slices.Contains(beside, key) && e.Do != "" {
			f.Get(key).Fail(fmt.Sprintf("“%s”不能与“%s”并列", key, e.Do), fmt.Sprintf("%q means nothing beside %q", key, e.Do))
		}
	}
	return e
}

// line reads a line of outcomes.csv written as a mapping.
func line(n strictyaml.Node, revision bool) Outcome {
	f := n.Map("external_id", "institution", "learner", "course", "issued_on", "score", "attended_hours", "learner_name", "valid_until", "revision")
	p := creditbank.Posting{
		OutcomeKey: creditbank.OutcomeKey{
			Institution: creditbank.InstitutionID(f.Need("institution").Text()),
			ExternalID:  f.Need("external_id").Text(),
			Revision:    1,
		},
		Course:     creditbank.CourseCode(f.Need("course").Text()),
		IssuedOn:   strictyaml.Value(f.Need("issued_on"), creditbank.ParseDate),
		Score:      strictyaml.Value(f.Get("score").Optional(), posting.ParseScore),
		Attended:   strictyaml.Value(f.Get("attended_hours").Optional(), posting.ParseHours),
		ValidUntil: strictyaml.Value(f.Get("valid_until").Optional(), creditbank.ParseDate),
	}
	if revision || f.Has("revision") {
		p.Revision = f.Need("revision").Int()
	}
	if least := map[bool]int{false: 1, true: 2}[revision]; p.Revision < least && f.Has("revision") {
		f.Get("revision").Fail(fmt.Sprintf("修订号应不小于%d", least), fmt.Sprintf("the revision must be %d or above", least))
	}
	return Outcome{n.Place(), f.Need("learner").Text(), f.Get("learner_name").Optional().Text(), p}
}

func revoking(n strictyaml.Node) (learner string, r creditbank.Revoking) {
	f := n.Map("external_id", "institution", "reason", "learner")
	return f.Get("learner").Text(), creditbank.Revoking{
		Institution: creditbank.InstitutionID(f.Need("institution").Text()),
		ExternalID:  f.Need("external_id").Text(),
		Reason:      f.Get("reason").Text(),
	}
}

// takeEvents takes in the events whose learners, rules, programmes and courses
// exist.
func (c *City) takeEvents(events []Event) {
	for _, e := range events {
		errs := c.checkEvent(e)
		for _, err := range errs {
			c.Problems.Add(e.Place, err)
		}
		if len(errs) == 0 {
			c.Events = append(c.Events, e)
		}
	}
}

func (c *City) checkEvent(e Event) (errs []error) {
	if e.Learner != "" || e.Do != Revoke {
		if err := c.checkLearner(e.Learner, e.Outcome.Name); err != nil {
			errs = append(errs, err)
		}
	}
	if e.Programme != "" {
		if err := c.knownProgramme("programme", e.Programme); err != nil {
			errs = append(errs, err)
		}
	}
	for _, r := range e.Rules {
		if err := c.checkRule(r, e.Programme); err != nil {
			errs = append(errs, err)
		}
	}
	if e.Do == Post || e.Do == Revise {
		if err := e.Outcome.Posting.Check(c.catalogue, e.At); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// checkRule reports a rule that converts nothing, or not into the programme.
func (c *City) checkRule(id creditbank.RuleID, p creditbank.ProgrammeID) error {
	_, programme, ok := c.rules.RuleTitle(id)
	switch {
	case !ok || programme == "":
		return creditbank.NotFound(creditbank.CodeUnknownRule, "convert", fmt.Sprintf("没有转换规则 %s", id),
			fmt.Sprintf("there is no conversion rule %s", id))
	case p != "" && p != programme:
		return creditbank.Invalid(creditbank.CodeMalformed, "programme", fmt.Sprintf("规则 %s 属于专业 %s", id, programme),
			fmt.Sprintf("rule %s grants in programme %s", id, programme))
	}
	return nil
}
