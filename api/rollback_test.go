package api_test

import (
	"context"
	"strings"
	"testing"

	"creditbank/api/apitest"
	"creditbank/chain"
)

// longer is a recorder that knows a longer log than there is.
type longer struct{ chain.Anchorer }

// Latest implements [chain.Anchorer].
func (longer) Latest(context.Context, string) (chain.Anchored, error) {
	return chain.Anchored{Checkpoint: chain.Checkpoint{Size: 5}}, nil
}

// A log that was put back from a copy is not lengthened: from the first request
// on certificates are refused, and all else goes on.
func TestLogThatWasPutBack(t *testing.T) {
	for name, anchor := range map[string]chain.Anchorer{"as it was": nil, "put back": longer{}} {
		t.Run(name, func(t *testing.T) {
			w := apitest.New(t, apitest.Options{Anchor: anchor})
			if whole := w.CheckAnchored(t.Context()); whole != (anchor == nil) {
				t.Errorf("the log may go on: %v", whole)
			}
			l, token := string(w.Open()["L2"]), w.Token("I15", "poster institution:I15", "clerk institution:I15")
			post := sent{path: "/v1/outcomes", token: token, body: posting(l, "R1", nil)}
			if a := post.to(t, w); a.status != 201 {
				t.Fatalf("post: %d %s", a.status, a.body)
			}
			ask := sent{path: "/v1/learners/" + l + "/certificates", token: token, body: `{"outcome":2}`}
			ask.header = map[string][]string{"Idempotency-Key": {apitest.Key(t)}}
			a := ask.to(t, w)
			if anchor == nil {
				if a.status != 201 {
					t.Errorf("certificate: %d %s", a.status, a.body)
				}
				return
			}
			if a.status != 503 || !strings.Contains(string(a.body), "ISSUING_HALTED") {
				t.Errorf("certificate: %d %s", a.status, a.body)
			}
			if body, err := w.Office.LogFile(t.Context(), "checkpoint"); err == nil && !strings.Contains(string(body), "\n0\n") {
				t.Errorf("the log was lengthened: %s", body)
			}
		})
	}
}
