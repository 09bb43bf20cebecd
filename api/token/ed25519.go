package token

import (
	"errors"
	"math/big"
	"slices"
)

// checkEd25519 reports whether 32 bytes are a public key that nobody but its
// owner can sign for: a point of edwards25519 (RFC 8032, 5.1.3), written in its
// one form, and not of small order. Under a key of small order one signature
// fits every eighth message, or every message. The standard library does the
// arithmetic when a signature is checked, and exports none of it.
func checkEd25519(key []byte) error {
	one := big.NewInt(1)
	p := new(big.Int).Lsh(one, 255) // 2^255 - 19
	p.Sub(p, big.NewInt(19))
	d := new(big.Int).ModInverse(big.NewInt(121666), p) // -121665/121666
	d.Mul(d, big.NewInt(-121665)).Mod(d, p)

	b := slices.Clone(key)
	slices.Reverse(b) // it is little-endian
	b[0] &= 0x7f      // the sign of x
	y := new(big.Int).SetBytes(b)
	if y.Cmp(p) >= 0 {
		return errors.New("x is no Ed25519 key: not in its one form")
	}

	// -x² + y² = 1 + d·x²·y², so x² = u/v with u = y²-1, v = d·y²+1. v is not
	// zero, and u/v is a square if and only if u·v is.
	yy := new(big.Int).Mul(y, y)
	yy.Mod(yy, p)
	u := new(big.Int).Sub(yy, one)
	v := new(big.Int).Mul(d, yy)
	dyyyy := new(big.Int).Mul(v, yy)
	v.Add(v, one)
	uv := new(big.Int).Mul(u, v)
	if big.Jacobi(uv.Mod(uv, p), p) < 0 {
		return errors.New("x is no Ed25519 key: no point of the curve")
	}

	// The order divides 8 if y is ±1 (1, 2), or 0 (4), or if doubling gives
	// y = 0, which means x² = -y² (8): then the curve says d·y⁴ + 2y² = 1.
	eight := dyyyy.Add(dyyyy, new(big.Int).Lsh(yy, 1))
	if yy.Sign() == 0 || yy.Cmp(one) == 0 || eight.Mod(eight, p).Cmp(one) == 0 {
		return errors.New("x is no Ed25519 key: a point of small order")
	}
	return nil
}
