package certify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The errors of this package that a caller may want to tell apart.
var (
	// ErrMalformed: bytes or values are not in the form they must have.
	ErrMalformed = errors.New("malformed")
	// ErrUnknown: the form is right, but it uses something this package does
	// not know: a context, a term, a suite, a type. It is refused.
	ErrUnknown = errors.New("unknown")
	// ErrSignature: a signature does not verify.
	ErrSignature = errors.New("bad signature")
)

const (
	// MaxSize bounds every JSON document that is read.
	MaxSize  = 1 << 20
	maxDepth = 48
)

// parseObject reads one JSON object, strictly: no duplicate names (two readers
// could see two different credits), no null (JSON-LD drops it, so it would be
// unsigned), valid UTF-8, bounded size and depth, no control characters (which
// RDFC-1.0 implementations escape differently), and only numbers that every
// implementation writes alike.
func parseObject(data []byte) (map[string]any, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%w: JSON of %d bytes, limit %d", ErrMalformed, len(data), MaxSize)
	}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%w: JSON is not UTF-8", ErrMalformed)
	}
	p := jsonParser{data: data}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.at != len(data) {
		return nil, fmt.Errorf("%w: data after the JSON object", ErrMalformed)
	}
	obj, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: JSON is not an object", ErrMalformed)
	}
	return obj, nil
}

// A jsonParser reads JSON (RFC 8259) by hand: encoding/json, token by token,
// took a third of the time of issuing a certificate. A fuzz test holds it against
// that.
type jsonParser struct {
	data []byte
	at   int
}

// space passes over white space.
func (p *jsonParser) space() {
	for p.at < len(p.data) {
		switch p.data[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// next passes over white space and returns the character after it, or 0.
func (p *jsonParser) next() byte {
	p.space()
	if p.at == len(p.data) {
		return 0
	}
	return p.data[p.at]
}

// wrong is the error of something else than what may stand here.
func (p *jsonParser) wrong(want string) error {
	return fmt.Errorf("%w: JSON: no %s at byte %d", ErrMalformed, want, p.at)
}

func (p *jsonParser) value(depth int) (any, error) {
	c := p.next()
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: JSON deeper than %d", ErrMalformed, maxDepth)
	}
	switch {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		return p.text()
	case c == '-' || isDigit(c):
		return p.number()
	case p.word("true"):
		return true, nil
	case p.word("false"):
		return false, nil
	case p.word("null"):
		return nil, fmt.Errorf("%w: null in JSON", ErrMalformed)
	}
	return nil, p.wrong("value")
}

// word passes over a word, if it stands here.
func (p *jsonParser) word(w string) bool {
	if !bytes.HasPrefix(p.data[p.at:], []byte(w)) {
		return false
	}
	p.at += len(w)
	return true
}

func (p *jsonParser) object(depth int) (map[string]any, error) {
	obj := map[string]any{}
	p.at++ // the brace
	if p.next() == '}' {
		p.at++
		return obj, nil
	}
	for {
		if p.next() != '"' {
			return nil, p.wrong("name")
		}
		name, err := p.text()
		if err != nil {
			return nil, err
		}
		if _, ok := obj[name]; ok {
			return nil, fmt.Errorf("%w: JSON name %.80q twice", ErrMalformed, name)
		}
		if p.next() != ':' {
			return nil, p.wrong("colon")
		}
		p.at++
		if obj[name], err = p.value(depth + 1); err != nil {
			return nil, err
		}
		more, err := p.more('}')
		if !more {
			return obj, err
		}
	}
}

func (p *jsonParser) array(depth int) ([]any, error) {
	list := []any{}
	p.at++ // the bracket
	if p.next() == ']' {
		p.at++
		return list, nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		more, err := p.more(']')
		if !more {
			return list, err
		}
	}
}

// more passes over what stands after a member: a comma, or the end.
func (p *jsonParser) more(end byte) (bool, error) {
	switch c := p.next(); c {
	case ',', end:
		p.at++
		return c == ',', nil
	}
	return false, p.wrong("comma or end")
}

func (p *jsonParser) number() (json.Number, error) {
	start := p.at
	for p.at < len(p.data) && (isDigit(p.data[p.at]) || strings.IndexByte("+-.eE", p.data[p.at]) >= 0) {
		p.at++
	}
	n := string(p.data[start:p.at])
	return json.Number(n), checkNumber(n)
}

// text reads a string.
func (p *jsonParser) text() (string, error) {
	p.at++ // the quotation mark
	start := p.at
	for p.at < len(p.data) {
		switch c := p.data[p.at]; {
		case c == '"':
			s := string(p.data[start:p.at])
			p.at++
			return s, checkText(s)
		case c == '\\':
			return p.escaped(start)
		case c < 0x20:
			return "", p.wrong("text")
		}
		p.at++
	}
	return "", p.wrong("end of a text")
}

// escaped reads on a string that has escapes.
func (p *jsonParser) escaped(start int) (string, error) {
	out := append(make([]byte, 0, 2*(p.at-start)+32), p.data[start:p.at]...)
	for p.at < len(p.data) {
		c := p.data[p.at]
		switch {
		case c == '"':
			p.at++
			return string(out), checkText(string(out))
		case c < 0x20:
			return "", p.wrong("text")
		case c != '\\':
			out = append(out, c)
			p.at++
		default:
			r, ok := p.escape()
			if !ok {
				return "", p.wrong("escape")
			}
			out = utf8.AppendRune(out, r)
		}
	}
	return "", p.wrong("end of a text")
}

// escape reads what stands after a backslash. A surrogate without its other half
// is U+FFFD, which checkText refuses.
func (p *jsonParser) escape() (rune, bool) {
	if p.at+1 >= len(p.data) {
		return 0, false
	}
	c := p.data[p.at+1]
	if c == 'u' {
		r, ok := p.unit()
		if !ok || !utf16.IsSurrogate(r) {
			return r, ok
		}
		if !p.word(`\`) {
			return utf8.RuneError, true
		}
		p.at--
		low, ok := p.unit()
		if !ok {
			return utf8.RuneError, true // the next escape is read, and refused, by itself
		}
		return utf16.DecodeRune(r, low), true
	}
	const from, to = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	i := strings.IndexByte(from, c)
	if i < 0 {
		return 0, false
	}
	p.at += 2
	return rune(to[i]), true
}

// unit reads \uXXXX.
func (p *jsonParser) unit() (rune, bool) {
	if p.at+6 > len(p.data) || p.data[p.at+1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range p.data[p.at+2 : p.at+6] {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	p.at += 6
	return r, true
}

// checkText refuses what canonicalisers write differently (C0 controls other
// than tab and line breaks, U+007F) and U+FFFD, which stands for text that was
// damaged on the way, lone surrogates among it.
func checkText(s string) error {
	for i := range len(s) { // by bytes, of which those of longer characters are 0x80 and more
		c := s[i]
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' || c == 0x7f || c == 0xef && strings.HasPrefix(s[i:], "\ufffd") {
			return fmt.Errorf("%w: control or replacement character in %.80q", ErrMalformed, s)
		}
	}
	return nil
}

var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// checkNumber accepts numbers that a float64 holds without loss, written
// without an exponent: canonical forms of others differ between
// implementations, or would let two numbers share one signature.
func checkNumber(s string) error {
	digits := strings.TrimLeft(strings.NewReplacer("-", "", ".", "").Replace(s), "0")
	if !plainNumber.MatchString(s) || len(digits) > 15 || len(s) > 20 || strings.HasPrefix(s, "-0") ||
		strings.HasPrefix(strings.TrimPrefix(s, "-"), "0.00000") {
		return fmt.Errorf("%w: number %.40q in JSON", ErrMalformed, s)
	}
	return nil
}

// encode writes a value as compact JSON, as it is: no HTML escapes.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode JSON: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// text returns a member that must be a non-empty string.
func text(obj map[string]any, name string) (string, error) {
	s, ok := obj[name].(string)
	if !ok || s == "" {
		return "", fmt.Errorf("%w: %q is not a text", ErrMalformed, name)
	}
	return s, nil
}

// asList returns a member that may be a value or a list of values.
func asList(v any) []any {
	switch t := v.(type) {
	case nil:
		return nil
	case []any:
		return t
	}
	return []any{v}
}

// contains reports whether a member that is a text, or a list of them, has s.
func contains(v any, s string) bool {
	for _, item := range asList(v) {
		if item == s {
			return true
		}
	}
	return false
}
