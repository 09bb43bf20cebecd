package accesstest

import (
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/storetest"
)

var requestTests = []test{
	{"RepeatedRequestAnswersAsTheFirst", testRepeated},
	{"FaultsHaveOneEffect", testFaults},
	{"SameKeyAtOnceHasOneEffect", testSameKey},
}

// A request is a change that can be asked for under a key, and answers with
// something and with what is shown once.
type request struct {
	name  string
	ask   func(w *World, by access.By) (answer any, shown string, err error)
	other func(w *World, by access.By) error // another request of the kind
	shows bool
}

// requests returns every change that takes a key, in an order in which each can
// be made.
func requests(t testing.TB, w *World) []request {
	ctx := t.Context()
	learner, _ := w.Learner(t, "990101")
	plain := func(v any, err error) (any, string, error) { return v, "", err }
	var account access.AccountID
	day := w.Now().Add(24 * time.Hour)
	key := access.PublicKey{KID: "k", JWK: json.RawMessage(`{"kty":"OKP"}`)}
	return []request{
		{"OpenClient", func(w *World, by access.By) (any, string, error) {
			return plain(w.OpenClient(ctx, by, newClient("c-1")))
		},
			func(w *World, by access.By) error { return second(w.OpenClient(ctx, by, newClient("c-2"))) }, false},
		{"AddSecret", func(w *World, by access.By) (any, string, error) {
			secret, err := w.AddSecret(ctx, by, "c-1", day)
			return nil, secret, err
		}, func(w *World, by access.By) error { return second(w.AddSecret(ctx, by, "c-1", day.Add(1e9))) }, true},
		{"AddKey", func(w *World, by access.By) (any, string, error) { return plain(w.AddKey(ctx, by, "c-1", key)) },
			func(w *World, by access.By) error { return second(w.RemoveKey(ctx, by, "c-1", "k")) }, false},
		{"RemoveKey", func(w *World, by access.By) (any, string, error) { return plain(w.RemoveKey(ctx, by, "c-1", "k")) },
			func(w *World, by access.By) error { return second(w.RemoveKey(ctx, by, "c-1", "l")) }, false},
		{"SetClientGrants", func(w *World, by access.By) (any, string, error) {
			return plain(w.SetClientGrants(ctx, by, "c-1", nil))
		},
			func(w *World, by access.By) error {
				return second(w.SetClientGrants(ctx, by, "c-1", []access.Grant{poster}))
			}, false},
		{"DisableClient", func(w *World, by access.By) (any, string, error) { return plain(w.DisableClient(ctx, by, "c-1")) },
			func(w *World, by access.By) error { return second(w.EnableClient(ctx, by, "c-1")) }, false},
		{"EnableClient", func(w *World, by access.By) (any, string, error) { return plain(w.EnableClient(ctx, by, "c-1")) },
			func(w *World, by access.By) error { return second(w.DisableClient(ctx, by, "c-1")) }, false},
		{"OpenAccount", func(w *World, by access.By) (any, string, error) {
			a, code, err := w.OpenAccount(ctx, by, access.NewAccount{Learner: learner.ID, Institution: "I04"})
			if err == nil {
				account = a.ID
			}
			return a, code, err
		}, func(w *World, by access.By) error {
			_, _, err := w.OpenAccount(ctx, by, access.NewAccount{Name: "王芳", Institution: "I04"})
			return err
		}, true},
		{"NewCode", func(w *World, by access.By) (any, string, error) {
			code, err := w.NewCode(ctx, by, account)
			return nil, code, err
		}, func(w *World, by access.By) error { return second(w.NewCode(ctx, by, "other")) }, true},
		{"SetGrants", func(w *World, by access.By) (any, string, error) {
			return plain(w.SetGrants(ctx, by, account, []access.Grant{Grant(access.Clerk, "institution:I04")}))
		}, func(w *World, by access.By) error { return second(w.SetGrants(ctx, by, account, nil)) }, false},
		{"Disable", func(w *World, by access.By) (any, string, error) { return plain(w.Disable(ctx, by, account)) },
			func(w *World, by access.By) error { return second(w.Enable(ctx, by, account)) }, false},
		{"Enable", func(w *World, by access.By) (any, string, error) { return plain(w.Enable(ctx, by, account)) },
			func(w *World, by access.By) error { return second(w.Disable(ctx, by, account)) }, false},
	}
}

// audited returns how many versions of records are kept.
func audited(t testing.TB, w *World) int {
	t.Helper()
	all, err := w.Audit(t.Context(), 0, 10_000)
	must(t, err)
	return len(all)
}

func testRepeated(t *testing.T, h Harness) {
	w := NewWorld(t, h)
	first := map[string]any{}
	all := requests(t, w)
	by := func(r request) access.By { return access.By{Principal: w.Owner.Principal, Key: "key " + r.name} }
	for _, r := range all {
		answer, shown, err := r.ask(w, by(r))
		if err != nil || (shown != "") != r.shows {
			t.Fatalf("%s = %v, %q, %v", r.name, answer, shown, err)
		}
		first[r.name] = answer
	}
	n := audited(t, w)
	w.Pass(30*24*time.Hour - time.Microsecond)
	for _, r := range all { // each after all the others have changed what it answered with
		answer, shown, err := r.ask(w, by(r))
		if err != nil || shown != "" {
			t.Errorf("%s again = %v, %q, %v; want it to show nothing again", r.name, answer, shown, err)
		}
		if diff := gocmp.Diff(first[r.name], answer, gocmp.FilterPath(func(p gocmp.Path) bool { return p.Last().String() == ".Secrets" }, gocmp.Ignore())); diff != "" {
			t.Errorf("%s again differs (-first +again):\n%s", r.name, diff)
		}
		wantCode(t, "another "+r.name+" under the key", r.other(w, by(r)), creditbank.ErrConflict, creditbank.CodeKeyReused)
		stranger := by(r)
		stranger.Principal = access.Principal{ID: "stranger", Kind: access.Person}
		if _, _, err := r.ask(w, stranger); !errors.Is(err, creditbank.ErrForbidden) {
			t.Errorf("%s by a stranger under the same key: %v; want it forbidden", r.name, err)
		}
	}
	if after := audited(t, w); after != n {
		t.Errorf("repeating made %d records of %d", after, n)
	}
	w.Pass(time.Microsecond)
	if _, _, err := all[0].ask(w, by(all[0])); !errors.Is(err, creditbank.ErrConflict) {
		t.Errorf("OpenClient after the answer expired: %v; want a conflict, as of a new request", err)
	}
}

// Each change fails in each way, and is asked for again under its key.
func testFaults(t *testing.T, h Harness) {
	w := NewWorld(t, h)
	by := access.By{Principal: w.Owner.Principal}
	faults := []storetest.Fault{storetest.BeforeCommit, storetest.AfterCommit, storetest.Unknown}
	for i, r := range requests(t, w) {
		fault := faults[i%len(faults)]
		by.Key = "key " + r.name
		n := audited(t, w)
		w.Store.Fail(fault)
		_, shown, err := r.ask(w, by)
		if !errors.Is(err, storetest.ErrInjected) || errors.Is(err, creditbank.ErrOutcomeUnknown) != (fault != storetest.BeforeCommit) || shown != "" {
			t.Errorf("%s, %s: %q, %v", r.name, fault, shown, err)
		}
		for range 2 {
			_, shown, err = r.ask(w, by)
			must(t, err)
			if shown != "" && fault == storetest.AfterCommit {
				t.Errorf("%s, %s: the repetition shows what is not on record", r.name, fault)
			}
		}
		made := audited(t, w) - n
		if want := map[string]int{"OpenAccount": 3}[r.name]; made != max(want, 1) {
			t.Errorf("%s, %s: %d records came to be", r.name, fault, made)
		}
	}
}

func testSameKey(t *testing.T, h Harness) {
	w := NewWorld(t, h)
	by := access.By{Principal: w.Owner.Principal, Key: "k"}
	var shown atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			a, code, err := w.OpenAccount(t.Context(), by, access.NewAccount{Name: "王芳", Institution: "I04"})
			if err != nil || a.Version != 1 {
				t.Errorf("OpenAccount = %+v, %v", a, err)
			}
			if code != "" {
				shown.Add(1)
			}
		})
	}
	wg.Wait()
	all, err := w.Accounts(t.Context(), "", 10)
	must(t, err)
	if len(all) != 1 || shown.Load() != 1 {
		t.Errorf("%d accounts, the code shown %d times; want one of each", len(all), shown.Load())
	}
}
