package creditbank_test

import (
	"fmt"
	"testing"

	"creditbank/creditbank"
)

func TestRequestCertificate(t *testing.T) {
	c := newCity(t)
	ctx, l := t.Context(), c.open(0)
	good := c.post(l, "O1", "S1", "2025-01-01", "80").Seq
	refused := c.post(l, "O2", "S2", "2025-01-01", "10").Seq
	old := c.post(l, "O3", "S2", "2025-01-01", "80").Seq
	c.revise(l, "O3", "S2", "2025-01-01", "81", 2)
	revoked := c.post(l, "O4", "S2", "2025-01-01", "80").Seq
	c.revoke(l, "O4")
	change := creditbank.Change{By: operator, Learner: l}
	for what, seq := range map[string]int64{"refused": refused, "replaced": old, "revoked": revoked} {
		_, err := c.RequestCertificate(ctx, change, seq)
		wantCode(t, what, err, creditbank.ErrConflict, creditbank.CodeState)
	}
	_, err := c.RequestCertificate(ctx, change, 1)
	wantCode(t, "no outcome", err, creditbank.ErrNotFound, creditbank.CodeUnknownOutcome)
	first, err := c.RequestCertificate(ctx, change, good)
	must(t, err)
	if again, err := c.RequestCertificate(ctx, change, good); err != nil || again.Seq != first.Seq || first.Kind != creditbank.ActRequested || first.Body.Of != good {
		t.Errorf("requested again: %+v, %v; want %+v", again, err, first)
	}
	keyed, err := c.RequestCertificate(ctx, creditbank.Change{By: operator, Learner: l, Key: "k"}, good)
	must(t, err)
	if keyed.Seq != first.Seq+1 {
		t.Errorf("under a key it is version %d, want %d on record", keyed.Seq, first.Seq+1)
	}
	a, err := c.Account(ctx, l)
	must(t, err)
	if got := fmt.Sprint(a.Requested()); got != fmt.Sprintf("[%d]", good) {
		t.Errorf("requested %s, want %d", got, good)
	}
}

func TestVoidCertificate(t *testing.T) {
	c := newCity(t)
	ctx, l := t.Context(), c.open(0)
	outcome := c.post(l, "O1", "S1", "2025-01-01", "80").Seq
	refused := c.post(l, "O2", "S2", "2025-01-01", "10").Seq
	c.convert(l, "R1")
	approved := refused + 1
	c.convert(l, "R1") // denied
	denied := approved + 1
	change := creditbank.Change{By: operator, Learner: l}
	for what, seq := range map[string]int64{"an opening": 1, "a denial": denied, "nothing yet": 99} {
		_, err := c.VoidCertificate(ctx, change, seq, "x")
		wantCode(t, what, err, creditbank.ErrNotFound, creditbank.CodeUnknownCertificate)
	}
	_, err := c.VoidCertificate(ctx, change, refused, "x")
	wantCode(t, "a refused outcome", err, creditbank.ErrConflict, creditbank.CodeState)

	c.revise(l, "O1", "S1", "2025-01-01", "90", 2) // regrades the conversion
	revision, regraded := denied+1, denied+2
	for what, seq := range map[string]int64{"an old revision": outcome, "an old grade": approved} {
		_, err := c.VoidCertificate(ctx, change, seq, "x")
		wantCode(t, what, err, creditbank.ErrConflict, creditbank.CodeState)
	}
	for what, seq := range map[string]int64{"an outcome": revision, "a regraded conversion": regraded} {
		act, err := c.VoidCertificate(ctx, change, seq, "姓名有误")
		if err != nil || act.Kind != creditbank.ActVoided || act.Body.Of != seq || act.Body.Reason != "姓名有误" {
			t.Errorf("voiding %s: %+v, %v", what, act, err)
		}
		_, err = c.VoidCertificate(ctx, change, seq, "x")
		wantCode(t, what+" twice", err, creditbank.ErrConflict, creditbank.CodeState)
	}
	_, err = c.RequestCertificate(ctx, change, revision)
	wantCode(t, "requesting what was voided", err, creditbank.ErrConflict, creditbank.CodeState)
	c.holds(l, "2026-03-15", "P1 4.0") // what was certified stands
	c.revoke(l, "O1")
	_, err = c.VoidCertificate(ctx, change, regraded, "x")
	wantCode(t, "a reversed conversion", err, creditbank.ErrConflict, creditbank.CodeState)
	c.replayAll(l)
}

// Every kind of act has a name in both languages.
func TestKindsHaveNames(t *testing.T) {
	for _, k := range creditbank.ActKinds() {
		if text := k.Text(); text.ZH == string(k) || text.EN == "" {
			t.Errorf("%s is called %+v", k, text)
		}
	}
	if text := creditbank.ActKind("x").Text(); text.ZH != "x" {
		t.Errorf("an unknown kind is called %+v", text)
	}
}
