package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"creditbank/api/contract"
)

// A certificate's own last day goes in with the posting and comes out with the
// outcome; the credits end on it.
func TestValidUntilGoesThroughTheAPI(t *testing.T) {
	p := newPetitioner(t)
	post := func(other map[string]any) answer {
		t.Helper()
		return sent{path: "/v1/outcomes", token: p.staff, body: posting(p.learner, "V1", other)}.to(t, p.World)
	}
	a := post(map[string]any{"valid_until": "2024-01-01"})
	if a.status != http.StatusBadRequest || !strings.Contains(string(a.body), `"/valid_until"`) ||
		!strings.Contains(string(a.body), "有效期至 2024-01-01 早于取得日期 2024-01-02") ||
		!strings.Contains(string(a.body), "the last day of validity 2024-01-01 lies before the day of issue 2024-01-02") {
		t.Errorf("ended before it was issued: %d %s", a.status, a.body)
	}
	if a := post(map[string]any{"valid_until": "2027-02-30"}); a.status != http.StatusBadRequest || !strings.Contains(string(a.body), "/valid_until") {
		t.Errorf("no day of the calendar: %d %s", a.status, a.body)
	}
	if a := post(map[string]any{"valid_until": "2027-13"}); a.status != http.StatusBadRequest {
		t.Errorf("no day: %d %s", a.status, a.body)
	}
	var got, read contract.Outcome
	a = post(map[string]any{"valid_until": "2099-12-31"})
	if err := json.Unmarshal(a.body, &got); err != nil || a.status != http.StatusCreated || got.ValidUntil == nil || *got.ValidUntil != "2099-12-31" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	a = p.do(sent{method: "GET", path: p.at(fmt.Sprint("/outcomes/", got.Seq)), token: p.self})
	if !strings.Contains(string(a.body), `"valid_until":"2099-12-31"`) {
		t.Errorf("read back: %d %s", a.status, a.body)
	}
	if a := post(map[string]any{"valid_until": nil}); a.status != http.StatusUnprocessableEntity || !strings.Contains(string(a.body), "KEY_REUSED") {
		t.Errorf("sent again without the day: %d %s", a.status, a.body)
	}
	a = sent{path: "/v1/outcomes", token: p.staff, body: posting(p.learner, "V2", nil)}.to(t, p.World)
	if strings.Contains(string(a.body), "valid_until") {
		t.Errorf("one that names no day: %s", a.body)
	}
	a = sent{path: "/v1/outcomes", token: p.staff, body: posting(p.learner, "V3", map[string]any{"valid_until": "2025-06-30"})}.to(t, p.World)
	if err := json.Unmarshal(a.body, &read); err != nil || read.ExpiresOn == nil || *read.ExpiresOn != "2025-06-30" || string(read.State) != "expired" {
		t.Errorf("one that has ended: %d %s", a.status, a.body)
	}
}

// A petition claims a last day; the institution may find another, or none.
func TestAPetitionsValidUntil(t *testing.T) {
	p := newPetitioner(t)
	if a := p.do(sent{path: p.at("/petitions"), token: p.self, body: `{"institution":"I15","course":"S07","issued_on":"2023-05-05","valid_until":"2023-05-04"}`}); a.status != http.StatusBadRequest ||
		!strings.Contains(string(a.body), "/valid_until") {
		t.Errorf("ended before it was issued: %d %s", a.status, a.body)
	}
	for day, tt := range map[string]struct{ found, want string }{
		"2023-05-05": {`{}`, "2099-06-30"}, "2023-05-06": {`{"valid_until":"2098-12-31"}`, "2098-12-31"}, "2023-05-07": {`{"valid_until":""}`, ""},
	} {
		body := strings.Replace(petitioning(day), "{", `{"valid_until":"2099-06-30",`, 1)
		seq := p.must(sent{path: p.at("/petitions"), token: p.self, body: body}, "seq")
		var got contract.Petition
		a := p.do(sent{method: "GET", path: p.at("/petitions/" + seq), token: p.self})
		if err := json.Unmarshal(a.body, &got); err != nil || got.ValidUntil == nil || *got.ValidUntil != "2099-06-30" {
			t.Fatalf("%d %s", a.status, a.body)
		}
		var accepted contract.AcceptedPetition
		a = p.do(sent{path: p.at("/petitions/" + seq + "/accept"), token: p.reviewer, body: tt.found})
		if err := json.Unmarshal(a.body, &accepted); err != nil || a.status != http.StatusOK {
			t.Fatalf("%d %s", a.status, a.body)
		}
		until := ""
		if accepted.Outcome.ValidUntil != nil {
			until = *accepted.Outcome.ValidUntil
		}
		if until != tt.want {
			t.Errorf("found %s: valid until %q, want %q", tt.found, until, tt.want)
		}
	}
}
