package certify

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/mr-tron/base58"
)

// WebDID returns the did:web of an issuer: a host, with its port if that is not
// 443, and path elements (https://w3c-ccg.github.io/did-method-web/). Use a
// path: some verifiers get a port without one wrong.
func WebDID(host string, path ...string) (string, error) {
	did := "did:web:" + strings.ReplaceAll(host, ":", "%3A")
	for _, p := range path {
		did += ":" + p
	}
	if strings.Contains(host, "%") || !webDID.MatchString(did) {
		return "", fmt.Errorf("%w: did:web of host %.100q, path %.100q", ErrMalformed, host, path)
	}
	return did, nil
}

var webDID = regexp.MustCompile(`^did:web:[a-z0-9]([a-z0-9.-]*[a-z0-9])?(%3A[0-9]{1,5})?(:[A-Za-z0-9._-]+)*$`)

// DocumentURL returns where the document of a did:web is to be served.
func DocumentURL(did string) (string, error) {
	if !webDID.MatchString(did) {
		return "", fmt.Errorf("%w: not a did:web: %.200q", ErrMalformed, did)
	}
	parts := strings.Split(strings.TrimPrefix(did, "did:web:"), ":")
	host := strings.ReplaceAll(parts[0], "%3A", ":")
	path := "/.well-known"
	if len(parts) > 1 {
		path = "/" + strings.Join(parts[1:], "/")
	}
	return (&url.URL{Scheme: "https", Host: host, Path: path + "/did.json"}).String(), nil
}

// isDID reports whether an issuer is named in a way this package can check.
func isDID(s string) bool {
	if webDID.MatchString(s) {
		return true
	}
	key, ok := strings.CutPrefix(s, "did:key:")
	_, err := parseMultikey(key)
	return ok && err == nil
}

// A Key is an Ed25519 key of an issuer and when it was in use. From and Until
// are not part of a DID document, which has no history; they stand in the
// [Trust] file, so that a key that was retired, or stolen, can be believed for
// the years before and not after. The zero time means no bound.
//
// The period is held against the signature's own date, which a thief can
// write as he likes. What he cannot do is log it in the past.
type Key struct {
	ID          string // DID URL: "did:web:credits.example.edu:issuers:bank#key-1"
	Public      ed25519.PublicKey
	From, Until time.Time
}

// inUse reports whether a signature of a time may be by the key.
func (k Key) inUse(t time.Time) bool { return within(k.From, k.Until, t) }

// A DIDDocument says which keys an issuer signs with. Keys are added and never
// removed: certificates outlive them.
type DIDDocument struct {
	ID     string
	Keys   []Key
	Tokens []TokenKey // of the forms that are tokens; optional
}

// Key returns the key of an id.
func (d DIDDocument) Key(id string) (Key, bool) {
	for _, k := range d.Keys {
		if k.ID == id {
			return k, true
		}
	}
	return Key{}, false
}

// check says whether the document is one that this package writes.
func (d DIDDocument) check() error {
	if !isDID(d.ID) || len(d.Keys) == 0 {
		return fmt.Errorf("%w: DID document of %.200q with %d keys", ErrMalformed, d.ID, len(d.Keys))
	}
	for i, k := range d.Keys {
		if !strings.HasPrefix(k.ID, d.ID+"#") || !validIRI(k.ID) || len(k.Public) != ed25519.PublicKeySize {
			return fmt.Errorf("%w: key %.200q of %s", ErrMalformed, k.ID, d.ID)
		}
		if first, _ := d.Key(k.ID); !bytes.Equal(first.Public, d.Keys[i].Public) {
			return fmt.Errorf("%w: two keys %.200q", ErrMalformed, k.ID)
		}
	}
	return d.checkTokens()
}

// checkTokens says whether the keys of tokens are such, each under a name of its
// own.
func (d DIDDocument) checkTokens() error {
	names := map[string]bool{}
	for _, k := range d.Tokens {
		if _, ok := d.Key(k.ID); ok || names[k.ID] {
			return fmt.Errorf("%w: two keys %.200q", ErrMalformed, k.ID)
		}
		if names[k.ID] = true; !strings.HasPrefix(k.ID, d.ID+"#") || !validIRI(k.ID) || k.Suite() == "" {
			return fmt.Errorf("%w: key %.200q of %s", ErrMalformed, k.ID, d.ID)
		}
	}
	return nil
}

type didDocument struct {
	Context            []string             `json:"@context"`
	ID                 string               `json:"id"`
	VerificationMethod []verificationMethod `json:"verificationMethod"`
	AssertionMethod    []string             `json:"assertionMethod"`
}

type verificationMethod struct {
	ID                 string `json:"id"`
	Type               string `json:"type"`
	Controller         string `json:"controller"`
	PublicKeyMultibase string `json:"publicKeyMultibase,omitempty"`
	PublicKeyJWK       *jwk   `json:"publicKeyJwk,omitempty"`
}

// wire returns the document as it is published. assertionMethod holds strings:
// some verifiers do not read objects there.
func (d DIDDocument) wire() (didDocument, error) {
	if err := d.check(); err != nil {
		return didDocument{}, err
	}
	w := didDocument{Context: []string{ctxDID, ctxMultikey}, ID: d.ID}
	for _, k := range d.Keys {
		w.VerificationMethod = append(w.VerificationMethod, verificationMethod{k.ID, "Multikey", d.ID, multikey(k.Public), nil})
		w.AssertionMethod = append(w.AssertionMethod, k.ID)
	}
	if len(d.Tokens) > 0 {
		w.Context = append(w.Context, ctxJWK)
	}
	for _, k := range d.Tokens {
		key, err := k.jwk()
		if err != nil {
			return didDocument{}, err
		}
		w.VerificationMethod = append(w.VerificationMethod, verificationMethod{k.ID, "JsonWebKey", d.ID, "", &key})
		w.AssertionMethod = append(w.AssertionMethod, k.ID)
	}
	return w, nil
}

// JSON returns the document as served at [DocumentURL], as application/did+json.
func (d DIDDocument) JSON() ([]byte, error) {
	w, err := d.wire()
	if err != nil {
		return nil, err
	}
	return encode(w)
}

// ParseDIDDocument reads a DID document. It takes the Ed25519 Multikeys and the
// JsonWebKeys of RSA and P-256 that are listed in assertionMethod and controlled by the document's own id; keys
// of other kinds, for other purposes or of other controllers are left out,
// since they may not sign our certificates. A revoked key is left out too; one
// that expires has that as its Until.
func ParseDIDDocument(data []byte) (DIDDocument, error) {
	obj, err := parseObject(data)
	if err != nil {
		return DIDDocument{}, fmt.Errorf("DID document: %w", err)
	}
	return didDocumentOf(obj)
}

func didDocumentOf(obj map[string]any) (DIDDocument, error) {
	id, err := text(obj, "id")
	if err != nil {
		return DIDDocument{}, fmt.Errorf("DID document: %w", err)
	}
	d := DIDDocument{ID: id}
	for _, v := range asList(obj["verificationMethod"]) {
		m, _ := v.(map[string]any)
		keyID, _ := m["id"].(string)
		if m["controller"] != id || m["revoked"] != nil || !contains(obj["assertionMethod"], keyID) {
			continue
		}
		var until time.Time
		if m["expires"] != nil {
			if until, err = time.Parse(time.RFC3339, fmt.Sprint(m["expires"])); err != nil {
				return DIDDocument{}, fmt.Errorf("%w: expires of %.200s", ErrMalformed, keyID)
			}
		}
		d.take(m, keyID, until)
	}
	return d, d.check()
}

// take adds the key of a verification method, if it is one that may sign our
// certificates.
func (d *DIDDocument) take(m map[string]any, keyID string, until time.Time) {
	switch m["type"] {
	case "Multikey":
		encoded, _ := m["publicKeyMultibase"].(string)
		if key, err := parseMultikey(encoded); err == nil {
			d.Keys = append(d.Keys, Key{ID: keyID, Public: key, Until: until})
		}
	case "JsonWebKey":
		encoded, _ := m["publicKeyJwk"].(map[string]any)
		if key, err := parseJWK(encoded); err == nil {
			d.Tokens = append(d.Tokens, TokenKey{ID: keyID, Public: key, Until: until})
		}
	}
}

// multikey encodes a key: base58btc of the multicodec prefix ed 01 and the key
// (https://www.w3.org/TR/cid-1.0/#Multikey).
func multikey(key ed25519.PublicKey) string {
	return "z" + base58.Encode(append([]byte{0xed, 0x01}, key...))
}

// parseMultikey decodes an Ed25519 key. The length is checked since Verify of
// crypto/ed25519 panics on others.
func parseMultikey(s string) (ed25519.PublicKey, error) {
	rest, ok := strings.CutPrefix(s, "z")
	if !ok || len(s) > 64 {
		return nil, fmt.Errorf("%w: multikey %.80q", ErrMalformed, s)
	}
	data, err := base58.Decode(rest)
	if err != nil || len(data) != 2+ed25519.PublicKeySize || data[0] != 0xed || data[1] != 0x01 || multikey(data[2:]) != s {
		return nil, fmt.Errorf("%w: multikey %.80q", ErrMalformed, s)
	}
	return data[2:], nil
}
