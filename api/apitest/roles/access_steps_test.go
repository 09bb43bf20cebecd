package roles_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"creditbank/creditbank"
)

// step returns the address of a step of an application.
func (s *scene) step(alias string, seq int64, rest string) string {
	return s.about(alias, fmt.Sprintf("/conversions/%d%s", seq, rest))
}

// fresh returns a request by somebody who has done nothing yet.
func (s *scene) fresh(alias string) creditbank.Change {
	c := s.change(alias)
	c.By.ID = fmt.Sprint("user:nobody-", s.number())
	return c
}

// retract withdraws the open application of a learner for a rule, if there is one.
func (s *scene) retract(alias string, rule creditbank.RuleID) {
	s.t.Helper()
	for _, p := range s.account(alias).Applications {
		if p.Open() && p.Decision.Rule == rule {
			_, err := s.Bank.Retract(s.t.Context(), s.change(alias), p.Seq, "")
			s.must(err)
		}
	}
}

// unclaimed returns an open application that nobody has touched.
func (s *scene) unclaimed(alias string, rule creditbank.RuleID) int64 {
	s.t.Helper()
	seq := s.application(alias, rule)
	if p := s.account(alias).Application(seq); len(p.Claims)+len(p.Recusals)+len(p.Opinions)+len(p.Letters) > 0 || p.State != creditbank.StateSubmitted {
		s.retract(alias, rule)
		seq = s.application(alias, rule)
	}
	return seq
}

// returned returns an application that waits for its applicant.
func (s *scene) returned(alias string, rule creditbank.RuleID) int64 {
	s.t.Helper()
	seq := s.unclaimed(alias, rule)
	_, err := s.Bank.Return(s.t.Context(), s.fresh(alias), seq, creditbank.Returning{Reason: "缺材料"})
	s.must(err)
	return seq
}

// denied returns a refused application that can be appealed.
func (s *scene) denied(alias string, rule creditbank.RuleID) int64 {
	s.t.Helper()
	seq := s.unclaimed(alias, rule)
	_, err := s.Bank.Review(s.t.Context(), s.fresh(alias), seq, creditbank.Verdict{})
	s.must(err)
	return seq
}

// shown returns an application under publicity.
func (s *scene) shown(alias string, rule creditbank.RuleID) int64 {
	s.t.Helper()
	for _, p := range s.account(alias).Applications {
		if p.State == creditbank.StatePublicity && p.Decision.Rule == rule {
			return p.Seq
		}
	}
	seq := s.unclaimed(alias, rule)
	_, err := s.Bank.Review(s.t.Context(), s.fresh(alias), seq, creditbank.Verdict{Approve: true})
	s.must(err)
	return seq
}

// objected returns an application under publicity with an objection to answer.
func (s *scene) objected(alias string, rule creditbank.RuleID) (seq, objection int64) {
	s.t.Helper()
	seq = s.shown(alias, rule)
	act, err := s.Bank.ObjectTo(s.t.Context(), s.fresh(alias), seq, "材料不实")
	s.must(err)
	return seq, act.Seq
}

func (s *scene) calendar() string {
	s.t.Helper()
	s.must(s.Bank.Publish(s.t.Context(), creditbank.Caller{ID: "operator:test"}, creditbank.Reference{Calendar: []creditbank.CalendarYear{{
		Year: 2025, Days: []creditbank.CalendarDay{{Date: 20250101, Kind: creditbank.DayHoliday, Name: "元旦"}},
	}}}))
	return "/v1/calendars/2025"
}

// applicationOperations are the steps of an application's life: reviewers of the
// institution that grants take them, and the learner.
func applicationOperations() []operation {
	why := map[string]any{"reason": "说明"}
	words := map[string]any{"text": "说明"}
	ofReviewers := func(id, rest string, body any, seq func(s *scene) int64) operation {
		return operation{id: id, by: roles(ofI01, "reviewer"), ask: func(s *scene, _ person) ask {
			return ask{method: "POST", path: s.step("L2", seq(s), rest), body: body}
		}, none: ofNobody("POST", "/conversions/2"+rest, body), after: func(s *scene) { s.retract("L2", "R20"); s.retract("L2", "R22") }}
	}
	// A clerk speaks for a learner where the clerk applied, which none of these did.
	ofLearners := func(id, rest string, body any, seq func(s *scene) int64) operation {
		return operation{id: id, by: with(roles(reach{}, "clerk"), own, "learner"), ask: func(s *scene, _ person) ask {
			return ask{method: "POST", path: s.step("L2", seq(s), rest), body: body}
		}, none: ofNobody("POST", "/conversions/2"+rest, body), after: func(s *scene) { s.retract("L2", "R20"); s.retract("L2", "R22") }}
	}
	unclaimed := func(s *scene) int64 { return s.unclaimed("L2", "R20") }
	appeal := ofLearners("appealApplication", "/appeal", words, func(s *scene) int64 { return s.denied("L2", "R22") })
	delete(appeal.by, "clerk")
	return []operation{
		{id: "getApplication", by: with(roles(ofI01, "reviewer"), own, "learner"), tells: fields("CONVERSIONS"), ask: func(s *scene, _ person) ask {
			return ask{method: "GET", path: s.step("L2", s.application("L2", "R20"), "/application")}
		}, none: ofNobody("GET", "/conversions/2/application", nil)},
		ofReviewers("claimApplication", "/claim", map[string]any{}, unclaimed),
		{id: "releaseApplication", by: roles(ofI01, "reviewer"), ask: func(s *scene, p person) ask {
			seq := s.unclaimed("L2", "R20")
			if p.token != "" {
				c := s.change("L2")
				c.By.ID = p.caller()
				_, err := s.Bank.Claim(s.t.Context(), c, seq, "") // the learner cannot
				if err != nil && c.By.ID != "learner:"+string(s.ids["L2"]) {
					s.t.Error(err)
				}
			}
			return ask{method: "POST", path: s.step("L2", seq, "/release")}
		}, none: ofNobody("POST", "/conversions/2/release", nil), after: func(s *scene) { s.retract("L2", "R20") }},
		ofReviewers("recuseFromApplication", "/recuse", why, unclaimed),
		ofReviewers("returnApplication", "/return", why, unclaimed),
		ofLearners("supplementApplication", "/supplement", words, func(s *scene) int64 { return s.returned("L2", "R20") }),
		ofLearners("withdrawApplication", "/withdraw", why, unclaimed),
		appeal,
		{id: "answerObjection", by: roles(ofI01, "reviewer"), ask: func(s *scene, _ person) ask {
			seq, objection := s.objected("L2", "R22")
			return ask{method: "POST", path: s.step("L2", seq, fmt.Sprintf("/objections/%d/answer", objection)), body: map[string]any{"text": "属实", "uphold": false}}
		}, none: ofNobody("POST", "/conversions/2/objections/3/answer", map[string]any{"text": "属实", "uphold": false}), after: func(s *scene) { s.retract("L2", "R22") }},
		{id: "reviewApplications", by: roles(ofI01, "reviewer"), ask: func(s *scene, _ person) ask {
			return ask{method: "POST", path: "/v1/applications/review", body: map[string]any{
				"approve": false, "applications": []any{map[string]any{"learner": string(s.ids["L2"]), "seq": s.unclaimed("L2", "R20")}},
			}}
		}, none: func(*scene) ask {
			return ask{method: "POST", path: "/v1/applications/review", body: map[string]any{"approve": false, "applications": []any{map[string]any{"learner": stranger(), "seq": 2}}}}
		}},
		{id: "runApplicationsDue", by: roles(city, "operator"), ask: func(*scene, person) ask {
			return ask{method: "POST", path: "/v1/applications/due"}
		}},
		{id: "objectToApplication", by: everyone, ask: func(s *scene, _ person) ask {
			return ask{method: "POST", path: "/v1/publicity/" + creditbank.ApplicationNumber(s.ids["L3"], s.shown("L3", "R23")) + "/objections", body: words}
		}, none: func(*scene) ask {
			return ask{method: "POST", path: "/v1/publicity/AAAAAAAAAAAAAAAAA/objections", body: words}
		}, after: func(s *scene) { s.retract("L3", "R23") }},
		{id: "listDeputies", by: roles(everywhere, "reviewer"), ask: get("/v1/deputies")},
		{id: "putDeputy", by: roles(everywhere, "reviewer"), ask: func(s *scene, _ person) ask {
			return ask{method: "PUT", path: fmt.Sprint("/v1/deputies/leave-", s.number()), body: map[string]any{"deputy": "user:another", "from": "2026-03-01", "to": "2026-03-31"}}
		}},
		{id: "getCalendar", ask: func(s *scene, _ person) ask { return ask{method: "GET", path: s.calendar()} }, none: func(*scene) ask {
			return ask{method: "GET", path: "/v1/calendars/1999"}
		}},
		{id: "putCalendar", by: roles(city, "operator"), ask: func(s *scene, _ person) ask {
			return ask{method: "PUT", path: "/v1/calendars/2024", body: map[string]any{"days": []any{map[string]any{"date": "2024-01-01", "kind": "holiday", "name": fmt.Sprint("元旦", s.number())}}}}
		}},
	}
}

// A deputy decides in the stead of who is away, where that person could, and only
// while they are away.
func TestDeputies(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	away, deputy := s.staff("I01", "reviewer institution:I01"), s.staff("I02", "reviewer institution:I02")
	today := s.Bank.Today()
	seq := s.application("L2", "R20")
	vote := func(who person, behalf string) ask {
		a := s.review("L2", seq, false)
		a.body = map[string]any{"approve": false, "for": behalf}
		return a
	}
	s.wants("no deputy yet", s.do(deputy.token, vote(deputy, away.caller())), 403, "NOT_DEPUTY")
	put := ask{method: "PUT", path: "/v1/deputies/leave", body: map[string]any{"deputy": deputy.caller(), "from": today.String(), "to": today.String(), "reason": "休假"}}
	s.wants("name a deputy", s.do(away.token, put), 200, "")
	s.wants("in their own right", s.do(deputy.token, s.review("L2", seq, false)), 403, "OUT_OF_SCOPE")
	if got := s.applications(deputy); got["L2"] != "R20" {
		t.Errorf("the deputy is shown %v", got)
	}
	s.wants("read what is to be decided", s.get(deputy.token, s.step("L2", seq, "/application"), nil), 200, "")
	s.wants("vote", s.do(deputy.token, vote(deputy, away.caller())), 200, "")
	if o := s.account("L2").Application(seq).Opinions[0]; o.By.ID != deputy.caller() || o.For != away.caller() {
		t.Errorf("the vote is on record as %+v", o)
	}
	seq = s.application("L2", "R20")
	s.ahead(48 * time.Hour)
	deputy.token = s.tokenOf(deputy.caller())
	s.wants("when they are back", s.do(deputy.token, vote(deputy, away.caller())), 403, "NOT_DEPUTY")
}

// What is told of an application depends on who asks: learners are not told whose
// the votes are, nor of votes while they are cast, and nobody is told who objected.
func TestWhatIsToldOfAnApplication(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	self, reviewer := s.learner("L2"), s.staff("I01", "reviewer institution:I01")
	seq := s.shown("L2", "R22")
	objector := s.staff("I09", "clerk institution:I09")
	object := ask{method: "POST", path: "/v1/publicity/" + creditbank.ApplicationNumber(s.ids["L2"], seq) + "/objections", body: map[string]any{"text": "材料不实"}}
	s.wants("object to one's own", s.do(self.token, object), 409, "STATE_CONFLICT")
	got := s.do(objector.token, object)
	s.wants("object", got, 200, "")
	var shown struct {
		Applications []map[string]any
	}
	s.get("", "/v1/publicity", &shown)
	if len(shown.Applications) != 1 || shown.Applications[0]["disputed"] != true || shown.Applications[0]["credits"] != "0.5" || shown.Applications[0]["learner"] != nil {
		t.Errorf("in public: %v", shown)
	}
	for _, tt := range []struct {
		who  person
		name bool
	}{{self, false}, {reviewer, true}} {
		var out struct {
			Opinions   []struct{ By string }
			Objections []map[string]any
		}
		s.wants("read", s.get(tt.who.token, s.step("L2", seq, "/application"), &out), 200, "")
		if len(out.Opinions) != 1 || (out.Opinions[0].By != "") != tt.name {
			t.Errorf("the votes are told as %+v", out.Opinions)
		}
		if len(out.Objections) != 1 || out.Objections[0]["text"] != "材料不实" || len(out.Objections[0]) != 3 {
			t.Errorf("the objection is told as %v", out.Objections)
		}
	}
	var statement struct {
		Entries []struct{ Kind, By, Reason string }
	}
	s.get(self.token, s.about("L2", "/statement"), &statement)
	if e := statement.Entries[0]; e.Kind != "objected" || e.By != "" {
		t.Errorf("the statement says %+v", e)
	}
}

// What is forfeited is confirmed on its own, as the preview shows it, by the learner
// and by a clerk who applies in their stead.
func TestForfeitsAreConfirmedByPeople(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	var preview struct {
		Decisions []struct{ Forfeited, Decision string }
	}
	body := func(confirmed string) map[string]any {
		b := map[string]any{"rules": []string{"R24"}}
		if confirmed != "" {
			b["confirm_forfeited"] = confirmed
		}
		return b
	}
	for name, who := range map[string]person{"the learner": s.learner("L2"), "a clerk": s.staff("I01", "clerk institution:I01")} {
		got := s.do(who.token, ask{method: "POST", path: s.about("L2", "/conversions/preview"), body: body("")})
		s.must(json.Unmarshal(got.body, &preview))
		if d := preview.Decisions[0]; d.Decision != "pending" || d.Forfeited != "0.25" {
			t.Fatalf("%s: the preview says %+v", name, d)
		}
		before := s.account("L2").Version
		for _, wrong := range []string{"", "0", "0.5", "1"} {
			got := s.do(who.token, ask{method: "POST", path: s.about("L2", "/conversions"), body: body(wrong)})
			s.wants(name+" confirms "+wrong, got, 409, "FORFEIT_NOT_CONFIRMED")
			if !strings.Contains(string(got.body), "0.25 credits") {
				t.Errorf("the figure is not told: %v", got)
			}
		}
		if s.account("L2").Version != before {
			t.Error("refused, and something changed")
		}
		s.wants(name+" confirms", s.do(who.token, ask{method: "POST", path: s.about("L2", "/conversions"), body: body("0.25")}), 200, "")
		s.retract("L2", "R24")
	}
}

// A clerk who applied in a learner's stead may supplement and withdraw what they
// filed, and nothing else; the learner may in any case.
func TestWhoSpeaksForTheLearner(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	self, clerk, other := s.learner("L2"), s.staff("I01", "clerk institution:I01"), s.staff("I01", "clerk institution:I01")
	withdraw := func(seq int64) ask {
		return ask{method: "POST", path: s.step("L2", seq, "/withdraw"), body: map[string]any{"reason": "误报"}}
	}
	filed := s.apply(clerk, "L2", "R20")
	s.wants("another clerk withdraws", s.do(other.token, withdraw(filed)), 403, "OUT_OF_SCOPE")
	_, err := s.Bank.Return(t.Context(), s.fresh("L2"), filed, creditbank.Returning{Reason: "缺材料"})
	s.must(err)
	supplement := ask{method: "POST", path: s.step("L2", filed, "/supplement"), body: map[string]any{"text": "补"}}
	s.wants("another clerk supplements", s.do(other.token, supplement), 403, "OUT_OF_SCOPE")
	s.wants("the clerk supplements", s.do(clerk.token, supplement), 200, "")
	s.wants("the clerk withdraws", s.do(clerk.token, withdraw(filed)), 200, "")
	filed = s.apply(clerk, "L2", "R20")
	s.wants("the learner withdraws what the clerk filed", s.do(self.token, withdraw(filed)), 200, "")
	filed = s.apply(self, "L2", "R20")
	s.wants("the clerk withdraws what the learner filed", s.do(clerk.token, withdraw(filed)), 403, "OUT_OF_SCOPE")
}
