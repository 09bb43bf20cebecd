package creditbank

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Score is a result as the institution posted it: a number of 0 to 100, one
// of the words 优秀, 良好, 合格, 不合格, or nothing; and beside it, or in its
// place, marks on named scales: "85|letter:A-|ects:B". It keeps the text, since a
// grade carried over must read as it was given; only marks are put in the order of
// their scales' names, so that the same result is always the same Score. Scores
// compare with ==.
//
// What a named scale is, rules say ([Rules], CheckScore).
type Score struct {
	text   string
	plain  int   // length of the number or word in text, which comes first
	points int64 // of the number or word, in hundredths
	graded bool  // there is a number or word
	word   bool
}

// A Mark is a result on a named grading scale.
type Mark struct {
	Scale string // such as "letter"
	Value string // such as "A-" or "3.7"
}

// String returns m as scores write it, such as "letter:A-".
func (m Mark) String() string { return m.Scale + ":" + m.Value }

// Percentage is the scale of 0 to 100 on which a score is a bare number or word.
const Percentage = "pct"

// FailWord is the word for a result below the pass mark.
const FailWord = "不合格"

// scoreWords are the words with the number each counts as (SEMANTICS: 合格
// satisfies a minimum of 60 and no higher one).
var scoreWords = []struct {
	word   string
	points int64
}{{"优秀", 90_00}, {"良好", 80_00}, {"合格", 60_00}, {FailWord, 0}}

// maxPoints is the top of the percentage scale, in hundredths.
const maxPoints = 100_00

// ParseScore parses a score; the empty string is no score.
func ParseScore(s string) (Score, error) {
	if !strings.ContainsAny(s, "|:") {
		return parsePlain(s)
	}
	var plain string
	var marks []Mark
	for part := range strings.SplitSeq(s, "|") {
		m, err := parseMark(strings.TrimSpace(part))
		if err != nil {
			return Score{}, err
		}
		if m.Scale != Percentage {
			marks = append(marks, m)
			continue
		}
		if plain != "" {
			return Score{}, twice(s)
		}
		plain = m.Value
	}
	if len(marks) > maxMarks {
		return Score{}, malformed(s, fmt.Sprintf("最多可有%d个命名等级制的成绩", maxMarks), fmt.Sprintf("has more than %d marks on named scales", maxMarks))
	}
	slices.SortFunc(marks, func(a, b Mark) int { return strings.Compare(a.Scale, b.Scale) })
	score, err := parsePlain(plain)
	if err != nil {
		return Score{}, err
	}
	for i, m := range marks {
		if i > 0 && marks[i-1].Scale == m.Scale {
			return Score{}, twice(s)
		}
		if score.text != "" {
			score.text += "|"
		}
		score.text += m.String()
	}
	return score, nil
}

// parsePlain parses a score without marks on named scales.
func parsePlain(s string) (Score, error) {
	if s == "" {
		return Score{}, nil
	}
	for _, w := range scoreWords {
		if s == w.word {
			return Score{s, len(s), w.points, true, true}, nil
		}
	}
	n, err := parseFixed(s, 2)
	if err != nil || n < 0 || n > maxPoints {
		return Score{}, malformed(s, "不是0至100的数，也不是优秀、良好、合格、不合格", "is neither a number of 0 to 100 nor one of 优秀, 良好, 合格, 不合格")
	}
	return Score{s, len(s), n, true, false}, nil
}

// Bounds of a score: none that is real comes near.
const (
	maxMarks     = 8
	maxMarkRunes = 24
	maxScaleName = 24
)

// parseMark parses a part of a score: a mark on a named scale, or a bare number
// or word as one on the scale [Percentage].
func parseMark(s string) (Mark, error) {
	name, value, named := strings.Cut(s, ":")
	if !named {
		name, value = Percentage, s
	}
	m := Mark{strings.TrimSpace(name), strings.TrimSpace(value)}
	if _, err := ParseScaleName(m.Scale); err != nil {
		return Mark{}, err
	}
	if m.Value == "" || utf8.RuneCountInString(m.Value) > maxMarkRunes || !utf8.ValidString(m.Value) ||
		strings.ContainsFunc(m.Value, func(r rune) bool { return r == '|' || r == utf8.RuneError || !unicode.IsPrint(r) }) {
		return Mark{}, malformed(s, "不是成绩，应如 85 或 letter:A-", "is no mark such as 85 or letter:A-")
	}
	return m, nil
}

// ParseScaleName checks the name of a grading scale: a small letter, then small
// letters, digits, "-" and "_", at most 24 in all.
func ParseScaleName(s string) (string, error) {
	strange := func(r rune) bool { return (r < 'a' || r > 'z') && notDigit(r) && r != '-' && r != '_' }
	if s == "" || len(s) > maxScaleName || s[0] < 'a' || s[0] > 'z' || strings.ContainsFunc(s, strange) {
		return "", malformed(s, "不是成绩等级制的名称，应如 letter、gpa4", "is no name of a grading scale such as letter or gpa4")
	}
	return s, nil
}

func twice(s string) error {
	return malformed(s, "在同一等级制上有两个成绩", "has two marks on one scale")
}

// String returns the score as it was posted.
func (s Score) String() string { return s.text }

// Plain returns the number or word of s, without its marks on named scales.
func (s Score) Plain() string { return s.text[:s.plain] }

// Marks returns the marks of s on named scales, in the order of their names.
func (s Score) Marks() []Mark {
	rest := strings.TrimPrefix(s.text[s.plain:], "|")
	if rest == "" {
		return nil
	}
	parts := strings.Split(rest, "|")
	marks := make([]Mark, len(parts))
	for i, part := range parts {
		marks[i].Scale, marks[i].Value, _ = strings.Cut(part, ":")
	}
	return marks
}

// On returns the mark of s on a scale, and false when there is none.
func (s Score) On(scale string) (string, bool) {
	if scale == Percentage {
		return s.Plain(), s.graded
	}
	for _, m := range s.Marks() {
		if m.Scale == scale {
			return m.Value, true
		}
	}
	return "", false
}

// Points returns the number that the number or word of s counts as, in hundredths
// of a point, and false when there is neither. What marks on named scales count
// as, rules say.
func (s Score) Points() (int64, bool) { return s.points, s.graded }

// Failed reports whether s is a number below the pass mark, given in hundredths
// of a point, or the word for failure. Any other word says that the outcome was
// passed where it was earned, whatever the mark; no score is no failure.
func (s Score) Failed(passMark int64) bool {
	return s.Plain() == FailWord || s.graded && !s.word && s.points < passMark
}

// Reaches reports whether s is a score of at least the given minimum. The
// absence of a score reaches nothing.
func (s Score) Reaches(minimum int64) bool {
	return s.graded && s.Plain() != FailWord && s.points >= minimum
}

// ParsePoints parses a mark on the percentage scale into hundredths of a point.
func ParsePoints(s string) (int64, error) {
	n, err := parseFixed(s, 2)
	if err != nil || n < 0 || n > maxPoints {
		return 0, malformed(s, "不是0至100的分数", "is not a mark of 0 to 100")
	}
	return n, nil
}

// maxMark bounds the marks of numeric scales, in hundredths.
const maxMark = 100_000_00

// ParseMark parses a mark of a numeric scale into hundredths.
func ParseMark(s string) (int64, error) {
	n, err := parseFixed(s, 2)
	if err == nil && (n < -maxMark || n > maxMark) {
		err = malformed(s, "数值过大", "is too large")
	}
	return n, err
}

// FormatPoints writes a mark in hundredths of a point without trailing zeros.
func FormatPoints(n int64) string { return formatFixed(n, 2, 0) }

// MarshalText implements [encoding.TextMarshaler].
func (s Score) MarshalText() ([]byte, error) { return []byte(s.text), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Score) UnmarshalText(text []byte) (err error) {
	*s, err = ParseScore(string(text))
	return err
}

// ScoreWords returns the words a score may be, best first.
func ScoreWords() []string {
	words := make([]string, 0, len(scoreWords))
	for _, w := range scoreWords {
		words = append(words, w.word)
	}
	return slices.Clip(words)
}

// FormatPointsTo writes a mark in hundredths of a point with at least the given
// number of decimals.
func FormatPointsTo(n int64, decimals int) string { return formatFixed(n, 2, decimals) }
