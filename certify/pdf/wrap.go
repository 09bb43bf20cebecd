package pdf

import (
	"strings"
	"unicode"
)

// Characters that must not begin a line, and that must not end one (GB/T
// 15834-2011, 5; https://www.w3.org/TR/clreq/, "Prohibition rules for line
// start and end"), and those that must not be torn from another of themselves.
const (
	notFirst = "，。、；：？！）》〉」』】〕〗〞”’％‰℃…—·・〜～－,.;:?!)]}%°"
	notLast  = "（《〈「『【〔〖〝“‘([{￥¥$№"
	together = "…—"
)

// wrap breaks text into lines no wider than width: between Chinese characters,
// and in other scripts at spaces and after slashes. A word that is
// wider than a line is broken where the line is full. Spaces at a break are
// left out; nothing else is.
func wrap(text string, width float64, advance func(rune) float64) []string {
	var lines []string
	for part := range strings.SplitSeq(text, "\n") {
		lines = append(lines, wrapLine([]rune(spaces(part)), width, advance)...)
	}
	return lines
}

// spaces takes tabs and carriage returns for the spaces they stand for.
func spaces(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\r' {
			return ' '
		}
		return r
	}, strings.TrimRight(s, " \t\r"))
}

func wrapLine(text []rune, width float64, advance func(rune) float64) []string {
	var lines []string
	for len(text) > 0 {
		n, w := 0, 0.0
		for n < len(text) {
			adv := advance(text[n])
			if w+adv > width+1e-9 && text[n] != ' ' {
				break
			}
			w += adv
			n++
		}
		n = breakBefore(text, max(n, 1))
		lines = append(lines, strings.TrimRight(string(text[:n]), " "))
		text = text[n:]
		for len(text) > 0 && text[0] == ' ' {
			text = text[1:]
		}
	}
	if lines == nil {
		return []string{""}
	}
	return lines
}

// breakBefore returns the last place up to n where a line may end; n itself if
// there is none.
func breakBefore(text []rune, n int) int {
	if n >= len(text) {
		return len(text)
	}
	for b := n; b > 0; b-- {
		if mayBreak(text[b-1], text[b]) {
			return b
		}
	}
	return n
}

// mayBreak reports whether a line may end after a and go on with b.
func mayBreak(a, b rune) bool {
	switch {
	case b == ' ' || strings.ContainsRune(notFirst, b) || strings.ContainsRune(notLast, a) || unicode.In(b, unicode.Mn, unicode.Me):
		return false
	case a == b && strings.ContainsRune(together, a):
		return false
	case a == ' ':
		return true
	}
	return wide(a) || wide(b) || a == '/' && unicode.IsLetter(b)
}

// wide reports whether lines break beside a character anywhere: ideographs and
// what is set with them.
func wide(r rune) bool {
	return r >= 0x2e80
}
