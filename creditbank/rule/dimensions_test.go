package rule_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The page of dimensions names keys that there are and tests that there are, for
// each of the thirty.
func TestPageOfDimensions(t *testing.T) {
	language := contents(t, "testdata/every/*.yaml", "doc*.go")
	tests := contents(t, "*_test.go")
	elsewhere := contents(t, "../*_test.go")
	page, err := os.ReadFile("DIMENSIONS.md")
	must(t, err)
	rows := regexp.MustCompile(`(?m)^\| (\d+) \|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$`).FindAllStringSubmatch(string(page), -1)
	if len(rows) != 30 {
		t.Fatalf("%d rows, want 30", len(rows))
	}
	for i, row := range rows {
		number, title, keys, example := row[1], strings.TrimSpace(row[2]), row[3], strings.TrimSpace(row[4])
		if number != strconv.Itoa(i+1) || title == "" || example == "" {
			t.Errorf("row %d is %s %q with the example %q", i+1, number, title, example)
		}
		for _, key := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(keys, -1) {
			if !regexp.MustCompile(`[\s{,]` + key[1] + `:`).MatchString(language) {
				t.Errorf("%s %s: no file has the key %s", number, title, key[1])
			}
		}
		named := regexp.MustCompile(`(creditbank\.)?(Test\w+)`).FindAllStringSubmatch(row[5], -1)
		if len(named) == 0 {
			t.Errorf("%s %s names no test", number, title)
		}
		for _, name := range named {
			where := tests
			if name[1] != "" {
				where = elsewhere
			}
			if !strings.Contains(where, "func "+name[2]+"(") {
				t.Errorf("%s %s: there is no %s", number, title, name[0])
			}
		}
	}
}

func contents(t *testing.T, patterns ...string) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		must(t, err)
		if len(files) == 0 {
			t.Fatalf("no file is %s", pattern)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			must(t, err)
			all.Write(text)
		}
	}
	return all.String()
}
