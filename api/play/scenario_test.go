package play_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/api/host"
	"creditbank/api/play"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/scenario"
	"creditbank/creditbank/scenario/scenariotest"
	"creditbank/creditbank/sqlite"
)

// A calendar is a clock that a test moves. It goes on by a millisecond with each
// look, since nothing may depend on time that stands still.
type calendar struct{ at atomic.Int64 }

func (c *calendar) now() time.Time { return time.Unix(0, c.at.Add(int64(time.Millisecond))).UTC() }

func (c *calendar) moveTo(_ context.Context, at time.Time) error {
	c.at.Store(at.UnixNano())
	return nil
}

// parties gives every party of a city a token of its own, a new one when the
// clock was moved.
type parties struct {
	w        *apitest.World
	calendar *calendar

	mu     sync.Mutex
	day    string
	tokens map[string]string
}

// As implements [play.Parties].
func (p *parties) As(_ context.Context, grants ...access.Grant) (*contract.ClientWithResponses, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if day := p.calendar.now().Format(time.DateOnly); day != p.day {
		p.day, p.tokens = day, map[string]string{}
	}
	key := fmt.Sprint(grants)
	if p.tokens[key] == "" {
		p.tokens[key] = p.token(grants)
	}
	return p.w.As(p.tokens[key]), nil
}

func (p *parties) token(grants []access.Grant) string {
	if grants[0].Role == access.Learner {
		return p.w.LearnerToken(creditbank.LearnerID(grants[0].Scope.ID))
	}
	institution := ""
	if grants[0].Scope.Kind == access.ScopeInstitution {
		institution = grants[0].Scope.ID
	}
	var named []string
	for _, g := range grants {
		named = append(named, fmt.Sprintf("%s %s", g.Role, g.Scope))
	}
	return p.w.Token(institution, named...)
}

// A ledger is opened for a city to be played on.
type ledger func(testing.TB) host.Ledger

func onSQLite(t testing.TB) host.Ledger {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "bank.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

// playCity plays a city through the interface of a service of its own.
func playCity(t *testing.T, open ledger, city fs.FS, way play.Way) *scenario.Result {
	t.Helper()
	read, err := scenario.Read(city)
	if err != nil {
		t.Fatal(err)
	}
	clock := &calendar{}
	clock.at.Store(read.Noon(read.Day).UnixNano())
	w := apitest.New(t, apitest.Options{Ledger: open(t), Clock: clock.now, City: city})
	config := play.Config{Parties: &parties{w: w, calendar: clock}, Way: way, MoveTo: clock.moveTo}
	played, err := play.City(t.Context(), config, read)
	if err != nil {
		t.Fatal(err)
	}
	return played.Result
}

var ways = map[string]play.Way{"one by one": play.OneByOne, "arrays": play.InArrays, "streams": play.InStreams}

const cities = "../../creditbank/scenario/testdata"

// The year of Qinghe comes out as it was worked out by hand, whichever way its
// outcomes are posted.
func TestQingheThroughTheInterface(t *testing.T) {
	qinghe := os.DirFS(cities + "/qinghe")
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			scenariotest.ExpectResult(t, playCity(t, onSQLite, qinghe, way), qinghe)
		})
	}
}

// Each city comes out through the interface as it does on the bank itself.
func TestCitiesThroughTheInterface(t *testing.T) {
	paths, err := filepath.Glob(cities + "/cities/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cities: %v", err)
	}
	for _, path := range paths {
		for name, way := range ways {
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+name, func(t *testing.T) {
				city := cityOf(t, path)
				if _, err := scenario.Read(city); err != nil {
					return // a city that does not load has no year
				}
				want := scenariotest.Play(t, onSQLite(t), city)
				if diff := cmp.Diff(want, playCity(t, onSQLite, city, way)); diff != "" {
					t.Errorf("%s (-bank +interface):\n%s", path, diff)
				}
			})
		}
	}
}

// cityOf returns the files of testdata/base, with those of an archive in their
// place.
func cityOf(t *testing.T, path string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	base := os.DirFS(cities + "/base")
	entries, err := fs.ReadDir(base, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := fs.ReadFile(base, e.Name())
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = &fstest.MapFile{Data: data}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	for line := range strings.Lines(string(text)) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok {
			name = strings.TrimSuffix(n, " --")
			files[name] = &fstest.MapFile{}
		} else if name != "" {
			files[name].Data = append(files[name].Data, line...)
		}
	}
	return files
}
