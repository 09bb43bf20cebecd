package creditbank

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// An ApplicationState is where an application stands.
type ApplicationState string

// The states. An application is open in the first four of them.
const (
	StateSubmitted ApplicationState = "submitted" // 待审核: reviewers are to decide
	StateReturned  ApplicationState = "returned"  // 待补正: the applicant is to supplement it, the reviewers' clock stands
	StatePublicity ApplicationState = "publicity" // 公示中: approved, to take effect once nobody objects
	StateAppealed  ApplicationState = "appealed"  // 申诉中: as submitted, before other reviewers

	StateEffective ApplicationState = "effective" // 已生效: the conversion is made
	StateDenied    ApplicationState = "denied"    // 未通过: by the reviewers, or by the rule after all
	StateWithdrawn ApplicationState = "withdrawn" // 已撤回
	StateLapsed    ApplicationState = "lapsed"    // 逾期失效: not supplemented in time
)

var stateTexts = map[ApplicationState]Text{
	StateSubmitted: {"待审核", "awaits reviewers"},
	StateReturned:  {"待补正", "returned for a supplement"},
	StatePublicity: {"公示中", "under publicity"},
	StateAppealed:  {"申诉审核中", "under appeal"},
	StateEffective: {"已生效", "in effect"},
	StateDenied:    {"未通过", "denied"},
	StateWithdrawn: {"已撤回", "withdrawn"},
	StateLapsed:    {"逾期失效", "lapsed"},
}

// Text returns what s is called.
func (s ApplicationState) Text() Text { return textOf(stateTexts, s) }

// An Application (申请) is a conversion that waits, or waited, for reviewers. While it
// is open it holds what it would consume: no other application and no conversion
// gets that. Those put on record before there were holds hold nothing. Its
// life is a history of acts, each allowed in some states and to some people
// ([Account] keeps it; applicationrules.go says what is allowed):
//
//	submitted ──► publicity ──► effective      returned ──► submitted (supplemented)
//	    │  ▲          │                            └──────► lapsed
//	    │  └──────────┴ an objection is sustained
//	    ├──► returned, denied, effective       denied ──► appealed ──► as submitted
//	    └──► withdrawn, from wherever it is open
type Application struct {
	Seq       int64     // the act that applied; names the application for ever
	Decision  *Decision // pending: with what approval would have granted then
	At        time.Time
	By        Caller
	DecidedBy int64 // the act that decided it last, zero while none did

	Process   *Process // nil: one reviewer, effect at once
	State     ApplicationState
	Level     int      // of appeal: 0 until the first
	Due       Date     // last day of what runs: to decide, to supplement, to object, to appeal; zero for no limit
	Left      int      // while returned: days that reviewers have left when it comes back
	Assumed   []int    // years for which Due assumes Monday to Friday
	Confirmed *Credits // what the applicant agreed to forfeit; nil where nobody asked
	Resolved  *Decision
	ClosedBy  int64 // the act that closed it last, zero while it is open

	Round      int // votes count in the round in which they are cast
	Claims     []Claim
	Opinions   []Opinion
	Recusals   []Recusal
	Letters    []Letter // returned, supplemented, appealed
	Objections []Objection
}

// A Claim is a reviewer's word to see to an application. It holds one of the votes
// that are to be cast.
type Claim struct {
	By    string `json:"by"`
	For   string `json:"for,omitempty"` // the reviewer that a deputy acts for
	Until Date   `json:"until"`         // last day; after it the claim is as if it never was
}

// An Opinion (评审意见) is a vote on an application.
type Opinion struct {
	Seq     int64
	At      time.Time
	By      Caller
	For     string // the reviewer in whose stead By voted, "" for themselves
	Approve bool
	Note    string
	Level   int
	Round   int
	Struck  bool // whoever cast it recused themselves since
}

// Owner returns whose vote o is.
func (o Opinion) Owner() string {
	if o.For != "" {
		return o.For
	}
	return o.By.ID
}

// A Recusal (回避) keeps somebody from deciding an application.
type Recusal struct {
	Seq    int64
	By     Caller
	Reason string
}

// A Letter is what reviewers and applicant wrote to each other: why it was
// returned, what was supplemented, what an appeal says. The applicant's words are
// sealed ([Bank.Words]).
type Letter struct {
	Seq    int64
	Kind   ActKind // returned, supplemented, appealed
	At     time.Time
	By     Caller
	Note   string // returned: the reason
	Sealed []byte // supplemented, appealed
	Due    Date   // returned: last day to supplement
}

// An Objection (异议) is what somebody says against an approval that is shown.
type Objection struct {
	Seq      int64
	At       time.Time
	By       Caller
	Sealed   []byte
	Answer   string
	Answered int64 // the act that answered it, zero while it is open
	Upheld   bool  // the application goes back to its reviewers
}

// Application returns the application that version seq made, or nil.
func (a *Account) Application(seq int64) *Application {
	return bySeq(a.Applications, seq, func(p *Application) int64 { return p.Seq })
}

// Open reports whether something can still come of p without an appeal.
func (p *Application) Open() bool {
	switch p.State {
	case StateSubmitted, StateReturned, StatePublicity, StateAppealed:
		return true
	}
	return false
}

// UnderReview reports whether reviewers are to decide p.
func (p *Application) UnderReview() bool {
	return p.State == StateSubmitted || p.State == StateAppealed
}

// Expected returns the decision that p would come to as far as is known: the one
// that is shown, or the one that was applied for.
func (p *Application) Expected() *Decision {
	if p.Resolved != nil {
		return p.Resolved
	}
	return p.Decision
}

// Votes returns the votes that count at the moment.
func (p *Application) Votes() []Opinion {
	var votes []Opinion
	for _, o := range p.Opinions {
		if o.Round == p.Round && !o.Struck {
			votes = append(votes, o)
		}
	}
	return votes
}

// verdict returns what the votes come to, once all are cast.
func (p *Application) verdict() (approve, decided bool) {
	votes, yes := p.Votes(), 0
	for _, v := range votes {
		if v.Approve {
			yes++
		}
	}
	return 2*yes > len(votes), len(votes) >= p.Process.Votes()
}

// LiveClaims returns the claims that hold on day.
func (p *Application) LiveClaims(day Date) []Claim {
	return slices.DeleteFunc(slices.Clone(p.Claims), func(c Claim) bool { return c.Until < day })
}

// Seats returns how many votes are to be cast that nobody has claimed on day.
func (p *Application) Seats(day Date) int {
	if !p.UnderReview() {
		return 0
	}
	return p.Process.Votes() - len(p.Votes()) - len(p.LiveClaims(day))
}

// Disputed reports whether an objection waits for an answer.
func (p *Application) Disputed() bool {
	return slices.ContainsFunc(p.Objections, func(o Objection) bool { return o.Answered == 0 })
}

// Appealable reports whether the applicant can appeal on day.
func (p *Application) Appealable(day Date) bool {
	return p.State == StateDenied && p.Level < p.Process.levels() && (p.Due == 0 || day <= p.Due)
}

// Number returns how p is called in public: it leads to nobody, since learners'
// ids are random and never published.
func (p *Application) Number() string { return ApplicationNumber(p.Decision.Learner, p.Seq) }

// ApplicationNumber returns how the application of a learner that version seq made
// is called in public: "A" and 16 letters and digits, 80 bits of a SHA-256.
func ApplicationNumber(id LearnerID, seq int64) string {
	sum := sha256.Sum256(appendStrings(nil, "application", string(id), strconv.FormatInt(seq, 10)))
	return "A" + base32.StdEncoding.EncodeToString(sum[:10])
}

// alreadyApplied reports an application for the rule that is still open.
func (a *Account) alreadyApplied(rule RuleID) error {
	for _, p := range a.Applications {
		if p.Open() && p.Decision.Rule == rule {
			return Conflict(CodeState, "rules", fmt.Sprintf("规则 %s 的申请（第%d项）尚在办理中", rule, p.Seq),
				fmt.Sprintf("application %d for rule %s is still open", p.Seq, rule))
		}
	}
	return nil
}

// openApplication takes in a new application.
func (a *Account) openApplication(p *Application) { a.Applications = append(a.Applications, p) }

// reopenApplication opens a decided application again: it was appealed.
func (a *Account) reopenApplication(p *Application) { p.ClosedBy = 0 }

// closeApplication is where every application ends: whether it took effect, was
// denied, withdrawn or has lapsed. What it holds it lets go. An appeal opens it again.
func (a *Account) closeApplication(p *Application, act Act, end ApplicationState) {
	p.State, p.ClosedBy, p.Claims, p.Left, p.Due, p.Assumed = end, act.Seq, nil, 0, 0, nil
	a.releaseHold(p.Seq, act.Day)
	if act.Kind == ActDecided {
		p.DecidedBy = act.Seq
	}
}
