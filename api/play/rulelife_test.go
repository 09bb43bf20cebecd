//go:build unix

package play_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"creditbank/api/apitest"
	"creditbank/api/host"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/postgres/pgtest"
	"creditbank/creditbank/rule"
)

// A council is the city's people about rules, at two replicas where there are two.
type council struct {
	t      *testing.T
	worlds []*apitest.World
	now    *atomic.Int64
	turn   int
	l2     creditbank.LearnerID
}

func newCouncil(t *testing.T, open func(testing.TB) host.Ledger, replicas int) *council {
	t.Helper()
	c := &council{t: t, now: new(atomic.Int64)}
	c.set("2026-03-02")
	clock := func() time.Time { return time.Unix(0, c.now.Add(int64(time.Millisecond))) }
	keys := filepath.Join(t.TempDir(), "keys")
	for range replicas {
		c.worlds = append(c.worlds, apitest.New(t, apitest.Options{
			Ledger: open(t), Clock: clock, Keys: keys, PublicURL: publicURL, Rules: creditbank.RulePolicy{Quorum: 3, PublicityDays: 7},
		}))
	}
	c.l2 = c.worlds[0].Open()["L2"]
	return c
}

// set moves the clock to noon in Shanghai of a day.
func (c *council) set(day string) {
	c.t.Helper()
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		c.t.Fatal(err)
	}
	c.now.Store(at.Add(4 * time.Hour).UnixNano())
}

// member opens a client with grants and returns how it is recorded.
func (c *council) member(id, institution string, grants ...string) string {
	c.t.Helper()
	w := c.worlds[0]
	_, err := w.Registry.OpenClient(c.t.Context(), w.Owner(), access.NewClient{
		ID: id, Title: creditbank.Text{ZH: "测试", EN: "test"}, Institution: creditbank.InstitutionID(institution), Grants: apitest.Grants(c.t, grants...),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return "client:" + id
}

// ask sends a request as somebody, to one replica after the other, and returns
// what is answered.
func (c *council) ask(who, method, path string, body any) (int, http.Header, map[string]any) {
	c.t.Helper()
	w := c.worlds[c.turn%len(c.worlds)]
	c.turn++
	data, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	if body == nil {
		data = nil
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, w.URL+path, bytes.NewReader(data))
	if err != nil {
		c.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Idempotency-Key", apitest.Key(c.t))
		r.Header.Set("Content-Type", "application/json")
	}
	if who != "" {
		token, _, err := w.Server.Issue(c.t.Context(), who)
		if err != nil {
			c.t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := w.Client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(raw, &out); err != nil {
		c.t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, raw)
	}
	return resp.StatusCode, resp.Header, out
}

// does posts something that is to succeed.
func (c *council) does(who, path string, body map[string]any) map[string]any {
	c.t.Helper()
	status, _, out := c.ask(who, http.MethodPost, path, body)
	if status != http.StatusOK {
		c.t.Fatalf("%s: POST %s: %d %v", who, path, status, out)
	}
	return out
}

// refused posts something that is to be refused.
func (c *council) refused(who, path string, body map[string]any, status int, code string) map[string]any {
	c.t.Helper()
	got, _, out := c.ask(who, http.MethodPost, path, body)
	if got != status || out["code"] != code {
		c.t.Errorf("%s: POST %s: %d %v, want %d %s", who, path, got, out["code"], status, code)
	}
	return out
}

// reads gets something; what is refused is nil.
func (c *council) reads(who, path string) map[string]any {
	c.t.Helper()
	for _, w := range c.worlds {
		if err := w.Bank.Refresh(c.t.Context()); err != nil {
			c.t.Fatal(err)
		}
	}
	status, _, out := c.ask(who, http.MethodGet, path, nil)
	if status != http.StatusOK {
		return nil
	}
	return out
}

// body is the city's rules with something replaced, on a version.
func (c *council) body(base int, from, to string) map[string]any {
	c.t.Helper()
	files, err := rule.Source(c.worlds[0].City.Reference.RuleSet)
	if err != nil {
		c.t.Fatal(err)
	}
	rules := strings.Replace(string(files.Rules), from, to, 1)
	if rules == string(files.Rules) {
		c.t.Fatalf("the rules do not have %q", from)
	}
	return map[string]any{
		"base": base, "title": map[string]any{"zh": "调整社区课程转换"}, "legal_basis": []string{"青禾教〔2026〕3号"}, "comment": "试点一年后",
		"rules": rules, "programmes": string(files.Programmes),
	}
}

func TestRuleLife(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		ruleLife(t, newCouncil(t, func(t testing.TB) host.Ledger { return apitest.Ledger(t) }, 1))
	})
	t.Run("two replicas on postgres", func(t *testing.T) {
		dsn := pgtest.New(t, pgtest.Options{}).Database(t, "")
		ruleLife(t, newCouncil(t, func(t testing.TB) host.Ledger { return onPostgres(t, dsn) }, 2))
	})
}

// ruleLife leads a draft through its whole life by the API, each party with its own
// token.
func ruleLife(t *testing.T, c *council) {
	manager, stranger := c.member("manager", "I01", "manager institution:I01"), c.member("stranger", "I02", "manager institution:I02")
	one, two, three := c.member("one", "", "reviewer region:9901"), c.member("two", "", "reviewer region:9901"), c.member("three", "I01", "reviewer institution:I01")
	operator, auditor := c.member("operator", "", "operator region:9901", "reviewer region:9901"), c.member("auditor", "", "auditor region:9901")
	learner := "learner:" + string(c.l2)
	c.worlds[0].LearnerToken(c.l2)

	const grade = `source: {course: S06, min_grade: "70"}`
	files := c.body(1, grade, `source: {course: S06, min_grade: "75"}`)
	direct := map[string]any{"replaces": 1, "rules": files["rules"], "programmes": files["programmes"]}
	c.refused(operator, "/v1/rule-sets", direct, 409, "REVIEW_REQUIRED")
	foreign := c.body(1, grade, `source: {course: S06, min_grade: "75"}`)
	foreign["institution"] = "I02"
	n := c.does(stranger, "/v1/rule-drafts", foreign)["draft"]
	c.refused(stranger, fmt.Sprintf("/v1/rule-drafts/%v/submit", n), map[string]any{"revision": 1}, 403, "NOT_OWN_RULES")
	files["institution"] = "I01"
	c.refused(stranger, "/v1/rule-drafts", files, 403, "OUT_OF_SCOPE")

	// A draft with a mistake, mended.
	broken := c.body(1, grade, `source: {course: S06, min_grad: "75"}`)
	broken["institution"] = "I01"
	made := c.does(manager, "/v1/rule-drafts", broken)
	at := fmt.Sprintf("/v1/rule-drafts/%v", made["draft"])
	if got := c.refused(manager, at+"/submit", map[string]any{"revision": 1}, 400, "INVALID_RULES"); !strings.Contains(fmt.Sprint(got["errors"]), "rules.yaml:") {
		t.Errorf("no place is told: %v", got)
	}
	if checks := c.reads(manager, at)["checks"].([]any); len(checks) != 1 {
		t.Errorf("it is checked as %v", checks)
	}
	delete(files, "institution")
	c.does(manager, at+"/revisions", files)
	for who, sees := range map[string]bool{"": false, learner: false, stranger: false, manager: true, one: true, three: true, auditor: true, operator: true} {
		if got := c.reads(who, at) != nil; got != sees {
			t.Errorf("%q reads the draft: %t", who, got)
		}
	}
	c.does(manager, at+"/submit", map[string]any{"revision": 2})
	c.refused(manager, at+"/review", map[string]any{"revision": 2, "approve": true}, 403, "FORBIDDEN")

	// Two approve; the third sends it back; it comes again and passes.
	yes := map[string]any{"revision": 2, "approve": true}
	c.does(one, at+"/review", yes)
	c.refused(one, at+"/review", yes, 409, "REVIEWED_BEFORE")
	c.does(three, at+"/review", map[string]any{"revision": 2, "approve": false, "note": "请说明依据"})
	c.does(manager, at+"/revisions", c.body(1, grade, `source: {course: S06, min_grade: "80"}`))
	c.refused(one, at+"/review", yes, 409, "DRAFT_REVISED")
	c.does(manager, at+"/submit", map[string]any{"revision": 3})
	yes["revision"] = 3
	c.does(one, at+"/review", yes)
	c.does(two, at+"/review", yes)
	c.refused(learner, at+"/objections", map[string]any{"text": "不妥"}, 404, "UNKNOWN_DRAFT")
	if got := c.does(three, at+"/review", yes); got["state"] != "publicity" || got["public_until"] != "2026-03-09" || got["approvals"] != 3.0 {
		t.Errorf("approved: %v", got)
	}

	// Anyone reads it now, and whoever has logged in objects.
	public := c.reads("", at)
	if public == nil || public["history"] != nil || !strings.Contains(fmt.Sprint(public["changes"]), "source.min_grade") {
		t.Errorf("to anyone it is %v", public)
	}
	status, _, _ := c.ask("", http.MethodPost, at+"/objections", map[string]any{"text": "匿名"})
	if status != http.StatusUnauthorized {
		t.Errorf("nobody objects: %d", status)
	}
	c.does(learner, at+"/objections", map[string]any{"text": "标准过高，\n我去年得了78分"})
	objections := func(who string) string { return fmt.Sprint(c.reads(who, at)["objections"]) }
	for who, told := range map[string]bool{"": false, stranger: false, learner: true, operator: true, auditor: true} {
		if got := strings.Contains(objections(who), "78分"); got != told {
			t.Errorf("%q is told what the objection says: %t", who, got)
		}
	}
	publish := map[string]any{"revision": 3}
	c.set("2026-03-09")
	c.refused(operator, at+"/publish", publish, 409, "IN_PUBLICITY")
	c.set("2026-03-10")
	c.refused(operator, at+"/publish", publish, 409, "OPEN_OBJECTION")
	c.refused(manager, at+"/objections/1/answer", map[string]any{"upheld": false, "reason": "依据见纪要"}, 403, "FORBIDDEN")
	c.does(operator, at+"/objections/1/answer", map[string]any{"upheld": false, "reason": "依据见纪要"})
	if got := objections(""); !strings.Contains(got, "依据见纪要") {
		t.Errorf("the answer is not public: %s", got)
	}

	// Meanwhile a suspension makes no base stale, and is carried on.
	w := c.worlds[0]
	acts, err := w.Bank.Convert(t.Context(), creditbank.Change{By: creditbank.Caller{ID: "operator:test"}, Learner: c.l2}, []creditbank.RuleID{"R05"})
	if err != nil {
		t.Fatal(err)
	}
	suspension := map[string]any{"rule": "R05", "reason": "核查冒用"}
	c.refused(stranger, "/v1/rule-suspensions", suspension, 403, "OUT_OF_SCOPE")
	c.does(manager, "/v1/rule-suspensions", suspension)
	c.does(operator, at+"/publish", publish)
	preview := c.does(learner, "/v1/learners/"+string(c.l2)+"/conversions/preview", map[string]any{"rules": []string{"R05"}})
	if got := fmt.Sprint(preview); !strings.Contains(got, "RULE_SUSPENDED") || !strings.Contains(got, "规则R05自2026-03-10起暂停") || !strings.Contains(got, "has been suspended since 2026-03-10") {
		t.Errorf("a conversion by a suspended rule: %v", got)
	}
	c.does(manager, "/v1/rule-resumptions", map[string]any{"rule": "R05", "reason": "已查清"})
	c.refused(manager, "/v1/rule-retirements", map[string]any{"rule": "R05", "reason": "停开", "through": "2026-03-16"}, 409, "NOTICE_TOO_SHORT")
	c.does(manager, "/v1/rule-retirements", map[string]any{"rule": "R05", "reason": "停开", "through": "2026-03-31"})

	// The catalogue tells it all, and what was decided is decided again the same.
	sets := c.reads("", "/v1/rule-sets")["rule_sets"].([]any)
	var origins []string
	for _, one := range sets {
		origins = append(origins, fmt.Sprint(one.(map[string]any)["origin"]))
	}
	if got := strings.Join(origins, " "); got != "retirement resumption draft suspension direct" {
		t.Errorf("the versions came of %s", got)
	}
	changes := c.reads("", "/v1/rule-sets/3/changes?from=1")
	if got := fmt.Sprint(changes); !strings.Contains(got, "path:source.min_grade") || !strings.Contains(got, "来源 › 最低成绩") || !strings.Contains(got, "suspended") {
		t.Errorf("from 1 to 3: %v", got)
	}
	versions := c.reads("", "/v1/rules/R05")["versions"].([]any)
	if len(versions) != 4 { // as it was, suspended, resumed, with an end
		t.Errorf("R05 has %d versions: %v", len(versions), versions)
	}
	onePage := c.reads("", "/v1/rules/R05?limit=3&at=2026-01-01")
	rest := c.reads("", "/v1/rules/R05?limit=3&at=2026-01-01&cursor="+onePage["next"].(string))
	if got := append(onePage["versions"].([]any), rest["versions"].([]any)...); len(got) != 4 || rest["next"] != nil {
		t.Errorf("in pages R05 has %d versions, then %v", len(got), rest["next"])
	}
	var inForce []any
	for _, v := range versions {
		inForce = append(inForce, v.(map[string]any)["in_force"])
	}
	if got := fmt.Sprint(inForce); got != "[true false false false]" {
		t.Errorf("in force: %s", got)
	}
	for _, a := range acts {
		r, err := w.Bank.Replay(t.Context(), c.l2, a.Seq)
		if err != nil || !r.Equal() {
			t.Errorf("replayed: %v\n%s\n%s", err, r.Stored, r.Again)
		}
	}
	var history []string
	for _, one := range c.reads(auditor, at)["history"].([]any) {
		history = append(history, fmt.Sprint(one.(map[string]any)["act"]))
	}
	if got := strings.Join(history, " "); got != "drafted revised submitted approved returned revised submitted approved approved approved objected answered published" {
		t.Errorf("on record: %s", got)
	}
}

// What is public about rules is asked for again by its tag.
func TestRuleCatalogueIsCacheable(t *testing.T) {
	c := newCouncil(t, func(t testing.TB) host.Ledger { return apitest.Ledger(t) }, 1)
	w := c.worlds[0]
	get := func(path, tag string) (int, http.Header) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tag != "" {
			r.Header.Set("If-None-Match", tag)
		}
		resp, err := w.Client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode, resp.Header
	}
	tags := map[string]string{}
	paths := []string{"/v1/rules", "/v1/rules?programme=P1", "/v1/rules/R05", "/v1/rules/R05?at=2026-01-01&limit=1", "/v1/rule-sets", "/v1/rule-sets/1", "/v1/rule-sets/1/changes", "/v1/rule-sets/1/changes?from=1"}
	for _, path := range paths {
		status, header := get(path, "")
		tags[path] = header.Get("ETag")
		if status != 200 || tags[path] == "" || !strings.HasPrefix(header.Get("Cache-Control"), "public, ") {
			t.Errorf("%s: %d %v", path, status, header)
		}
		if status, _ := get(path, tags[path]); status != http.StatusNotModified {
			t.Errorf("%s with its tag: %d", path, status)
		}
	}
	if _, err := w.Bank.SuspendRules(t.Context(), creditbank.RuleRequest{By: creditbank.Caller{ID: "operator:test"}}, creditbank.RuleTarget{Rule: "R05"}, "核查"); err != nil {
		t.Fatal(err)
	}
	for i, path := range paths {
		want := http.StatusOK
		if i >= 6 {
			want = http.StatusNotModified // two versions do not change
		}
		if status, _ := get(path, tags[path]); status != want {
			t.Errorf("%s with the tag of before: %d, want %d", path, status, want)
		}
	}
}
