package sqlite

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"creditbank/certify/issuance"
	"creditbank/certify/issuance/issuancetest"
	"creditbank/creditbank"
)

func TestCertificates(t *testing.T) {
	issuancetest.Run(t, func(t *testing.T) issuancetest.Harness {
		path := newPath(t)
		s := open(t, path)
		return issuancetest.Harness{
			Ledger: s,
			Store:  s.Certificates(),
			Reopen: func() (creditbank.Store, issuance.Store) {
				other := open(t, path)
				return other, other.Certificates()
			},
			Erase: func(id creditbank.LearnerID) error {
				l, err := s.Learner(t.Context(), id)
				if err != nil {
					return err
				}
				l.Key = nil
				digest := l.Digest()
				return s.Exec(t.Context(), "UPDATE learner SET person_key = x'', digest = ? WHERE learner_id = ?", digest[:], id)
			},
			Damage: func(table, column string, value any) error {
				if err := s.Exec(t.Context(), "DROP TRIGGER IF EXISTS "+table+"_no_shrink"); err != nil {
					return err
				}
				return s.Damage(t.Context(), table, column, value)
			},
		}
	})
}

// issuerEnv makes TestIssuerVictim issue certificates until it is killed.
const issuerEnv = "CREDITBANK_SQLITE_ISSUER"

// TestIssuerVictim is the process that [TestKilledIssuer] kills.
func TestIssuerVictim(t *testing.T) {
	dir := os.Getenv(issuerEnv)
	if dir == "" {
		return // not in a process of TestKilledIssuer
	}
	s := open(t, filepath.Join(dir, "bank.db"))
	city := issuancetest.OpenCity(t, s, s.Certificates(), filepath.Join(dir, "keys"))
	o := city.Office(t, nil)
	ids, err := s.Learners(t.Context(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	for n, id := range ids {
		c, err := o.IssueOutcome(t.Context(), id, 3) // opened, enrolled, posted
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("issued", id, c.ID)
		if n%10 == 5 {
			if _, err := o.Follow(t.Context()); err != nil {
				t.Fatal(err)
			}
			fmt.Println("followed")
		}
	}
}

// A process that issues is killed again and again. What it said it had issued
// is there, everything is there once, and the log is one log.
func TestKilledIssuer(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "bank.db"))
	city := issuancetest.OpenCity(t, s, s.Certificates(), filepath.Join(dir, "keys"))
	const people = 40
	for range people / 2 {
		city.Converted(t)
	}
	said := map[string]string{}
	for round := range 6 {
		for range people / 12 {
			city.Converted(t)
		}
		runIssuer(t, dir, 1+rand.IntN(8), said)
		issuancetest.CheckAll(t, s, s.Certificates())
		if t.Failed() {
			t.Fatalf("after round %d", round)
		}
	}
	o := city.Office(t, nil)
	for learner, id := range said {
		c, err := o.IssueOutcome(t.Context(), creditbank.LearnerID(learner), 3)
		if err != nil || c.ID != id {
			t.Errorf("certificate of %s is %s, %v; was said to be %s", learner, c.ID, err, id)
		}
	}
	if _, err := o.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	issuancetest.CheckCalledFor(t, s, s.Certificates())
	if len(said) == 0 {
		t.Error("no process issued anything before it was killed")
	}
}

// runIssuer runs a process that issues, and kills it at some moment after it
// has printed so many lines.
func runIssuer(t *testing.T, dir string, lines int, said map[string]string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestIssuerVictim$")
	cmd.Env = append(os.Environ(), issuerEnv+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	scan := bufio.NewScanner(out)
	for n := 0; scan.Scan(); n++ {
		if f := strings.Fields(scan.Text()); len(f) == 3 && f[0] == "issued" {
			said[f[1]] = f[2]
		}
		if n == lines {
			time.AfterFunc(rand.N(12*time.Millisecond), func() { cmd.Process.Kill() }) // one takes about six
		}
	}
	cmd.Process.Kill()
	cmd.Wait()
}
