package keyfile

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"creditbank/certify"
	"creditbank/certify/issuance"
)

// rsaBits is the size of RSA keys: those of certificates outlive 2030, when 2048
// bits are to be given up (NIST SP 800-57, part 1).
const rsaBits = 3072

// token returns the private key of tokens.
func (k key) token() (crypto.Signer, error) {
	if k.parsed != nil {
		return k.parsed, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(k.PKCS8)
	if err != nil {
		return nil, errors.New("not a key of PKCS #8") // the cause could quote the key
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, errors.New("not a key that signs")
	}
	s, err := certify.NewTokenSigner(k.ID, signer)
	if err != nil {
		return nil, err
	}
	if of, _, ok := splitKeyID(k.ID); !ok || s.Suite() != of.suite {
		return nil, fmt.Errorf("key %s is of %s", k.ID, s.Suite())
	}
	return signer, nil
}

// signer returns the signer of a key of an issuer.
func (k key) signer() (certify.Signer, error) {
	if k.PKCS8 == nil {
		return certify.NewSigner(k.ID, k.private())
	}
	private, err := k.token()
	if err != nil {
		return nil, err
	}
	return certify.NewTokenSigner(k.ID, private)
}

// Token implements [issuance.Keyring].
func (f *Folder) Token(_ context.Context, did string, suite certify.Suite, at time.Time) (certify.Signer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.load(); err != nil {
		return nil, err
	}
	of := series{did, suite}
	if len(f.issuers[did]) == 0 || suite != certify.RS256 && suite != certify.ES256 {
		return nil, fmt.Errorf("key of %s for %s: %w", did, suite, issuance.ErrNoKey)
	}
	if len(f.tokens[of]) == 0 {
		if err := f.addToken(of, 1, time.Time{}); err != nil {
			return nil, err
		}
	}
	// See Current.
	if _, err := os.Lstat(filepath.Join(f.dir, fileName(tokenPrefix, of.id(len(f.tokens[of])+1)))); err == nil {
		if err := f.reload(time.Time{}); err != nil {
			return nil, err
		}
	}
	for _, k := range slices.Backward(f.tokens[of]) {
		if !k.From.After(at) {
			return k.signer()
		}
	}
	return nil, fmt.Errorf("issuer %s has no key of %s for %s", did, suite, at)
}

// RotateToken is [Folder.Rotate] for the keys of tokens.
func (f *Folder) RotateToken(_ context.Context, did string, suite certify.Suite, from time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.load(); err != nil {
		return err
	}
	of := series{did, suite}
	keys := f.tokens[of]
	if len(keys) == 0 {
		return fmt.Errorf("rotate the key of %s for %s: %w", did, suite, issuance.ErrNoKey)
	}
	from = from.UTC().Truncate(time.Second)
	if !from.After(keys[len(keys)-1].From) {
		return fmt.Errorf("rotate the key of %s for %s: %w: from %s", did, suite, issuance.ErrKeyLater, keys[len(keys)-1].From)
	}
	return f.addToken(of, len(keys)+1, from)
}

// addToken makes the n-th key of a series.
func (f *Folder) addToken(of series, n int, from time.Time) error {
	private, err := drawToken(of.suite, f.random)
	if err != nil {
		return fmt.Errorf("draw a key of %s: %w", of.suite, err)
	}
	k := key{Version: 1, ID: of.id(n)}
	if !from.IsZero() {
		k.From = from.UTC()
	}
	if k.PKCS8, err = x509.MarshalPKCS8PrivateKey(private); err != nil {
		return fmt.Errorf("encode a key of %s: %w", of.suite, err)
	}
	if _, err := k.token(); err != nil {
		return err
	}
	if k, err = create(f.dir, fileName(tokenPrefix, k.ID), k); err != nil {
		return err
	}
	f.tokens[of] = append(f.tokens[of], k)
	return order(f.tokens[of])
}

func drawToken(suite certify.Suite, random io.Reader) (crypto.Signer, error) {
	if suite == certify.RS256 {
		return rsa.GenerateKey(random, rsaBits)
	}
	return ecdsa.GenerateKey(elliptic.P256(), random)
}

// published returns the keys of tokens of an issuer as its document has them.
func (f *Folder) published(did string) ([]certify.TokenKey, error) {
	var all []certify.TokenKey
	for _, suite := range []certify.Suite{certify.RS256, certify.ES256} {
		keys := f.tokens[series{did, suite}]
		for i, k := range keys {
			private, err := k.token()
			if err != nil {
				return nil, err
			}
			p := certify.TokenKey{ID: k.ID, Public: private.Public(), From: k.From}
			if i+1 < len(keys) {
				p.Until = keys[i+1].From
			}
			all = append(all, p)
		}
	}
	return all, nil
}
