package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"sync"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/trial"
)

// smallest is of how many learners a group is at least of which a trial tells.
const smallest = 5

// TryRules implements [contract.StrictServerInterface]. It only reads; so as not
// to be in the way of postings, one trial runs at a time, on half the cores.
func (s *Server) TryRules(ctx context.Context, r contract.TryRulesRequestObject) (contract.TryRulesResponseObject, error) {
	region := creditbank.RegionCode(value(r.Body.Region))
	target := access.OnBank()
	if region != "" {
		target = access.OnRegion(region)
	}
	if err := s.may(ctx, target); err != nil {
		return nil, err
	}
	published, set, err := s.published(0)
	if err != nil {
		return nil, creditbank.Conflict(creditbank.CodeState, "", "尚未发布任何规则，无从比较", "no rules have been published yet to compare with")
	}
	cat := s.c.Bank.Catalogue()
	if _, known := cat.Regions[region]; region != "" && !known {
		return nil, creditbank.NotFound(creditbank.CodeUnknownRegion, "region", "没有这个地区", "there is no such region")
	}
	checked := rule.Check(rule.Files{Rules: []byte(r.Body.Rules), Programmes: []byte(r.Body.Programmes)}, cat)
	if checked.Set == nil {
		return nil, inFiles(checked.Problems())
	}
	c := trial.Config{Published: set, Draft: checked.Set, Catalogue: cat, At: s.c.Clock(), Plans: value(r.Body.Plans)}
	if region != "" {
		within := access.Scope{Kind: access.ScopeRegion, ID: string(region)}
		c.Within = func(of creditbank.RegionCode) bool { return within.Covers(cat, access.OnRegion(of)) }
	}
	t, err := trial.New(c)
	if err != nil {
		return nil, fmt.Errorf("try rules against rule set %d: %w", published.Version(), err)
	}
	return trialAnswer{s, ctx, t, checked.Findings, value(r.Body.Learners)}, nil
}

// trialAnswer answers line by line as the trial goes on.
type trialAnswer struct {
	s        *Server
	ctx      context.Context // of the request
	trial    *trial.Trial
	findings []rule.Finding
	learners bool
}

// A trialLine is a line of the answer: one of its fields.
type trialLine struct {
	Progress *trial.Progress `json:"progress,omitempty"`
	Learner  *trialLearner   `json:"learner,omitempty"`
	Report   *trialReport    `json:"report,omitempty"`
}

// A trialLearner is whom something changes for. What they learned and asked for
// is told by other operations, which put it on record.
type trialLearner struct {
	ID      creditbank.LearnerID `json:"id"`
	Verdict trial.Verdict        `json:"verdict"`
	Gains   []trialGain          `json:"gains"`
}

type trialGain struct {
	Area    trial.Area         `json:"area"`
	Credits creditbank.Credits `json:"credits"`
}

type trialReport struct {
	*trial.Report
	Findings []trialFinding `json:"findings"`
}

// A trialFinding is something to be said of the draft itself.
type trialFinding struct {
	Severity rule.Severity   `json:"severity"`
	Code     creditbank.Code `json:"code"`
	Place    string          `json:"place"`
	Other    string          `json:"other,omitempty"`
	Field    string          `json:"field"`
	Message  creditbank.Text `json:"message"`
}

// VisitTryRulesResponse implements [contract.TryRulesResponseObject].
func (a trialAnswer) VisitTryRulesResponse(w http.ResponseWriter) error {
	c := callOf(a.ctx)
	select {
	case a.s.trials <- struct{}{}:
		defer func() { <-a.s.trials }()
	default:
		return refuse(problemBusy, "TRIAL_UNDER_WAY", "已有试算正在进行，请稍后再试", "another trial is under way; try again later")
	}
	c.leave() // trials are counted for themselves
	// The time of the request does not count, as long as there is progress.
	ctx, cancel := context.WithCancel(c.request.Context())
	var stopping sync.WaitGroup
	stopping.Go(func() {
		select {
		case <-a.s.events.closed: // the server is about to stop
			cancel()
		case <-ctx.Done():
		}
	})
	defer stopping.Wait()
	defer cancel()
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold lines back
	w.WriteHeader(http.StatusOK)
	if err := a.run(ctx, w); err != nil {
		// The last line is the report; without it the answer must not look whole.
		a.s.c.Log.WarnContext(a.ctx, "trial broke off", "request", c.id, "err", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (a trialAnswer) run(ctx context.Context, w http.ResponseWriter) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	write := func(l trialLine) error {
		a.s.progress(w)
		return enc.Encode(l)
	}
	o := trial.Options{
		Workers: max(1, runtime.GOMAXPROCS(0)/2),
		Progress: func(p trial.Progress) error {
			if err := write(trialLine{Progress: &p}); err != nil {
				return err
			}
			return http.NewResponseController(w).Flush()
		},
	}
	if a.learners {
		o.Learner = func(l trial.Learner) error { return write(trialLine{Learner: told(l)}) }
	}
	report, err := trial.Run(ctx, a.s.c.Bank, a.trial, o)
	if err != nil {
		return err
	}
	report.Suppress(smallest)
	findings := mapped(a.findings, func(f rule.Finding) trialFinding {
		return trialFinding{f.Severity, f.Code, f.Place.String(), f.Other.String(), f.Field, f.Reason}
	})
	return write(trialLine{Report: &trialReport{report, findings}})
}

// told says how a learner fares.
func told(l trial.Learner) *trialLearner {
	return &trialLearner{l.ID, l.Verdict, mapped(l.Differences, func(d trial.Difference) trialGain { return trialGain{d.Area, d.After - d.Before} })}
}
