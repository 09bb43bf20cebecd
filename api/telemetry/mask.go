package telemetry

import (
	"strings"
	"unicode/utf8"
)

// idLength is the number of characters of an identity number.
const idLength = 18

// mask hides what looks like an identity number in s, however it is written:
// with blanks or hyphens in it, in wide characters, after or before other
// digits. 18 characters on their own are masked whatever they are, since a
// mistyped number is still somebody's; among other digits, or within something
// hexadecimal, only numbers that check.
func mask(s string) string {
	if !maybe(s) {
		return s
	}
	var out strings.Builder
	done := 0
	for at := 0; at < len(s); {
		r := runAt(s, at)
		if len(r.chars) == 0 {
			_, size := utf8.DecodeRuneInString(s[at:])
			at += size
			continue
		}
		for _, n := range r.numbers(s) {
			from, to := r.starts[n], r.ends[n+idLength-1]
			out.WriteString(s[done:max(done, from)])
			if from >= done { // else it overlaps the one before
				out.WriteString(masked)
			}
			done = max(done, to)
		}
		at = r.ends[len(r.ends)-1]
	}
	return out.String() + s[done:]
}

// maybe reports whether s has enough digits; few texts of a log do.
func maybe(s string) bool {
	n := 0
	for _, c := range s {
		if isDigit(narrow(c)) {
			n++
		}
	}
	return n >= idLength-1
}

// A run is a stretch of digits with single blanks or hyphens between them,
// perhaps with the check letter X at its end.
type run struct {
	chars        []byte // digits and X
	starts, ends []int  // of each, in the text
}

// runAt returns the run that begins at a place, empty if none does.
func runAt(s string, at int) run {
	var r run
	gap := false
	for at < len(s) {
		wide, size := utf8.DecodeRuneInString(s[at:])
		switch c := narrow(wide); {
		case isDigit(c) || c == 'X' && len(r.chars) >= idLength-1:
			r.chars = append(r.chars, c)
			r.starts, r.ends = append(r.starts, at), append(r.ends, at+size)
			if gap = false; c == 'X' {
				return r
			}
		case c == ' ' && !gap && len(r.chars) > 0:
			gap = true
		default:
			return r
		}
		at += size
	}
	return r
}

// numbers returns where in r identity numbers begin.
func (r run) numbers(s string) []int {
	var found []int
	for i := 0; i+idLength <= len(r.chars); i++ {
		window := string(r.chars[i : i+idLength])
		if isIDNumber(window) || r.alone(s, i) {
			found = append(found, i)
		}
	}
	return found
}

// alone reports whether the 18 characters from i on are a word of their own: all
// of r, or written without a gap between gaps; and no part of something
// hexadecimal.
func (r run) alone(s string, i int) bool {
	last := i + idLength - 1
	if isHex(s, r.starts[0]-1) || isHex(s, r.ends[len(r.ends)-1]) {
		return false
	}
	if len(r.chars) == idLength {
		return true
	}
	if i > 0 && r.ends[i-1] == r.starts[i] || last+1 < len(r.chars) && r.ends[last] == r.starts[last+1] {
		return false
	}
	for k := i; k < last; k++ {
		if r.ends[k] != r.starts[k+1] {
			return false
		}
	}
	return true
}

func isHex(s string, at int) bool {
	return at >= 0 && at < len(s) && strings.IndexByte("abcdefABCDEF", s[at]) >= 0
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// narrow returns what a character of an identity number is: a digit, X, or a
// blank for what may stand between; 0 for any other.
func narrow(c rune) byte {
	switch {
	case '0' <= c && c <= '9':
		return byte(c)
	case '０' <= c && c <= '９':
		return byte(c-'０') + '0'
	}
	switch c {
	case 'X', 'x', 'Ｘ', 'ｘ':
		return 'X'
	case ' ', '-', '\u00a0', '\u3000':
		return ' '
	}
	return 0
}
