package rule_test

import (
	"os"
	"strings"
	"testing"
)

// The examples of the documentation are what they say: files that compile.
func TestDocumentedExamplesCompile(t *testing.T) {
	source, err := os.ReadFile("docconversion.go")
	must(t, err)
	var blocks []string
	inside := false
	for line := range strings.Lines(string(source)) {
		text, code := strings.CutPrefix(line, "//\t")
		if code && !inside {
			blocks = append(blocks, "")
		}
		if inside = code; code {
			blocks[len(blocks)-1] += text
		}
	}
	if len(blocks) != 2 {
		t.Fatalf("%d examples, want 2", len(blocks))
	}
	body, set, problems := compile(townCatalogue(t), blocks[0], blocks[1])
	if body == nil {
		t.Fatal(problems.Err())
	}
	for _, r := range set.Rules() {
		checkCanonical(t, r)
	}
}
