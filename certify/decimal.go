package certify

import (
	"fmt"
	"regexp"
	"strings"
)

// A Decimal is an amount of credits or hours, such as "4.0", "0.25" or "64":
// not negative, at most two decimals, no exponent. It is text all the way into
// the JSON number, so no float of ours touches it. The empty Decimal stands
// for no amount.
type Decimal string

var decimal = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?$`)

// ParseDecimal checks an amount.
func ParseDecimal(s string) (Decimal, error) {
	if !decimal.MatchString(s) {
		return "", fmt.Errorf("%w: amount %.40q", ErrMalformed, s)
	}
	return Decimal(s), nil
}

// MarshalJSON writes the amount as a JSON number without trailing zeros: 4,
// 3.5, 0.25.
func (d Decimal) MarshalJSON() ([]byte, error) {
	if _, err := ParseDecimal(string(d)); err != nil {
		return nil, err
	}
	if strings.Contains(string(d), ".") {
		return []byte(strings.TrimSuffix(strings.TrimRight(string(d), "0"), ".")), nil
	}
	return []byte(d), nil
}
