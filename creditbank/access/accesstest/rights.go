package accesstest

import (
	"errors"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

var rightTests = []test{
	{"WhoMayManageWhom", testManage},
	{"NobodyGrantsToThemselves", testThemselves},
	{"NobodyTakesOverMore", testTakeOver},
}

// The members of staff of a world by what they were granted.
var staff = map[string][]access.Grant{
	"clerk of I04":      {Grant(access.Clerk, "institution:I04")},
	"clerk of I08":      {Grant(access.Clerk, "institution:I08")},
	"clerk of 990101":   {Grant(access.Clerk, "region:990101")},
	"reviewer of I04":   {Grant(access.Reviewer, "branch:I04")},
	"manager of I04":    {Grant(access.Manager, "institution:I04")},
	"manager of branch": {Grant(access.Manager, "branch:I04")},
	"operator of 01":    {Grant(access.Operator, "region:990101")},
	"operator of 02":    {Grant(access.Operator, "region:990102")},
	"operator":          {Grant(access.Operator, "region:9901")},
	"auditor":           {Grant(access.Auditor, "region:9901")},
	"nobody":            nil,
}

// staffBy returns the principal of somebody of staff who is not in the registry.
func staffBy(who string) access.By {
	return access.By{Principal: access.Principal{ID: "staff " + who, Kind: access.Person, Grants: staff[who]}}
}

func testManage(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	account := func(n access.NewAccount) func(access.By) error {
		return func(by access.By) error {
			_, _, err := w.OpenAccount(ctx, by, n)
			return err
		}
	}
	learnerAt := func(region creditbank.RegionCode, i creditbank.InstitutionID) func(access.By) error {
		return func(by access.By) error {
			l, _ := w.Learner(t, region)
			return account(access.NewAccount{Learner: l.ID, Institution: i})(by)
		}
	}
	code := func(a access.Account) func(access.By) error {
		return func(by access.By) error { return second(w.NewCode(ctx, by, a.ID)) }
	}
	l, _ := w.Learner(t, "990101")
	ofLearner, _, err := w.OpenAccount(ctx, w.Owner, access.NewAccount{Learner: l.ID, Institution: "I04"})
	must(t, err)
	l, _ = w.Learner(t, "990101")
	ofClerkWhoLearns, _, err := w.OpenAccount(ctx, w.Owner, access.NewAccount{Learner: l.ID, Institution: "I04", Grants: staff["clerk of I04"]})
	must(t, err)
	clerk, manager, auditor := w.Staff(t, "甲", "I04", staff["clerk of I04"]...), w.Staff(t, "乙", "I04", staff["manager of I04"]...), w.Staff(t, "丙", "I04", staff["auditor"]...)
	n := 0
	client := func(i creditbank.InstitutionID, grants ...access.Grant) func(access.By) error {
		return func(by access.By) error {
			n++
			c := access.NewClient{ID: "c-" + string(rune('a'+n%26)) + string(rune('a'+n/26)), Title: creditbank.Text{ZH: "系统"}, Institution: i, Grants: grants}
			return second(w.OpenClient(ctx, by, c))
		}
	}
	_, err = w.OpenClient(ctx, w.Owner, access.NewClient{ID: "region-client", Title: creditbank.Text{ZH: "系统"}, Grants: []access.Grant{Grant(access.Poster, "region:990101")}})
	must(t, err)
	for _, tt := range []struct {
		name string
		do   func(access.By) error
		may  []string
	}{
		{"open a learner's account at I04", learnerAt("990101", "I04"), []string{"clerk of I04", "clerk of 990101", "manager of I04", "manager of branch", "operator of 01", "operator"}},
		{"open a learner's account at I04 for the other county", learnerAt("990102", "I04"), []string{"clerk of I04", "clerk of 990101", "manager of I04", "manager of branch", "operator of 01", "operator of 02", "operator"}},
		{"open a learner's account at no institution", learnerAt("990101", ""), []string{"clerk of 990101", "operator of 01", "operator"}},
		{"make a code for a learner", code(ofLearner), []string{"clerk of I04", "clerk of 990101", "manager of I04", "manager of branch", "operator of 01", "operator"}},
		{"make a code for a learner who is a clerk", code(ofClerkWhoLearns), []string{"manager of I04", "manager of branch", "operator of 01", "operator"}},
		{"make a code for a clerk", code(clerk), []string{"manager of I04", "manager of branch", "operator of 01", "operator"}},
		{"make a code for a manager", code(manager), []string{"operator of 01", "operator"}},
		{"make a code for an auditor of the bank", code(auditor), []string{"operator"}},
		{"open an account of staff at I04", account(access.NewAccount{Name: "王芳", Institution: "I04"}), []string{"manager of I04", "manager of branch", "operator of 01", "operator"}},
		{"open an account of staff at I05", account(access.NewAccount{Name: "王芳", Institution: "I05"}), []string{"manager of branch", "operator of 01", "operator"}},
		{"open an account of staff at nothing", account(access.NewAccount{Name: "王芳"}), []string{"operator"}},
		{"open an account of a manager of I04", account(access.NewAccount{Name: "王芳", Institution: "I04", Grants: staff["manager of I04"]}), []string{"operator of 01", "operator"}},
		{"open an account of an operator of a county", account(access.NewAccount{Name: "王芳", Grants: staff["operator of 01"]}), []string{"operator"}},
		{"open an account of a clerk of a county", account(access.NewAccount{Name: "王芳", Grants: staff["clerk of 990101"]}), []string{"operator of 01", "operator"}},
		{"open a client of I04", client("I04", Grant(access.Poster, "institution:I04")), []string{"manager of I04", "manager of branch", "operator of 01", "operator"}},
		{"open a client of the branch", client("I04", poster), []string{"manager of branch", "operator of 01", "operator"}},
		{"open a client of I04 that posts for another county", client("I04", Grant(access.Poster, "institution:I08")), []string{"operator"}},
		{"add a secret to a client of the county", func(by access.By) error {
			secrets, err := w.Client(ctx, "region-client")
			must(t, err)
			for _, s := range secrets.Secrets {
				_, err := w.RemoveSecret(ctx, w.Owner, "region-client", s.ID)
				must(t, err)
			}
			return second(w.AddSecret(ctx, by, "region-client", w.Now().Add(time.Hour)))
		}, []string{"operator of 01", "operator"}},
	} {
		may := map[string]bool{}
		for _, who := range tt.may {
			may[who] = true
		}
		for who := range staff {
			err := tt.do(staffBy(who))
			if may[who] && err != nil || !may[who] && !errors.Is(err, creditbank.ErrForbidden) {
				t.Errorf("%s may %s: %v, want %v (%v)", who, tt.name, err == nil, may[who], err)
			}
		}
	}
}

func testThemselves(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	a := w.Staff(t, "王芳", "", Grant(access.Operator, "region:9901"))
	_, err := w.SetGrants(ctx, By(a), a.ID, append(a.Grants, Grant(access.Auditor, "region:9901")))
	wantCode(t, "SetGrants to oneself", err, creditbank.ErrForbidden, access.CodeNotAllowed)
	_, err = w.NewCode(ctx, By(a), a.ID)
	wantCode(t, "NewCode for oneself", err, creditbank.ErrForbidden, access.CodeNotAllowed)
	c, err := w.OpenClient(ctx, By(a), access.NewClient{ID: "c-1", Title: creditbank.Text{ZH: "系统"}, Grants: []access.Grant{Grant(access.Operator, "region:9901")}})
	must(t, err)
	_, err = w.SetClientGrants(ctx, access.By{Principal: c.Principal()}, c.ID, nil)
	wantCode(t, "SetClientGrants to oneself", err, creditbank.ErrForbidden, access.CodeNotAllowed)
}

// Who could not have given what somebody has can neither add to it nor take it
// away, nor disable them.
func testTakeOver(t *testing.T, h Harness) {
	w, ctx := NewWorld(t, h), t.Context()
	manager := staffBy("manager of I04")
	clerk, boss := w.Staff(t, "甲", "I04", staff["clerk of I04"]...), w.Staff(t, "乙", "I04", staff["manager of I04"]...)
	for what, err := range map[string]error{
		"add manager":        second(w.SetGrants(ctx, manager, clerk.ID, append(staff["clerk of I04"], staff["manager of I04"]...))),
		"add clerk of I08":   second(w.SetGrants(ctx, manager, clerk.ID, append(staff["clerk of I04"], staff["clerk of I08"]...))),
		"add clerk of I05":   second(w.SetGrants(ctx, manager, clerk.ID, append(staff["clerk of I04"], Grant(access.Clerk, "branch:I04")))),
		"take manager away":  second(w.SetGrants(ctx, manager, boss.ID, nil)),
		"disable a manager":  second(w.Disable(ctx, manager, boss.ID)),
		"code for a manager": second(w.NewCode(ctx, manager, boss.ID)),
	} {
		wantCode(t, what, err, creditbank.ErrForbidden, access.CodeNotAllowed)
	}
	a, err := w.SetGrants(ctx, manager, clerk.ID, []access.Grant{Grant(access.Reviewer, "institution:I04")})
	must(t, err)
	if len(a.Grants) != 1 || a.Grants[0].Role != access.Reviewer {
		t.Errorf("SetGrants = %v", a.Grants)
	}
	_, err = w.Disable(ctx, manager, clerk.ID)
	must(t, err)
}
