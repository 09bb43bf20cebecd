package creditbank

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// A Credits is an amount of credit (学分), counted in hundredths so that sums
// are exact. Like [time.Duration] it is made by multiplying a unit:
//
//	award := 3*Credit + 50*Centicredit // 3.5 credits
//
// What one credit stands for (16, 18, 30 hours of study) is for a rule to say.
type Credits int64

// Units of credit.
const (
	Centicredit Credits = 1
	Credit              = 100 * Centicredit
)

// ParseCredits parses a decimal such as "3", "3.5" or "-0.25". It rejects
// exponents, signs other than a leading minus, and a third decimal: rounding
// happens only where a rule names it.
func ParseCredits(s string) (Credits, error) {
	n, err := parseFixed(s, 2)
	return Credits(n), err
}

// String returns c with one decimal at least and no further trailing zeros:
// "4.0", "2.5", "0.25".
func (c Credits) String() string { return formatFixed(int64(c), 2, 1) }

// Add returns c+d, and false if the sum does not fit.
func (c Credits) Add(d Credits) (Credits, bool) {
	s := c + d
	return s, (s > c) == (d > 0)
}

// MarshalText implements [encoding.TextMarshaler]: credits cross every
// boundary as decimal strings, never as floating-point numbers.
func (c Credits) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (c *Credits) UnmarshalText(text []byte) (err error) {
	*c, err = ParseCredits(string(text))
	return err
}

// An Hours is an amount of learning time (学时), counted in hundredths of an
// academic hour.
type Hours int64

// Hour is one academic hour.
const Hour Hours = 100

// ParseHours parses a decimal of at most two places, such as "16" or "1.5".
func ParseHours(s string) (Hours, error) {
	n, err := parseFixed(s, 2)
	return Hours(n), err
}

// String returns h without trailing zeros: "16", "1.5".
func (h Hours) String() string { return formatFixed(int64(h), 2, 0) }

// MarshalText implements [encoding.TextMarshaler].
func (h Hours) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (h *Hours) UnmarshalText(text []byte) (err error) {
	*h, err = ParseHours(string(text))
	return err
}

// A Ratio is an exact share, counted in ten-thousandths: "0.80" is 8000.
type Ratio int64

// One is the ratio of equals.
const One Ratio = 10000

// ParseRatio parses a decimal of at most four places, such as "0.8".
func ParseRatio(s string) (Ratio, error) {
	n, err := parseFixed(s, 4)
	return Ratio(n), err
}

// String returns r without trailing zeros.
func (r Ratio) String() string { return formatFixed(int64(r), 4, 0) }

// MarshalText implements [encoding.TextMarshaler].
func (r Ratio) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (r *Ratio) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRatio(string(text))
	return err
}

// Of returns the share r of c. What lies beyond the hundredth of a credit is
// dropped: a cap is never passed by rounding it up.
func (r Ratio) Of(c Credits) Credits {
	return Credits(MulDiv(int64(c), int64(r), int64(One)))
}

// MulDiv returns a*b/c rounded towards minus infinity, for c > 0 and a, b >= 0.
// The product may exceed 64 bits; a quotient that does becomes
// [math.MaxInt64], which is above every amount a bank can hold.
func MulDiv(a, b, c int64) int64 {
	if a < 0 || b < 0 || c <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi >= uint64(c) {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, uint64(c))
	return int64(min(q, math.MaxInt64))
}

// parseFixed parses a decimal of at most places decimals into an integer of
// units of the last place. Its error is an [InputError].
func parseFixed(s string, places int) (int64, error) {
	digits, neg := strings.CutPrefix(s, "-")
	whole, frac, dot := strings.Cut(digits, ".")
	if whole == "" || (dot && frac == "") || strings.ContainsFunc(whole+frac, notDigit) {
		return 0, malformed(s, "不是小数，如 4 或 2.5", "is no decimal such as 4 or 2.5")
	}
	if len(frac) > places {
		return 0, malformed(s, fmt.Sprintf("最多%d位小数", places), fmt.Sprintf("has more than %d decimals", places))
	}
	n, err := strconv.ParseInt(whole+frac+strings.Repeat("0", places-len(frac)), 10, 64)
	if err != nil {
		return 0, malformed(s, "数值过大", "is too large")
	}
	if neg {
		n = -n
	}
	return n, nil
}

// malformed says what is wrong with a text. Long ones are cut, since they may be
// anything.
func malformed(s, zh, en string) error {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return Invalid(CodeMalformed, "", "“"+s+"”"+zh, fmt.Sprintf("%q %s", s, en))
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

// formatFixed writes n, in units of places decimals, with atLeast of them.
func formatFixed(n int64, places, atLeast int) string {
	sign := ""
	u := uint64(n)
	if n < 0 {
		sign, u = "-", -u
	}
	digits := fmt.Sprintf("%0*d", places+1, u)
	whole, frac := digits[:len(digits)-places], digits[len(digits)-places:]
	for len(frac) > atLeast && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	if frac == "" {
		return sign + whole
	}
	return sign + whole + "." + frac
}
