package certify

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
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
	p := jsonParser{json.NewDecoder(bytes.NewReader(data))}
	p.dec.UseNumber()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := p.dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("%w: data after the JSON object", ErrMalformed)
	}
	obj, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%w: JSON is not an object", ErrMalformed)
	}
	return obj, nil
}

type jsonParser struct{ dec *json.Decoder }

func (p jsonParser) value(depth int) (any, error) {
	tok, err := p.dec.Token()
	if err != nil {
		return nil, fmt.Errorf("%w: JSON: %v", ErrMalformed, err)
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("%w: JSON deeper than %d", ErrMalformed, maxDepth)
	}
	switch t := tok.(type) {
	case json.Delim:
		if t == '{' {
			return p.object(depth)
		}
		return p.array(depth)
	case string:
		return t, checkText(t)
	case json.Number:
		return t, checkNumber(t.String())
	case bool:
		return t, nil
	}
	return nil, fmt.Errorf("%w: null in JSON", ErrMalformed)
}

func (p jsonParser) object(depth int) (map[string]any, error) {
	obj := map[string]any{}
	for p.dec.More() {
		tok, err := p.dec.Token()
		if err != nil {
			return nil, fmt.Errorf("%w: JSON: %v", ErrMalformed, err)
		}
		name, _ := tok.(string) // the decoder allows nothing else here
		if _, ok := obj[name]; ok {
			return nil, fmt.Errorf("%w: JSON name %.80q twice", ErrMalformed, name)
		}
		if err := checkText(name); err != nil {
			return nil, err
		}
		if obj[name], err = p.value(depth + 1); err != nil {
			return nil, err
		}
	}
	_, err := p.dec.Token() // the closing brace
	if err != nil {
		return nil, fmt.Errorf("%w: JSON: %v", ErrMalformed, err)
	}
	return obj, nil
}

func (p jsonParser) array(depth int) ([]any, error) {
	list := []any{}
	for p.dec.More() {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	if _, err := p.dec.Token(); err != nil {
		return nil, fmt.Errorf("%w: JSON: %v", ErrMalformed, err)
	}
	return list, nil
}

// checkText refuses what canonicalisers write differently (C0 controls other
// than tab and line breaks, U+007F) and U+FFFD, which stands for text that was
// damaged on the way, lone surrogates among it.
func checkText(s string) error {
	bad := func(r rune) bool {
		return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0x7f || r == utf8.RuneError
	}
	if strings.ContainsFunc(s, bad) {
		return fmt.Errorf("%w: control or replacement character in %.80q", ErrMalformed, s)
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
