package creditbank_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"creditbank/creditbank"
)

func TestScoreReads(t *testing.T) {
	for _, tt := range []struct{ text, want, plain, marks string }{
		{"", "", "", "[]"},
		{"85", "85", "85", "[]"},
		{"87.50", "87.50", "87.50", "[]"}, // as it was posted
		{"良好", "良好", "良好", "[]"},
		{"85|letter:A-|ects:B", "85|ects:B|letter:A-", "85", "[ects:B letter:A-]"}, // in the order of names
		{"ects:B|85|letter:A-", "85|ects:B|letter:A-", "85", "[ects:B letter:A-]"},
		{"letter:A-", "letter:A-", "", "[letter:A-]"},
		{"pct:85", "85", "85", "[]"},
		{" 85 | de : 1,3 ", "85|de:1,3", "85", "[de:1,3]"}, // people put spaces into lists
		{"优秀|uk:First Class", "优秀|uk:First Class", "优秀", "[uk:First Class]"},
		{"it:28:30", "it:28:30", "", "[it:28:30]"},
	} {
		s, err := creditbank.ParseScore(tt.text)
		if got := fmt.Sprint(s.Marks()); err != nil || s.String() != tt.want || s.Plain() != tt.plain || got != tt.marks {
			t.Errorf("ParseScore(%q) = %q, number or word %q, marks %s, %v; want %q, %q, %s", tt.text, s, s.Plain(), got, err, tt.want, tt.plain, tt.marks)
		}
	}
}

func TestScoreRefuses(t *testing.T) {
	for _, text := range []string{
		"101", "-1", "A", "85|", "|85", "85||letter:A", "letter:", ":A", "letter:A|letter:B", "85|90", "85|pct:85", "Letter:A", "3gpa:4",
		"85|A-", "letter:\x00", "letter:\ufffd", "letter:" + strings.Repeat("A", 25), strings.Repeat("a", 25) + ":1",
		"a:1|b:1|c:1|d:1|e:1|f:1|g:1|h:1|i:1", "pct:abc", "85 ",
	} {
		var input *creditbank.InputError
		if s, err := creditbank.ParseScore(text); !errors.As(err, &input) || input.Reason.ZH == "" {
			t.Errorf("ParseScore(%q) = %q, %v; want an input error in both languages", text, s, err)
		}
	}
}

// A word keeps its meaning beside a mark on a named scale.
func TestScoreMeans(t *testing.T) {
	for _, tt := range []struct {
		text            string
		failed, reaches bool // at 60
	}{
		{"", false, false}, {"59.99", true, false}, {"60", false, true}, {"合格", false, true}, {"不合格", true, false},
		{"不合格|letter:F", true, false}, {"优秀|letter:A", false, true}, {"59|letter:A", true, false}, {"letter:A", false, false},
	} {
		s, err := creditbank.ParseScore(tt.text)
		must(t, err)
		if s.Failed(60_00) != tt.failed || s.Reaches(60_00) != tt.reaches {
			t.Errorf("%q: failed %v, reaches %v; want %v, %v", tt.text, s.Failed(60_00), s.Reaches(60_00), tt.failed, tt.reaches)
		}
	}
}

// The same result in another order is the same posting: it was sent again.
func TestScoreIsItsOwnOrder(t *testing.T) {
	a, err := creditbank.ParseScore("85|letter:A-|ects:B")
	must(t, err)
	b, err := creditbank.ParseScore("ects:B|letter:A-|85")
	must(t, err)
	if a != b {
		t.Errorf("%q and %q are two scores", a, b)
	}
	if v, ok := a.On("ects"); !ok || v != "B" {
		t.Errorf("%q on ects: %q, %v", a, v, ok)
	}
	if v, ok := a.On(creditbank.Percentage); !ok || v != "85" {
		t.Errorf("%q on pct: %q, %v", a, v, ok)
	}
	if v, ok := a.On("gpa"); ok {
		t.Errorf("%q has %q on a scale it does not name", a, v)
	}
}

func FuzzParseScore(f *testing.F) {
	for _, s := range []string{"", "85", "87.50", "不合格", "85|letter:A-|ects:B", "pct:85|b:2|a:1", "85 | de : 1,3", "a:b:c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := creditbank.ParseScore(text)
		if err != nil {
			return
		}
		again, err := creditbank.ParseScore(s.String())
		if err != nil || again != s {
			t.Fatalf("ParseScore(%q) = %q, read again %q, %v", text, s, again, err)
		}
		parts := []string{s.Plain()}
		for _, m := range s.Marks() {
			if v, ok := s.On(m.Scale); !ok || v != m.Value {
				t.Errorf("%q on %s: %q, %v", s, m.Scale, v, ok)
			}
			parts = append(parts, m.String())
		}
		if joined := strings.TrimPrefix(strings.Join(parts, "|"), "|"); joined != s.String() {
			t.Errorf("%q is made of %q", s, joined)
		}
	})
}
