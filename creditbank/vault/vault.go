// Package vault seals personal data for a credit bank and finds people again
// without storing who they are.
//
//	master (32 bytes, kept outside the database)
//	  ├─ wrapping key ──► wraps one random key for each person
//	  │                        └─► seals that person's name and identity number
//	  └─ hashing key  ──► keyed hash of an identity number, to find the person
//
// Destroying a person's wrapped key makes everything sealed under it
// unreadable, in every copy and backup that does not hold the key: that is how
// a person is erased and the ledger stays.
//
// Each value names the suite that made it (see [Suite]), so that suites can be
// added and old values stay readable. Nothing here can be opened under a key,
// or for a purpose, other than the one it was made for.
package vault

import (
	"errors"
	"fmt"
	"io"

	"crypto/hkdf"
	"crypto/sha256"

	"creditbank/creditbank"
)

// MasterSize is the size of a master key in bytes.
const MasterSize = 32

// keySize is the size of every key derived or drawn here.
const keySize = 32

// The purposes a key serves. A purpose goes into the derivation of the bank's
// keys and is bound to what is sealed, so that a wrapped key is never taken for
// a sealed person.
const (
	purposeWrap   = "creditbank vault: wrap a person's key"
	purposePerson = "creditbank vault: seal under a person's key"
	purposeHash   = "creditbank vault: hash for finding a person"
)

var (
	// errSealed says no more than this on purpose: whether the data or the
	// key was wrong is nobody's business.
	errSealed = errors.New("sealed data is damaged, or was sealed under another key")

	errSuite = errors.New("sealed with an unknown suite")
)

// A Vault seals and unseals under keys derived from one master key. It may be
// used by several goroutines if its source of randomness may.
type Vault struct {
	suite  suite // of everything made from now on
	wrap   []byte
	hash   []byte
	random io.Reader
}

var _ creditbank.Vault = (*Vault)(nil)

// NewMaster draws a master key. Who loses it loses every name in the bank; who
// publishes it publishes them.
func NewMaster(random io.Reader) ([]byte, error) {
	master := make([]byte, MasterSize)
	if _, err := io.ReadFull(random, master); err != nil {
		return nil, fmt.Errorf("draw a master key: %w", err)
	}
	return master, nil
}

// New returns the vault of a master key. Keys and nonces are drawn from random,
// which must be fit for cryptography.
func New(master []byte, random io.Reader) (*Vault, error) {
	if len(master) != MasterSize {
		return nil, fmt.Errorf("a master key has %d bytes, not %d", MasterSize, len(master))
	}
	v := &Vault{suite: suites[SuiteAES], random: random}
	var err error
	if v.wrap, err = hkdf.Key(sha256.New, master, nil, purposeWrap, keySize); err != nil {
		return nil, fmt.Errorf("derive the wrapping key: %w", err)
	}
	if v.hash, err = hkdf.Key(sha256.New, master, nil, purposeHash, keySize); err != nil {
		return nil, fmt.Errorf("derive the hashing key: %w", err)
	}
	return v, nil
}

// NewKey draws the key of the person who is the given learner and returns it
// wrapped under the bank's own. It serves for that learner only: a row that was
// given another learner's key cannot be read.
func (v *Vault) NewKey(owner creditbank.LearnerID) (wrapped []byte, err error) {
	key := make([]byte, keySize)
	if _, err := io.ReadFull(v.random, key); err != nil {
		return nil, fmt.Errorf("draw a key: %w", err)
	}
	return v.seal(v.wrap, key, wrapping(owner))
}

// Seal encrypts plain under the person's key. Sealing the same twice gives
// different bytes.
func (v *Vault) Seal(owner creditbank.LearnerID, wrapped, plain []byte) ([]byte, error) {
	key, err := v.unwrap(owner, wrapped)
	if err != nil {
		return nil, err
	}
	return v.seal(key, plain, purposePerson)
}

// Unseal decrypts what [Vault.Seal] made under the same key. An error means
// that the data is damaged or the key is another.
func (v *Vault) Unseal(owner creditbank.LearnerID, wrapped, sealed []byte) ([]byte, error) {
	key, err := v.unwrap(owner, wrapped)
	if err != nil {
		return nil, err
	}
	plain, err := open(key, sealed, purposePerson)
	if err != nil {
		return nil, fmt.Errorf("unseal: %w", err)
	}
	return plain, nil
}

// Hash returns a keyed hash of value. The same value gives the same hash for
// ever; another kind, another hash. Without the master key it cannot be
// guessed, although identity numbers are few.
func (v *Vault) Hash(kind, value string) string {
	return v.suite.mac(v.hash, kind, value)
}

// wrapping returns what a wrapped key is bound to.
func wrapping(owner creditbank.LearnerID) string { return purposeWrap + "\x00" + string(owner) }

func (v *Vault) unwrap(owner creditbank.LearnerID, wrapped []byte) ([]byte, error) {
	key, err := open(v.wrap, wrapped, wrapping(owner))
	if err != nil {
		return nil, fmt.Errorf("unwrap a person's key: %w", err)
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("unwrap a person's key: %w", errSealed)
	}
	return key, nil
}

// seal returns the name of the suite followed by what it made of plain.
func (v *Vault) seal(key, plain []byte, purpose string) ([]byte, error) {
	aead, err := v.suite.aead(key)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	n := 1 + aead.NonceSize()
	sealed := make([]byte, n, n+len(plain)+aead.Overhead())
	sealed[0] = byte(v.suite.name())
	if _, err := io.ReadFull(v.random, sealed[1:n]); err != nil {
		return nil, fmt.Errorf("draw a nonce: %w", err)
	}
	return aead.Seal(sealed, sealed[1:n], plain, bound(v.suite.name(), purpose)), nil
}

// open undoes seal, with the suite that the data names.
func open(key, sealed []byte, purpose string) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, errSealed
	}
	s, ok := suites[Suite(sealed[0])]
	if !ok {
		return nil, errSuite
	}
	aead, err := s.aead(key)
	if err != nil {
		return nil, err
	}
	n := 1 + aead.NonceSize()
	if len(sealed) < n {
		return nil, errSealed
	}
	plain, err := aead.Open(nil, sealed[1:n], sealed[n:], bound(s.name(), purpose))
	if err != nil {
		return nil, errSealed
	}
	return plain, nil
}

// bound returns the associated data: what is sealed can be opened for this
// purpose and by this suite only.
func bound(name Suite, purpose string) []byte {
	return append([]byte(purpose), 0, byte(name))
}
