package certify

import (
	"strings"

	"github.com/piprate/json-gold/ld"
)

// absoluteIRI reports whether a text is a scheme, a colon, and something without
// the characters that no IRI has (RFC 3987 and N-Quads' IRIREF). It is read by
// hand: a regular expression that says the same took a tenth of the time of
// issuing a certificate.
func absoluteIRI(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || rest == "" || !isLetter(scheme[0]) {
		return false
	}
	for i := range len(scheme) {
		if c := scheme[i]; !isLetter(c) && !isDigit(c) && c != '+' && c != '.' && c != '-' {
			return false
		}
	}
	for i := range len(rest) {
		switch c := rest[i]; c {
		case '<', '>', '"', '{', '}', '|', '^', '`', '\\':
			return false
		default:
			if c <= 0x20 {
				return false
			}
		}
	}
	return true
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// validIRI reports whether an IRI survives the conversion to RDF. json-gold
// drops statements whose http IRI does not match its own idea of a URL.
func validIRI(s string) bool {
	web := strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
	return absoluteIRI(s) && (!web || plainURL(s) || ld.IsURL(s))
}

// plainURL reports whether a web address is so plain that json-gold takes it for
// one without being asked, which takes a regular expression of 600 characters:
// for the host letters and digits with single hyphens in labels of two or more,
// the last of letters; a port; a path of what needs no escape.
func plainURL(s string) bool {
	_, rest, _ := strings.Cut(s, "://")
	end := strings.IndexByte(rest, '/')
	if end < 0 {
		end = len(rest)
	}
	host, port, hasPort := strings.Cut(rest[:end], ":")
	if len(host) < 4 || len(s) > maxIRI || hasPort && (len(port) < 2 || len(port) > 5) {
		return false
	}
	for i := range len(port) {
		if !isDigit(port[i]) {
			return false
		}
	}
	label, letters := 0, true // characters since the last point, and whether all are letters
	for i := range len(host) {
		switch c := host[i]; {
		case c == '.' && label >= 2 && host[i-1] != '-':
			label, letters = 0, true
			continue
		case c == '-' && label >= 1 && host[i-1] != '-':
			letters = false
		case isDigit(c):
			letters = false
		case c < 'a' || c > 'z':
			return false
		}
		label++
	}
	if label < 2 || !letters {
		return false
	}
	for i := end; i < len(rest); i++ {
		if c := rest[i]; !isLetter(c) && !isDigit(c) && strings.IndexByte("/._~#-", c) < 0 {
			return false
		}
	}
	return true
}
