package issuance

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"

	"creditbank/creditbank"
)

// A reference is the reference data that certificates quote, in every version
// there was: an old decision is certified with the words of its own time.
type reference struct {
	mu           sync.RWMutex
	version      int
	institutions map[creditbank.InstitutionID]creditbank.Institution
	courses      map[courseVersion]creditbank.Course
	rules        map[int]creditbank.Rules
}

type courseVersion struct {
	code    creditbank.CourseCode
	version int
}

// refresh reads what was published since.
func (r *reference) refresh(ctx context.Context, c Config) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	docs, err := c.Ledger.Documents(ctx, r.version)
	if err != nil {
		return fmt.Errorf("read reference data: %w", err)
	}
	if r.institutions == nil {
		r.institutions = map[creditbank.InstitutionID]creditbank.Institution{}
		r.courses = map[courseVersion]creditbank.Course{}
		r.rules = map[int]creditbank.Rules{}
	}
	for _, d := range docs {
		if err := r.take(c, d); err != nil {
			return fmt.Errorf("reference document %d (%s %s): %v", d.Version, d.Kind, d.ID, err)
		}
		r.version = d.Version
	}
	return nil
}

func (r *reference) take(c Config, d creditbank.Document) error {
	switch d.Kind {
	case "institution":
		var i creditbank.Institution
		if err := json.Unmarshal(d.Body, &i); err != nil {
			return err
		}
		r.institutions[i.ID] = i
	case "course":
		var v creditbank.Course
		if err := json.Unmarshal(d.Body, &v); err != nil {
			return err
		}
		r.courses[courseVersion{v.Code, v.Version}] = v
	case "ruleset":
		version, err := strconv.Atoi(d.ID)
		if err != nil {
			return err
		}
		rules, err := c.LoadRules(version, d.Body)
		if err != nil {
			return err
		}
		r.rules[version] = rules
	}
	return nil
}

func (r *reference) institution(id creditbank.InstitutionID) (creditbank.Institution, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	i, ok := r.institutions[id]
	if !ok {
		return creditbank.Institution{}, fmt.Errorf("institution %s is not published", id)
	}
	return i, nil
}

func (r *reference) course(code creditbank.CourseCode, version int) (creditbank.Course, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	c, ok := r.courses[courseVersion{code, version}]
	if !ok {
		return creditbank.Course{}, fmt.Errorf("version %d of course %s is not published", version, code)
	}
	return c, nil
}

func (r *reference) ruleSet(version int) (creditbank.Rules, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	rules, ok := r.rules[version]
	if !ok {
		return nil, fmt.Errorf("rule set %d is not published", version)
	}
	return rules, nil
}
