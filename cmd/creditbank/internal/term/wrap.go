package term

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// cells counts characters of open width as one cell, whatever the locale.
func cells() *runewidth.Condition {
	return &runewidth.Condition{EastAsianWidth: false, StrictEmojiNeutral: true}
}

// Width returns how many cells the longest line of s takes, escape sequences
// left out.
func Width(s string) int {
	c, widest := cells(), 0
	for line := range strings.SplitSeq(s, "\n") {
		n, escaped := 0, false
		for _, r := range line {
			switch {
			case r == '\x1b':
				escaped = true
			case escaped:
				escaped = r != 'm'
			default:
				n += c.RuneWidth(r)
			}
		}
		widest = max(widest, n)
	}
	return widest
}

// Punctuation that may not begin, or end, a line.
const (
	neverFirst = "，。、；：？！）》」』】〕”’…·％)]},.;:!?%"
	neverLast  = "（《「『【〔“‘([{"
)

// Wrap breaks s, which holds no escape sequences, into lines of at most width
// cells: at blanks, and between Chinese characters but where punctuation would
// come to stand alone. A word longer than a line is broken.
func Wrap(s string, width int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(s, "\n") {
		lines = append(lines, wrapOne(paragraph, max(width, 2))...)
	}
	return lines
}

func wrapOne(s string, width int) []string {
	var lines []string
	line, used := "", 0
	for _, atom := range atoms(s) {
		n := Width(strings.TrimRight(atom, " "))
		if used > 0 && used+n > width {
			lines = append(lines, strings.TrimRight(line, " "))
			line, used = "", 0
		}
		for Width(atom) > width && n > width {
			head := cells().Truncate(atom, width, "")
			if head == "" {
				break
			}
			lines = append(lines, head)
			atom = atom[len(head):]
			n = Width(strings.TrimRight(atom, " "))
		}
		line += atom
		used += Width(atom)
	}
	return append(lines, strings.TrimRight(line, " "))
}

// atoms splits s into pieces that are not broken.
func atoms(s string) []string {
	var out []string
	start := 0
	var last rune
	for i, r := range s {
		if i > 0 && breakable(last, r) {
			out = append(out, s[start:i])
			start = i
		}
		last = r
	}
	return append(out, s[start:])
}

// breakable reports whether a line may end between the two characters.
func breakable(a, b rune) bool {
	if b == ' ' || strings.ContainsRune(neverFirst, b) || strings.ContainsRune(neverLast, a) {
		return false
	}
	return a == ' ' || wide(a) || wide(b)
}

func wide(r rune) bool { return cells().RuneWidth(r) == 2 }
