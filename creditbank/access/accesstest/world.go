package accesstest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/storetest"
	"creditbank/creditbank/vault"
)

// Password is one that is fit.
const Password = "清河的水 correct horse"

// A World is a registry in a city of two counties, in each of which a college
// has a school below it:
//
//	9901 ── 990101: I04 ── I05
//	     └─ 990102: I07 ── I08
//
// and I01 belongs to the city itself.
type World struct {
	*access.Registry
	Bank      *creditbank.Bank
	Store     *Faulty
	Passwords *Passwords
	Owner     access.By // operator of the whole bank

	mu  sync.Mutex
	now time.Time
	n   int // learners
}

// NewWorld returns a registry on the store of h.
func NewWorld(t testing.TB, h Harness) *World {
	t.Helper()
	w := &World{Store: &Faulty{Store: h.Store}, Passwords: &Passwords{}, now: storetest.Noon}
	v, err := vault.New([]byte(strings.Repeat("master k", 4)), rand.Reader)
	must(t, err)
	w.Bank, err = creditbank.New(t.Context(), creditbank.Config{
		Store: h.Ledger, Vault: v, Clock: w.Now, Random: rand.Reader,
		LoadRules: func(int, []byte) (creditbank.Rules, error) { return nil, errors.New("there are no rules here") },
	})
	must(t, err)
	must(t, w.Bank.Publish(t.Context(), creditbank.Caller{ID: "test"}, City()))
	w.Registry, err = access.New(access.Config{
		Store: w.Store, Vault: v, People: w.Bank, Catalogue: w.Bank.Catalogue, Clock: w.Now, Random: rand.Reader, Passwords: w.Passwords,
	})
	must(t, err)
	w.Owner = access.By{Principal: access.Owner(w.Bank.Catalogue())}
	return w
}

// City is the reference data of a [World].
func City() creditbank.Reference {
	school := func(id, parent creditbank.InstitutionID, region creditbank.RegionCode) creditbank.Institution {
		return creditbank.Institution{ID: id, Name: "学校 " + string(id), Kinds: []string{"community_school"}, Parent: parent, Region: region}
	}
	return creditbank.Reference{
		Regions: []creditbank.Region{
			{Code: "9901", Name: "青禾市", Level: "city"},
			{Code: "990101", Name: "东岭县", Level: "county", Parent: "9901"},
			{Code: "990102", Name: "南浦区", Level: "county", Parent: "9901"},
		},
		Institutions: []creditbank.Institution{
			school("I01", "", "9901"),
			school("I04", "", "990101"), school("I05", "I04", "990101"),
			school("I07", "", "990102"), school("I08", "I07", "990102"),
		},
	}
}

// Now returns where the clock stands.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Pass puts the clock on.
func (w *World) Pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// Grant returns the grant of a role within a scope as it is written.
func Grant(role access.Role, scope string) access.Grant {
	s, err := access.ParseScope(scope)
	if err != nil {
		panic(err) // of a test's own text
	}
	return access.Grant{Role: role, Scope: s}
}

// Learner opens the account of another learner in a region with the bank.
func (w *World) Learner(t testing.TB, region creditbank.RegionCode) (creditbank.Learner, string) {
	t.Helper()
	w.mu.Lock()
	w.n++
	n := w.n
	w.mu.Unlock()
	name := fmt.Sprintf("学习者%d", n)
	opened, errs := w.Bank.Open(t.Context(), creditbank.Caller{ID: "test"}, []creditbank.Opening{
		{Person: creditbank.Person{IDNumber: idNumber(n), Name: name}, Region: region},
	})
	must(t, errs[0])
	return opened[0].Learner, name
}

// idNumber returns an identity number of an area that does not exist.
func idNumber(n int) creditbank.IDNumber {
	digits := fmt.Sprintf("99010119800101%03d", n)
	for _, check := range "0123456789X" {
		if number, err := creditbank.ParseIDNumber(digits + string(check)); err == nil {
			return number
		}
	}
	panic("no check digit fits")
}

// Staff opens and activates the account of a member of staff.
func (w *World) Staff(t testing.TB, name string, institution creditbank.InstitutionID, grants ...access.Grant) access.Account {
	t.Helper()
	a, code, err := w.OpenAccount(t.Context(), w.Owner, access.NewAccount{Name: name, Institution: institution, Grants: grants})
	must(t, err)
	a, err = w.Activate(t.Context(), a.Number, name, code, Password)
	must(t, err)
	return a
}

// By returns who asks for a change under no key.
func By(a access.Account) access.By { return access.By{Principal: a.Principal()} }

// Passwords hash fast, which is not what to do with passwords of people. They
// count how often they were asked to.
type Passwords struct {
	Hashed atomic.Int64
	Weak   atomic.Bool // whether hashes are to be made anew

	meanwhile atomic.Pointer[func()]
}

// Meanwhile has f run once while the next password is hashed.
func (p *Passwords) Meanwhile(f func()) { p.meanwhile.Store(&f) }

// Hash implements [access.Passwords].
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if f := p.meanwhile.Swap(nil); f != nil {
		(*f)()
	}
	return fmt.Sprintf("%d:%x", p.Hashed.Add(1), sha256.Sum256([]byte(password))), ctx.Err()
}

// Check implements [access.Passwords].
func (p *Passwords) Check(ctx context.Context, password, hash string) (ok, rehash bool, err error) {
	p.Hashed.Add(1)
	_, of, _ := strings.Cut(hash, ":")
	return of == fmt.Sprintf("%x", sha256.Sum256([]byte(password))), p.Weak.Load(), ctx.Err()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantCode checks that err is the input error of a code and a kind.
func wantCode(t testing.TB, what string, err error, kind error, code creditbank.Code) {
	t.Helper()
	var input *creditbank.InputError
	if !errors.As(err, &input) || !errors.Is(err, kind) || input.Code != code {
		t.Errorf("%s: %v; want %s", what, err, code)
	}
}
