package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

func wireTarget(t creditbank.RuleTarget) contract.RuleTarget {
	return contract.RuleTarget{Rule: optional(string(t.Rule)), Programme: optional(string(t.Programme))}
}

func wireSuspension(s creditbank.RuleSuspension) contract.RuleSuspension {
	return contract.RuleSuspension{Target: wireTarget(s.Target), Since: s.Since.String(), Reason: s.Reason}
}

func wireRetirement(r creditbank.RuleRetirement) contract.RuleRetirement {
	return contract.RuleRetirement{Target: wireTarget(r.Target), Through: r.Through.String(), Reason: r.Reason}
}

// An origin says how a version of the rules came to be.
type origin struct {
	kind       contract.RuleOrigin
	draft      *int
	title      *contract.Text
	comment    *string
	legalBasis *[]string
	reason     *string
}

func originOf(cat *creditbank.Catalogue, r creditbank.RuleSet) origin {
	if r.Act == nil {
		return origin{kind: contract.RuleOriginDirect}
	}
	switch r.Act.Body.Kind {
	case creditbank.RuleActSuspended:
		return origin{kind: contract.RuleOriginSuspension, reason: &r.Act.Body.Note}
	case creditbank.RuleActResumed:
		return origin{kind: contract.RuleOriginResumption, reason: &r.Act.Body.Note}
	case creditbank.RuleActRetired:
		return origin{kind: contract.RuleOriginRetirement, reason: &r.Act.Body.Note}
	}
	o := origin{kind: contract.RuleOriginDraft, draft: &r.Act.Body.Draft}
	if d, err := cat.Draft(r.Act.Body.Draft); err == nil {
		said := d.Current()
		title, basis := wireText(said.Title), append([]string{}, said.LegalBasis...)
		o.title, o.comment, o.legalBasis = &title, optional(said.Comment), &basis
	}
	return o
}

func summary(cat *creditbank.Catalogue, r creditbank.RuleSet) contract.RuleSetSummary {
	set, o := r.Rules.(*rule.Set), originOf(cat, r)
	return contract.RuleSetSummary{
		Version: r.Version(), PublishedAt: r.At, PublishedBy: r.By.ID, Rules: len(set.Rules()), Programmes: len(set.Programmes()),
		Origin: o.kind, Draft: o.draft, Title: o.title, Comment: o.comment, LegalBasis: o.legalBasis, Reason: o.reason,
	}
}

// ListRuleSets implements [contract.StrictServerInterface].
func (s *Server) ListRuleSets(_ context.Context, r contract.ListRuleSetsRequestObject) (contract.ListRuleSetsResponseObject, error) {
	tag, cat := s.rulesTag(), s.c.Bank.Catalogue()
	if value(r.Params.IfNoneMatch) == tag {
		return contract.ListRuleSets304Response{Headers: contract.ListRuleSets304ResponseHeaders{ETag: tag, CacheControl: revalidated}}, nil
	}
	w := contract.ListRuleSets200JSONResponse{Headers: contract.ListRuleSets200ResponseHeaders{ETag: tag, CacheControl: revalidated}}
	w.Body.RuleSets = mapped(cat.RuleSets, func(r creditbank.RuleSet) contract.RuleSetSummary { return summary(cat, r) })
	slices.Reverse(w.Body.RuleSets)
	return w, nil
}

// GetRuleSet implements [contract.StrictServerInterface].
func (s *Server) GetRuleSet(_ context.Context, r contract.GetRuleSetRequestObject) (contract.GetRuleSetResponseObject, error) {
	tag, cat := s.rulesTag(), s.c.Bank.Catalogue()
	published, _, err := s.published(r.Version)
	if err != nil {
		return nil, err
	}
	if value(r.Params.IfNoneMatch) == tag {
		return contract.GetRuleSet304Response{Headers: contract.GetRuleSet304ResponseHeaders{ETag: tag, CacheControl: revalidated}}, nil
	}
	files, err := rule.Source(published.Body)
	if err != nil {
		return nil, err
	}
	o, standing := originOf(cat, published), published.Standing()
	w := contract.RuleSet{
		Version: published.Version(), PublishedAt: published.At, PublishedBy: published.By.ID, ReplacedAt: replacedAt(cat, published.Version()),
		Rules: string(files.Rules), Programmes: string(files.Programmes),
		Origin: o.kind, Draft: o.draft, Title: o.title, Comment: o.comment, LegalBasis: o.legalBasis, Reason: o.reason,
		Suspended: mapped(standing.Suspended, wireSuspension), Retired: mapped(standing.Retired, wireRetirement),
	}
	return contract.GetRuleSet200JSONResponse{Body: w, Headers: contract.GetRuleSet200ResponseHeaders{ETag: tag, CacheControl: revalidated}}, nil
}

// replacedAt returns when the version after one was published, nil if it is the
// newest.
func replacedAt(cat *creditbank.Catalogue, version int) *time.Time {
	next, err := cat.RuleSet(version + 1)
	if err != nil {
		return nil
	}
	return &next.At
}

func wireChange(c creditbank.RuleChange) contract.RuleChange {
	return contract.RuleChange{
		Kind: contract.RuleChangeKind(c.Kind), Id: optional(c.ID), Version: optional(c.Version), Change: contract.RuleChangeChange(c.Change), Text: wireText(c.Text()), Title: wireText(c.Title),
		Fields: mapped(c.Fields, func(f creditbank.FieldChange) contract.RuleFieldChange {
			return contract.RuleFieldChange{Path: f.Path, Label: wireText(f.Label), Old: optional(f.Old), New: optional(f.New)}
		}),
	}
}

// GetRuleChanges implements [contract.StrictServerInterface].
func (s *Server) GetRuleChanges(_ context.Context, r contract.GetRuleChangesRequestObject) (contract.GetRuleChangesResponseObject, error) {
	from := r.Version - 1
	if r.Params.From != nil {
		from = *r.Params.From
	}
	if _, err := s.c.Bank.Catalogue().RuleSet(r.Version); err != nil {
		return nil, err
	}
	tag := etag(int64(r.Version), fmt.Sprint(from))
	if value(r.Params.IfNoneMatch) == tag {
		return contract.GetRuleChanges304Response{Headers: contract.GetRuleChanges304ResponseHeaders{ETag: tag, CacheControl: unchanging}}, nil
	}
	changes, err := s.c.Bank.RuleChanges(from, r.Version)
	if err != nil {
		return nil, err
	}
	return contract.GetRuleChanges200JSONResponse{
		Body:    contract.RuleChanges{From: from, To: r.Version, Changes: mapped(changes, wireChange)},
		Headers: contract.GetRuleChanges200ResponseHeaders{ETag: tag, CacheControl: unchanging},
	}, nil
}
