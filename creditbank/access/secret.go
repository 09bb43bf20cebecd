package access

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"creditbank/creditbank"
)

// A Secret is what is known of a client's secret: everything but the secret.
type Secret struct {
	ID      string    `json:"id"`
	Added   time.Time `json:"added"`
	Expires time.Time `json:"expires"`
}

// secretBody is a secret as it stands in the record of its client.
type secretBody struct {
	Secret
	Hash []byte `json:"hash"` // SHA-256, see secretSize
}

// A PublicKey is a key with which a client signs (RFC 7523, private_key_jwt).
type PublicKey struct {
	KID string          `json:"kid"`
	JWK json.RawMessage `json:"jwk"` // RFC 7517
}

const (
	maxSecrets = 2 // so that they can be rotated
	secretLife = 365 * 24 * time.Hour
	maxKeys    = 8
	maxJWK     = 8 << 10
)

// SecretID returns the id of a secret, as [Secret] has it.
func SecretID(secret string) string {
	hash := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(hash[:4])
}

// AddSecret gives the client one more secret, which is shown this once: to a
// repeated request the answer is "". It is valid for a year where no expiry is
// named. A client has at most two that are valid.
func (r *Registry) AddSecret(ctx context.Context, by By, id string, named time.Time) (secret string, err error) {
	named = named.UTC().Truncate(time.Microsecond)
	_, again, err := r.changeClientRecord(ctx, by, id, "secret added", named, func(b *clientBody, at time.Time) error {
		expires := named
		if expires.IsZero() {
			expires = at.Add(secretLife)
		}
		if !expires.After(at) {
			return creditbank.Invalid(creditbank.CodeMalformed, "expires", "有效期应在将来", "the expiry lies in the past")
		}
		if len(b.Secrets) >= maxSecrets {
			return creditbank.Conflict(creditbank.CodeState, "secret", "该客户端已有两个有效密钥，请先移除一个", "the client has two valid secrets: remove one first")
		}
		drawn, hash, err := r.drawSecret()
		if err != nil {
			return err
		}
		secret = drawn
		b.Secrets = append(b.Secrets, secretBody{Secret{hex.EncodeToString(hash[:4]), at, expires}, hash[:]})
		return nil
	})
	if err != nil || again {
		return "", err
	}
	return secret, nil
}

// RemoveSecret has a secret of the client refused from now on.
func (r *Registry) RemoveSecret(ctx context.Context, by By, id, secret string) (Client, error) {
	return r.changeClient(ctx, by, id, "secret removed", secret, func(b *clientBody, _ time.Time) error {
		n := len(b.Secrets)
		b.Secrets = slices.DeleteFunc(b.Secrets, func(s secretBody) bool { return s.ID == secret })
		if len(b.Secrets) == n {
			return unknown("secret")
		}
		return nil
	})
}

// CheckSecret returns the client if the secret is one of its own. Every failure
// is the same error.
func (r *Registry) CheckSecret(ctx context.Context, id, secret string) (Client, error) {
	rec, body, err := load[clientBody](ctx, r, KindClient, id)
	if err != nil {
		return Client{}, err
	}
	at, hash, found := r.now(), sha256.Sum256([]byte(secret)), 0
	for _, s := range valid(body.Secrets, at) {
		found |= subtle.ConstantTimeCompare(hash[:], s.Hash)
	}
	if rec.Version == 0 || found == 0 || body.Disabled {
		return Client{}, clientRefused()
	}
	return body.client(rec, at), nil
}

// AddKey gives the client a key. Only its shape is checked: who takes signatures
// parses it.
func (r *Registry) AddKey(ctx context.Context, by By, id string, key PublicKey) (Client, error) {
	if err := key.check(); err != nil {
		return Client{}, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, key.JWK); err != nil {
		return Client{}, badKey()
	}
	key.JWK = compact.Bytes()
	return r.changeClient(ctx, by, id, "key added", key, func(b *clientBody, _ time.Time) error {
		if slices.ContainsFunc(b.Keys, func(k PublicKey) bool { return k.KID == key.KID }) {
			return creditbank.Conflict(creditbank.CodeDuplicate, "kid", "该客户端已有同名公钥", "the client has a key of this kid")
		}
		if len(b.Keys) >= maxKeys {
			return creditbank.Conflict(creditbank.CodeState, "key", "该客户端的公钥过多，请先移除一个", "the client has too many keys: remove one first")
		}
		b.Keys = append(b.Keys, key)
		return nil
	})
}

// RemoveKey has signatures under the client's key refused from now on.
func (r *Registry) RemoveKey(ctx context.Context, by By, id, kid string) (Client, error) {
	return r.changeClient(ctx, by, id, "key removed", kid, func(b *clientBody, _ time.Time) error {
		n := len(b.Keys)
		b.Keys = slices.DeleteFunc(b.Keys, func(k PublicKey) bool { return k.KID == kid })
		if len(b.Keys) == n {
			return unknown("kid")
		}
		return nil
	})
}

// check reports a key that is none, or not a public one.
func (k PublicKey) check() error {
	if err := checkText("kid", k.KID, 128); err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if len(k.JWK) > maxJWK || json.Unmarshal(k.JWK, &members) != nil {
		return badKey()
	}
	var kty, kid string
	if json.Unmarshal(members["kty"], &kty) != nil || !slices.Contains([]string{"OKP", "EC", "RSA"}, kty) {
		return badKey()
	}
	if named, ok := members["kid"]; ok && (json.Unmarshal(named, &kid) != nil || kid != k.KID) {
		return badKey()
	}
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if _, ok := members[private]; ok {
			return creditbank.Invalid(creditbank.CodeMalformed, "jwk", "这是私钥：请只提交公钥，并更换该密钥", "this is a private key: send the public one, and replace this key")
		}
	}
	return nil
}

func badKey() error {
	return creditbank.Invalid(creditbank.CodeMalformed, "jwk", "不是公钥（JWK，类型 OKP、EC 或 RSA，kid 一致）", "is no public key (a JWK of type OKP, EC or RSA, with the same kid)")
}
