package creditbank

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// An IDNumber is a resident identity number (公民身份号码) of 18 characters
// whose check digit and date have been checked (GB 11643-1999). It is personal
// data: it is stored encrypted, found by a keyed hash, and appears in no URL,
// log line or leaf.
type IDNumber string

// idWeights are the weights of ISO 7064 MOD 11-2, 2^(17-i) mod 11.
var idWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// ParseIDNumber checks s. An area code that is not in today's GB/T 2260 is no
// error: codes retire, and people keep the number they were born with.
func ParseIDNumber(s string) (IDNumber, error) {
	bad := func(zh, en string) (IDNumber, error) {
		return "", Invalid(CodeIDNumber, "id_number", zh, en)
	}
	if len(s) != 18 || strings.ContainsFunc(s[:17], notDigit) {
		return bad("身份证号应为18位：17位数字加1位校验码", "an identity number has 17 digits and a check character")
	}
	s = strings.ToUpper(s)
	if _, err := time.Parse("20060102", s[6:14]); err != nil {
		return bad("身份证号中的出生日期不存在", "the date of birth in the identity number does not exist")
	}
	sum := 0
	for i, w := range idWeights {
		sum += int(s[i]-'0') * w
	}
	if s[17] != "10X98765432"[sum%11] {
		return bad("身份证号校验码不正确，请核对是否抄错", "the check digit of the identity number is wrong: was it mistyped?")
	}
	return IDNumber(s), nil
}

// Masked returns the number with its middle hidden: 990101********0283.
func (n IDNumber) Masked() string {
	if len(n) != 18 {
		return strings.Repeat("*", len(n))
	}
	return string(n[:6]) + "********" + string(n[14:])
}

// Birth returns the date of birth that the number holds.
func (n IDNumber) Birth() Date {
	t, err := time.Parse("20060102", string(n[6:14]))
	if err != nil {
		return 0
	}
	return DateOf(t)
}

// usccAlphabet has no I, O, S, V, Z (GB 32100-2015, 4.3).
const usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// CheckUSCC checks a unified social credit code (统一社会信用代码, GB
// 32100-2015): 18 characters, the last a check character modulo 31.
func CheckUSCC(s string) error {
	if len(s) != 18 {
		return Invalid(CodeUSCC, "uscc", "统一社会信用代码应为18位", "a unified social credit code has 18 characters")
	}
	sum, weight := 0, 1
	for i := range 17 {
		v := strings.IndexByte(usccAlphabet, s[i])
		if v < 0 {
			return Invalid(CodeUSCC, "uscc", fmt.Sprintf("统一社会信用代码第%d位不是允许的字符", i+1),
				fmt.Sprintf("character %d of the unified social credit code is not allowed", i+1))
		}
		sum += v * weight
		weight = weight * 3 % 31
	}
	if s[17] != usccAlphabet[(31-sum%31)%31] {
		return Invalid(CodeUSCC, "uscc", "统一社会信用代码校验码不正确", "the check character of the unified social credit code is wrong")
	}
	return nil
}

// An AccountNumber is what a learner's account is called by people: 12 digits,
// the last a check digit (ISO/IEC 7064, MOD 11,10), so that a mistyped or
// swapped digit is noticed.
type AccountNumber string

// NewAccountNumber draws an account number. The first digit is never zero, so
// that spreadsheets keep it whole.
func NewAccountNumber(random io.Reader) (AccountNumber, error) {
	var b [11]byte
	for i := range b {
		limit := byte(250) // the largest multiple of 10 a byte holds, so that no digit is likelier
		if i == 0 {
			limit = 252 // of 9
		}
		for {
			if _, err := io.ReadFull(random, b[i:i+1]); err != nil {
				return "", fmt.Errorf("draw an account number: %w", err)
			}
			if b[i] < limit {
				break
			}
		}
		if i == 0 {
			b[i] = '1' + b[i]%9
		} else {
			b[i] = '0' + b[i]%10
		}
	}
	return AccountNumber(string(b[:]) + string(checkDigit(string(b[:])))), nil
}

// ParseAccountNumber checks s; spaces and hyphens between digits are ignored.
func ParseAccountNumber(s string) (AccountNumber, error) {
	s = strings.NewReplacer(" ", "", "-", "").Replace(s)
	if len(s) != 12 || strings.ContainsFunc(s, notDigit) || checkDigit(s[:11]) != s[11] {
		return "", Invalid(CodeAccountNumber, "account", "账号应为12位数字，且末位校验码正确",
			"an account number has 12 digits, the last of which must check")
	}
	return AccountNumber(s), nil
}

// checkDigit returns the check digit of ISO/IEC 7064 MOD 11,10.
func checkDigit(digits string) byte {
	p := 10
	for _, d := range digits {
		s := (p + int(d-'0')) % 10
		if s == 0 {
			s = 10
		}
		p = s * 2 % 11
	}
	return '0' + byte((11-p)%10)
}

// A LearnerID is the random UUID of a learner, in its canonical text form. It
// says nothing about the person.
type LearnerID string

// newUUID returns a random UUID (RFC 9562, version 4).
func newUUID(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("draw an id: %w", err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// NewFeedID returns an identifier that grows with time (RFC 9562, version 7),
// so that the index on it grows at its end.
func NewFeedID(at time.Time, random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[6:]); err != nil {
		return "", fmt.Errorf("draw an id: %w", err)
	}
	ms := uint64(at.UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}

// codes are the identifiers that people and institutions choose. They stand in
// file names, SQL and account names, so their alphabet is small.
var codePattern = regexp.MustCompile(`^[\p{Han}A-Za-z0-9][\p{Han}A-Za-z0-9._+-]{0,63}$`)

// checkCode reports whether s can be an identifier.
func checkCode(field, s string) error {
	if s == "" {
		return Invalid(CodeMissing, field, "不能为空", "is empty")
	}
	if !codePattern.MatchString(s) {
		return Invalid(CodeMalformed, field, fmt.Sprintf("“%s”不是合法的代码：只能用字母、数字、汉字和 . _ + -，最多64个字符", Shown(s)),
			fmt.Sprintf("%q is no code: letters, digits, Han characters and . _ + - only, at most 64", Shown(s)))
	}
	return nil
}

// Shown returns a code as messages repeat it. Where columns have slipped, what
// stands in a code's place is somebody's name or identity number: of these and of
// what is written in Han characters nothing is shown.
func Shown[S ~string](code S) string {
	_, err := ParseIDNumber(string(code))
	if err == nil || strings.ContainsFunc(string(code), func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return "***"
	}
	return string(code)
}

// ParseCode checks that s can be an identifier of reference data: letters,
// digits, Han characters and . _ + -, at most 64.
func ParseCode(s string) (string, error) { return s, checkCode("", s) }

// checkExternalID reports whether s can be an institution's own key: up to 128
// bytes of printable text, without blanks at its ends. It stands in the clear,
// so it cannot be somebody's identity number.
func checkExternalID(s string) error {
	if s == "" {
		return Invalid(CodeMissing, "external_id", "不能为空", "is empty")
	}
	if _, err := ParseIDNumber(s); err == nil {
		return Invalid(CodeMalformed, "external_id", "编号不能使用身份证号，请核对列是否错位", "is an identity number: have the columns slipped?")
	}
	return checkText("external_id", s, 128)
}

// checkText reports whether s is printable text of at most so many bytes,
// without blanks at its ends. What is wrong with it is not repeated: it may be
// personal data in the wrong place.
func checkText(field, s string, most int) error {
	if len(s) > most || !utf8.ValidString(s) || strings.TrimSpace(s) != s || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return Invalid(CodeMalformed, field, fmt.Sprintf("应为不超过%d字节的可见文字，首尾无空格", most), fmt.Sprintf("is at most %d bytes of printable text without blanks at its ends", most))
	}
	return nil
}
