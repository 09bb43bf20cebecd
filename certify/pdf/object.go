package pdf

import (
	"bytes"
	"errors"
	"strconv"
)

// The objects of a PDF (ISO 32000-1, 7.3), as far as [Extract] needs them: a
// number is a float64, a string []byte, an array []any; true, false and null
// are keywords.
type (
	name    string
	keyword string
	dict    map[name]any
)

var errSyntax = errors.New("not a PDF object")

// A scanner reads objects. It goes no deeper than maxNesting and never back.
type scanner struct {
	data []byte
	at   int
}

const maxNesting = 32

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool { return bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0 }

// skip passes over white space and comments.
func (s *scanner) skip() {
	for ; s.at < len(s.data); s.at++ {
		switch c := s.data[s.at]; {
		case c == '%':
			for s.at < len(s.data) && s.data[s.at] != '\n' && s.data[s.at] != '\r' {
				s.at++
			}
			s.at--
		case !isSpace(c):
			return
		}
	}
}

// word reads up to the next white space or delimiter.
func (s *scanner) word() string {
	from := s.at
	for s.at < len(s.data) && !isSpace(s.data[s.at]) && !isDelimiter(s.data[s.at]) {
		s.at++
	}
	return string(s.data[from:s.at])
}

func (s *scanner) has(prefix string) bool {
	if bytes.HasPrefix(s.data[s.at:], []byte(prefix)) {
		s.at += len(prefix)
		return true
	}
	return false
}

// object reads one object.
func (s *scanner) object(depth int) (any, error) {
	s.skip()
	switch {
	case depth > maxNesting || s.at >= len(s.data):
		return nil, errSyntax
	case s.has("<<"):
		return s.dict(depth)
	case s.has("<"):
		return s.hex()
	case s.has("("):
		return s.literal()
	case s.has("["):
		return s.array(depth)
	case s.has("/"):
		return s.name(), nil
	}
	return s.number()
}

// number reads a number, a reference "12 0 R", or a keyword.
func (s *scanner) number() (any, error) {
	w := s.word()
	if w == "" {
		return nil, errSyntax
	}
	n, err := strconv.ParseFloat(w, 64)
	if err != nil {
		return keyword(w), nil
	}
	after := s.at
	s.skip()
	generation := s.word()
	s.skip()
	if _, err := strconv.ParseUint(generation, 10, 16); err == nil && n >= 1 && n < 1<<31 && s.has("R") {
		return ref(n), nil
	}
	s.at = after
	return n, nil
}

func (s *scanner) name() name {
	w := s.word()
	out := make([]byte, 0, len(w))
	for i := 0; i < len(w); i++ {
		if w[i] == '#' && i+2 < len(w) {
			if b, err := strconv.ParseUint(w[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(b))
				i += 2
				continue
			}
		}
		out = append(out, w[i])
	}
	return name(out)
}

func (s *scanner) dict(depth int) (any, error) {
	d := dict{}
	for {
		s.skip()
		if s.has(">>") {
			return d, nil
		}
		if !s.has("/") {
			return nil, errSyntax
		}
		key := s.name()
		v, err := s.object(depth + 1)
		if err != nil {
			return nil, err
		}
		d[key] = v
	}
}

func (s *scanner) array(depth int) (any, error) {
	var all []any
	for {
		s.skip()
		if s.has("]") {
			return all, nil
		}
		v, err := s.object(depth + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
}

func (s *scanner) hex() (any, error) {
	out := []byte{}
	high, odd := byte(0), false
	for ; s.at < len(s.data); s.at++ {
		c := s.data[s.at]
		v, err := strconv.ParseUint(string(rune(c)), 16, 8)
		switch {
		case c == '>':
			s.at++
			if odd {
				out = append(out, high)
			}
			return out, nil
		case isSpace(c):
		case err != nil:
			return nil, errSyntax
		case odd:
			out, odd = append(out, high|byte(v)), false
		default:
			high, odd = byte(v)<<4, true
		}
	}
	return nil, errSyntax
}

// literal reads a string in parentheses, which may be nested.
func (s *scanner) literal() (any, error) {
	out := []byte{}
	for depth := 1; s.at < len(s.data); s.at++ {
		c := s.data[s.at]
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				s.at++
				return out, nil
			}
		case '\\':
			s.escape(&out)
			continue
		}
		out = append(out, c)
	}
	return nil, errSyntax
}

// escape reads what follows a backslash, up to its last byte.
func (s *scanner) escape(out *[]byte) {
	if s.at++; s.at >= len(s.data) {
		return
	}
	c := s.data[s.at]
	switch i := bytes.IndexByte([]byte("nrtbf"), c); {
	case i >= 0:
		*out = append(*out, "\n\r\t\b\f"[i])
	case c >= '0' && c <= '7':
		v := 0
		for n := 0; n < 3 && s.at < len(s.data) && s.data[s.at] >= '0' && s.data[s.at] <= '7'; n++ {
			v = v*8 + int(s.data[s.at]-'0')
			s.at++
		}
		s.at--
		*out = append(*out, byte(v))
	case c == '\n':
	case c == '\r':
		if s.at+1 < len(s.data) && s.data[s.at+1] == '\n' {
			s.at++
		}
	default:
		*out = append(*out, c)
	}
}
