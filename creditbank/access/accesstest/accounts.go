package accesstest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/storetest"
)

var accountTests = []test{
	{"LearnerHasOneAccount", testLearnerAccount},
	{"StaffAccountKeepsTheName", testStaffAccount},
	{"OpeningsThatCannotBe", testBadOpenings},
	{"GrantsComeAndGo", testGrants},
	{"IdentityLeadsToOneAccount", testIdentity},
	{"FirstOperatorIsMadeOnce", testBootstrap},
}

func testLearnerAccount(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	learner, name := w.Learner(t, "990101")
	var opened atomic.Int32
	var account access.Account
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			a, code, err := w.OpenAccount(ctx, w.Owner, access.NewAccount{Learner: learner.ID})
			if err == nil && code != "" {
				opened.Add(1)
				mu.Lock()
				account = a
				mu.Unlock()
			} else {
				wantCode(t, "OpenAccount beside another", err, creditbank.ErrConflict, creditbank.CodeDuplicate)
			}
		})
	}
	wg.Wait()
	if opened.Load() != 1 {
		t.Fatalf("%d accounts of one learner were opened", opened.Load())
	}
	want := access.Account{ID: account.ID, Number: learner.Account, Learner: learner.ID, Version: 1}
	for _, get := range []func() (access.Account, error){
		func() (access.Account, error) { return w.Account(ctx, account.ID) },
		func() (access.Account, error) { return w.AccountByNumber(ctx, learner.Account) },
	} {
		got, err := get()
		must(t, err)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("the account differs (-want +got):\n%s", diff)
		}
	}
	if got, err := w.Name(ctx, account); got != name || err != nil {
		t.Errorf("Name = %q, %v; want the learner's", got, err)
	}
	p, err := w.Principal(ctx, "learner:"+string(learner.ID))
	must(t, err)
	again, err := w.Principal(ctx, "user:"+string(account.ID))
	must(t, err)
	wantPrincipal := access.Principal{
		ID: string(account.ID), Kind: access.Person, Learner: learner.ID, Grants: []access.Grant{Grant(access.Learner, "learner:"+string(learner.ID))},
	}
	if diff := gocmp.Diff([]access.Principal{wantPrincipal, wantPrincipal}, []access.Principal{p, again}); diff != "" {
		t.Errorf("Principal differs (-want +got):\n%s", diff)
	}
	if p.Caller().ID != "learner:"+string(learner.ID) {
		t.Errorf("Caller = %v", p.Caller())
	}
}

func testStaffAccount(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	clerk := Grant(access.Clerk, "institution:I04")
	a, code, err := w.OpenAccount(ctx, w.Owner, access.NewAccount{Name: "欧阳·明", Institution: "I04", Grants: []access.Grant{clerk}})
	must(t, err)
	if _, err := creditbank.ParseAccountNumber(string(a.Number)); err != nil || len(code) != 10 {
		t.Errorf("OpenAccount = number %s, a code of %d characters", a.Number, len(code))
	}
	if got, err := w.Name(ctx, a); got != "欧阳·明" || err != nil {
		t.Errorf("Name = %q, %v", got, err)
	}
	p, err := w.Principal(ctx, "user:"+string(a.ID))
	must(t, err)
	if diff := gocmp.Diff(access.Principal{ID: string(a.ID), Kind: access.Person, Institution: "I04", Grants: []access.Grant{clerk}}, p); diff != "" {
		t.Errorf("Principal differs (-want +got):\n%s", diff)
	}
	if p.Caller().ID != "user:"+string(a.ID) {
		t.Errorf("Caller = %v", p.Caller())
	}
	_, err = w.Disable(ctx, w.Owner, a.ID)
	must(t, err)
	_, err = w.Principal(ctx, "user:"+string(a.ID))
	wantCode(t, "Principal of a disabled account", err, creditbank.ErrForbidden, access.CodePrincipalDisabled)
	_, err = w.NewCode(ctx, w.Owner, a.ID)
	wantCode(t, "NewCode of a disabled account", err, creditbank.ErrConflict, creditbank.CodeState)
	_, err = w.Activate(ctx, a.Number, "欧阳·明", code, Password)
	wantCode(t, "Activate a disabled account", err, creditbank.ErrForbidden, access.CodeActivationFailed)
	_, err = w.Enable(ctx, w.Owner, a.ID)
	must(t, err)
	_, err = w.Activate(ctx, a.Number, "欧阳・明", code, Password) // another dot
	must(t, err)
}

func testBadOpenings(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	learner, _ := w.Learner(t, "990101")
	for _, tt := range []struct {
		name string
		ask  access.NewAccount
		kind error
		code creditbank.Code
	}{
		{"nobody", access.NewAccount{}, creditbank.ErrInvalid, creditbank.CodeMissing},
		{"both", access.NewAccount{Learner: learner.ID, Name: "王芳"}, creditbank.ErrInvalid, creditbank.CodeMissing},
		{"a stranger", access.NewAccount{Learner: "00000000-0000-4000-8000-000000000000"}, creditbank.ErrNotFound, creditbank.CodeUnknownLearner},
		{"a garbled name", access.NewAccount{Name: "王\ufffd"}, creditbank.ErrInvalid, creditbank.CodeMalformed},
		{"no institution", access.NewAccount{Name: "王芳", Institution: "I99"}, creditbank.ErrNotFound, creditbank.CodeUnknownInstitution},
		{"no role", access.NewAccount{Name: "王芳", Grants: []access.Grant{Grant("emperor", "region:9901")}}, creditbank.ErrInvalid, creditbank.CodeMalformed},
		{"anyone", access.NewAccount{Name: "王芳", Grants: []access.Grant{Grant(access.Anyone, "region:9901")}}, creditbank.ErrInvalid, creditbank.CodeMalformed},
		{"a region of nowhere", access.NewAccount{Name: "王芳", Grants: []access.Grant{Grant(access.Clerk, "region:99")}}, creditbank.ErrNotFound, creditbank.CodeUnknownRegion},
		{"an institution of nowhere", access.NewAccount{Name: "王芳", Grants: []access.Grant{Grant(access.Clerk, "branch:I99")}}, creditbank.ErrNotFound, creditbank.CodeUnknownInstitution},
		{"a learner's role", access.NewAccount{Name: "王芳", Grants: []access.Grant{Grant(access.Learner, "learner:"+string(learner.ID))}}, creditbank.ErrInvalid, creditbank.CodeMalformed},
		{"a learner's scope", access.NewAccount{Name: "王芳", Grants: []access.Grant{Grant(access.Clerk, "learner:"+string(learner.ID))}}, creditbank.ErrInvalid, creditbank.CodeMalformed},
		{"an operator of a school", access.NewAccount{Name: "王芳", Grants: []access.Grant{Grant(access.Operator, "branch:I04")}}, creditbank.ErrInvalid, creditbank.CodeMalformed},
	} {
		_, _, err := w.OpenAccount(ctx, w.Owner, tt.ask)
		wantCode(t, "OpenAccount of "+tt.name, err, tt.kind, tt.code)
	}
	if n := audited(t, w); n != 0 {
		t.Errorf("%d records came to be", n)
	}
	_, _, err := w.OpenAccount(ctx, access.By{}, access.NewAccount{Name: "王芳", Institution: "I04"})
	if !errors.Is(err, creditbank.ErrInvalid) {
		t.Errorf("OpenAccount by nobody: %v", err)
	}
}

func testGrants(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a := w.Staff(t, "王芳", "I04", Grant(access.Clerk, "institution:I04"))
	_, s, err := w.NewSession(ctx, a)
	must(t, err)
	if s.Account != a.ID {
		t.Errorf("NewSession = %+v", s)
	}
	now := []access.Grant{Grant(access.Reviewer, "institution:I04"), Grant(access.Clerk, "branch:I04")}
	got, err := w.SetGrants(ctx, w.Owner, a.ID, []access.Grant{now[1], now[0], now[1]})
	must(t, err)
	if diff := gocmp.Diff(now, got.Grants); diff != "" {
		t.Errorf("SetGrants differs (-want +got):\n%s", diff)
	}
	p, err := w.Principal(ctx, "user:"+string(a.ID))
	must(t, err)
	if diff := gocmp.Diff(now, p.Grants); diff != "" {
		t.Errorf("Principal differs (-want +got):\n%s", diff)
	}
	many := make([]access.Grant, 0, 65)
	for i := range 65 {
		many = append(many, Grant(access.Clerk, fmt.Sprint("institution:X", i)))
	}
	_, err = w.SetGrants(ctx, w.Owner, a.ID, many)
	wantCode(t, "SetGrants of many", err, creditbank.ErrInvalid, creditbank.CodeMalformed)
}

func testIdentity(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a, b := w.Staff(t, "王芳", "I04"), w.Staff(t, "李强", "I04")
	const issuer, subject = "https://login.example.cn", "13800138000"
	_, err := w.ByIdentity(ctx, issuer, subject)
	wantCode(t, "ByIdentity of a stranger", err, creditbank.ErrNotFound, access.CodeUnknownPrincipal)
	n := audited(t, w)
	w.Store.Fail(storetest.AfterCommit)
	if err := w.LinkIdentity(ctx, a.ID, issuer, subject); !errors.Is(err, creditbank.ErrOutcomeUnknown) {
		t.Errorf("LinkIdentity with a fault: %v", err)
	}
	for range 2 {
		must(t, w.LinkIdentity(ctx, a.ID, issuer, subject))
	}
	if after := audited(t, w); after != n+1 {
		t.Errorf("linking made %d records", after-n)
	}
	wantCode(t, "LinkIdentity to another", w.LinkIdentity(ctx, b.ID, issuer, subject), creditbank.ErrConflict, creditbank.CodeDuplicate)
	must(t, w.LinkIdentity(ctx, b.ID, issuer+"/b", subject))
	for who, want := range map[string]access.AccountID{issuer: a.ID, issuer + "/b": b.ID} {
		if got, err := w.ByIdentity(ctx, who, subject); err != nil || got.ID != want {
			t.Errorf("ByIdentity(%s) = %s, %v; want %s", who, got.ID, err, want)
		}
	}
	wantCode(t, "LinkIdentity of nobody", w.LinkIdentity(ctx, "nobody", issuer, "x"), creditbank.ErrNotFound, access.CodeUnknownPrincipal)
	wantCode(t, "LinkIdentity of no subject", w.LinkIdentity(ctx, a.ID, issuer, ""), creditbank.ErrInvalid, creditbank.CodeMissing)
	_, err = w.Disable(ctx, w.Owner, a.ID)
	must(t, err)
	_, err = w.ByIdentity(ctx, issuer, subject)
	wantCode(t, "ByIdentity of a disabled account", err, creditbank.ErrForbidden, access.CodePrincipalDisabled)
}

func testBootstrap(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	installer := creditbank.Caller{ID: "operator:root"}
	type made struct {
		a    access.Account
		code string
	}
	results := make(chan made, 4)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			a, code, err := w.Bootstrap(ctx, installer, "张伟")
			if err == nil {
				results <- made{a, code}
			} else {
				wantCode(t, "Bootstrap beside another", err, creditbank.ErrConflict, creditbank.CodeState)
			}
		})
	}
	wg.Wait()
	if len(results) != 1 {
		t.Fatalf("%d first operators were made", len(results))
	}
	first := <-results
	a, err := w.Activate(ctx, first.a.Number, "张伟", first.code, Password)
	must(t, err)
	if !a.Principal().May(w.Bank.Catalogue(), []access.Role{access.Operator}, access.OnBank()) {
		t.Errorf("the first operator has %v; want the whole bank", a.Grants)
	}
	entries, err := w.Audit(ctx, 0, 1)
	must(t, err)
	if entries[0].By != installer {
		t.Errorf("the first record is by %v", entries[0].By)
	}
	// An operator who lost the password, and whose session is gone.
	w.Pass(time.Hour)
	code, err := w.NewCode(ctx, w.Owner, a.ID)
	must(t, err)
	_, err = w.Activate(ctx, a.Number, "张伟", code, Password+"!")
	must(t, err)
}
