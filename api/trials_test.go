package api_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/api/host"
	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// A trialLine is a line of the answer of tryRules.
type trialLine struct {
	Progress *struct {
		Learners int `json:"learners"`
		PerMille int `json:"per_mille"`
	} `json:"progress"`
	Learner *struct {
		ID      creditbank.LearnerID `json:"id"`
		Verdict string               `json:"verdict"`
		Gains   []struct {
			Area    string `json:"area"`
			Credits string `json:"credits"`
		} `json:"gains"`
	} `json:"learner"`
	Report json.RawMessage `json:"report"`
}

// trialLines reads an answer: any number of lines, of which the report is the
// last.
func trialLines(t *testing.T, body []byte) (lines []trialLine, report string) {
	t.Helper()
	for scan := bufio.NewScanner(bytes.NewReader(body)); scan.Scan(); {
		var l trialLine
		dec := json.NewDecoder(bytes.NewReader(scan.Bytes()))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&l); err != nil {
			t.Fatalf("%v in %s", err, scan.Text())
		}
		if report != "" {
			t.Errorf("a line behind the report: %s", scan.Text())
		}
		report = string(l.Report)
		lines = append(lines, l)
	}
	if report == "" {
		t.Errorf("no report in %s", body)
	}
	return lines, report
}

// qingheYear opens Qinghe's learners and posts what they learned.
func qingheYear(t *testing.T, w *apitest.World) map[string]creditbank.LearnerID {
	t.Helper()
	ids := w.Open()
	poster := w.Bank.NewPoster(t.Context(), creditbank.PosterConfig{})
	defer poster.Close()
	for _, o := range w.City.Outcomes {
		p := o.Posting
		p.Learner = ids[o.Alias]
		if _, err := poster.Post(t.Context(), creditbank.Caller{ID: "test"}, p, ""); err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

// draftOf returns the city's rules with one thing changed.
func draftOf(t *testing.T, w *apitest.World, old, text string) contract.TryRulesJSONRequestBody {
	t.Helper()
	files, err := rule.Source(w.City.Reference.RuleSet)
	if err != nil || !bytes.Contains(files.Rules, []byte(old)) {
		t.Fatalf("the rules have no %q: %v", old, err)
	}
	return contract.TryRulesJSONRequestBody{Rules: strings.Replace(string(files.Rules), old, text, 1), Programmes: string(files.Programmes)}
}

func TestTryRules(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	ids := qingheYear(t, w)
	city, county := w.As(w.Token("", "operator region:9901")), w.As(w.Token("", "operator region:990102"))
	body := draftOf(t, w, `hours_per_credit: "18"`, `hours_per_credit: "16"`)
	yes, region := true, "990102"
	body.Learners = &yes

	r, err := city.TryRulesWithResponse(t.Context(), body)
	if err != nil || r.StatusCode() != http.StatusOK {
		t.Fatalf("%v %s %s", err, r.Status(), r.Body)
	}
	lines, report := trialLines(t, r.Body)
	gains := map[creditbank.LearnerID]string{}
	for _, l := range lines {
		if l.Learner != nil {
			gains[l.Learner.ID] = fmt.Sprint(l.Learner.Verdict, l.Learner.Gains)
		}
	}
	for alias, want := range map[string]string{"L1": "better[{recognition 0.5}]", "L2": "better[{recognition 1.5}]", "L3": "", "L4": "better[{recognition 2.0}]", "L5": "better[{recognition 0.5}]"} {
		if got := gains[ids[alias]]; got != want {
			t.Errorf("%s: %q, want %q", alias, got, want)
		}
	}
	// Four gain and one does not: too few to tell of either, or of any rule.
	for _, want := range []string{
		`"verdicts":[{"learners":null,"verdict":"better"},{"learners":0,"verdict":"worse"}`, `{"learners":null,"verdict":"unchanged"}`, `"least":5`,
		`"key":"R01","table":"rule","after":null,"before":null`, `"code":"CAP_NEVER_BINDS"`,
	} {
		if !strings.Contains(report, want) {
			t.Errorf("the report has no %s:\n%s", want, report)
		}
	}

	body.Region = &region
	r, err = county.TryRulesWithResponse(t.Context(), body)
	if err != nil || r.StatusCode() != http.StatusOK {
		t.Fatalf("%v %s %s", err, r.Status(), r.Body)
	}
	if lines, _ := trialLines(t, r.Body); len(lines) != 4 { // L2, L5, progress, report
		t.Errorf("of 990102: %s", r.Body)
	}
	body.Region = nil
	if r, err = county.TryRulesWithResponse(t.Context(), body); err != nil || r.StatusCode() != http.StatusForbidden {
		t.Errorf("a county tries rules on the whole city: %v %s", err, r.Status())
	}
	nowhere := "999999"
	body.Region = &nowhere
	if r, err = city.TryRulesWithResponse(t.Context(), body); err != nil || r.StatusCode() != http.StatusForbidden {
		t.Errorf("a region that does not exist: %v %s", err, r.Status())
	}
	bad := draftOf(t, w, `hours_per_credit: "18"`, `hours_per_credit: "many"`)
	if r, err = city.TryRulesWithResponse(t.Context(), bad); err != nil || r.StatusCode() != http.StatusBadRequest || !strings.Contains(string(r.Body), "rules.yaml:13:33") {
		t.Errorf("rules that cannot be read: %v %s %s", err, r.Status(), r.Body)
	}
}

// What takes two to be wrong is refused when it is published, and doubts are
// told.
func TestPublishingIsCheckedAsAWhole(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	city := w.As(w.Token("", "operator region:9901"))
	publish := func(d contract.TryRulesJSONRequestBody) *contract.PublishRuleSetResponse {
		t.Helper()
		r, err := city.PublishRuleSetWithResponse(t.Context(), contract.PublishRuleSetJSONRequestBody{
			Replaces: w.Bank.Catalogue().Rules.Version(), Rules: d.Rules, Programmes: d.Programmes})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	const care = `grant: [{slot: T-A2, credits: "3", grade: carry}]`
	for name, tt := range map[string]struct{ text, code string }{
		"a closed slot":      {`grant: [{slot: T-A5, credits: "3", grade: carry}]`, "CLOSED_TARGET"},
		"an example":         {care + "\n    tests: [{name: any, given: [S08], day: 2026-01-01, expect: {decision: deny}}]", "TEST_FAILED"},
		"more than the slot": {`grant: [{slot: T-A2, credits: "3.5", grade: carry}]`, "GRANT_NEVER_FITS"},
	} {
		r := publish(draftOf(t, w, care, tt.text))
		if r.StatusCode() != http.StatusBadRequest || !strings.Contains(string(r.Body), tt.code) || !strings.Contains(string(r.Body), "see also") {
			t.Errorf("%s: %s %s", name, r.Status(), r.Body)
		}
	}
	r := publish(draftOf(t, w, care, care+"\n    tests: [{name: any, given: [S08], day: 2026-01-01, expect: {decision: approve}}]"))
	if r.StatusCode() != http.StatusOK || r.JSON200.Warnings == nil || len(*r.JSON200.Warnings) != 3 {
		t.Errorf("with an example that passes: %s %s", r.Status(), r.Body)
	}
}

// A course that is retired takes no outcomes of later days.
func TestRetiredCourse(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	manager := w.As(w.Token("I06", "manager institution:I06"))
	last := "2025-06-30"
	r, err := manager.PutCourseWithResponse(t.Context(), "OLD1", contract.CourseInput{Title: "旧课", Institution: "I06", Category: contract.NONFORMAL, ValidUntil: &last})
	if err != nil || r.StatusCode() != http.StatusOK || r.JSON200.ValidUntil == nil || *r.JSON200.ValidUntil != last {
		t.Fatalf("%v %s %s", err, r.Status(), r.Body)
	}
	poster := w.As(w.Token("I06", "poster institution:I06"))
	learner := contract.LearnerID(w.Open()["L1"])
	for day, want := range map[string]int{"2025-06-30": http.StatusCreated, "2025-07-01": http.StatusBadRequest} {
		got, err := poster.PostOutcomeWithResponse(t.Context(), contract.Posting{ExternalId: day, Institution: "I06", Learner: &learner, Course: "OLD1", IssuedOn: day})
		if err != nil || got.StatusCode() != want || want != http.StatusCreated && !strings.Contains(string(got.Body), "COURSE_RETIRED") {
			t.Errorf("issued on %s: %v %s %s", day, err, got.Status(), got.Body)
		}
	}
}

// blocked is a ledger on which reading the accounts of a population waits.
type blocked struct {
	host.Ledger
	begun chan struct{}
}

// Histories implements [creditbank.Store].
func (b *blocked) Histories(ctx context.Context, _, _ creditbank.LearnerID) ([]creditbank.Dossier, error) {
	close(b.begun)
	<-ctx.Done()
	return nil, ctx.Err()
}

// One trial runs at a time. One that is under way when the service is to stop
// breaks off, and its answer does not look whole.
func TestOneTrialAtATime(t *testing.T) {
	ledger := &blocked{apitest.Ledger(t), make(chan struct{})}
	w := apitest.New(t, apitest.Options{Ledger: ledger})
	w.Open()
	city := w.As(w.Token("", "operator region:9901"))
	body := draftOf(t, w, `hours_per_credit: "18"`, `hours_per_credit: "16"`)
	var wait sync.WaitGroup
	wait.Go(func() {
		r, err := city.TryRulesWithResponse(t.Context(), body)
		if err == nil && strings.Contains(string(r.Body), "report") {
			t.Errorf("a trial that broke off was answered %s", r.Body)
		}
	})
	<-ledger.begun
	r, err := city.TryRulesWithResponse(t.Context(), body)
	if err != nil || r.StatusCode() != http.StatusServiceUnavailable || !strings.Contains(string(r.Body), "TRIAL_UNDER_WAY") || r.HTTPResponse.Header.Get("Retry-After") == "" {
		t.Errorf("a second trial: %v %s %s", err, r.Status(), r.Body)
	}
	w.Server.Drain()
	wait.Wait()
}
