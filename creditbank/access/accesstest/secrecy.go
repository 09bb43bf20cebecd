package accesstest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

var secrecyTests = []test{
	{"NothingSecretIsStored", testSecrecy},
	{"AuditSaysWhoDidWhat", testAudit},
}

// Everything that is secret or personal is looked for in everything stored.
func testSecrecy(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	learner, learnerName := w.Learner(t, "990101")
	by := access.By{Principal: w.Owner.Principal, Key: "k-1"}
	const name, subject = "欧阳明", "13800138000"
	a, code, err := w.OpenAccount(ctx, by, access.NewAccount{Name: name, Institution: "I04"})
	must(t, err)
	_, learnerCode, err := w.OpenAccount(ctx, w.Owner, access.NewAccount{Learner: learner.ID})
	must(t, err)
	a, err = w.Activate(ctx, a.Number, name, code, Password)
	must(t, err)
	token, _, err := w.NewSession(ctx, a)
	must(t, err)
	_, err = w.OpenClient(ctx, w.Owner, newClient("c-1"))
	must(t, err)
	secret, err := w.AddSecret(ctx, w.Owner, "c-1", w.Now().Add(time.Hour))
	must(t, err)
	must(t, w.LinkIdentity(ctx, a.ID, "https://login.example.cn", subject))

	var all strings.Builder
	for _, kind := range access.Kinds() {
		records, err := h.Store.List(ctx, kind, "", 1000)
		must(t, err)
		for _, r := range records {
			fmt.Fprintf(&all, "%s %s %s %s %s\n", r.Kind, r.ID, r.What, r.By.ID, r.Body)
		}
	}
	changes, err := h.Store.Changes(ctx, 0, 1000)
	must(t, err)
	answer, err := h.Store.Answer(ctx, by.Caller(), "k-1")
	must(t, err)
	fmt.Fprintf(&all, "%+v\n%+v", changes, answer)
	for _, c := range changes {
		all.Write(c.Body)
	}
	entries, err := w.Audit(ctx, 0, 1000)
	must(t, err)
	fmt.Fprintf(&all, "%+v", entries)
	for what, private := range map[string]string{
		"a name": name, "a learner's name": learnerName, "a code": code, "a learner's code": learnerCode, "a password": Password,
		"a session's token": token, "a client's secret": secret, "a subject": subject,
	} {
		if private == "" || strings.Contains(all.String(), private) {
			t.Errorf("%s is stored in the clear", what)
		}
	}
}

func testAudit(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a := w.Staff(t, "王芳", "I04", Grant(access.Manager, "institution:I04"))
	client := access.NewClient{ID: "c-1", Title: creditbank.Text{ZH: "系统"}, Institution: "I04", Grants: []access.Grant{Grant(access.Poster, "institution:I04")}}
	_, err := w.OpenClient(ctx, By(a), client)
	must(t, err)
	_, err = w.AddSecret(ctx, By(a), "c-1", w.Now().Add(time.Hour))
	must(t, err)
	_, err = w.SetGrants(ctx, w.Owner, a.ID, nil)
	must(t, err)
	_, err = w.DisableClient(ctx, w.Owner, "c-1")
	must(t, err)
	entries, err := w.Audit(ctx, 0, 1000)
	must(t, err)
	var got []string
	for i, e := range entries {
		if e.Seq != int64(i)+1 || !e.At.Equal(w.Now()) {
			t.Errorf("entry %d is numbered %d, of %v", i, e.Seq, e.At)
		}
		if e.Kind == access.KindAccount || e.Kind == access.KindClient {
			got = append(got, fmt.Sprintf("%s %s %d by %s: %d grants at %s, %v", e.Kind, e.What, e.Version, e.By.ID, len(e.Grants), e.Institution, e.Disabled))
		}
	}
	owner, manager := "user:owner", "user:"+string(a.ID)
	want := []string{
		"account opened 1 by " + owner + ": 1 grants at I04, false",
		"account activated 2 by " + manager + ": 1 grants at I04, false",
		"client opened 1 by " + manager + ": 1 grants at I04, false",
		"client secret added 2 by " + manager + ": 1 grants at I04, false",
		"account granted 3 by " + owner + ": 0 grants at I04, false",
		"client disabled 3 by " + owner + ": 1 grants at I04, true",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("Audit:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	rest, err := w.Audit(ctx, int64(len(entries))-1, 1000)
	must(t, err)
	if len(rest) != 1 {
		t.Errorf("Audit of the rest = %d entries; want 1", len(rest))
	}
}
