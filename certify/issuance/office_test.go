package issuance_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"creditbank/certify/issuance"
	"creditbank/certify/issuance/issuancetest"
	"creditbank/certify/tlog"
	"creditbank/chain"
	"creditbank/creditbank"

	xtlog "golang.org/x/mod/sumdb/tlog"
)

// Whoever watches reads the log as files, and finds one log.
func TestLogFiles(t *testing.T) {
	ctx := t.Context()
	city, _ := newCity(t)
	office := city.Office(t, nil)
	if _, err := office.LogFile(ctx, "checkpoint"); !errors.Is(err, creditbank.ErrNotFound) {
		t.Errorf("checkpoint of the empty log: %v, want ErrNotFound", err)
	}
	var records [][]byte
	for range 3 {
		who, _ := city.Converted(t)
		if _, err := office.CatchUp(ctx); err != nil {
			t.Fatal(err)
		}
		certs, err := office.List(ctx, who.ID)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, certs[0].Leaf.Record())
	}
	entries, err := office.LogFile(ctx, "tile/entries/000.p/2")
	if want, _ := tlog.FormatEntries(records[:2]); err != nil || !bytes.Equal(entries, want) {
		t.Errorf("entries of the first two = %q, %v; want %q", entries, err, want)
	}
	hashes, err := office.LogFile(ctx, "tile/0/000.p/3")
	if err != nil || len(hashes) != 96 || tlog.Hash(hashes[64:]) != xtlog.RecordHash(records[2]) {
		t.Errorf("tile of three = %x, %v", hashes, err)
	}
	state, err := city.Store.State(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if cp, err := office.LogFile(ctx, "checkpoint"); err != nil || !bytes.Equal(cp, state.Checkpoint) {
		t.Errorf("checkpoint = %q, %v", cp, err)
	}
	for _, path := range []string{"", "checkpoints", "tile/0/000", "tile/0/000.p/4", "tile/entries/000.p/4", "tile/entries/001.p/1", "tile/8/0/000.p/1", "tile/0/../0"} {
		if _, err := office.LogFile(ctx, path); !errors.Is(err, creditbank.ErrNotFound) {
			t.Errorf("LogFile(%q): %v, want ErrNotFound", path, err)
		}
	}
}

// A log that lost or changed what others recorded is told before it is
// extended.
func TestCheckAnchored(t *testing.T) {
	ctx := t.Context()
	city, anchorer := newCity(t)
	office := city.Office(t, nil)
	worker, err := chain.NewWorker(chain.WorkerConfig{Origin: issuancetest.Host + "/certlog", Source: office.Source(), Anchorer: anchorer, Halt: office.Halt})
	if err != nil {
		t.Fatal(err)
	}
	var anchored []chain.Anchored
	for range 3 {
		city.Converted(t)
		if _, err := office.CatchUp(ctx); err != nil {
			t.Fatal(err)
		}
		if err := worker.Once(ctx); err != nil {
			t.Fatal(err)
		}
		latest, err := anchorer.Latest(ctx, issuancetest.Host+"/certlog")
		if err != nil {
			t.Fatal(err)
		}
		anchored = append(anchored, latest)
	}
	for _, a := range anchored {
		if err := office.CheckAnchored(ctx, a); err != nil {
			t.Errorf("anchored at %d: %v", a.Checkpoint.Size, err)
		}
	}
	ahead, forked, same := anchored[2], anchored[1], anchored[2]
	ahead.Checkpoint.Size++
	forked.Checkpoint.Root[0] ^= 1
	same.Checkpoint.Root[0] ^= 1
	for _, tt := range []struct {
		a    chain.Anchored
		want error
	}{{ahead, chain.ErrRollback}, {forked, chain.ErrFork}, {same, chain.ErrFork}} {
		if err := office.CheckAnchored(ctx, tt.a); !errors.Is(err, tt.want) {
			t.Errorf("CheckAnchored(%d) = %v, want %v", tt.a.Checkpoint.Size, err, tt.want)
		}
	}
}

// Receipts that cannot be of the log's checkpoints are refused.
func TestSaveReceipt(t *testing.T) {
	ctx := t.Context()
	city, _ := newCity(t)
	office := city.Office(t, nil)
	source := office.Source()
	if _, err := source.Checkpoint(ctx); !errors.Is(err, chain.ErrNone) {
		t.Errorf("Checkpoint of the empty log: %v, want ErrNone", err)
	}
	city.Converted(t)
	if _, err := office.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	cp, err := source.Checkpoint(ctx)
	if err != nil {
		t.Fatal(err)
	}
	other, absent := cp, cp
	other.Root[0] ^= 1
	absent.Size++
	good := chain.Receipt{Kind: "local", Who: "a"}
	bad := chain.Receipt{Kind: "local", Who: "a", Cosignatures: []byte("nonsense")}
	for name, err := range map[string]error{
		"another root":          source.SaveReceipt(ctx, other, good),
		"no such checkpoint":    source.SaveReceipt(ctx, absent, good),
		"malformed cosignature": source.SaveReceipt(ctx, cp, bad),
	} {
		if err == nil {
			t.Errorf("receipt with %s: no error", name)
		}
	}
	if err := source.SaveReceipt(ctx, cp, good); err != nil {
		t.Error(err)
	}
}

// An unconfirmed ledger answers reads, and may forget them.
type unconfirmed struct{ creditbank.Store }

var errUnconfirmed = errors.New("no standby confirms")

func (unconfirmed) Confirm(context.Context) error { return errUnconfirmed }

// Nothing that a failover could undo is shown to anybody.
func TestNothingUnconfirmedIsShown(t *testing.T) {
	ctx := t.Context()
	city, _ := newCity(t)
	who, posted := city.Converted(t)
	c, err := city.Office(t, nil).IssueOutcome(ctx, who.ID, posted.Seq)
	if err != nil {
		t.Fatal(err)
	}
	city.Ledger = unconfirmed{city.Ledger}
	office := city.Office(t, nil)
	_, fetched := office.Fetch(ctx, c.ID)
	_, asked := office.IssueOutcome(ctx, who.ID, posted.Seq)
	_, read := office.LogFile(ctx, "checkpoint")
	_, anchored := office.Source().Checkpoint(ctx)
	for what, err := range map[string]error{"Fetch": fetched, "IssueOutcome again": asked, "LogFile": read, "Checkpoint": anchored} {
		if !errors.Is(err, errUnconfirmed) {
			t.Errorf("%s of what is not confirmed: %v", what, err)
		}
	}
}

// What the API needs to serve: issuers by their slug, documents, status lists.
func TestIssuers(t *testing.T) {
	ctx := t.Context()
	city, _ := newCity(t)
	office := city.Office(t, nil)
	city.Converted(t)
	if _, err := office.CatchUp(ctx); err != nil {
		t.Fatal(err)
	}
	id, err := office.Issuer(ctx, "i01")
	if err != nil || id != "I01" {
		t.Fatalf("Issuer(i01) = %s, %v", id, err)
	}
	if d, err := office.Document(ctx, id); err != nil || len(d.Keys) != 1 {
		t.Errorf("Document(%s) = %+v, %v", id, d, err)
	}
	if list, err := office.StatusList(ctx, id, 1); err != nil || len(list) == 0 {
		t.Errorf("StatusList(%s, 1): %v", id, err)
	}
	_, stranger := office.Issuer(ctx, "i99")
	_, silent := office.Document(ctx, "I06")
	_, unknown := office.StatusList(ctx, "I99", 1)
	_, second := office.StatusList(ctx, id, 2)
	_, none := office.StatusList(ctx, id, 0)
	_, absent := office.Fetch(ctx, "urn:uuid:00000000-0000-4000-8000-000000000000")
	for what, err := range map[string]error{
		"issuer": stranger, "document": silent, "institution": unknown, "list 2": second, "list 0": none, "certificate": absent,
	} {
		if !errors.Is(err, creditbank.ErrNotFound) {
			t.Errorf("%s that does not exist: %v, want ErrNotFound", what, err)
		}
	}
	if docs, err := city.Keys.Documents(ctx); err != nil || len(docs) != 1 {
		t.Errorf("asking made keys: %+v, %v", docs, err)
	}
}

func TestNewChecksItsConfiguration(t *testing.T) {
	if _, err := issuance.New(issuance.Config{}); err == nil {
		t.Error("New without anything: no error")
	}
}

// A mangled store gives rows that are whole, and not what was written.
type mangled struct {
	issuance.Store
	mangle func([]issuance.Certificate)
}

func (s mangled) Certificates(ctx context.Context, id creditbank.LearnerID) ([]issuance.Certificate, error) {
	all, err := s.Store.Certificates(ctx, id)
	s.mangle(all)
	return all, err
}

// What is fetched is what was logged, whatever the row says: nothing else is
// signed.
func TestOnlyWhatWasLoggedIsSigned(t *testing.T) {
	city, _ := newCity(t)
	who, posted := city.Converted(t)
	office := city.Office(t, nil)
	c, err := office.IssueOutcome(t.Context(), who.ID, posted.Seq)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := office.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, mangle := range map[string]func([]issuance.Certificate){
		"another certificate of the person": func(all []issuance.Certificate) { all[0].Sealed = all[1].Sealed },
		"another leaf":                      func(all []issuance.Certificate) { all[0].Leaf = all[1].Leaf },
		"another's record":                  func(all []issuance.Certificate) { all[0].Index = all[1].Index },
		"no record yet":                     func(all []issuance.Certificate) { all[0].Index = 99 },
		"another's key":                     func(all []issuance.Certificate) { all[0].KeyID = all[1].KeyID },
	} {
		h, err := city.Office(t, mangled{city.Store, mangle}).Fetch(t.Context(), c.ID)
		if err == nil || h.Bundle.Credential != nil {
			t.Errorf("Fetch with %s: %v, want an error and nothing signed", name, err)
		}
	}
}
