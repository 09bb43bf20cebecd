package rule

import "testing"

func TestSubjectsAreCompared(t *testing.T) {
	s := &Subjects{Abbreviations: []Abbreviation{{"马原", "马克思主义基本原理"}, {"高数", "高等数学"}}}
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"大学英语（一）", "大学英语Ⅰ", true},
		{"大学英语 1", "大学英语", true},
		{"大学英语I", "大学英语", true},
		{"大学英语（二）", "大学英语Ⅱ", true},
		{"大学英语Ⅱ", "大学英语2", true},
		{"大学英语Ⅱ", "大学英语", false},
		{"大学英语Ⅲ", "大学英语Ⅱ", false},
		{"大学英语11", "大学英语1", false},
		{"ＥＸＣＥＬ 入门", "Excel入门", true},
		{"College English I", "college english", true},
		{"Wi-Fi", "Wi-F", false},
		{"Civics", "Civ", false},
		{"高等数学（上）", "高等数学上", true},
		{"高等数学（上）", "高等数学", false},
		{"社区管理与服务", "社区管理和服务", true},
		{"社区的管理、服务", "社区管理服务", true},
		{"Care and Nursing", "Care, Nursing", true},
		{"高数（一）", "高等数学", true},
		{"马原", "马克思主义基本原理", true},
		{"高等数学", "高等代数", false},
	} {
		if got := s.plain(tt.a) == s.plain(tt.b); got != tt.same {
			t.Errorf("%q and %q are the same: %v, want %v (%q, %q)", tt.a, tt.b, got, tt.same, s.plain(tt.a), s.plain(tt.b))
		}
	}
	if none := (*Subjects)(nil); none.plain("高数") == none.plain("高等数学") {
		t.Error("abbreviations that nobody gave are written out")
	}
}

// What is plain stays so: a title is compared by one form.
func FuzzSubject(f *testing.F) {
	for _, title := range []string{"大学英语（一）", "高数Ⅱ", "Care and Nursing I", "", "一", "1"} {
		f.Add(title)
	}
	s := &Subjects{Abbreviations: []Abbreviation{{"高数", "高等数学"}}}
	f.Fuzz(func(t *testing.T, title string) {
		if s.plain(title) != s.plain(" "+title+"。") {
			t.Errorf("%q is another subject with a space and a stop", title)
		}
	})
}
