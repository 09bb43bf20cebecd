package certify_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"log"
	"time"

	"golang.org/x/mod/sumdb/note"

	"creditbank/certify"
	"creditbank/certify/certifytest"
	"creditbank/certify/tlog"
)

// The whole path of a certificate, in memory: prepare, log, checkpoint, anchor,
// sign, prove, verify. Real keys come from crypto/rand, and the tiles and the
// head are stored in one transaction.
func Example() {
	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	key := func(b byte) (ed25519.PrivateKey, ed25519.PublicKey) {
		k := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32))
		return k, k.Public().(ed25519.PublicKey)
	}
	issuerKey, issuerPublic := key(1)
	logKey, logPublic := key(2)
	anchorKey, anchorPublic := key(3)

	// 1. Prepare; keep p.Unsigned() until it is signed.
	p, err := certify.Prepare(certifytest.Outcome(1))
	must(err)

	// 2. Append the record to the log; store the tiles and the head.
	tiles := map[tlog.TileID][]byte{}
	read := func(id tlog.TileID) ([]byte, error) { return tiles[id], nil }
	batch, err := tlog.Append(tlog.EmptyHead(), read, [][]byte{p.Leaf().Record()})
	must(err)
	for _, tile := range batch.Tiles {
		tiles[tile.ID] = tile.Data
	}

	// 3. Sign the checkpoint; somebody else confirms it.
	const origin = "credits.example.edu/certlog"
	logSigner, err := tlog.NewSigner(origin, logKey)
	must(err)
	logVKey, err := tlog.VerifierKey(origin, logPublic)
	must(err)
	logVerifier, err := note.NewVerifier(logVKey)
	must(err)
	checkpoint, err := tlog.Checkpoint{Origin: origin, Head: batch.Head}.Sign(logSigner)
	must(err)
	cosigner, err := tlog.NewCosigner("anchor.example.edu/org1", anchorKey, func() time.Time { return now })
	must(err)
	line, err := tlog.Cosign(checkpoint, logVerifier, cosigner)
	must(err)
	checkpoint, err = tlog.AddSignatures(checkpoint, line)
	must(err)

	// 4. Sign the credential, now that it is logged.
	did, err := certify.WebDID("credits.example.edu", "issuers", "bank")
	must(err)
	signer, err := certify.NewSigner(did+"#key-1", issuerKey)
	must(err)
	signed, err := p.Sign(signer, now)
	must(err)

	// 5. What is handed over: the credential, its proof, the status list.
	hashes, err := tlog.ProveInclusion(batch.Head, batch.First, read)
	must(err)
	proof, err := tlog.Proof{Index: batch.First, Hashes: hashes, Checkpoint: checkpoint}.Format()
	must(err)
	list, err := certify.NewStatusList(certify.MinStatusEntries)
	must(err)
	status, err := certify.StatusCredential{
		ID: "https://credits.example.edu/status/1", Issuer: did, ValidFrom: now, List: list,
	}.Sign(signer, now)
	must(err)

	// 6. Anyone verifies, with the keys they decided to believe.
	anchorVKey, err := tlog.CosignerKey("anchor.example.edu/org1", anchorPublic)
	must(err)
	trust, err := certify.NewTrust(certify.TrustSpec{
		Issuers: []certify.DIDDocument{{ID: did, Keys: []certify.Key{{ID: did + "#key-1", Public: issuerPublic}}}},
		Logs:    []string{logVKey},
		Anchors: certify.AnchorPolicy{Threshold: 1, Cosigners: []string{anchorVKey}},
	})
	must(err)
	report := certify.Verify(certify.Bundle{Credential: signed, Proof: proof, Status: status}, trust, now)
	for _, c := range report.Checks {
		fmt.Println(c.Result, c.Code)
	}
	fmt.Println(report.Verdict)
	// Output:
	// ok format_ok
	// ok signature_ok
	// ok issuer_ok
	// ok status_ok
	// ok period_ok
	// ok log_ok
	// ok anchor_ok
	// valid
}
