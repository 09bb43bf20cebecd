package creditbank

import (
	"fmt"
	"maps"
	"slices"
)

// A Repeat (重修计分) says whether a course that somebody takes again counts
// again. It is the course's word, and holds for what is posted while it is: what
// stands is not looked at again when the word changes. Outcomes of the course
// stand in each other's way while they are recognised and neither revoked nor
// revised to something else; one that had expired by the day on which the next
// was issued stands in nobody's way, but for a course that counts yearly. What
// does not count is refused as DUPLICATE_SUBJECT and stays on record. It is not
// recognised by itself once what stood in its way is gone: recognising it anew
// is for somebody to ask for ([Bank.Rerecognise]).
type Repeat string

// The words of a course.
const (
	RepeatOnce   Repeat = "once"   // the first that is recognised counts
	RepeatBest   Repeat = "best"   // the better result counts; what is in use stays
	RepeatYearly Repeat = "yearly" // one counts for each calendar year of issue
	RepeatEvery  Repeat = "every"  // each counts; so does a course without a word
)

// Repeats lists the words.
func Repeats() []Repeat { return []Repeat{RepeatOnce, RepeatBest, RepeatYearly, RepeatEvery} }

// ParseRepeat parses the word of a course; "" is none.
func ParseRepeat(s string) (Repeat, error) {
	if s != "" && !slices.Contains(Repeats(), Repeat(s)) {
		return "", Invalid(CodeMalformed, "repeat", fmt.Sprintf("“%s”不是重修计分方式，应为 once、best、yearly、every 之一", Shown(s)),
			fmt.Sprintf("%q is none of once, best, yearly, every", Shown(s)))
	}
	return Repeat(s), nil
}

// Text returns what r means.
func (r Repeat) Text() Text {
	switch r {
	case RepeatOnce:
		return Text{"只计一次", "counts once"}
	case RepeatBest:
		return Text{"取最好成绩", "the better result counts"}
	case RepeatYearly:
		return Text{"每年计一次", "counts once a year"}
	}
	return Text{"每次都计", "counts every time"}
}

// WithoutRepeat returns the courses of cat that have no word about repeats, and
// count every time, sorted: whoever publishes them is to be warned.
func (c *Catalogue) WithoutRepeat() []CourseCode {
	var codes []CourseCode
	for _, code := range slices.Sorted(maps.Keys(c.Courses)) {
		if c.Courses[code].Repeat == "" {
			codes = append(codes, code)
		}
	}
	return codes
}

// looksBack reports whether what is recognised of a course depends on what was
// recognised of it before.
func (r Repeat) looksBack() bool { return r != "" && r != RepeatEvery }

// repeated returns the outcomes that stand in the way of p, an outcome of c.
func (a *Account) repeated(p Posting, c Course) []*Lot {
	if !c.Repeat.looksBack() {
		return nil
	}
	var lots []*Lot
	for _, l := range a.Lots {
		same := l.Institution == p.Institution && l.ExternalID == p.ExternalID
		if l.Course != p.Course || same || !l.Granted || !l.Current() || l.RevokedOn != 0 {
			continue
		}
		if c.Repeat == RepeatYearly && l.IssuedOn.Year() == p.IssuedOn.Year() || c.Repeat != RepeatYearly && !l.Expired(p.IssuedOn) {
			lots = append(lots, l)
		}
	}
	return lots
}

// recognise decides what p, an outcome of c, is worth on a without the outcomes
// of some versions, and which outcomes give way to it. Those give way that a
// better result finds unused; if one of them is in use, none does.
func (a *Account) recognise(rules Rules, p Posting, c Course, without ...int64) (r Recognition, yields []*Lot) {
	before := a.repeated(p, c)
	if c.Repeat == RepeatBest && len(before) > 0 && !slices.ContainsFunc(before, (*Lot).InUse) {
		gone := slices.Clone(without)
		for _, l := range before {
			gone = append(gone, l.Seq) // and frees its share of a period's cap
		}
		r = rules.Recognise(p, c, a.Past(gone...))
		if r.Granted && !slices.ContainsFunc(before, func(l *Lot) bool { return !better(p, r, l) }) {
			return r, before
		}
	}
	if r = rules.Recognise(p, c, a.Past(without...)); r.Granted && len(before) > 0 {
		r = duplicate(r)
	}
	return r, nil
}

// better reports whether p, recognised as r, is a better result than l: by its
// score, a score being better than none, or else by its credits.
func better(p Posting, r Recognition, l *Lot) bool {
	now, scored := p.Score.Points()
	then, was := l.Score.Points()
	if scored && was && now != then {
		return now > then
	}
	if scored != was {
		return scored
	}
	return r.Credits > l.Credits
}

// duplicate returns r refused since the subject was counted before.
func duplicate(r Recognition) Recognition {
	return Recognition{Rule: r.Rule, RuleSet: r.RuleSet, Reasons: []Reason{DuplicateSubject}}
}

// post adds a posting with what is recognised of it on the account as it is,
// without the version that it revises, and has what gives way to it do so.
func (d *draft) post(rules Rules, p Posting, c Course, without ...int64) (Outcome, error) {
	r, yields := d.account.recognise(rules, p, c, without...)
	outcome, err := d.outcome(p, c, r)
	if err != nil {
		return Outcome{}, err
	}
	return outcome, d.yield(yields, outcome.Seq)
}

// yield has outcomes give way to the one of version to.
func (d *draft) yield(lots []*Lot, to int64) error {
	for _, l := range lots {
		if _, err := d.act(ActRecognised, ActBody{Of: l.Seq, Recognition: Recorded(duplicate(l.Recognition)), Since: to}); err != nil {
			return err
		}
	}
	return nil
}
