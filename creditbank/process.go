package creditbank

// A Process (办理程序) is how an application is decided: by how many reviewers,
// within what time, what has to pass before it takes effect, and what can be done
// against it. It is part of the rule, and stands with the application on record,
// so that an application keeps the process it was made under. A nil Process is one
// reviewer, no deadline, effect at once, no appeal.
//
// The fields stand in alphabetical order of their names in JSON.
type Process struct {
	Appeal     *Appeal `json:"appeal,omitempty"`
	Decide     Term    `json:"decide,omitzero"`    // for the reviewers to decide
	Publicity  Term    `json:"publicity,omitzero"` // 公示: between the decision and its effect
	Reviewers  int     `json:"reviewers"`          // 1, 3 or 5: so many votes are cast, and the majority decides
	Supplement Term    `json:"supplement,omitzero"`
	Template   string  `json:"template,omitempty"` // what kind of case it is: see ProcessTemplates
}

// An Appeal (复核申诉) says how a refusal can be appealed.
type Appeal struct {
	Decide Term `json:"decide,omitzero"` // for the reviewers of a level; Process.Decide where zero
	File   Term `json:"file"`            // for the learner, from the refusal on
	Levels int  `json:"levels"`          // how often, each time before others
}

// MaxAppealLevels bounds the levels of an appeal.
const MaxAppealLevels = 5

// defaultSupplement is how long a learner has to supplement an application whose
// rule does not say.
var defaultSupplement = Term{Period: Period{Days: 15}}

// ProcessTemplates are the kinds of case that a rule may name instead of a number,
// with the reviewers that each takes at least (DOMAIN 2.2, row 21).
func ProcessTemplates() map[string]int {
	return map[string]int{
		"catalogue": 1, // 目录内: what is decided was settled when the rule was made
		"new":       3, // 新课程: experts judge the case
		"standard":  5, // 标准制定: it will stand for many to come
	}
}

// Votes returns how many votes are cast.
func (p *Process) Votes() int {
	if p == nil || p.Reviewers < 1 {
		return 1
	}
	return p.Reviewers
}

func (p *Process) publicity() Term {
	if p == nil {
		return Term{}
	}
	return p.Publicity
}

func (p *Process) supplement() Term {
	if p == nil || p.Supplement == (Term{}) {
		return defaultSupplement
	}
	return p.Supplement
}

// decide returns the time that reviewers have at a level of appeal, 0 being the
// first decision.
func (p *Process) decide(level int) Term {
	switch {
	case p == nil:
		return Term{}
	case level > 0 && p.Appeal != nil && p.Appeal.Decide != (Term{}):
		return p.Appeal.Decide
	}
	return p.Decide
}

// levels returns how often a refusal can be appealed.
func (p *Process) levels() int {
	if p == nil || p.Appeal == nil {
		return 0
	}
	return p.Appeal.Levels
}

// direct reports whether one vote is the decision and takes effect with it.
func (p *Process) direct() bool { return p.Votes() == 1 && p.publicity() == Term{} }

// A Step is what an act of an application's life says beyond its reason. Deadlines
// are worked out when the act is made, by the calendar of then, and stand here: the
// history needs no calendar. The fields stand in alphabetical order of their names
// in JSON.
type Step struct {
	Approve   bool          `json:"approve,omitempty"`   // opined: the vote; answered: the objection is sustained
	Assumed   []int         `json:"assumed,omitempty"`   // years that the calendar did not know: Monday to Friday was assumed
	Confirmed *Credits      `json:"confirmed,omitempty"` // applied, supplemented: what the applicant agreed to forfeit
	Due       Date          `json:"due,omitempty"`       // the last day of whatever runs from here on
	For       string        `json:"for,omitempty"`       // claimed, opined, …: the reviewer that a deputy acts for
	Held      []Consumption `json:"held,omitempty"`      // supplemented, appealed: what is promised to the application from here on, with ActBody.Holds
	Left      int           `json:"left,omitempty"`      // returned: days the reviewers have left while the clock stands
	Process   *Process      `json:"process,omitempty"`   // applied
	Sealed    []byte        `json:"sealed,omitempty"`    // supplemented, objected, appealed: the words, under the learner's key
}
