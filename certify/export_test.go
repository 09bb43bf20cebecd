package certify

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
)

// Doors to unexported names, for tests only.
var (
	Canonicalize = canonicalize
	LibraryQuads = libraryQuads
	OwnQuads     = ownQuads
	ParseObject  = parseObject
	CheckNumber  = checkNumber
	SortsAlike   = sortsAlike
	AbsoluteIRI  = absoluteIRI
	PlainURL     = plainURL
	Codes        = func() map[string]Result {
		m := map[string]Result{}
		for code, c := range codes {
			m[code] = c.result
		}
		return m
	}
)

// ProofConfigs returns the canonical configuration of a proof as this package
// writes it and as the library makes it.
func ProofConfigs(created, method string) (own, library string, err error) {
	p := proof{Cryptosuite: cryptosuite, Created: created, VerificationMethod: method}
	if own, err = p.config(); err != nil {
		return "", "", err
	}
	doc := map[string]any{
		"@context": []any{ctxCredentials, ctxOpenBadges, ctxExtensions}, "type": "DataIntegrityProof", "cryptosuite": cryptosuite,
		"verificationMethod": method, "proofPurpose": "assertionMethod",
	}
	if created != "" {
		doc["created"] = created
	}
	library, err = canonicalize(doc)
	return own, library, err
}

// VerifyForeign checks only the signature of a document whose key stands in
// the last part of its verification method, as in the fixtures of 1EdTech.
func VerifyForeign(data []byte) error {
	doc, err := parseObject(data)
	if err != nil {
		return err
	}
	if _, err := readHeader(doc); err != nil {
		return err
	}
	p, err := proofOf(doc)
	if err != nil {
		return err
	}
	vm := p.VerificationMethod
	key, err := parseMultikey(vm[max(strings.LastIndexAny(vm, "#:"), -1)+1:])
	if err != nil {
		return fmt.Errorf("not an Ed25519 key: %w", err)
	}
	quads, err := canonicalize(withoutProof(doc))
	if err != nil {
		return err
	}
	return p.verify(key, sha256.Sum256([]byte(quads)))
}

// SignAs signs a credential with any key under any key id: what a forger does.
func SignAs(p *Prepared, keyID string, key ed25519.PrivateKey, at time.Time) []byte {
	signed, err := addProof(p.unsigned, p.hash, at, memorySigner{keyID, key})
	if err != nil {
		panic(err)
	}
	return signed
}

// DIDKey returns the key id of a did:key.
func DIDKey(key ed25519.PrivateKey) string {
	k := multikey(key.Public().(ed25519.PublicKey))
	return "did:key:" + k + "#" + k
}
