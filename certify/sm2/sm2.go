// Package sm2 signs certificates with SM2 and SM3, the signature and the hash of
// GB/T 32918 and GB/T 32905, where the law or a ministry asks for them.
//
// Its proof stands beside the one that every certificate has:
//
//	signed, err := prepared.Sign(ed25519Signer, when, sm2Signer)
//
// Verifiers that do not know it leave it aside, package certify among them; this
// package's [Verify] looks at nothing else. The suite has no specification of
// others. It is eddsa-rdfc-2022 with another signature: of SM2 with SM3, over
// the same 64 bytes, with the default user id of GM/T 0009, r and s side by side.
//
// The package also shows that a suite can be added without a change to package
// certify: a key in a hardware module, or in a service of keys, is a
// [certify.Signer] in the same way.
package sm2

import (
	"crypto/ecdsa"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/emmansun/gmsm/sm2"

	"creditbank/certify"
)

// Suite is the name of the suite in proofs.
const Suite certify.Suite = "sm2-rdfc-2026"

const half = 32 // bytes of r and of s

// NewSigner returns a signer of a key of SM2. Randomness of the signatures is
// drawn from random: unlike those of package certify they differ each time.
func NewSigner(keyID string, key *sm2.PrivateKey, random io.Reader) (certify.Signer, error) {
	if did, name, ok := strings.Cut(keyID, "#"); !ok || !strings.HasPrefix(did, "did:") || name == "" {
		return nil, fmt.Errorf("SM2 signer: %w: key %.200q", certify.ErrMalformed, keyID)
	}
	if key == nil || key.D == nil || !sm2.IsSM2PublicKey(&key.PublicKey) {
		return nil, fmt.Errorf("SM2 signer %s: %w: not a key of SM2", keyID, certify.ErrMalformed)
	}
	return signer{keyID, key, random}, nil
}

type signer struct {
	id     string
	key    *sm2.PrivateKey
	random io.Reader
}

func (s signer) KeyID() string        { return s.id }
func (s signer) Suite() certify.Suite { return Suite }

func (s signer) Sign(message []byte) ([]byte, error) {
	r, v, err := sm2.SignWithSM2(s.random, &s.key.PrivateKey, nil, message)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 2*half)
	r.FillBytes(out[:half])
	v.FillBytes(out[half:])
	return out, nil
}

// Verify checks the SM2 proof of a certificate in JSON: that the key of this id
// signed it. Whether the key is the issuer's, and everything else, is for
// [certify.Verify] to say. ErrUnknown if there is no such proof, or two.
func Verify(credential []byte, keyID string, key *ecdsa.PublicKey) error {
	if key == nil || !sm2.IsSM2PublicKey(key) {
		return fmt.Errorf("SM2 proof: %w: not a key of SM2", certify.ErrMalformed)
	}
	p, err := certify.ProofOf(credential, Suite)
	if err != nil {
		return fmt.Errorf("SM2 proof: %w", err)
	}
	if p.KeyID != keyID {
		return fmt.Errorf("SM2 proof: %w: by %.200q, not %s", certify.ErrSignature, p.KeyID, keyID)
	}
	if len(p.Signature) != 2*half {
		return fmt.Errorf("SM2 proof: %w: %d bytes", certify.ErrSignature, len(p.Signature))
	}
	r, s := new(big.Int).SetBytes(p.Signature[:half]), new(big.Int).SetBytes(p.Signature[half:])
	if !sm2.VerifyWithSM2(key, nil, p.Message, r, s) {
		return fmt.Errorf("SM2 proof: %w: by %s", certify.ErrSignature, keyID)
	}
	return nil
}
