// Package certifytest has a ready issuer, log and anchor for tests: fixed keys,
// fixed time, everything in memory. Its keys are published here; nothing signed
// with them may be believed outside tests.
package certifytest

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"creditbank/certify"
	"creditbank/certify/tlog"
)

// The world of the tests.
const (
	DID     = "did:web:credits.example.edu:issuers:bank"
	KeyID   = DID + "#key-1"
	Origin  = "credits.example.edu/certlog"
	Witness = "anchor.example.edu/org1"
	List    = "https://credits.example.edu/status/1"
)

// Now is the time of the tests.
func Now() time.Time { return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) }

// Key returns a key that depends on b alone.
func Key(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func public(b byte) ed25519.PublicKey { return Key(b).Public().(ed25519.PublicKey) }

// A World is an issuer with a log and one anchor.
type World struct {
	t       testing.TB
	Signer  certify.Signer
	Log     note.Signer
	LogKey  note.Verifier
	Anchor  note.Signer
	Trust   certify.TrustSpec
	Head    tlog.Head
	Tiles   map[tlog.TileID][]byte
	Revoked *certify.StatusList
}

// New returns a world with an empty log.
func New(t testing.TB) *World {
	t.Helper()
	w := &World{t: t, Head: tlog.EmptyHead(), Tiles: map[tlog.TileID][]byte{}}
	var err error
	check := func() {
		if t.Helper(); err != nil {
			t.Fatal(err)
		}
	}
	w.Signer, err = certify.NewSigner(KeyID, Key(1))
	check()
	w.Log, err = tlog.NewSigner(Origin, Key(2))
	check()
	w.Anchor, err = tlog.NewCosigner(Witness, Key(3), Now)
	check()
	logKey, err := tlog.VerifierKey(Origin, public(2))
	check()
	w.LogKey, err = note.NewVerifier(logKey)
	check()
	anchorKey, err := tlog.CosignerKey(Witness, public(3))
	check()
	w.Revoked, err = certify.NewStatusList(certify.MinStatusEntries)
	check()
	w.Trust = certify.TrustSpec{
		Issuers: []certify.DIDDocument{{ID: DID, Keys: []certify.Key{{ID: KeyID, Public: public(1)}}}},
		Logs:    []string{logKey},
		Anchors: certify.AnchorPolicy{Threshold: 1, Cosigners: []string{anchorKey}},
	}
	return w
}

// Append logs records and returns the index of the first.
func (w *World) Append(records ...[]byte) int64 {
	w.t.Helper()
	b, err := tlog.Append(w.Head, w.Read, records)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, tile := range b.Tiles {
		w.Tiles[tile.ID] = tile.Data
	}
	w.Head = b.Head
	return b.First
}

// Read is the log's tlog.TileReader.
func (w *World) Read(id tlog.TileID) ([]byte, error) { return w.Tiles[id], nil }

// Checkpoint returns the signed and cosigned checkpoint.
func (w *World) Checkpoint() []byte {
	w.t.Helper()
	cp, err := tlog.Checkpoint{Origin: Origin, Head: w.Head}.Sign(w.Log)
	if err != nil {
		w.t.Fatal(err)
	}
	line, err := tlog.Cosign(cp, w.LogKey, w.Anchor)
	if err != nil {
		w.t.Fatal(err)
	}
	if cp, err = tlog.AddSignatures(cp, line); err != nil {
		w.t.Fatal(err)
	}
	return cp
}

// Proof returns the tlog-proof of a record.
func (w *World) Proof(index int64) []byte {
	w.t.Helper()
	hashes, err := tlog.ProveInclusion(w.Head, index, w.Read)
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := tlog.Proof{Index: index, Hashes: hashes, Checkpoint: w.Checkpoint()}.Format()
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

// Status returns the signed status list.
func (w *World) Status() []byte {
	w.t.Helper()
	data, err := certify.StatusCredential{
		ID: List, Issuer: DID, ValidFrom: Now().Add(-time.Hour), ValidUntil: Now().Add(24 * time.Hour), List: w.Revoked,
	}.Sign(w.Signer, Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return data
}

// Issue prepares, logs and signs a certificate, and returns all that is handed
// over with it.
func (w *World) Issue(c certify.Certificate) certify.Bundle {
	w.t.Helper()
	p, err := certify.Prepare(c)
	if err != nil {
		w.t.Fatal(err)
	}
	index := w.Append(p.Leaf().Record())
	signed, err := p.Sign(w.Signer, Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return certify.Bundle{Credential: signed, Proof: w.Proof(index), Status: w.Status()}
}

// Outcome returns a certificate of an outcome; n makes its ids.
func Outcome(n byte) certify.Certificate {
	return certify.Certificate{
		ID: certify.NewID([16]byte{n, 1}), Kind: certify.KindOutcome, Name: "学习成果认定证书", Number: fmt.Sprintf("CB-2026-%06d", n),
		Issuer:    certify.Issuer{DID: DID, Name: "清河市学分银行", URL: "https://credits.example.edu"},
		ValidFrom: Now().AddDate(0, 0, -1), ValidUntil: Now().AddDate(10, 0, 0), Awarded: Now().AddDate(0, 0, -1),
		Subject: certify.Subject{ID: certify.NewID([16]byte{n, 2}), Name: "王𬱖", AccountNumber: "1000000017"},
		Credits: "3.50",
		Source:  certify.Institution{ID: "https://credits.example.edu/institutions/42", Name: "清河社区学院", USCC: "12100000400000624A"},
		Achievement: certify.Achievement{
			ID: "https://credits.example.edu/achievements/cs201", Name: "数据结构与算法", Description: "64 学时课程", Criteria: "完成全部作业并通过考试。",
			Type: "Course", Code: "CS201", Credits: "3.5",
			Creator: certify.Institution{ID: "https://credits.example.edu/institutions/42", Name: "清河社区学院"},
			Alignments: []certify.Alignment{{
				Name: "EQF level 6", URL: "http://data.europa.eu/snb/eqf/6", Framework: "European Qualifications Framework", Code: "6",
			}},
		},
		Started: Now().AddDate(0, -4, 0), Ended: Now().AddDate(0, 0, -10), Grade: "91", Hours: "64",
		Status: certify.StatusEntry{List: List, Index: int64(n)*7 + 90_000},
	}
}

// Conversion returns a certificate of a conversion; n makes its ids.
func Conversion(n byte) certify.Certificate {
	c := Outcome(n)
	c.Kind, c.Name, c.Grade, c.Hours = certify.KindConversion, "学分转换证书", "", ""
	c.Started, c.Ended, c.Credits = time.Time{}, time.Time{}, "8.0"
	c.Achievement.Type, c.Achievement.Code = "LearningProgram", "P1"
	c.Lines = []certify.Line{
		{Slot: "T-A1", Name: "计算机基础", Credits: "4.0", Grade: "72"},
		{Slot: "T-A2", Name: "办公软件", Credits: "4.0"},
	}
	c.Sources = []certify.Source{
		{Name: "社区计算机课", Institution: "清河社区学院", Credits: "3.0", Hours: "48", Grade: "合格", Date: Now().AddDate(-1, 0, 0)},
		{Name: "社区计算机课", Institution: "清河社区学院", Credits: "3.0", Hours: "48"},
	}
	return c
}
