package term

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/vbauerster/cupwriter"

	"creditbank/creditbank"
)

// A Language says which of the two languages to write.
type Language int

// The languages.
const (
	Both    Language = iota // Chinese with English beneath
	Chinese                 // Chinese only
	English                 // English only; names stay as they are
)

// ParseLanguage parses "zh", "en" or "both".
func ParseLanguage(s string) (Language, error) {
	switch s {
	case "", "both":
		return Both, nil
	case "zh":
		return Chinese, nil
	case "en":
		return English, nil
	}
	return Both, creditbank.Invalid(creditbank.CodeMalformed, "lang", fmt.Sprintf("“%s”应为 zh、en 或 both", s), fmt.Sprintf("%q is none of zh, en, both", s))
}

// A Style is a colour or weight, as the parameter of the escape sequence that
// switches it on. The zero Style is plain.
type Style string

// The styles.
const (
	Plain  Style = ""
	Bold   Style = "1"
	Dim    Style = "2"
	Good   Style = "32"
	Bad    Style = "31"
	Warn   Style = "33"
	Accent Style = "36"
	Head   Style = "1;36"
)

// Bounds of the width that is used: below, tables become unreadable; above,
// lines become too long to follow.
const (
	minWidth     = 40
	maxWidth     = 120
	defaultWidth = 80
	maxProse     = 96
)

// A Screen is a stream that people read. A write that fails is noted; [Screen.Err]
// tells.
type Screen struct {
	w     io.Writer
	width int
	color bool
	lang  Language
	err   error
}

// New returns a screen on w, which is a terminal or not.
func New(w io.Writer, lang Language, getenv func(string) string) *Screen {
	s := &Screen{w: w, width: defaultWidth, lang: lang}
	if n, err := strconv.Atoi(getenv("COLUMNS")); err == nil {
		s.width = n
	}
	if IsTerminal(w) {
		s.color = getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
		if n, _, err := cupwriter.New(w, false).GetTermSize(); err == nil && n > 0 {
			s.width = n
		}
	}
	s.width = min(max(s.width, minWidth), maxWidth)
	return s
}

// IsTerminal reports whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// Err returns the first error of writing.
func (s *Screen) Err() error { return s.err }

// Width returns the number of cells in a line.
func (s *Screen) Width() int { return s.width }

// Paint returns text in a style, line by line, or as it is where there is no
// colour.
func (s *Screen) Paint(style Style, text string) string {
	if !s.color || style == Plain || text == "" {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = "\x1b[" + string(style) + "m" + l + "\x1b[0m"
	}
	return strings.Join(lines, "\n")
}

// Line writes a line as it is.
func (s *Screen) Line(text string) {
	if s.err == nil {
		_, s.err = io.WriteString(s.w, text+"\n")
	}
}

// Blank writes an empty line.
func (s *Screen) Blank() { s.Line("") }

// Pick returns t in the language of the screen, on one line: with both, the
// English stands after the Chinese.
func (s *Screen) Pick(t creditbank.Text) string {
	switch {
	case s.lang == English || t.ZH == "":
		return t.EN
	case s.lang == Chinese || t.EN == "" || t.EN == t.ZH:
		return t.ZH
	}
	return t.ZH + " " + t.EN
}

// Stack returns t in the language of the screen: with both, the English stands
// on a line of its own.
func (s *Screen) Stack(t creditbank.Text) string {
	if s.lang == Both && t.ZH != "" && t.EN != "" && t.EN != t.ZH {
		return t.ZH + "\n" + t.EN
	}
	return s.Pick(t)
}

// Title begins a section.
func (s *Screen) Title(t creditbank.Text) {
	s.Blank()
	head := s.Paint(Head, t.ZH)
	switch {
	case s.lang == English:
		head = s.Paint(Head, t.EN)
	case s.lang == Both && t.EN != "" && t.EN != t.ZH:
		head += "  " + s.Paint(Dim, t.EN)
	}
	s.Line(head)
	s.Line(s.Paint(Dim, strings.Repeat("─", min(s.width, maxProse))))
}

// Say writes a paragraph, Chinese with English beneath, behind indent blanks.
func (s *Screen) Say(indent int, t creditbank.Text) {
	s.hang(strings.Repeat(" ", indent), t, Plain)
}

// Mark writes a paragraph behind a mark, whose lines hang from it.
func (s *Screen) Mark(indent int, mark string, style Style, t creditbank.Text) {
	s.hang(strings.Repeat(" ", indent)+s.Paint(style, mark)+" ", t, Plain)
}

// Note is [Screen.Mark] for short texts: where there is room, the English stands
// behind the Chinese on the same line.
func (s *Screen) Note(indent int, mark string, style Style, t creditbank.Text) {
	first := strings.Repeat(" ", indent) + s.Paint(style, mark) + " "
	if line := first + s.Inline(t); Width(line) <= min(s.width, maxProse) {
		s.Line(line)
		return
	}
	s.hang(first, t, Plain)
}

// Inline returns t on one line, the English paler.
func (s *Screen) Inline(t creditbank.Text) string {
	if s.lang != Both || t.ZH == "" || t.EN == "" || t.EN == t.ZH {
		return s.Pick(t)
	}
	return t.ZH + "  " + s.Paint(Dim, t.EN)
}

// hang writes t behind first, further lines aligned with the text.
func (s *Screen) hang(first string, t creditbank.Text, style Style) {
	lead := strings.Repeat(" ", Width(first))
	room := max(min(s.width, maxProse)-Width(first), 20)
	zh := s.lang != English && t.ZH != ""
	if zh {
		for _, l := range Wrap(t.ZH, room) {
			s.Line(first + s.Paint(style, l))
			first = lead
		}
	}
	if s.lang == Chinese && zh || t.EN == "" || zh && t.EN == t.ZH {
		return
	}
	if zh {
		style = Dim
	}
	for _, l := range Wrap(t.EN, room) {
		s.Line(first + s.Paint(style, l))
		first = lead
	}
}
