package rule

import (
	"encoding/json"
	"fmt"
	"slices"

	"creditbank/creditbank"
)

// Maker makes rule sets of files. It implements [creditbank.RuleMaker].
type Maker struct{}

var _ creditbank.RuleMaker = Maker{}

// Compile implements [creditbank.RuleMaker].
func (Maker) Compile(files creditbank.RuleFiles, cat *creditbank.Catalogue) ([]byte, error) {
	body, _, problems := Compile(files, cat)
	return body, problems.Err()
}

// Source implements [creditbank.RuleMaker].
func (Maker) Source(body []byte) (creditbank.RuleFiles, error) { return Source(body) }

// Stand implements [creditbank.RuleMaker]. What it says of rules and programmes
// that the document does not have is left out.
func (Maker) Stand(body []byte, s creditbank.RuleStanding) ([]byte, error) {
	loaded, err := Load(0, body)
	if err != nil {
		return nil, err
	}
	doc, err := readDocument(body)
	if err != nil {
		return nil, err
	}
	gone := loaded.(*Set).lacks
	doc.Retired = slices.DeleteFunc(slices.Clone(s.Retired), func(x creditbank.RuleRetirement) bool { return gone(x.Target) })
	doc.Suspended = slices.DeleteFunc(slices.Clone(s.Suspended), func(x creditbank.RuleSuspension) bool { return gone(x.Target) })
	next, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("rule set: %w", err)
	}
	return next, nil
}

// lacks reports whether s has nothing that t names.
func (s *Set) lacks(t creditbank.RuleTarget) bool {
	if t.Rule != "" {
		_, ok := s.byID[t.Rule]
		return !ok
	}
	_, ok := s.programmes[t.Programme]
	return t.Programme != "" && !ok
}

// Standing implements [creditbank.Rules].
func (s *Set) Standing() creditbank.RuleStanding {
	return creditbank.RuleStanding{Retired: slices.Clone(s.standing.Retired), Suspended: slices.Clone(s.standing.Suspended)}
}

// stand takes the standing of a document over. A rule that was given an end has a
// shorter window from then on: everything that asks when it is in force sees it.
func (s *Set) stand(standing creditbank.RuleStanding) {
	s.standing = standing
	for _, r := range s.rules {
		if x, ok := standing.Retirement(r.ID, r.programme()); ok && (r.To == 0 || x.Through < r.To) {
			r.To = x.Through
		}
	}
}

// programme returns the programme that r grants in, "" for a recognition rule.
func (r *Rule) programme() creditbank.ProgrammeID {
	if r.Conversion == nil {
		return ""
	}
	return r.Conversion.Programme
}
