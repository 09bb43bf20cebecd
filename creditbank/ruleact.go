package creditbank

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// A RuleActKind says what an act does to rules or to a draft of them.
type RuleActKind string

// The kinds of act.
const (
	RuleActDrafted   RuleActKind = "drafted"
	RuleActRevised   RuleActKind = "revised"
	RuleActSubmitted RuleActKind = "submitted"
	RuleActApproved  RuleActKind = "approved" // by one reviewer
	RuleActReturned  RuleActKind = "returned" // by one reviewer
	RuleActObjected  RuleActKind = "objected"
	RuleActAnswered  RuleActKind = "answered" // an objection
	RuleActWithdrawn RuleActKind = "withdrawn"
	RuleActPublished RuleActKind = "published"
	RuleActSuspended RuleActKind = "suspended"
	RuleActResumed   RuleActKind = "resumed"
	RuleActRetired   RuleActKind = "retired"
)

var ruleActTexts = map[RuleActKind]Text{
	RuleActDrafted:   {"起草", "drafted"},
	RuleActRevised:   {"修改", "revised"},
	RuleActSubmitted: {"提交审核", "submitted"},
	RuleActApproved:  {"审核通过", "approved"},
	RuleActReturned:  {"退回", "returned"},
	RuleActObjected:  {"提出异议", "objected to"},
	RuleActAnswered:  {"答复异议", "objection answered"},
	RuleActWithdrawn: {"撤回", "withdrawn"},
	RuleActPublished: {"发布", "published"},
	RuleActSuspended: {"暂停", "suspended"},
	RuleActResumed:   {"恢复", "resumed"},
	RuleActRetired:   {"停止使用", "retired"},
}

// Text returns what k is called.
func (k RuleActKind) Text() Text { return textOf(ruleActTexts, k) }

// A RuleAct is an entry in the history of the rules: what somebody did to a draft
// or to the rules in force. It is never edited.
type RuleAct struct {
	Seq  int // from 1, over all drafts
	At   time.Time
	By   Caller
	Body RuleActBody
}

// RuleActBody holds what an act says; which fields count depends on its kind. The
// fields stand in alphabetical order of their names in JSON.
type RuleActBody struct {
	Day       Date          `json:"day"`
	Draft     int           `json:"draft,omitempty"`
	Hash      string        `json:"hash,omitempty"` // of the revision that is submitted, reviewed or published
	Key       string        `json:"key,omitempty"`  // the request's idempotency key
	Kind      RuleActKind   `json:"kind"`
	Note      string        `json:"note,omitempty"`
	Objection int           `json:"objection,omitempty"`
	Owner     LearnerID     `json:"owner,omitempty"` // whose key seals Sealed
	Policy    *RulePolicy   `json:"policy,omitempty"`
	Proposal  *wireProposal `json:"proposal,omitempty"`
	Request   string        `json:"request,omitempty"` // hash of what was asked under Key
	Revision  int           `json:"revision,omitempty"`
	RuleSet   int           `json:"rule_set,omitempty"` // the version that the act publishes
	Sealed    []byte        `json:"sealed,omitempty"`
	Target    *RuleTarget   `json:"target,omitempty"`
	Until     Date          `json:"until,omitzero"` // last day of publicity, or in force
	Upheld    bool          `json:"upheld,omitempty"`

	Institution InstitutionID `json:"whose,omitempty"` // whose draft it is
}

// A wireProposal is a proposal as it is stored.
type wireProposal struct {
	Base       int      `json:"base,omitempty"`
	Comment    string   `json:"comment,omitempty"`
	LegalBasis []string `json:"legal_basis,omitempty"`
	Programmes string   `json:"programmes"`
	Rules      string   `json:"rules"`
	Title      Text     `json:"title"`
}

func (p RuleProposal) wire() *wireProposal {
	return &wireProposal{p.Base, p.Comment, p.LegalBasis, string(p.Files.Programmes), string(p.Files.Rules), p.Title}
}

func (w *wireProposal) proposal() RuleProposal {
	return RuleProposal{
		Base: w.Base, Comment: w.Comment, LegalBasis: w.LegalBasis, Title: w.Title,
		Files: RuleFiles{Rules: []byte(w.Rules), Programmes: []byte(w.Programmes)},
	}
}

// decodeRuleAct reads the body of an act.
func decodeRuleAct(data []byte) (RuleActBody, error) {
	var b RuleActBody
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b); err != nil {
		return RuleActBody{}, err
	}
	return b, nil
}

// applyRuleAct takes the next act into c, a clone that nobody else has. What a
// revision says is kept once, with the draft.
func (c *Catalogue) applyRuleAct(a RuleAct) error {
	a.Seq = len(c.RuleActs) + 1
	if b := a.Body; b.Draft != 0 {
		var d *RuleDraft
		switch {
		case b.Kind == RuleActDrafted && b.Draft == len(c.Drafts)+1:
			d = &RuleDraft{Number: b.Draft, Institution: b.Institution}
		case b.Kind != RuleActDrafted && b.Draft >= 1 && b.Draft <= len(c.Drafts):
			d = c.Drafts[b.Draft-1]
		default:
			return fmt.Errorf("%s draft %d of %d", b.Kind, b.Draft, len(c.Drafts))
		}
		next, err := d.after(a)
		if err != nil {
			return err
		}
		if b.Draft > len(c.Drafts) {
			c.Drafts = append(c.Drafts, next)
		}
		c.Drafts[b.Draft-1] = next
		a.Body.Proposal = nil
	}
	if a.Body.RuleSet != 0 {
		c.publishing = &a
	}
	c.RuleActs = append(c.RuleActs, a)
	return nil
}

// after returns d after an act. Whether the act was allowed was asked before it
// was put on record; here it only has to mean something.
func (d *RuleDraft) after(a RuleAct) (*RuleDraft, error) {
	next := *d
	next.last = a.Seq
	b := a.Body
	switch b.Kind {
	case RuleActDrafted, RuleActRevised:
		if b.Proposal == nil || b.Revision != len(d.Revisions)+1 {
			return nil, errors.New("no next revision")
		}
		next.Revisions = append(slices.Clip(d.Revisions), RuleRevision{b.Proposal.proposal(), b.Revision, a.At, a.By})
		next.author(a)
		next.restart(RuleDrafted)
		return &next, nil
	case RuleActSubmitted:
		if b.Policy == nil {
			return nil, errors.New("no policy")
		}
		next.author(a)
		next.restart(RuleInReview)
		next.Submitted, next.SubmittedAt, next.SubmittedBy, next.Policy = b.Revision, a.At, a.By, *b.Policy
		next.decided(b)
	case RuleActApproved, RuleActReturned:
		next.reviewed(a)
	case RuleActObjected:
		next.Objections = append(slices.Clip(d.Objections), RuleObjection{
			Number: len(d.Objections) + 1, Revision: b.Revision, At: a.At, By: a.By, text: b.Note, sealed: b.Sealed, owner: b.Owner,
		})
	case RuleActAnswered:
		if err := next.answered(a); err != nil {
			return nil, err
		}
	case RuleActWithdrawn:
		next.State = RuleWithdrawn
	case RuleActPublished:
		next.State, next.RuleSet = RulePublished, b.RuleSet
	default:
		return nil, fmt.Errorf("%q does nothing to a draft", b.Kind)
	}
	if b.Revision != 0 && b.Revision != len(d.Revisions) {
		return nil, fmt.Errorf("revision %d of %d", b.Revision, len(d.Revisions))
	}
	return &next, nil
}

// reviewed notes what a reviewer said of the submission.
func (d *RuleDraft) reviewed(a RuleAct) {
	b := a.Body
	d.Reviews = append(slices.Clip(d.Reviews), RuleReview{b.Revision, b.Kind == RuleActApproved, b.Note, a.At, a.By})
	if d.heard = maps.Clone(d.heard); d.heard == nil {
		d.heard = map[string]bool{}
	}
	d.heard[a.By.ID] = true
	if b.Kind == RuleActReturned {
		d.State = RuleReturned
		return
	}
	d.approvals++
	d.decided(b)
}

// answered notes the answer to an objection. One that is upheld in publicity
// returns the draft.
func (d *RuleDraft) answered(a RuleAct) error {
	b := a.Body
	o, ok := d.Objection(b.Objection)
	if !ok {
		return fmt.Errorf("no objection %d", b.Objection)
	}
	d.Objections = slices.Clone(d.Objections)
	d.Objections[o.Number-1].Answer = &ObjectionAnswer{b.Upheld, b.Note, a.At, a.By}
	if b.Upheld && d.State == RuleInPublicity && o.Revision == len(d.Revisions) {
		d.State = RuleReturned
	}
	return nil
}

// author notes who wrote or submitted, and so must not review.
func (d *RuleDraft) author(a RuleAct) {
	if d.authors = maps.Clone(d.authors); d.authors == nil {
		d.authors = map[string]string{}
	}
	d.authors[a.By.ID] = string(a.Body.Kind)
}

// restart forgets what was said of an earlier submission, but for its record.
func (d *RuleDraft) restart(s RuleState) {
	d.State, d.approvals, d.heard = s, 0, nil
	d.Submitted, d.SubmittedAt, d.SubmittedBy, d.Policy = 0, time.Time{}, Caller{}, RulePolicy{}
	d.PublicFrom, d.PublicUntil = 0, 0
}

// decided moves d on if enough reviewers have approved.
func (d *RuleDraft) decided(b RuleActBody) {
	if d.approvals < d.Policy.Quorum {
		return
	}
	d.State = RuleApproved
	if b.Until != 0 {
		d.State, d.PublicFrom, d.PublicUntil = RuleInPublicity, b.Day, b.Until
	}
}

// Draft returns a draft by its number.
func (c *Catalogue) Draft(n int) (*RuleDraft, error) {
	if n < 1 || n > len(c.Drafts) {
		return nil, NotFound(CodeUnknownDraft, "draft", "没有这份规则草案", "there is no such draft of rules")
	}
	return c.Drafts[n-1], nil
}

// DraftAfter returns a draft as it was after an act, for ever the same.
func (c *Catalogue) DraftAfter(a RuleAct) (*RuleDraft, error) {
	now, err := c.Draft(a.Body.Draft)
	if err != nil || now.last == a.Seq {
		return now, err
	}
	d := &RuleDraft{Number: now.Number, Institution: now.Institution}
	for _, before := range c.RuleActs {
		if before.Body.Draft != a.Body.Draft || before.Seq > a.Seq {
			continue
		}
		if r, ok := now.Revision(before.Body.Revision); ok && (before.Body.Kind == RuleActDrafted || before.Body.Kind == RuleActRevised) {
			before.Body.Proposal = r.wire()
		}
		if d, err = d.after(before); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// ActsOn returns what was done to a draft, oldest first.
func (c *Catalogue) ActsOn(draft int) []RuleAct {
	var acts []RuleAct
	for _, a := range c.RuleActs {
		if a.Body.Draft == draft {
			acts = append(acts, a)
		}
	}
	return acts
}
