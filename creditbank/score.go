package creditbank

import "slices"

// A Score is a result as the institution posted it: a number of 0 to 100, one
// of the words 优秀, 良好, 合格, 不合格, or nothing. It keeps the text, since a
// grade carried over must read as it was given.
type Score struct {
	text   string
	points int64 // hundredths
	graded bool
	word   bool
}

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
	if s == "" {
		return Score{}, nil
	}
	for _, w := range scoreWords {
		if s == w.word {
			return Score{s, w.points, true, true}, nil
		}
	}
	n, err := parseFixed(s, 2)
	if err != nil || n < 0 || n > maxPoints {
		return Score{}, malformed(s, "不是0至100的数，也不是优秀、良好、合格、不合格", "is neither a number of 0 to 100 nor one of 优秀, 良好, 合格, 不合格")
	}
	return Score{s, n, true, false}, nil
}

// String returns the score as it was posted.
func (s Score) String() string { return s.text }

// Points returns the number s counts as, in hundredths of a point, and false
// when there is no score.
func (s Score) Points() (int64, bool) { return s.points, s.graded }

// Failed reports whether s is a number below the pass mark, given in hundredths
// of a point, or the word for failure. Any other word says that the outcome was
// passed where it was earned, whatever the mark; no score is no failure.
func (s Score) Failed(passMark int64) bool {
	return s.text == FailWord || s.graded && !s.word && s.points < passMark
}

// Reaches reports whether s is a score of at least the given minimum. The
// absence of a score reaches nothing.
func (s Score) Reaches(minimum int64) bool {
	return s.graded && s.text != FailWord && s.points >= minimum
}

// ParsePoints parses a mark on the percentage scale into hundredths of a point.
func ParsePoints(s string) (int64, error) {
	n, err := parseFixed(s, 2)
	if err != nil || n < 0 || n > maxPoints {
		return 0, malformed(s, "不是0至100的分数", "is not a mark of 0 to 100")
	}
	return n, nil
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
