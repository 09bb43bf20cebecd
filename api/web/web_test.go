package web_test

import (
	"testing"

	"creditbank/api/apitest"
	"creditbank/api/web"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

const password = "a fine long password"

// A town is a service with pages, and a learner with an account number and a
// one-time code.
type town struct {
	*apitest.World
	ids     map[string]creditbank.LearnerID
	learner creditbank.LearnerID
	account creditbank.AccountNumber
	code    string
	name    string
}

func newTown(t testing.TB, c web.Config, o apitest.Options) *town {
	t.Helper()
	o.Pages = web.Pages(c)
	w := &town{World: apitest.New(t, o)}
	w.ids = w.Open()
	w.learner = w.ids["L2"]
	a, code, err := w.Registry.OpenAccount(t.Context(), w.Owner(), access.NewAccount{Learner: w.learner})
	if err != nil {
		t.Fatal(err)
	}
	w.account, w.code = a.Number, code
	p, err := w.Bank.Person(t.Context(), w.learner)
	if err != nil {
		t.Fatal(err)
	}
	w.name = p.Name
	return w
}

// activated returns a browser in which the learner is logged in.
func (w *town) activated(t testing.TB) *browser {
	t.Helper()
	return newBrowser(t, w.World).get("/activate").submit("/activate", map[string]string{
		"account": string(w.account), "name": w.name, "code": w.code, "password": password, "again": password,
	}).want(200, "/me", w.name)
}

func TestPages(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	b := newBrowser(t, w.World)
	for _, path := range []string{"/", "/login", "/activate", "/verify"} {
		b.get(path).want(200, path)
	}
	b.get("/me").want(200, "/login")
	b.get("/nothing").want(404, "/nothing", "没有这个页面", "请求编号")
	b.get("/logout").want(405, "/logout")
	w.activated(t)
}
