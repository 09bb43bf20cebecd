package rule

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"creditbank/creditbank"
)

// Decide implements [creditbank.Rules]. A denial lists every reason that
// applies, not the first; what a missing source makes meaningless adds none.
func (s *Set) Decide(a *creditbank.Account, id creditbank.RuleID, at time.Time, day creditbank.Date) (*creditbank.Decision, error) {
	e, err := s.evaluation(a, id, at, day)
	if err != nil {
		return nil, err
	}
	d := e.decide()
	if e.conv.Reviewed && d.Approved {
		d.Approved = false
		e.find(creditbank.ApprovalPending, string(id), "", "")
	}
	return d, nil
}

// Review implements [creditbank.Rules].
func (s *Set) Review(a *creditbank.Account, r creditbank.Review, at time.Time) (*creditbank.Decision, error) {
	p := a.Application(r.Application)
	if p == nil {
		return nil, creditbank.NotFound(creditbank.CodeUnknownApplication, "application", "没有这项申请", "there is no such application")
	}
	e, err := s.evaluation(a, p.Decision.Rule, at, p.Decision.Day)
	if err != nil {
		return nil, err
	}
	e.d.Review = &r
	if !r.Approved {
		e.find(creditbank.ApprovalRejected, string(p.Decision.Rule), "", "")
		return e.d, nil
	}
	return e.decide(), nil
}

// evaluation returns a rule about to be applied to an account.
func (s *Set) evaluation(a *creditbank.Account, id creditbank.RuleID, at time.Time, day creditbank.Date) (*evaluation, error) {
	r, ok := s.byID[id]
	if !ok || r.Conversion == nil {
		return nil, creditbank.NotFound(creditbank.CodeUnknownRule, "rule", fmt.Sprintf("没有转换规则 %s", id), fmt.Sprintf("there is no conversion rule %s", id))
	}
	return &evaluation{
		set: s, rule: r, conv: r.Conversion, account: a, day: day,
		programme: s.programmes[r.Conversion.Programme],
		d: &creditbank.Decision{
			Base: a.Version, At: at.UTC().Truncate(time.Microsecond), Day: day, Engine: creditbank.EngineVersion, Inputs: a.Digest(),
			Learner: a.Learner, Programme: r.Conversion.Programme, Rule: r.ID, RuleHash: r.hash, RuleSet: s.version,
		},
	}, nil
}

// decide approves or denies, whether or not a reviewer is needed.
func (e *evaluation) decide() *creditbank.Decision {
	e.standing()
	e.sources()
	e.levels()
	e.lines()
	return e.conclude()
}

// An evaluation is one rule being applied to one account.
type evaluation struct {
	set       *Set
	rule      *Rule
	conv      *Conversion
	programme creditbank.Programme
	account   *creditbank.Account
	day       creditbank.Date
	d         *creditbank.Decision

	lots       []*creditbank.Lot     // the outcomes that parts chose, usable or not
	known      bool                  // every part chose one, so the source's credits mean something
	credits    creditbank.Credits    // of the source as a whole
	categories []creditbank.Category // of the source, the main one first
	refused    bool                  // a finding denies the rule
}

// deny adds a reason to deny.
func (e *evaluation) deny(code creditbank.Reason, subject, have, need string) {
	e.refused = true
	e.find(code, subject, have, need)
}

func (e *evaluation) find(code creditbank.Reason, subject, have, need string) {
	e.d.Findings = append(e.d.Findings, creditbank.Finding{Code: code, Subject: subject, Have: have, Need: need})
}

// standing checks what has nothing to do with outcomes.
func (e *evaluation) standing() {
	if e.account.Frozen {
		e.deny(creditbank.AccountFrozen, "", "", "")
	}
	if !e.account.Enrolled(e.conv.Programme) {
		e.deny(creditbank.NotEnrolled, string(e.conv.Programme), "", "")
	}
	switch e.rule.inForce(e.day) {
	case -1:
		e.deny(creditbank.RuleNotEffective, string(e.rule.ID), e.day.String(), e.rule.From.String())
	case 1:
		e.deny(creditbank.RuleExpired, string(e.rule.ID), e.day.String(), e.rule.To.String())
	}
}

// sources chooses what the conversion consumes.
func (e *evaluation) sources() {
	switch {
	case e.conv.Pool != nil:
		e.pool(e.conv.Pool)
	case e.conv.Block != nil:
		e.block(e.conv.Block)
	default:
		e.known = true
		for _, p := range e.conv.Parts {
			e.part(p)
		}
	}
}

// part chooses the outcome for p: one that satisfies, the one expiring first;
// else the reasons of all that were posted.
func (e *evaluation) part(p Part) {
	var posted, recognised, usable []*creditbank.Lot
	for _, l := range e.account.Lots {
		if l.Course == p.Course && l.Current() && l.IssuedOn <= e.day && !slices.Contains(e.lots, l) {
			posted = append(posted, l)
			if l.Granted || l.RevokedOn != 0 {
				recognised = append(recognised, l)
			}
		}
	}
	for _, l := range recognised {
		if len(e.faults(l, p)) == 0 {
			usable = append(usable, l)
		}
	}
	switch course := string(p.Course); {
	case len(posted) == 0:
		e.d.Missing = append(e.d.Missing, p.Course)
		e.deny(creditbank.MissingComponent, course, "", "")
		e.absent(p)
	case len(recognised) == 0:
		e.deny(creditbank.OutcomeNotRecognised, course, "", "")
		e.absent(p)
	case len(usable) == 0:
		e.unusable(p, recognised)
	default:
		e.choose(p, slices.MinFunc(usable, byExpiry))
	}
}

// absent notes that there is nothing for p: what depends on it means nothing.
func (e *evaluation) absent(p Part) {
	e.known = false
	e.category(e.set.courses[p.Course].Category)
}

// unusable lists why none of the lots serves, and goes on with the one that
// would be taken, so that further reasons are found. A revoked outcome is gone
// and says nothing more.
func (e *evaluation) unusable(p Part, lots []*creditbank.Lot) {
	var standing []*creditbank.Lot
	for _, l := range lots {
		for _, f := range e.faults(l, p) {
			if !slices.Contains(e.d.Findings, f) {
				e.deny(f.Code, f.Subject, f.Have, f.Need)
			}
		}
		if l.RevokedOn == 0 {
			standing = append(standing, l)
		}
	}
	if len(standing) == 0 {
		e.absent(p)
		return
	}
	e.choose(p, slices.MinFunc(standing, byExpiry))
}

// choose takes the lot for p.
func (e *evaluation) choose(p Part, l *creditbank.Lot) {
	e.lots = append(e.lots, l)
	e.credits += l.Credits
	e.category(l.Category)
	e.d.Sources = append(e.d.Sources, creditbank.Consumption{Category: l.Category, Course: l.Course, Credits: l.Credits, Lot: l.Seq})
	if !p.FamilyHighest || l.Family == "" {
		return
	}
	for _, other := range e.account.Lots {
		if other != l && other.Family == l.Family && other.Level > l.Level && e.holds(other) {
			e.deny(creditbank.LowerLevelSameFamily, string(l.Course), string(other.Course), l.Family)
			return
		}
	}
}

// holds reports whether the learner holds l: recognised, not revoked, not
// expired, whether consumed or not.
func (e *evaluation) holds(l *creditbank.Lot) bool {
	return l.Granted && l.Current() && l.RevokedOn == 0 && !l.Expired(e.day) && l.IssuedOn <= e.day
}

// faults lists what keeps the recognised lot l from serving as p.
func (e *evaluation) faults(l *creditbank.Lot, p Part) []creditbank.Finding {
	var fs []creditbank.Finding
	course := string(p.Course)
	if l.RevokedOn != 0 {
		return append(fs, creditbank.Finding{Code: creditbank.OutcomeRevoked, Subject: course, Have: l.RevokedOn.String()})
	}
	if l.Expired(e.day) {
		fs = append(fs, creditbank.Finding{Code: creditbank.OutcomeExpired, Subject: course, Have: l.ExpiresOn.String()})
	}
	if l.InUse() {
		fs = append(fs, creditbank.Finding{Code: creditbank.OutcomeAlreadyConsumed, Subject: course})
	}
	if p.MinGrade != nil && !l.Score.Reaches(*p.MinGrade) {
		fs = append(fs, creditbank.Finding{Code: creditbank.GradeBelowMin, Subject: course, Have: l.Score.String(), Need: creditbank.FormatPoints(*p.MinGrade)})
	}
	return fs
}

// byExpiry orders lots as a pool takes them: the earliest expiry first, no
// expiry last, then the oldest issue, then the order of posting.
func byExpiry(a, b *creditbank.Lot) int {
	return cmp.Or(
		cmp.Compare(expiryOrNever(a), expiryOrNever(b)),
		cmp.Compare(a.IssuedOn, b.IssuedOn),
		cmp.Compare(a.Seq, b.Seq))
}

// never is later than every day of a calendar.
const never creditbank.Date = 99999999

func expiryOrNever(l *creditbank.Lot) creditbank.Date {
	if l.ExpiresOn == 0 {
		return never
	}
	return l.ExpiresOn
}

// pool takes credits from available lots.
func (e *evaluation) pool(p *Pool) {
	e.known, e.credits = true, p.Credits
	e.category(p.Category)
	lots := slices.DeleteFunc(slices.Clone(e.account.Lots), func(l *creditbank.Lot) bool {
		return l.Category != p.Category || l.Usable(e.day) <= 0 || !p.Split && l.InUse()
	})
	slices.SortFunc(lots, byExpiry)
	need := p.Credits
	for _, l := range lots {
		if need <= 0 {
			break
		}
		take := l.Usable(e.day)
		if p.Split {
			take = min(take, need)
		}
		e.d.Sources = append(e.d.Sources, creditbank.Consumption{Category: l.Category, Course: l.Course, Credits: take, Lot: l.Seq})
		need -= take
	}
	if need > 0 {
		e.fallShort(string(p.Category), p.Credits-need, p.Credits)
	}
}

// block takes every outcome of the institution and category that is available
// whole, those of zero credits too.
func (e *evaluation) block(b *Block) {
	e.known = true
	e.category(b.Category)
	for _, l := range e.account.Lots {
		if l.Institution == b.Institution && l.Category == b.Category && !l.InUse() && e.holds(l) {
			e.credits += l.Credits
			e.d.Sources = append(e.d.Sources, creditbank.Consumption{Category: l.Category, Course: l.Course, Credits: l.Credits, Lot: l.Seq})
		}
	}
	if e.credits < b.MinCredits {
		e.known = false // the block is not what the rule asks for: its credits mean nothing
		e.fallShort(string(b.Institution)+" "+string(b.Category), e.credits, b.MinCredits)
	}
}

func (e *evaluation) fallShort(subject string, have, need creditbank.Credits) {
	e.d.Short = need - have
	e.deny(creditbank.InsufficientPool, subject, have.String(), need.String())
}

func (e *evaluation) category(c creditbank.Category) {
	if c != "" && !slices.Contains(e.categories, c) {
		e.categories = append(e.categories, c)
	}
}

// levels compares the level of each outcome with each slot that has one.
func (e *evaluation) levels() {
	if !e.conv.SameLevel {
		return
	}
	for _, g := range e.conv.Grants {
		slot, _ := e.programme.Slot(g.Slot)
		for _, l := range e.lots {
			if slot.Level != 0 && l.Level != slot.Level {
				e.deny(creditbank.LevelMismatch, string(l.Course), fmt.Sprint(int(l.Level)), fmt.Sprintf("%s %d", slot.ID, slot.Level))
			}
		}
	}
}

// conclude approves or denies.
func (e *evaluation) conclude() *creditbank.Decision {
	d := e.d
	slices.SortStableFunc(d.Findings, func(a, b creditbank.Finding) int { return cmp.Compare(a.Code, b.Code) })
	if e.refused {
		d.Lines, d.Sources = nil, nil
		d.Findings = slices.DeleteFunc(d.Findings, func(f creditbank.Finding) bool { return f.Code == creditbank.CapTruncated })
		return d
	}
	d.Approved = true
	if e.conv.Pool == nil { // a pool forfeits nothing: its rate is the rule's
		d.Forfeited = max(0, d.Consumed()-d.Granted())
	}
	return d
}
