package creditbank

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// RuleFiles are the two files of a rule set, as people wrote them.
type RuleFiles struct {
	Rules      []byte
	Programmes []byte
}

// Equal reports whether f and g are the same, byte for byte.
func (f RuleFiles) Equal(g RuleFiles) bool {
	return string(f.Rules) == string(g.Rules) && string(f.Programmes) == string(g.Programmes)
}

// A RuleState says how far a draft of rules has come on its way:
//
//	draft → in review → (returned) → approved or in publicity → published
//
// A draft that is returned, or edited on its way, starts again with its next
// revision. One that is published or withdrawn has come to its end.
type RuleState string

// The states of a draft.
const (
	RuleDrafted     RuleState = "draft"     // 草案: being written
	RuleInReview    RuleState = "review"    // 审核中: submitted
	RuleReturned    RuleState = "returned"  // 退回: by a reviewer, or by an objection that was upheld
	RuleApproved    RuleState = "approved"  // 通过: may be published, without publicity
	RuleInPublicity RuleState = "publicity" // 公示: anyone may read it and object
	RulePublished   RuleState = "published" // 发布
	RuleWithdrawn   RuleState = "withdrawn" // 撤回
)

var ruleStateTexts = map[RuleState]Text{
	RuleDrafted:     {"草案", "draft"},
	RuleInReview:    {"审核中", "in review"},
	RuleReturned:    {"已退回", "returned"},
	RuleApproved:    {"已通过", "approved"},
	RuleInPublicity: {"公示中", "in publicity"},
	RulePublished:   {"已发布", "published"},
	RuleWithdrawn:   {"已撤回", "withdrawn"},
}

// Text returns what s is called.
func (s RuleState) Text() Text { return textOf(ruleStateTexts, s) }

// Ended reports whether a draft in state s cannot go anywhere any more.
func (s RuleState) Ended() bool { return s == RulePublished || s == RuleWithdrawn }

// A RulePolicy says what a draft must pass before it is published. It is the
// bank's configuration; a submission keeps the one it was made under, so that
// another configuration neither helps nor hinders what is on its way.
type RulePolicy struct {
	Automatic     bool `json:"automatic,omitempty"`      // published by itself once publicity has ended: [Bank.PublishDue]
	PublicityDays int  `json:"publicity_days,omitempty"` // calendar days that the approved draft is public; 0 for none
	Quorum        int  `json:"quorum,omitempty"`         // reviewers who must approve: 0, 1, 3 or 5
}

// Direct reports whether rules may be published without a draft: where nobody
// has to approve and nothing has to be made public first.
func (p RulePolicy) Direct() bool { return p.Quorum == 0 && p.PublicityDays == 0 }

// MaxPublicityDays bounds how long a draft is made public for.
const MaxPublicityDays = 365

// Valid reports whether p is a policy that a bank can have.
func (p RulePolicy) Valid() bool {
	return slices.Contains([]int{0, 1, 3, 5}, p.Quorum) && p.PublicityDays >= 0 && p.PublicityDays <= MaxPublicityDays
}

// A RuleProposal is what a revision of a draft says.
type RuleProposal struct {
	Base       int // the version of the rules it was written on, 0 before there was any
	Comment    string
	Files      RuleFiles
	LegalBasis []string
	Title      Text
}

// Bounds of a proposal.
const (
	maxRuleFile      = 1_000_000
	maxRuleText      = 2000
	maxLegalBases    = 20
	maxRuleRevisions = 200
)

// tidied returns p with what may be left out filled in.
func (p RuleProposal) tidied() RuleProposal {
	if p.Title.EN == "" {
		p.Title.EN = p.Title.ZH
	}
	return p
}

func (p RuleProposal) check() error {
	if err := checkTitle("title", p.Title.ZH, "草案需要标题", "a draft needs a title"); err != nil {
		return err
	}
	for _, s := range append([]string{p.Title.ZH, p.Title.EN}, p.LegalBasis...) {
		if err := checkText("title", s, 300); err != nil {
			return err
		}
	}
	if len(p.LegalBasis) > maxLegalBases {
		return Invalid(CodeMalformed, "legal_basis", fmt.Sprintf("依据最多%d项", maxLegalBases), fmt.Sprintf("at most %d legal bases", maxLegalBases))
	}
	if err := checkProse("comment", p.Comment, false); err != nil {
		return err
	}
	for field, file := range map[string][]byte{"rules": p.Files.Rules, "programmes": p.Files.Programmes} {
		switch {
		case len(file) == 0:
			return Invalid(CodeMissing, field, "缺少文件", "the file is missing")
		case len(file) > maxRuleFile:
			return Invalid(CodeMalformed, field, "文件过大", "the file is too large")
		case !utf8.Valid(file):
			return Invalid(CodeMalformed, field, "文件应为UTF-8编码", "the file is not UTF-8")
		}
	}
	return nil
}

// Hash returns the SHA-256 of everything p says: reviewers approve of exactly
// that.
func (p RuleProposal) Hash() Hash { return sha256.Sum256(canonical(p.wire())) }

// checkProse checks a text of several lines.
func checkProse(field, s string, needed bool) error {
	switch {
	case needed && strings.TrimSpace(s) == "":
		return Invalid(CodeMissing, field, "请说明理由", "give the reason")
	case len(s) > maxRuleText || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) || r == utf8.RuneError }):
		return Invalid(CodeMalformed, field, fmt.Sprintf("应为不超过%d字节的可见文字", maxRuleText), fmt.Sprintf("is at most %d bytes of printable text", maxRuleText))
	}
	return nil
}

// A RuleRevision is one revision of a draft, from 1. It never changes.
type RuleRevision struct {
	RuleProposal
	Number int
	At     time.Time
	By     Caller
}

// A RuleReview is what a reviewer said of a revision.
type RuleReview struct {
	Revision int
	Approved bool
	Note     string
	At       time.Time
	By       Caller
}

// A RuleObjection (异议) is what somebody has against a draft in publicity. What
// it says is for those who answer it and who raised it; that there is one, and
// how it was answered, is public.
type RuleObjection struct {
	Number   int
	Revision int
	At       time.Time
	By       Caller
	Answer   *ObjectionAnswer // nil while it is open

	text   string    // of whoever is no learner
	sealed []byte    // of a learner, under the learner's own key
	owner  LearnerID // whose key
}

// An ObjectionAnswer answers an objection: upheld, which returns the draft, or
// dismissed with reasons.
type ObjectionAnswer struct {
	Upheld bool
	Reason string // public
	At     time.Time
	By     Caller
}

// A RuleDraft is a rule set on its way to being published. Drafts that the bank
// hands out are shared, and never changed.
type RuleDraft struct {
	Number      int           // from 1
	Institution InstitutionID // whose programmes it is about, "" for the whole bank
	State       RuleState
	Revisions   []RuleRevision
	Reviews     []RuleReview // all there ever were
	Objections  []RuleObjection

	// Of the newest submission.
	Policy      RulePolicy
	Submitted   int // the revision that was submitted last, 0 for none
	SubmittedAt time.Time
	SubmittedBy Caller
	PublicFrom  Date // first and last day of publicity; zero for none
	PublicUntil Date

	RuleSet int // the version it was published as, 0 until then

	last      int               // the act that led here
	approvals int               // of the newest submission
	heard     map[string]bool   // who reviewed the newest submission
	authors   map[string]string // who wrote a revision or submitted one, and what they did
}

// Current returns the newest revision.
func (d *RuleDraft) Current() RuleRevision { return d.Revisions[len(d.Revisions)-1] }

// Revision returns a revision by its number, 0 for the newest.
func (d *RuleDraft) Revision(n int) (RuleRevision, bool) {
	if n == 0 {
		n = len(d.Revisions)
	}
	if n < 1 || n > len(d.Revisions) {
		return RuleRevision{}, false
	}
	return d.Revisions[n-1], true
}

// Approvals returns how many reviewers have approved of what was submitted last.
func (d *RuleDraft) Approvals() int { return d.approvals }

// Objection returns an objection by its number.
func (d *RuleDraft) Objection(n int) (RuleObjection, bool) {
	if n < 1 || n > len(d.Objections) {
		return RuleObjection{}, false
	}
	return d.Objections[n-1], true
}

// OpenObjections returns how many objections wait for an answer.
func (d *RuleDraft) OpenObjections() int {
	n := 0
	for _, o := range d.Objections {
		if o.Answer == nil {
			n++
		}
	}
	return n
}

// Public reports whether anyone may read d: from its publicity on. What was
// returned or edited after that is not public any more until it is again.
func (d *RuleDraft) Public() bool { return d.State == RuleInPublicity || d.State == RulePublished }

// Publishable reports whether d may be published on a day: approved by enough
// reviewers, its publicity over, every objection answered.
func (d *RuleDraft) Publishable(on Date) bool { return d.mayPublish(on) == nil }

// publicityEnd returns the last day of a publicity of so many days that is
// approved on a day. The day itself does not count (Civil Code, article 201).
func publicityEnd(approved Date, days int) Date { return Period{Days: days}.After(approved) }
