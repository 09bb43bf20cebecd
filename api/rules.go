package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
		return creditbank.RuleSet{}, nil, creditbank.NotFound(creditbank.CodeUnknownRuleSet, "rule_set", "没有这一版规则集", "there is no such version of the rules")
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

func wireRule(r *rule.Rule, standing creditbank.RuleStanding) (contract.Rule, error) {
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
	if x, ok := standing.Suspension(r.ID, creditbank.ProgrammeID(value(w.Programme))); ok {
		suspension := wireSuspension(x)
		w.Suspended = &suspension
	}
	if x, ok := standing.Retirement(r.ID, creditbank.ProgrammeID(value(w.Programme))); ok {
		retirement := wireRetirement(x)
		w.Retired = &retirement
	}
	return w, err
}

// What is public about the rules may be kept, and is asked for again by its tag:
// it changes with the next version. Two versions never change, nor do their
// differences.
const (
	revalidated = "public, no-cache"
	unchanging  = "public, max-age=86400"
)

// rulesTag returns the tag of an answer about the rules as they are.
func (s *Server) rulesTag(also ...string) string {
	newest := 0
	if rules := s.c.Bank.Catalogue().Rules; rules != nil {
		newest = rules.Version()
	}
	return etag(int64(newest), also...)
}

// ListRules implements [contract.StrictServerInterface].
func (s *Server) ListRules(_ context.Context, r contract.ListRulesRequestObject) (contract.ListRulesResponseObject, error) {
	tag := s.rulesTag(fmt.Sprint(value(r.Params.RuleSet)), value(r.Params.Programme))
	if value(r.Params.IfNoneMatch) == tag {
		return contract.ListRules304Response{Headers: contract.ListRules304ResponseHeaders{ETag: tag, CacheControl: revalidated}}, nil
	}
	w := contract.ListRules200JSONResponse{Headers: contract.ListRules200ResponseHeaders{ETag: tag, CacheControl: revalidated}}
	w.Body.Rules = []contract.Rule{}
	if r.Params.RuleSet == nil && len(s.c.Bank.Catalogue().RuleSets) == 0 {
		return w, nil
	}
	published, set, err := s.published(value(r.Params.RuleSet))
	if err != nil {
		return nil, err
	}
	w.Body.RuleSet = published.Version()
	for _, one := range set.Rules() {
		if r.Params.Programme != nil && (one.Conversion == nil || string(one.Conversion.Programme) != *r.Params.Programme) {
			continue
		}
		wire, err := wireRule(one, set.Standing())
		if err != nil {
			return nil, err
		}
		w.Body.Rules = append(w.Body.Rules, wire)
	}
	return w, nil
}

// GetRule implements [contract.StrictServerInterface].
func (s *Server) GetRule(_ context.Context, r contract.GetRuleRequestObject) (contract.GetRuleResponseObject, error) {
	at, err := s.onDay(r.Params.At, "at")
	if err != nil {
		return nil, err
	}
	tag := s.rulesTag(at.String(), value(r.Params.Cursor), fmt.Sprint(pageSize(r.Params.Limit)))
	all := rule.History(s.c.Bank.Catalogue().RuleSets, creditbank.RuleID(r.Rule), at)
	if len(all) == 0 {
		return nil, creditbank.NotFound(creditbank.CodeUnknownRule, "rule", "没有这条规则", "there is no such rule")
	}
	spans, next, err := page(all, spanKey, r.Params.Cursor, r.Params.Limit)
	if err != nil {
		return nil, err
	}
	if value(r.Params.IfNoneMatch) == tag {
		return contract.GetRule304Response{Headers: contract.GetRule304ResponseHeaders{ETag: tag, CacheControl: revalidated}}, nil
	}
	w := contract.RuleHistory{Id: r.Rule, At: *day(at), Versions: []contract.RuleVersion{}, Next: next}
	for _, span := range spans {
		published, _, err := s.published(span.Last)
		if err != nil {
			return nil, err
		}
		wire, err := wireRule(span.Rule, published.Standing())
		if err != nil {
			return nil, err
		}
		w.Versions = append(w.Versions, contract.RuleVersion{FirstRuleSet: span.First, LastRuleSet: span.Last, InForce: span.InForce, Rule: wire})
	}
	return contract.GetRule200JSONResponse{Body: w, Headers: contract.GetRule200ResponseHeaders{ETag: tag, CacheControl: revalidated}}, nil
}

// spanKey sorts versions of a rule as [rule.History] does, and names them in
// cursors: what is published meanwhile comes before them.
func spanKey(s rule.Span) string {
	const most = 1e9
	return fmt.Sprintf("%010d-%010d-%010d-%s", int(most)-s.First, int(most)-int(s.Rule.From), int(most)-s.Rule.Version, s.Rule.Hash())
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
	files := rule.Files{Rules: []byte(r.Body.Rules), Programmes: []byte(r.Body.Programmes)}
	body, set, problems := rule.Compile(files, cat)
	if err := problems.Err(); err != nil {
		return nil, inFiles(problems)
	}
	if sent := sentBefore(cat, r.Body.Replaces, files); sent != nil {
		w := summary(cat, *sent)
		w.Warnings = warnings(set)
		return contract.PublishRuleSet200JSONResponse(w), nil
	}
	cat, err := s.publish(ctx, creditbank.Reference{RuleSet: body}, func(cat *creditbank.Catalogue) error {
		return follows(cat, r.Body.Replaces, files)
	})
	if err != nil {
		return nil, err
	}
	for _, published := range slices.Backward(cat.RuleSets) {
		if holds(published, files) { // the newest may be another's by now
			w := summary(cat, published)
			w.Warnings = warnings(set)
			return contract.PublishRuleSet200JSONResponse(w), nil
		}
	}
	return nil, errors.New("the rules that were published cannot be found")
}

// sentBefore returns the version that replaced another by these files, or nil: it
// is answered again, whatever was published since.
func sentBefore(cat *creditbank.Catalogue, replaces int, files rule.Files) *creditbank.RuleSet {
	for i := range cat.RuleSets {
		if sent := &cat.RuleSets[i]; versionOf(*sent) == replaces+1 && holds(*sent, files) {
			return sent
		}
	}
	return nil
}

// holds reports whether a version was made of the files.
func holds(r creditbank.RuleSet, files rule.Files) bool {
	source, err := rule.Source(r.Body)
	return err == nil && source.Equal(files)
}

// warnings returns what is doubtful about rules; nil where nothing is.
func warnings(set *rule.Set) *[]contract.ProblemPart {
	list := mapped(set.Warnings(), func(f rule.Finding) contract.ProblemPart {
		return part(&creditbank.PlacedError{Place: f.Place, InputError: creditbank.Invalid(f.Code, f.Field, f.Reason.ZH, f.Reason.EN)})
	})
	if len(list) == 0 {
		return nil
	}
	return &list
}

// follows reports a version of the rules other than the one to be replaced,
// unless it has the same files, sent again.
func follows(cat *creditbank.Catalogue, replaces int, files rule.Files) error {
	newest := creditbank.RuleSet{}
	if n := len(cat.RuleSets); n > 0 {
		newest = cat.RuleSets[n-1]
	}
	at := versionOf(newest)
	if at == replaces || at == replaces+1 && holds(newest, files) {
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
