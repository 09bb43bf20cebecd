package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/rule"
)

// published returns a version of the rules, 0 the newest.
func (s *Server) published(version int) (creditbank.RuleSet, *rule.Set, error) {
	sets := s.c.Bank.Catalogue().RuleSets
	i := len(sets) - 1
	if version > 0 {
		i = slices.IndexFunc(sets, func(r creditbank.RuleSet) bool { return r.Version() == version })
	}
	if i < 0 {
		return creditbank.RuleSet{}, nil, creditbank.NotFound("UNKNOWN_RULE_SET", "rule_set", "没有这一版规则集", "there is no such version of the rules")
	}
	return sets[i], sets[i].Rules.(*rule.Set), nil // what rule.Load made
}

// ListProgrammes implements [contract.StrictServerInterface].
func (s *Server) ListProgrammes(context.Context, contract.ListProgrammesRequestObject) (contract.ListProgrammesResponseObject, error) {
	if len(s.c.Bank.Catalogue().RuleSets) == 0 {
		return contract.ListProgrammes200JSONResponse{Programmes: []contract.Programme{}}, nil
	}
	published, set, err := s.published(0)
	if err != nil {
		return nil, err
	}
	return contract.ListProgrammes200JSONResponse{RuleSet: published.Version(), Programmes: mapped(set.Programmes(), func(p creditbank.Programme) contract.Programme { return wireProgramme(s.c.Bank.Catalogue(), p) })}, nil
}

func wireProgramme(cat *creditbank.Catalogue, p creditbank.Programme) contract.Programme {
	w := contract.Programme{
		Id: string(p.ID), Institution: string(p.Institution), Title: wireText(p.Title), Credits: p.Credits,
		Caps: mapped(p.Caps, func(c creditbank.Cap) contract.Cap { return wireCap(cat, p, c) }),
		Slots: mapped(p.Slots, func(sl creditbank.Slot) contract.Slot {
			return contract.Slot{
				Id: string(sl.ID), Title: wireText(sl.Title), Credits: sl.Credits, Level: optional(int(sl.Level)), Elective: sl.Elective, Block: sl.Block, Closed: sl.Closed,
			}
		}),
		UniqueSubjects: optional(p.UniqueSubjects),
	}
	if len(p.Floors) > 0 {
		floors := mapped(p.Floors, func(f creditbank.Floor) contract.Floor {
			return contract.Floor{Limit: f.Limit, Share: ratio(f.Share), Text: wireText(creditbank.LimitText(cat, p, rule.FloorName(f)))}
		})
		w.Floors = &floors
	}
	return w
}

func wireCap(cat *creditbank.Catalogue, p creditbank.Programme, c creditbank.Cap) contract.Cap {
	text := wireText(creditbank.LimitText(cat, p, rule.CapName(c)))
	w := contract.Cap{
		Limit: c.Limit, PerSource: c.PerSource, Share: ratio(c.Share), Text: &text,
		Measure: optional(contract.CapMeasure(c.Measure)), Count: optional(c.Count), PerInstitution: optional(c.PerInstitution),
	}
	if c.Category != "" {
		category := contract.Category(c.Category)
		w.Category = &category
	}
	if c.Period != nil {
		w.Calendar = &c.Period.Calendar
	}
	return w
}

func ratio(r creditbank.Ratio) *string {
	if r == 0 {
		return nil
	}
	return optional(r.String())
}

// GetProgramme implements [contract.StrictServerInterface].
func (s *Server) GetProgramme(_ context.Context, r contract.GetProgrammeRequestObject) (contract.GetProgrammeResponseObject, error) {
	p, err := s.programme(r.Programme)
	if err != nil {
		return nil, err
	}
	return contract.GetProgramme200JSONResponse(wireProgramme(s.c.Bank.Catalogue(), p)), nil
}

func wireRule(r *rule.Rule) (contract.Rule, error) {
	definition, err := json.Marshal(r)
	w := contract.Rule{
		Id: string(r.ID), Kind: contract.RuleKind(r.Kind), Title: wireText(r.Title), EffectiveFrom: day(r.From), EffectiveTo: day(r.To),
		Hash: r.Hash().String(), Definition: definition,
		Version: optional(r.Version), Owner: optional(string(r.Owner)), Priority: optional(r.Priority),
	}
	if len(r.LegalBasis) > 0 {
		w.LegalBasis = &r.LegalBasis
	}
	if r.Conversion != nil {
		w.Programme, w.Reviewed = optional(string(r.Conversion.Programme)), r.Conversion.Reviewed
	}
	if r.Conversion != nil && r.Conversion.Flags != nil {
		f := r.Conversion.Flags
		w.Fee, w.Initiator = optional(contract.RuleFee(f.Fee)), optional(contract.RuleInitiator(f.Initiator))
		if f.NotTransferable {
			w.Transferable = new(bool)
		}
	}
	return w, err
}

// ListRules implements [contract.StrictServerInterface].
func (s *Server) ListRules(_ context.Context, r contract.ListRulesRequestObject) (contract.ListRulesResponseObject, error) {
	w := contract.ListRules200JSONResponse{Rules: []contract.Rule{}}
	if r.Params.RuleSet == nil && len(s.c.Bank.Catalogue().RuleSets) == 0 {
		return w, nil
	}
	published, set, err := s.published(value(r.Params.RuleSet))
	if err != nil {
		return nil, err
	}
	w.RuleSet = published.Version()
	for _, one := range set.Rules() {
		if r.Params.Programme != nil && (one.Conversion == nil || string(one.Conversion.Programme) != *r.Params.Programme) {
			continue
		}
		wire, err := wireRule(one)
		if err != nil {
			return nil, err
		}
		w.Rules = append(w.Rules, wire)
	}
	return w, nil
}

// GetRule implements [contract.StrictServerInterface].
func (s *Server) GetRule(_ context.Context, r contract.GetRuleRequestObject) (contract.GetRuleResponseObject, error) {
	w := contract.GetRule200JSONResponse{Id: r.Rule, Versions: []contract.RuleVersion{}}
	for _, published := range slices.Backward(s.c.Bank.Catalogue().RuleSets) {
		rules := published.Rules.(*rule.Set).Rules()
		i := slices.IndexFunc(rules, func(one *rule.Rule) bool { return string(one.ID) == r.Rule })
		if i < 0 {
			continue
		}
		wire, err := wireRule(rules[i])
		if err != nil {
			return nil, err
		}
		version := published.Version()
		if n := len(w.Versions); n > 0 && w.Versions[n-1].FirstRuleSet == version+1 && w.Versions[n-1].Rule.Hash == wire.Hash {
			w.Versions[n-1].FirstRuleSet = version
			continue
		}
		w.Versions = append(w.Versions, contract.RuleVersion{FirstRuleSet: version, LastRuleSet: version, Rule: wire})
	}
	if len(w.Versions) == 0 {
		return nil, creditbank.NotFound(creditbank.CodeUnknownRule, "rule", "没有这条规则", "there is no such rule")
	}
	return w, nil
}

func summary(r creditbank.RuleSet) contract.RuleSetSummary {
	set := r.Rules.(*rule.Set)
	return contract.RuleSetSummary{Version: r.Version(), PublishedAt: r.At, PublishedBy: r.By.ID, Rules: len(set.Rules()), Programmes: len(set.Programmes())}
}

// ListRuleSets implements [contract.StrictServerInterface].
func (s *Server) ListRuleSets(context.Context, contract.ListRuleSetsRequestObject) (contract.ListRuleSetsResponseObject, error) {
	sets := mapped(s.c.Bank.Catalogue().RuleSets, summary)
	slices.Reverse(sets)
	return contract.ListRuleSets200JSONResponse{RuleSets: sets}, nil
}

// GetRuleSet implements [contract.StrictServerInterface].
func (s *Server) GetRuleSet(_ context.Context, r contract.GetRuleSetRequestObject) (contract.GetRuleSetResponseObject, error) {
	published, _, err := s.published(r.Version)
	if err != nil {
		return nil, err
	}
	files, err := rule.Source(published.Body)
	if err != nil {
		return nil, err
	}
	return contract.GetRuleSet200JSONResponse{
		Version: published.Version(), PublishedAt: published.At, PublishedBy: published.By.ID, Rules: string(files.Rules), Programmes: string(files.Programmes),
	}, nil
}

// PublishRuleSet implements [contract.StrictServerInterface]. A version names
// the one it replaces: sent again after others have published, it must not bring
// back what they replaced.
func (s *Server) PublishRuleSet(ctx context.Context, r contract.PublishRuleSetRequestObject) (contract.PublishRuleSetResponseObject, error) {
	if err := s.may(ctx, access.OnBank()); err != nil {
		return nil, err
	}
	if err := s.c.Bank.Refresh(ctx); err != nil {
		return nil, err
	}
	cat := s.c.Bank.Catalogue()
	body, _, problems := rule.Compile(rule.Files{Rules: []byte(r.Body.Rules), Programmes: []byte(r.Body.Programmes)}, cat)
	if err := problems.Err(); err != nil {
		return nil, inFiles(problems)
	}
	cat, err := s.publish(ctx, creditbank.Reference{RuleSet: body}, func(cat *creditbank.Catalogue) error {
		return follows(cat, r.Body.Replaces, body)
	})
	if err != nil {
		return nil, err
	}
	for _, published := range slices.Backward(cat.RuleSets) {
		if bytes.Equal(published.Body, body) { // the newest may be another's by now
			return contract.PublishRuleSet200JSONResponse(summary(published)), nil
		}
	}
	return nil, errors.New("the rules that were published cannot be found")
}

// follows reports a version of the rules other than the one to be replaced,
// unless it is body, sent again.
func follows(cat *creditbank.Catalogue, replaces int, body []byte) error {
	newest := creditbank.RuleSet{}
	if n := len(cat.RuleSets); n > 0 {
		newest = cat.RuleSets[n-1]
	}
	at := versionOf(newest)
	if at == replaces || at == replaces+1 && bytes.Equal(newest.Body, body) {
		return nil
	}
	return refuse(problemConflict, "RULE_SET_REPLACED", "规则集已有更新的版本，请在其基础上修改后重新发布", "another version was published meanwhile: start from that one")
}

func versionOf(r creditbank.RuleSet) int {
	if r.Rules == nil {
		return 0
	}
	return r.Version()
}

// inFiles says what is wrong with files, each with its place.
func inFiles(problems creditbank.Problems) error {
	e := refuse(problemInvalid, "INVALID_RULES", "规则文件有误，未发布", "the files of the rules are wrong; nothing was published")
	for _, p := range problems.List() {
		e.parts = append(e.parts, part(p))
	}
	return e
}
