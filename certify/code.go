package certify

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"strings"
)

// A Code is the short name of a certificate, for people who type: sixteen
// characters, printed in four groups as "7XQ2-0G4M-9TKR-W1BZ".
//
// The first fourteen are the first 70 bits of the hash of its log record
// ([tlog.Leaf], the hash of the canonical credential without its proof), in the
// base 32 of Douglas Crockford (https://www.crockford.com/base32.html), most
// significant first. So the code follows from what the certificate says: another
// certificate has another code, whoever has the credential can compute it, and
// it tells nothing of the person that the public log does not.
//
// The last two are check characters, as in the pure systems of ISO/IEC 7064 but
// with radix 32 and modulus 1021, the greatest prime below 32²: the sixteen
// characters read as a number are 1 modulo 1021. Every wrong character and every
// exchange of two characters is found, and of all other mistakes 1020 in 1021.
// (MOD 97-10 and MOD 1271-36 of the standard itself miss some, or need the
// letters that base 32 leaves out because they look like digits.)
type Code struct{ s string }

const (
	codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // no I, L, O, U
	codeModulus  = 1021
	codeLength   = 16
	codeBits     = 70
)

// A CodeError says what is wrong with a code that somebody typed.
type CodeError struct{ Zh, En string }

func (e *CodeError) Error() string { return e.En }

// Unwrap makes it one of the malformed.
func (e *CodeError) Unwrap() error { return ErrMalformed }

// CodeOf returns the code of the certificate whose canonical hash is given.
func CodeOf(hash [sha256.Size]byte) Code {
	n := new(big.Int).SetBytes(hash[:])
	n.Rsh(n, sha256.Size*8-codeBits)
	check := new(big.Int).Lsh(n, 10)
	check.Sub(big.NewInt(1), check)
	n.Lsh(n, 10).Or(n, check.Mod(check, big.NewInt(codeModulus)))
	var s [codeLength]byte
	for i := range s {
		s[i] = codeAlphabet[new(big.Int).Rsh(n, uint(5*(codeLength-1-i))).Uint64()&31]
	}
	return Code{string(s[:])}
}

// CodeOfCredential returns the code of a credential, signed or not, without
// looking at its proof.
func CodeOfCredential(credential []byte) (Code, error) {
	doc, err := parseObject(credential)
	if err != nil {
		return Code{}, err
	}
	quads, err := canonicalize(withoutProof(doc))
	if err != nil {
		return Code{}, err
	}
	return CodeOf(sha256.Sum256([]byte(quads))), nil
}

// ParseCode reads a code as people type it: in any case, with or without hyphens
// and spaces, in full-width characters of a Chinese keyboard too, with the
// letters O, I and L for the digits they look like. Errors are [CodeError].
func ParseCode(typed string) (Code, error) {
	var s strings.Builder
	length, wrong := 0, rune(-1)
	for _, r := range typed {
		if r > 0xff00 && r < 0xff5f { // full-width forms
			r -= 0xff00 - 0x20
		}
		if strings.ContainsRune(" -\u3000\u2010\u2011\u2012\u2013\u2014\u2212\t\r\n", r) {
			continue
		}
		length++
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		switch r {
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if wrong < 0 && !strings.ContainsRune(codeAlphabet, r) {
			wrong = r
		}
		if length <= codeLength {
			s.WriteRune(r)
		}
	}
	switch {
	case length == 0:
		return Code{}, &CodeError{"请输入核验码", "type the code"}
	case wrong >= 0:
		return Code{}, &CodeError{fmt.Sprintf("核验码只用数字和除 I、L、O、U 以外的字母，没有“%c”", wrong),
			fmt.Sprintf("codes are written in digits and letters other than I, L, O and U; there is no %q in any", wrong)}
	case length != codeLength:
		return Code{}, &CodeError{fmt.Sprintf("核验码共 %d 个字符，输入了 %d 个", codeLength, length),
			fmt.Sprintf("a code has %d characters; this has %d", codeLength, length)}
	}
	c := Code{s.String()}
	if c.remainder() != 1 {
		return Code{}, &CodeError{"核验码有误：校验字符不符，请对照证书重新输入", "the code is mistyped: its check characters do not match; compare it with the certificate"}
	}
	return c, nil
}

// remainder returns the code as a number, modulo the modulus.
func (c Code) remainder() int {
	n := 0
	for _, r := range c.s {
		n = (n*32 + strings.IndexRune(codeAlphabet, r)) % codeModulus
	}
	return n
}

// String returns the code as it is printed, in four groups.
func (c Code) String() string {
	if c.s == "" {
		return ""
	}
	return c.s[:4] + "-" + c.s[4:8] + "-" + c.s[8:12] + "-" + c.s[12:]
}

// Compact returns the code without hyphens, as it stands in addresses.
func (c Code) Compact() string { return c.s }

// Range returns the least and the greatest hash whose code is c, to look it up
// among hashes that are kept in order.
func (c Code) Range() (least, greatest [sha256.Size]byte) {
	n := new(big.Int)
	for _, r := range c.s[:codeLength-2] {
		n.Lsh(n, 5).Or(n, big.NewInt(int64(strings.IndexRune(codeAlphabet, r))))
	}
	const rest = sha256.Size*8 - codeBits
	n.Lsh(n, rest).FillBytes(least[:])
	ones := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), rest), big.NewInt(1))
	n.Or(n, ones).FillBytes(greatest[:])
	return least, greatest
}
