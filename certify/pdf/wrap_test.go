package pdf

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// one is a font in which Chinese characters are 2 wide, others 1.
func one(r rune) float64 {
	if wide(r) {
		return 2
	}
	return 1
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		name, text string
		width      float64
		want       []string
	}{
		{"between any two ideographs", "学习成果认定", 5, []string{"学习", "成果", "认定"}},
		{"no comma begins a line", "学习成果，认定", 8, []string{"学习成", "果，认定"}},
		{"no full stop begins a line", "学习成果。", 8, []string{"学习成", "果。"}},
		{"no bracket ends a line", "学习（成果）", 6, []string{"学习", "（成", "果）"}},
		{"no title mark ends a line", "修读《数据》", 6, []string{"修读", "《数", "据》"}},
		{"nor begins one that closes", "修读《数据》", 10, []string{"修读《数", "据》"}},
		{"several together", "他说：“好。”", 10, []string{"他说：", "“好。”"}},
		{"words stay whole", "credit bank of Qinghe", 11, []string{"credit bank", "of Qinghe"}},
		{"words beside ideographs", "学分credits认定", 8, []string{"学分", "credits", "认定"}},
		{"a word that is too long is broken", "abcdefgh", 3, []string{"abc", "def", "gh"}},
		{"a dash of two stays whole", "学习——成果", 5, []string{"学", "习——", "成果"}},
		{"beyond U+FFFF", "王𬱖𫍯𠮷", 4, []string{"王𬱖", "𫍯𠮷"}},
		{"given lines are kept", "一\n二", 9, []string{"一", "二"}},
		{"nothing", "", 9, []string{""}},
		{"spaces at the end of a line do not count", "学习  成果", 4, []string{"学习", "成果"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := wrap(c.text, c.width, one); !slices.Equal(got, c.want) {
				t.Errorf("wrap(%q, %v) = %q, want %q", c.text, c.width, got, c.want)
			}
		})
	}
}

func TestWrapLosesNothing(t *testing.T) {
	letters := []rune("学习成果认定证书𬱖𫍯ab1 ，。（）《》“”、…—/-")
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOf(rapid.SampledFrom(letters)).Draw(t, "text"))
		width := float64(rapid.IntRange(2, 30).Draw(t, "width"))
		lines := wrap(text, width, one)
		if got, want := strings.ReplaceAll(strings.Join(lines, ""), " ", ""), strings.ReplaceAll(text, " ", ""); got != want {
			t.Fatalf("wrap(%q, %v) = %q", text, width, lines)
		}
		for i, l := range lines {
			w := 0.0
			for _, r := range l {
				w += one(r)
			}
			first, _ := utf8.DecodeRuneInString(l)
			if w > width {
				t.Fatalf("wrap(%q, %v): line %d of %q is too wide", text, width, i, lines)
			}
			// Only where a line has no other place to end may one of these begin it.
			if i > 0 && strings.ContainsRune(notFirst, first) {
				before := []rune(lines[i-1])
				for b := 1; b < len(before); b++ {
					if mayBreak(before[b-1], before[b]) {
						t.Fatalf("wrap(%q, %v): line %d of %q begins with %c", text, width, i, lines, first)
					}
				}
			}
		}
	})
}
