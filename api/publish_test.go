package api_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/api/host"
	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// overtaken is a ledger on which somebody else publishes just before, once.
type overtaken struct {
	host.Ledger
	by atomic.Pointer[func()]
}

// Publish implements [creditbank.Store].
func (o *overtaken) Publish(ctx context.Context, f creditbank.Feed, base int, docs []creditbank.Document) (bool, error) {
	if first := o.by.Swap(nil); first != nil {
		(*first)()
	}
	return o.Ledger.Publish(ctx, f, base, docs)
}

// overtake has r published by another just before the next publication.
func (o *overtaken) overtake(t *testing.T, w *apitest.World, r creditbank.Reference) {
	first := func() {
		if err := w.Bank.Publish(context.WithoutCancel(t.Context()), creditbank.Caller{ID: "operator:other"}, r); err != nil {
			t.Error(err)
		}
	}
	o.by.Store(&first)
}

// What is published is judged by what it replaces, also where another was first.
func TestPublishingIsJudgedByWhatItReplaces(t *testing.T) {
	ledger := &overtaken{Ledger: apitest.Ledger(t)}
	w := apitest.New(t, apitest.Options{Ledger: ledger})

	t.Run("a course that another institution has just published", func(t *testing.T) {
		theirs := creditbank.Course{Code: "NEW1", Title: "别家的课程", Institution: "I15", Category: creditbank.NonFormal, Hours: 1600}
		ledger.overtake(t, w, creditbank.Reference{Courses: []creditbank.Course{theirs}})
		r, err := w.As(w.Token("I06", "manager institution:I06")).PutCourseWithResponse(t.Context(), "NEW1",
			contract.CourseInput{Title: "我们的课程", Institution: "I06", Category: contract.NONFORMAL})
		if err != nil || r.StatusCode() != http.StatusForbidden {
			t.Fatalf("%v %s %s", err, r.Status(), r.Body)
		}
		if got := w.Bank.Catalogue().Courses["NEW1"].Institution; got != "I15" {
			t.Errorf("the course is now that of %s", got)
		}
	})

	t.Run("rules that others have just replaced", func(t *testing.T) {
		theirs, _, problems := rule.Compile(qingheRules(t, "theirs"), w.Bank.Catalogue())
		if err := problems.Err(); err != nil {
			t.Fatal(err)
		}
		now := w.Bank.Catalogue().Rules.Version()
		ledger.overtake(t, w, creditbank.Reference{RuleSet: theirs})
		ours := qingheRules(t, "ours")
		r, err := w.As(w.Token("", "operator region:9901")).PublishRuleSetWithResponse(t.Context(),
			contract.PublishRuleSetJSONRequestBody{Replaces: now, Rules: string(ours.Rules), Programmes: string(ours.Programmes)})
		if err != nil || r.StatusCode() != http.StatusConflict {
			t.Fatalf("%v %s %s", err, r.Status(), r.Body)
		}
		if got := w.Bank.Catalogue().Rules.Version(); got != now+1 {
			t.Errorf("the rules are at version %d, want %d", got, now+1)
		}
	})
	t.Run("rules sent again after others replaced them", func(t *testing.T) {
		now := w.Bank.Catalogue().Rules.Version()
		as := w.As(w.Token("", "operator region:9901"))
		send := func(replaces int, comment string) *contract.PublishRuleSetResponse {
			files := qingheRules(t, comment)
			r, err := as.PublishRuleSetWithResponse(t.Context(),
				contract.PublishRuleSetJSONRequestBody{Replaces: replaces, Rules: string(files.Rules), Programmes: string(files.Programmes)})
			if err != nil || r.JSON200 == nil {
				t.Fatalf("%s: %v %s %s", comment, err, r.Status(), r.Body)
			}
			return r
		}
		first := send(now, "first")
		send(now+1, "second")
		if again := send(now, "first"); again.JSON200.Version != first.JSON200.Version {
			t.Errorf("answered as version %d, want %d", again.JSON200.Version, first.JSON200.Version)
		}
		if got := w.Bank.Catalogue().Rules.Version(); got != now+2 {
			t.Errorf("the rules are at version %d, want %d", got, now+2)
		}
	})
}

// qingheRules returns the rules of the city, which the comment makes others.
func qingheRules(t *testing.T, comment string) rule.Files {
	t.Helper()
	dir := filepath.Join(apitest.Root(t), "creditbank", "scenario", "testdata", "qinghe")
	rules, err := os.ReadFile(filepath.Join(dir, "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	programmes, err := os.ReadFile(filepath.Join(dir, "programmes.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return rule.Files{Rules: append(rules, "\n# "+comment+"\n"...), Programmes: programmes}
}
