package term_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

// screen returns a screen of the given width, and what it writes to.
func screen(t *testing.T, width string, lang term.Language) (*term.Screen, *bytes.Buffer) {
	t.Helper()
	var b bytes.Buffer
	return term.New(&b, lang, func(name string) string {
		if name == "COLUMNS" {
			return width
		}
		return ""
	}), &b
}

func TestWidth(t *testing.T) {
	for s, want := range map[string]int{
		"":                       0,
		"credits":                7,
		"学分":                     4,
		"“学分”":                   6, // open width counts as one
		"学分 4.0\ncredit":         8,
		"\x1b[1;32m学分\x1b[0m":    4,
		"a·b":                    3,
		"R05 自考社区管理学 → T-A1 4.0": 29,
	} {
		if got := term.Width(s); got != want {
			t.Errorf("Width(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		width    int
		want     []string
	}{
		{"words stay whole", "the score is below", 10, []string{"the score", "is below"}},
		{"Chinese breaks anywhere", "成绩低于规则要求", 6, []string{"成绩低", "于规则", "要求"}},
		{"a comma never begins a line", "成绩低，要求", 6, []string{"成绩", "低，要", "求"}},
		{"a bracket never ends a line", "成绩（低）", 6, []string{"成绩", "（低）"}},
		{"a number stays whole among Chinese", "学分40.00学分", 6, []string{"学分", "40.00", "学分"}},
		{"a word longer than the line is cut", "abcdefgh", 3, []string{"abc", "def", "gh"}},
		{"lines stay lines", "a\nb", 9, []string{"a", "b"}},
		{"nothing", "", 9, []string{""}},
	} {
		if got := term.Wrap(tt.in, tt.width); !slices.Equal(got, tt.want) {
			t.Errorf("%s: Wrap(%q, %d) = %q, want %q", tt.name, tt.in, tt.width, got, tt.want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("“社区管理概论 T-A1”的学分已满，nothing is left to fill in", 12)
	f.Fuzz(func(t *testing.T, s string, width int) {
		if width < 8 || width > 200 || strings.ContainsAny(s, "\x1b") {
			return
		}
		var letters strings.Builder
		for _, line := range term.Wrap(s, width) {
			letters.WriteString(line)
		}
		plain := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
		if got := plain(letters.String()); got != plain(s) {
			t.Errorf("Wrap(%q, %d) holds %q", s, width, got)
		}
	})
}

func TestTableFitsAndLinesUp(t *testing.T) {
	columns := []term.Column{
		{Head: creditbank.Text{ZH: "规则", EN: "rule"}},
		{Head: creditbank.Text{ZH: "说明", EN: "what it says"}, Flex: true},
		{Head: creditbank.Text{ZH: "空", EN: "empty"}},
		{Head: creditbank.Text{ZH: "学分", EN: "credits"}, Right: true},
	}
	rows := [][]term.Cell{
		{term.Of("R05"), term.Of("自考社区管理学转换为“社区管理概论”，超出部分进入选修模块，最多到封顶为止"), {}, {Text: "10.0", Style: term.Good}},
		{term.Of("R03"), term.Of("short"), {}, term.Of("4.0")},
	}
	for _, width := range []string{"40", "80", "120"} {
		s, out := screen(t, width, term.Both)
		s.Table(2, columns, rows)
		text := out.String()
		lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
		if strings.Contains(text, "空") {
			t.Errorf("width %s: the empty column is there:\n%s", width, text)
		}
		ends := map[int]bool{}
		for _, l := range lines {
			if term.Width(l) > s.Width() {
				t.Errorf("width %s: line %q has %d cells", width, l, term.Width(l))
			}
			if strings.HasSuffix(l, ".0") {
				ends[term.Width(l)] = true
			}
		}
		if len(ends) != 1 {
			t.Errorf("width %s: the amounts do not line up:\n%s", width, text)
		}
		if strings.Contains(text, "\x1b") {
			t.Errorf("width %s: escape sequences in a file:\n%q", width, text)
		}
	}
}

func TestLanguages(t *testing.T) {
	text := creditbank.Text{ZH: "已批准", EN: "approved"}
	for lang, want := range map[term.Language]string{
		term.Both:    "* 已批准\n  approved\n",
		term.Chinese: "* 已批准\n",
		term.English: "* approved\n",
	} {
		s, out := screen(t, "80", lang)
		s.Mark(0, "*", term.Good, text)
		if out.String() != want {
			t.Errorf("language %d: %q, want %q", lang, out, want)
		}
	}
	if _, err := term.ParseLanguage("fr"); err == nil {
		t.Error("ParseLanguage takes fr")
	}
}
