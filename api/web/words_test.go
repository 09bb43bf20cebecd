package web

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"creditbank/certify"
)

// Everything is said in both languages, with the same blanks to fill in.
func TestWordsInBothLanguages(t *testing.T) {
	blank := regexp.MustCompile(`%(\[\d\])?[a-z]`)
	for key, w := range words {
		if strings.TrimSpace(w.ZH) == "" || strings.TrimSpace(w.EN) == "" {
			t.Errorf("%s is not said in both languages: %+v", key, w)
		}
		zh, en := blank.FindAllString(w.ZH, -1), blank.FindAllString(w.EN, -1)
		slices.Sort(zh)
		slices.Sort(en)
		if !slices.Equal(zh, en) {
			t.Errorf("%s: %q and %q", key, zh, en)
		}
		if regexp.MustCompile(`\p{Han}`).MatchString(w.EN) || !regexp.MustCompile(`\p{Han}|、`).MatchString(w.ZH) {
			t.Errorf("%s: the languages are mixed up: %+v", key, w)
		}
	}
}

// What templates and the program say is there, and what is there is said.
func TestWordsAreUsed(t *testing.T) {
	used := map[string]bool{}
	note := func(data []byte, pattern string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(data), -1) {
			used[m[1]] = true
		}
	}
	templates, err := fs.Glob(files, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range templates {
		data, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		note(data, `\{\{(?:t|zh|en) "([^"]+)"`)
	}
	sources, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		note(data, `words\["([^"]+)"\]`)
	}
	for key := range used {
		if _, ok := words[key]; !ok {
			t.Errorf("no words for %s", key)
		}
	}
	for key := range words {
		made := strings.HasPrefix(key, "title.") || strings.HasPrefix(key, "trouble.") || strings.HasPrefix(key, "advice.") || strings.HasPrefix(key, "check.") ||
			strings.HasPrefix(key, "kind.")
		if !used[key] && !made {
			t.Errorf("%s is not said anywhere", key)
		}
		if kind, ok := strings.CutPrefix(key, "advice."); ok && words["trouble."+kind].ZH == "" {
			t.Errorf("%s is advice about nothing", key)
		}
	}
	for _, name := range []string{certify.CheckFormat, certify.CheckSignature, certify.CheckIssuer, certify.CheckStatus, certify.CheckPeriod, certify.CheckLog, certify.CheckAnchor} {
		if words["check."+name].ZH == "" {
			t.Errorf("no words for the check %s", name)
		}
	}
	for _, name := range templates {
		page := strings.TrimSuffix(strings.TrimPrefix(name, "templates/"), ".html")
		if words["title."+page].ZH == "" && !slices.Contains([]string{"layout", "trouble", "me"}, page) {
			t.Errorf("the page %s has no title", page)
		}
	}
}
