package certify

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"creditbank/certify/tlog"
)

// A Bundle is a certificate with what was handed over with it.
type Bundle struct {
	// Credential is the signed credential: JSON with a proof, an Open Badges JWT
	// or an SD-JWT VC. Which of them it is shows in its first bytes.
	Credential []byte
	Proof      []byte // its tlog-proof; nil if there is none
	Status     []byte // the signed status list; nil if there is none
}

// Verify checks a certificate as of a time, from the bytes given and the keys
// trusted, and nothing else. It does not panic, whatever the bytes.
func Verify(b Bundle, t *Trust, now time.Time) Report {
	v := verifier{trust: t, now: now, report: Report{At: now.UTC()}}
	v.run(b)
	v.report.sum()
	return v.report
}

// A verifier goes through one bundle. Its fields fill up as checks pass.
type verifier struct {
	trust  *Trust
	now    time.Time
	report Report

	header   Header
	proof    proof
	noProof  error             // why there is no proof we can check
	token    *token            // in place of the proof, of a token
	document [sha256.Size]byte // canonical hash of the credential without proof
}

func (v *verifier) add(name, code string, err error) bool {
	c := check(name, code, err)
	v.report.Checks = append(v.report.Checks, c)
	return c.Result == OK
}

func (v *verifier) run(b Bundle) {
	if !v.format(b.Credential) {
		for _, name := range []string{CheckSignature, CheckIssuer, CheckStatus, CheckPeriod, CheckLog, CheckAnchor} {
			v.add(name, "not_reached", nil)
		}
		return
	}
	v.signature()
	v.issuer()
	v.status(b.Status)
	v.period()
	v.anchor(v.log(b.Proof))
}

// format reads the credential and computes what everything else hangs on: the
// hash of all its terms.
func (v *verifier) format(data []byte) bool {
	var err error
	switch FormOf(data) {
	case FormJSON:
		err = v.readCredential(data)
	case FormJWT:
		err = v.readJWT(data)
	case FormSDJWT:
		err = v.readSDJWT(data)
	}
	switch {
	case err == nil:
		return v.add(CheckFormat, "format_ok", nil)
	case errors.Is(err, ErrUnknown):
		return v.add(CheckFormat, "format_unknown", err)
	}
	return v.add(CheckFormat, "format_bad", err)
}

func (v *verifier) readCredential(data []byte) error {
	doc, err := parseObject(data)
	if err != nil {
		return err
	}
	v.proof, v.noProof = proofOf(doc)
	return v.read(withoutProof(doc))
}

// read reads an unsigned credential.
func (v *verifier) read(doc map[string]any) (err error) {
	if v.header, err = readHeader(doc); err != nil {
		return err
	}
	v.report.Credential = &v.header
	if contains(doc["type"], "BitstringStatusListCredential") {
		return errors.New("this is a status list, not a certificate")
	}
	quads, err := canonicalize(doc)
	v.document = sha256.Sum256([]byte(quads))
	return err
}

// controller returns the DID of the key that signed.
func (v *verifier) controller() string {
	did, _, _ := strings.Cut(v.proof.VerificationMethod, "#")
	return did
}

func (v *verifier) signature() bool {
	if v.token != nil {
		return v.tokenSignature()
	}
	if v.noProof != nil {
		return v.add(CheckSignature, "signature_unknown", v.noProof)
	}
	key, ok := v.key()
	if !ok {
		return v.add(CheckSignature, "key_unknown", nil)
	}
	if err := v.proof.verify(key, v.document); err != nil {
		return v.add(CheckSignature, "signature_bad", err)
	}
	return v.add(CheckSignature, "signature_ok", nil)
}

// key finds the public key: in a trusted document, or in a did:key itself.
func (v *verifier) key() (ed25519.PublicKey, bool) {
	if d, ok := v.trust.issuers[v.controller()]; ok {
		k, ok := d.Key(v.proof.VerificationMethod)
		return k.Public, ok
	}
	encoded, ok := strings.CutPrefix(v.controller(), "did:key:")
	key, err := parseMultikey(encoded)
	if _, fragment, has := strings.Cut(v.proof.VerificationMethod, "#"); has && fragment != encoded {
		return nil, false
	}
	return key, ok && err == nil
}

func (v *verifier) issuer() bool {
	if v.token != nil {
		return v.tokenIssuer()
	}
	if v.noProof != nil {
		return v.add(CheckIssuer, "not_reached", nil)
	}
	if v.controller() != v.header.Issuer {
		return v.add(CheckIssuer, "issuer_key_foreign", nil)
	}
	d, ok := v.trust.issuers[v.header.Issuer]
	if !ok {
		return v.add(CheckIssuer, "issuer_unknown", nil)
	}
	k, ok := d.Key(v.proof.VerificationMethod)
	if !ok {
		return v.add(CheckIssuer, "issuer_key_unlisted", nil)
	}
	at, err := time.Parse(time.RFC3339, v.proof.Created)
	if err != nil || !k.inUse(at) {
		return v.add(CheckIssuer, "issuer_key_period", err)
	}
	return v.add(CheckIssuer, "issuer_ok", nil)
}

func (v *verifier) status(data []byte) bool {
	entry, any, err := v.header.revocationEntry()
	d, trusted := v.trust.issuers[v.header.Issuer]
	switch {
	case err != nil:
		return v.add(CheckStatus, "status_unknown", err)
	case !any:
		return v.add(CheckStatus, "status_none", nil)
	case data == nil:
		return v.add(CheckStatus, "status_missing", nil)
	case !trusted:
		return v.add(CheckStatus, "status_issuer", nil)
	}
	list, err := openStatus(data, d)
	if err != nil {
		return v.add(CheckStatus, "status_bad", err)
	}
	if list.ID != entry.List {
		return v.add(CheckStatus, "status_other_list", nil)
	}
	v.report.StatusAsOf = list.ValidFrom
	revoked, err := list.List.Revoked(entry.Index)
	switch {
	case err != nil:
		return v.add(CheckStatus, "status_bad", err)
	case revoked: // even by a list that is out of date: nothing is unrevoked
		return v.add(CheckStatus, "revoked", nil)
	case v.now.Before(list.ValidFrom) || !list.ValidUntil.IsZero() && !v.now.Before(list.ValidUntil):
		return v.add(CheckStatus, "status_stale", nil)
	}
	return v.add(CheckStatus, "status_ok", nil)
}

func (v *verifier) period() bool {
	switch {
	case v.now.Before(v.header.ValidFrom):
		return v.add(CheckPeriod, "not_yet_valid", nil)
	case !v.header.ValidUntil.IsZero() && !v.now.Before(v.header.ValidUntil):
		return v.add(CheckPeriod, "expired", nil)
	}
	return v.add(CheckPeriod, "period_ok", nil)
}

// log checks the proof against the record that the credential itself gives.
func (v *verifier) log(data []byte) (opened tlog.Opened, ok bool) {
	switch {
	case data == nil:
		return opened, v.add(CheckLog, "log_missing", nil)
	case len(v.trust.logs) == 0:
		return opened, v.add(CheckLog, "log_unpinned", nil)
	}
	p, err := tlog.ParseProof(data)
	if err != nil {
		return opened, v.add(CheckLog, "log_malformed", err)
	}
	origin, _, _ := strings.Cut(string(p.Checkpoint), "\n")
	log := v.trust.logs[origin]
	if log == nil {
		return opened, v.add(CheckLog, "log_other", nil)
	}
	leaf := tlog.Leaf{Kind: tlog.KindCredential, SHA256: v.document}
	opened, err = p.Verify(leaf.Record(), log, v.trust.cosigners...)
	if err != nil {
		return opened, v.add(CheckLog, "log_bad", err)
	}
	return opened, v.add(CheckLog, "log_ok", nil)
}

// anchor counts the cosigners of a checkpoint that was verified.
func (v *verifier) anchor(opened tlog.Opened, logged bool) bool {
	need := v.trust.spec.Anchors.Threshold
	switch {
	case !logged:
		return v.add(CheckAnchor, "not_reached", nil)
	case need == 0:
		return v.add(CheckAnchor, "anchor_unpinned", nil)
	}
	names := map[string]bool{} // a cosigner that signed twice counts once
	for _, c := range opened.Cosignatures {
		names[c.Name] = true
		if len(names) == need && v.report.AnchoredAt.IsZero() {
			v.report.AnchoredAt = c.Time
		}
	}
	if len(names) < need {
		return v.add(CheckAnchor, "anchor_few", nil)
	}
	return v.add(CheckAnchor, "anchor_ok", nil)
}
