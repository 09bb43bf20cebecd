package oidc

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// pendingTTL is how long a log-in may take.
	pendingTTL = 10 * time.Minute

	keySize = 32

	// maxSealed bounds what is opened. A sealed Pending has some 300 letters,
	// and the longest subject, each byte escaped, 2200.
	maxSealed = 2560
)

// A Pending is a log-in that has begun. It is bound to one browser: it holds
// what nobody else is to know. The zero Pending finishes nothing.
type Pending struct {
	state    string // comes back with the browser: the answer is to our question
	nonce    string // comes back in the ID token: the token is for this log-in
	verifier string // of PKCE: only who began can use the code
	expires  time.Time
}

// String keeps the secrets out of logs.
func (p Pending) String() string { return "a log-in until " + p.expires.Format(time.RFC3339) }

// GoString keeps the secrets out of logs.
func (p Pending) GoString() string { return p.String() }

// newPending draws one.
func (p *Provider) newPending() (Pending, error) {
	n := Pending{expires: p.c.Now().UTC().Truncate(time.Second).Add(pendingTTL)}
	for _, field := range []*string{&n.state, &n.nonce, &n.verifier} {
		b := make([]byte, 32) // 43 letters, the least that RFC 7636, 4.1 allows
		if _, err := io.ReadFull(p.c.Random, b); err != nil {
			return Pending{}, fmt.Errorf("draw a log-in: %w", err)
		}
		*field = base64.RawURLEncoding.EncodeToString(b)
	}
	return n, nil
}

// expired reports whether n serves no more at t.
func (n Pending) expired(t time.Time) bool {
	return n.state == "" || n.nonce == "" || n.verifier == "" || !t.Before(n.expires)
}

// wirePending is a Pending as it is sealed.
type wirePending struct {
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Expires  int64  `json:"e"`
}

// Seal returns n encrypted, in letters that can stand in a cookie: AES-256-GCM
// under the key of the configuration. The cookie is to be HttpOnly, Secure and
// SameSite=Lax, and deleted when the log-in is finished.
func (p *Provider) Seal(n Pending) (string, error) {
	return p.seal(wirePending{n.state, n.nonce, n.verifier, n.expires.Unix()}, "pending")
}

// seal encrypts v as something of a kind.
func (p *Provider) seal(v any, kind string) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("seal a log-in: %w", err)
	}
	sealed := make([]byte, p.aead.NonceSize(), maxSealed)
	if _, err := io.ReadFull(p.c.Random, sealed); err != nil {
		return "", fmt.Errorf("seal a log-in: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(p.aead.Seal(sealed, sealed, plain, p.bound(kind))), nil
}

// Open undoes [Provider.Seal]. It refuses what was sealed under another key or
// for another provider or client, and what has expired.
func (p *Provider) Open(sealed string) (Pending, error) {
	var w wirePending
	if err := p.open(sealed, "pending", &w); err != nil {
		return Pending{}, err
	}
	n := Pending{w.State, w.Nonce, w.Verifier, time.Unix(w.Expires, 0).UTC()}
	if n.expired(p.c.Now()) {
		return Pending{}, expired()
	}
	return n, nil
}

// open undoes seal.
func (p *Provider) open(sealed, kind string, v any) error {
	if len(sealed) > maxSealed {
		return lost(errors.New("the cookie is too long"))
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if n := p.aead.NonceSize(); err != nil || len(b) < n {
		return lost(errors.New("the cookie is malformed"))
	}
	nonce, text := b[:p.aead.NonceSize()], b[p.aead.NonceSize():]
	plain, err := p.aead.Open(nil, nonce, text, p.bound(kind))
	if err != nil {
		return lost(errors.New("the cookie is damaged, or was sealed under another key"))
	}
	if err := json.Unmarshal(plain, v); err != nil {
		return lost(errors.New("the cookie holds no log-in"))
	}
	return nil
}

// wireIdentity is an Identity as it is sealed. Its issuer is the provider.
type wireIdentity struct {
	Subject string `json:"s"`
	Expires int64  `json:"e"`
}

// SealIdentity returns who logged in encrypted, in letters that can stand in a
// cookie, for as long as a log-in may take: until it is known whose account it
// is. What [Provider.Seal] says of the cookie holds for this one too.
func (p *Provider) SealIdentity(i Identity) (string, error) {
	return p.seal(wireIdentity{i.Subject, p.c.Now().Add(pendingTTL).Unix()}, "identity")
}

// OpenIdentity undoes [Provider.SealIdentity], and refuses what [Provider.Open]
// does.
func (p *Provider) OpenIdentity(sealed string) (Identity, error) {
	var w wireIdentity
	if err := p.open(sealed, "identity", &w); err != nil {
		return Identity{}, err
	}
	if w.Subject == "" || !p.c.Now().Before(time.Unix(w.Expires, 0)) {
		return Identity{}, expired()
	}
	return Identity{p.c.Issuer, w.Subject}, nil
}

// bound is what something sealed belongs to.
func (p *Provider) bound(kind string) []byte {
	return []byte("creditbank oidc " + kind + " 1\x00" + p.c.Issuer + "\x00" + p.c.ClientID + "\x00" + p.c.RedirectURL)
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != keySize {
		return nil, fmt.Errorf("the key of cookies has %d bytes, not %d", len(key), keySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("the key of cookies: %w", err)
	}
	return cipher.NewGCM(block)
}
