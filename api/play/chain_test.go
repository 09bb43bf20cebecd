package play_test

import (
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/api/host"
	"creditbank/creditbank"
)

// chainRules carry the line of R04 from P1 of I01 to P2 of I02 and on to P3 of
// I05.
const chainRules = `
  - id: R90
    kind: conversion
    title: {zh: 社区管理概论互认, en: Introduction to Community Management carried on}
    programme: P2
    effective: {from: 2024-01-01}
    source: {line: {programme: P1, slot: T-A1, min_grade: "60"}}
    grant: [{slot: T-V1, credits: "4", grade: carry}]

  - id: R91
    kind: conversion
    title: {zh: 家政服务基础互认, en: Foundations of Home Service carried on}
    programme: P3
    effective: {from: 2024-01-01}
    source: {line: {programme: P2, slot: T-V1}}
    grant: [{slot: T-W1, credits: source, grade: carry}]
`

const chainProgramme = `
  - id: P3
    institution: I05
    title: {zh: 社区服务（证书课程）, en: Community Service, certificate}
    credits: "4"
    caps: []
    slots:
      - {id: T-W1, title: {zh: 服务基础, en: Foundations}, credits: "4"}
`

// chainCity is Qinghe with the rules of the chain.
func chainCity(t *testing.T) fs.FS {
	t.Helper()
	city := fstest.MapFS{}
	for _, name := range []string{"regions.csv", "institutions.csv", "courses.csv", "learners.csv", "outcomes.csv", "programmes.yaml", "rules.yaml", "timeline.yaml"} {
		data, err := fs.ReadFile(os.DirFS(cities+"/qinghe"), name)
		if err != nil {
			t.Fatal(err)
		}
		switch name {
		case "rules.yaml":
			data = append(data, chainRules...)
		case "programmes.yaml":
			data = append(data, chainProgramme...)
		}
		city[name] = &fstest.MapFile{Data: data}
	}
	return city
}

func TestChainOnSQLite(t *testing.T) {
	chainThroughAPI(t, func(t testing.TB) host.Ledger { return apitest.Ledger(t) })
}

// A chained is one learner's chain through three programmes, and those who have
// to do with it.
type chained struct {
	*apitest.World
	t       *testing.T
	learner string
	self    *contract.ClientWithResponses
	posted  int
}

// chainThroughAPI posts, carries on through three programmes, revokes and
// decides, all through the API, and looks at what everybody is told.
func chainThroughAPI(t *testing.T, open func(testing.TB) host.Ledger) {
	w := apitest.New(t, apitest.Options{Ledger: open(t), City: chainCity(t)})
	id := w.Open()["L2"]
	c := &chained{World: w, t: t, learner: string(id), self: w.As(w.LearnerToken(id))}
	for _, p := range []creditbank.ProgrammeID{"P1", "P2", "P3"} {
		if err := w.Bank.Enrol(t.Context(), creditbank.Change{By: creditbank.Caller{ID: "operator:test"}, Learner: id}, p); err != nil {
			t.Fatal(err)
		}
	}
	c.revokedChain()
	c.awardedChain()
}

// post posts an outcome of S06 and has it carried through the chain; it returns
// the outcome's external id and the conversions.
func (c *chained) post() (string, []int64) {
	c.t.Helper()
	c.posted++
	external, score, hours := fmt.Sprint("chain-", c.posted), "85", 72*creditbank.Hour
	posted, err := c.As(c.Token("I10", "poster institution:I10")).PostOutcomeWithResponse(c.t.Context(), contract.PostOutcomeJSONRequestBody{
		Learner: &c.learner, Institution: "I10", ExternalId: external, Course: "S06", IssuedOn: "2026-03-01", Score: &score, AttendedHours: &hours,
	})
	c.ok(err, posted.StatusCode(), 201, posted.Body)
	converted, err := c.self.ConvertWithResponse(c.t.Context(), c.learner, &contract.ConvertParams{IdempotencyKey: apitest.Key(c.t)},
		contract.ConvertJSONRequestBody{Rules: []string{"R04", "R90", "R91"}})
	c.ok(err, converted.StatusCode(), 200, converted.Body)
	var seqs []int64
	for _, d := range converted.JSON200.Decisions {
		if d.Decision != contract.Approve {
			c.t.Fatalf("%s: %v", d.Rule, d.Reasons)
		}
		seqs = append(seqs, *d.Seq)
	}
	last := converted.JSON200.Decisions[2].Sources[0]
	if last.Lot != 0 || last.Conversion == nil || *last.Conversion != seqs[1] || *last.Programme != "P2" || *last.Slot != "T-V1" {
		c.t.Errorf("the last link rests on %+v", last)
	}
	return external, seqs
}

func (c *chained) ok(err error, status, want int, body []byte) {
	c.t.Helper()
	if err != nil || status != want {
		c.t.Fatalf("%v, %d, want %d: %s", err, status, want, body)
	}
}

func (c *chained) revoke(external string) *contract.RevokedOutcome {
	c.t.Helper()
	r, err := c.As(c.Token("I10", "poster institution:I10")).RevokeOutcomeWithResponse(c.t.Context(), &contract.RevokeOutcomeParams{IdempotencyKey: apitest.Key(c.t)},
		contract.RevokeOutcomeJSONRequestBody{Learner: c.learner, Institution: "I10", ExternalId: external, Reason: "登记有误"})
	c.ok(err, r.StatusCode(), 200, r.Body)
	return r.JSON200
}

// revokedChain: revoking the root reverses the chain deepest first, revokes each
// certificate, and tells everybody.
func (c *chained) revokedChain() {
	external, seqs := c.post()
	c.certified(3)
	revoked := c.revoke(external)
	slices.Reverse(seqs)
	if !slices.Equal(revoked.Reversed, seqs) || revoked.Cases != nil {
		c.t.Errorf("reversed %v, want %v; cases %v", revoked.Reversed, seqs, revoked.Cases)
	}
	c.certified(0)
	b, err := c.self.GetBalanceWithResponse(c.t.Context(), c.learner, nil)
	c.ok(err, b.StatusCode(), 200, b.Body)
	if len(b.JSON200.Programmes) > 0 || len(b.JSON200.Available) > 0 || b.JSON200.InQuestion != nil {
		c.t.Errorf("the balance is %+v", b.JSON200)
	}
	for institution, want := range map[string]string{
		"I10": "revoked reversed reversed reversed", // it posted what caused all of it
		"I01": "reversed reversed", "I02": "reversed reversed", "I05": "reversed",
		"I06": "",
	} {
		if got := strings.Join(c.concerns(institution, external), " "); got != want {
			c.t.Errorf("%s is told %q, want %q", institution, got, want)
		}
	}
	in := c.notices()
	if in.Unread == 0 || in.Notices[0].Kind != "revoked" || in.Notices[1].Kind != "reversed" || !strings.Contains(in.Notices[1].Text.Zh, "R04") ||
		!strings.Contains(in.Notices[1].Details[0].Zh, "撤销") || !strings.Contains(in.Notices[3].Text.En, "reversed") {
		c.t.Errorf("the learner is told %+v", in.Notices[:4])
	}
	read, err := c.self.MarkNoticesReadWithResponse(c.t.Context(), c.learner, contract.MarkNoticesReadJSONRequestBody{Through: in.Notices[1].Seq})
	c.ok(err, read.StatusCode(), 204, read.Body)
	if again := c.notices(); again.Unread != 1 || again.Version != in.Version || !again.Notices[0].Unread || again.Notices[1].Unread {
		c.t.Errorf("after reading, %d are unread at version %d", again.Unread, again.Version)
	}
}

// awardedChain: where a diploma hangs on the chain a case is opened, which
// somebody else decides.
func (c *chained) awardedChain() {
	external, seqs := c.post()
	c.certified(3)
	clerk := c.As(c.Token("I05", "clerk institution:I05"))
	award, err := clerk.ConferAwardWithResponse(c.t.Context(), c.learner, &contract.ConferAwardParams{IdempotencyKey: apitest.Key(c.t)},
		contract.ConferAwardJSONRequestBody{Programme: "P3", Kind: contract.NewAwardKindDIPLOMA})
	c.ok(err, award.StatusCode(), 201, award.Body)
	revoked := c.revoke(external)
	if len(revoked.Reversed) > 0 || revoked.Cases == nil || len(*revoked.Cases) != 1 {
		c.t.Fatalf("reversed %v, cases %v; want one case", revoked.Reversed, revoked.Cases)
	}
	opened := (*revoked.Cases)[0]
	c.certified(3)
	b, err := c.self.GetBalanceWithResponse(c.t.Context(), c.learner, nil)
	c.ok(err, b.StatusCode(), 200, b.Body)
	if in := b.JSON200.InQuestion; in == nil || len(*in) != 3 || (*in)["P1"] != 400 || b.JSON200.Programmes["P3"] != 400 {
		c.t.Errorf("the balance is %+v", b.JSON200)
	}
	for _, seq := range seqs {
		d, err := c.self.GetConversionWithResponse(c.t.Context(), c.learner, seq, nil)
		c.ok(err, d.StatusCode(), 200, d.Body)
		if d.JSON200.Case == nil || *d.JSON200.Case != opened {
			c.t.Errorf("conversion %d is not flagged", seq)
		}
	}
	c.decide(opened, award.JSON201.Seq, seqs)
	if got := c.notices().Notices; got[0].Kind != "case_decided" || got[1].Kind != "award_withdrawn" || got[2].Kind != "reversed" || got[0].Note == nil || *got[0].Note != "来源不实" {
		c.t.Errorf("the learner is told %+v", got[:3])
	}
	c.certified(0)
}

// decide has the case decided by the institution whose award it is.
func (c *chained) decide(opened, award int64, seqs []int64) {
	c.t.Helper()
	withdraw := true
	ruling := contract.DecideCaseJSONRequestBody{Uphold: false, WithdrawAward: &withdraw, Reason: "来源不实"}
	params := func() *contract.DecideCaseParams { return &contract.DecideCaseParams{IdempotencyKey: apitest.Key(c.t)} }
	stranger := c.As(c.Token("I01", "manager institution:I01"))
	refused, err := stranger.DecideCaseWithResponse(c.t.Context(), c.learner, opened, params(), ruling)
	c.ok(err, refused.StatusCode(), 403, refused.Body)
	manager := c.As(c.Token("I05", "manager institution:I05"))
	cases, err := manager.ListCasesWithResponse(c.t.Context(), nil)
	c.ok(err, cases.StatusCode(), 200, cases.Body)
	if all := cases.JSON200.Cases; len(all) != 1 || all[0].Seq != opened || all[0].Award != award || all[0].Programme != "P3" {
		c.t.Errorf("the cases of I05: %+v", all)
	}
	if others, err := stranger.ListCasesWithResponse(c.t.Context(), nil); err != nil || len(others.JSON200.Cases) != 0 {
		c.t.Errorf("the cases of I01: %v %s", err, others.Body)
	}
	decided, err := manager.DecideCaseWithResponse(c.t.Context(), c.learner, opened, params(), ruling)
	c.ok(err, decided.StatusCode(), 200, decided.Body)
	slices.Reverse(seqs)
	if d := decided.JSON200; !slices.Equal(d.Reversed, seqs) || d.Case.State != contract.CaseStateReversed {
		c.t.Errorf("decided: %+v, want %v reversed", d, seqs)
	}
	awards, err := c.self.ListAwardsWithResponse(c.t.Context(), c.learner, nil)
	c.ok(err, awards.StatusCode(), 200, awards.Body)
	if a := awards.JSON200.Awards; len(a) != 1 || a[0].State != contract.AwardStateWithdrawn {
		c.t.Errorf("the award is %+v", a)
	}
}

// certified has the follower catch up, and checks how many certificates are
// valid then.
func (c *chained) certified(want int) {
	c.t.Helper()
	if _, err := c.Office.CatchUp(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	if got := c.valid(); got != want {
		c.t.Errorf("%d certificates are valid, want %d", got, want)
	}
}

// valid returns how many of the learner's certificates are valid.
func (c *chained) valid() int {
	c.t.Helper()
	all, err := c.self.ListCertificatesWithResponse(c.t.Context(), c.learner, nil)
	c.ok(err, all.StatusCode(), 200, all.Body)
	n := 0
	for _, one := range all.JSON200.Certificates {
		if !one.Revoked {
			n++
		}
	}
	return n
}

// concerns returns the kinds of what an institution is told of an outcome, the
// newest first, read in pages of one.
func (c *chained) concerns(institution, external string) []string {
	c.t.Helper()
	client := c.As(c.Token(institution, "auditor institution:"+institution))
	var kinds []string
	one := 1
	for p := (&contract.ListConcernsParams{Limit: &one}); ; {
		page, err := client.ListConcernsWithResponse(c.t.Context(), institution, p)
		c.ok(err, page.StatusCode(), 200, page.Body)
		for _, told := range page.JSON200.Concerns {
			if told.ExternalId != nil && *told.ExternalId == external {
				kinds = append(kinds, told.Kind)
			}
		}
		if page.JSON200.Next == nil {
			return kinds
		}
		p.Cursor = page.JSON200.Next
	}
}

func (c *chained) notices() *contract.NoticePage {
	c.t.Helper()
	n, err := c.self.ListNoticesWithResponse(c.t.Context(), c.learner, nil)
	c.ok(err, n.StatusCode(), 200, n.Body)
	return n.JSON200
}
