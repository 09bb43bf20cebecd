package embedded_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/cmd/creditbank/internal/load"
	"creditbank/creditbank"
)

var by = creditbank.Caller{ID: "operator:test"}

// create makes a bank in a new folder.
func create(t *testing.T, w embedded.World) *embedded.Bank {
	t.Helper()
	b, err := embedded.Create(t.Context(), filepath.Join(t.TempDir(), "bank"), w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// fill posts some outcomes.
func fill(t *testing.T, b *embedded.Bank) []creditbank.LearnerID {
	t.Helper()
	plan := load.Plan{Seed: 3, Learners: 4}
	ids, err := plan.Prepare(t.Context(), b.Bank, by)
	if err != nil {
		t.Fatal(err)
	}
	poster := b.NewPoster(context.Background(), creditbank.PosterConfig{})
	defer poster.Close()
	for n := range 60 {
		if _, err := poster.Post(t.Context(), by, plan.Posting(n, ids), "test"); err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

// asking has a learner petition, with evidence.
func asking(t *testing.T, b *embedded.Bank, id creditbank.LearnerID) {
	t.Helper()
	change := creditbank.Change{By: by, Learner: id}
	a, err := b.Account(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	act, err := b.Petition(t.Context(), change, creditbank.Petitioning{
		Claimed:       creditbank.Claimed{Institution: a.Lots[0].Institution, IssuedOn: a.Lots[0].IssuedOn},
		PetitionWords: creditbank.PetitionWords{Title: "刺绣一等奖"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.AddEvidence(t.Context(), change, act.Seq, []byte("%PDF-1.4\nstartxref\n9\n%%EOF\n")); err != nil {
		t.Fatal(err)
	}
}

func TestFolderIsForItsOwner(t *testing.T) {
	b := create(t, embedded.World{})
	if _, err := b.Office(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{
		"keys": 0o700, "keys/master.key": 0o600, "keys/anchor.key": 0o600, "bank.db": 0o600, "bank.db-wal": 0o600,
	} {
		info, err := os.Stat(filepath.Join(b.Dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
}

func TestOpenRefusesAKeyOthersCanRead(t *testing.T) {
	b := create(t, embedded.World{})
	if err := os.Chmod(filepath.Join(b.Dir, "keys", "master.key"), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.Open(t.Context(), b.Dir, embedded.World{}); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("Open: %v, want one that says chmod 600", err)
	}
}

func TestOpenMakesNoMasterKey(t *testing.T) {
	b := create(t, embedded.World{})
	if err := os.Remove(filepath.Join(b.Dir, "keys", "master.key")); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.Open(t.Context(), b.Dir, embedded.World{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open without the master key: %v, want %v", err, os.ErrNotExist)
	}
}

// Under another master key nothing could be read, and what is sealed from then on not
// with the right one: the bank does not open, and says why.
func TestOpenRefusesAnotherMasterKey(t *testing.T) {
	b, other := create(t, embedded.World{}), create(t, embedded.World{})
	fill(t, b)
	path := filepath.Join(b.Dir, "keys", "master.key")
	right, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := os.ReadFile(filepath.Join(other.Dir, "keys", "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		key  []byte
		want creditbank.Code
	}{{wrong, creditbank.CodeWrongMaster}, {right, ""}} {
		if err := os.WriteFile(path, tt.key, 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := embedded.Open(t.Context(), b.Dir, embedded.World{})
		var input *creditbank.InputError
		if (err == nil) != (tt.want == "") || errors.As(err, &input) && input.Code != tt.want {
			t.Errorf("Open: %v, want %q", err, tt.want)
		}
		if again != nil {
			again.Close()
		}
	}
}

func TestCreateLeavesABankAlone(t *testing.T) {
	b := create(t, embedded.World{})
	if _, err := embedded.Create(t.Context(), b.Dir, embedded.World{}); !errors.Is(err, creditbank.ErrConflict) {
		t.Errorf("Create over a bank: %v, want %v", err, creditbank.ErrConflict)
	}
	if _, err := embedded.Open(t.Context(), t.TempDir(), embedded.World{}); !errors.Is(err, creditbank.ErrNotFound) {
		t.Errorf("Open of an empty folder: %v, want %v", err, creditbank.ErrNotFound)
	}
}

func TestTimeNeverRunsBackwards(t *testing.T) {
	late := time.Date(2026, time.May, 1, 0, 0, 0, 0, time.UTC)
	b := create(t, embedded.World{Now: func() time.Time { return late }})
	fill(t, b)
	early := late.AddDate(-1, 0, 0)
	again, err := embedded.Open(t.Context(), b.Dir, embedded.World{Now: func() time.Time { return early }})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if now := again.Now(); now.Before(late) || again.Behind != late.Sub(early) {
		t.Errorf("Now() = %v, behind by %v; want %v, %v", now, again.Behind, late, late.Sub(early))
	}
}

func TestAliasesSurviveATornLine(t *testing.T) {
	b := create(t, embedded.World{})
	const one, two = "765588441839", "137428265811"
	if err := b.Aliases.Add("L1", one); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(b.Dir, "aliases.tsv"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("L3\t7655"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	again, err := embedded.Open(t.Context(), b.Dir, embedded.World{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Aliases.Add("L2", two); err != nil {
		t.Fatal(err)
	}
	if err := again.Aliases.Add("L2", one); !errors.Is(err, creditbank.ErrConflict) {
		t.Errorf("an alias changes hands: %v", err)
	}
	third, err := embedded.Open(t.Context(), b.Dir, embedded.World{})
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	if got := third.Aliases.All(); !slices.Equal(got, []string{"L1", "L2"}) || third.Aliases.Of(two) != "L2" {
		t.Errorf("aliases = %v, want L1 and L2", got)
	}
}

// Each kind of damage is found by the check that is there for it, and by no
// other.
func TestExamineFindsDamage(t *testing.T) {
	for _, tt := range []struct{ name, sql, check string }{
		{"nothing", `SELECT 1`, ""},
		{"totals kept with an account", `UPDATE account SET totals = '' WHERE learner_id = (SELECT min(learner_id) FROM account)`, embedded.CheckHistory},
		{"a frozen account that never was frozen", `UPDATE account SET frozen = 1 WHERE learner_id = (SELECT min(learner_id) FROM account)`, embedded.CheckHistory},
		{"a lot made larger", `UPDATE outcome SET credits = credits + 100 WHERE seq = 2`, embedded.CheckHistory},
		{"a person's data", `UPDATE learner SET sealed = zeroblob(40) WHERE learner_id = (SELECT min(learner_id) FROM learner)`, embedded.CheckPerson},
		{"a transfer nobody made", `INSERT INTO transfer SELECT learner_id, seq, 5, 'lot:' || seq, 'forfeited', category, 1 FROM outcome WHERE granted AND credits > 0 LIMIT 1`, embedded.CheckTransfers},
		{"a petition nobody made", `INSERT INTO petition VALUES ((SELECT min(learner_id) FROM account), 3, 'I15', 'submitted', 99999999)`, embedded.CheckPetitions},
		{"a petition that is not listed", `DELETE FROM petition`, embedded.CheckPetitions},
		{"a byte of evidence", `UPDATE evidence SET sealed = zeroblob(length(sealed))`, embedded.CheckEvidence},
		{"evidence that is another's", `UPDATE evidence SET learner_id = (SELECT min(learner_id) FROM account WHERE learner_id <> evidence.learner_id)`, embedded.CheckEvidence},
		{"evidence that is lost", `DELETE FROM evidence`, embedded.CheckEvidence},
		{"evidence of nothing", `INSERT INTO evidence SELECT learner_id, seq + 7, petition, type, bytes, at, caller, sha256, digest, sealed FROM evidence`, embedded.CheckEvidence},
		{"an application nobody made", `INSERT INTO application VALUES ((SELECT min(learner_id) FROM account), 3, '', 'P1', 'submitted', 99999999, 99999999, '{"rule":"R05"}')`, embedded.CheckWork},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := create(t, embedded.World{})
			asking(t, b, fill(t, b)[0])
			damage(t, filepath.Join(b.Dir, "bank.db"), tt.sql)
			e, err := b.Examine(t.Context(), true, func(int) {})
			if err != nil {
				t.Fatal(err)
			}
			found := map[string]bool{}
			for _, f := range e.Faults {
				found[f.Check] = true
			}
			if tt.check == embedded.CheckTransfers {
				delete(found, embedded.CheckLots) // of which the lot shows it, too
			}
			if tt.check == "" && len(found) > 0 || tt.check != "" && (len(found) != 1 || !found[tt.check]) {
				t.Errorf("faults %v, want %q", e.Faults, tt.check)
			}
		})
	}
}

// damage changes the ledger behind the program's back.
func damage(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range []string{
		`DROP TRIGGER IF EXISTS outcome_no_update`, `DROP TRIGGER IF EXISTS transfer_no_update`, `DROP TRIGGER IF EXISTS learner_no_update`,
		`DROP TRIGGER IF EXISTS evidence_no_update`, `DROP TRIGGER IF EXISTS evidence_no_delete`, statement,
	} {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}
