package certifytest

import (
	"os"
	"path/filepath"
	"testing"
)

// Shared returns the path of test data that others made and that is not ours to
// give on: shared/data/openbadges in a folder above. Where it is not, the test is
// skipped; on CI it fails, so that nothing passes by being left out.
func Shared(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for parent := filepath.Dir(dir); parent != dir; dir, parent = parent, filepath.Dir(parent) {
		path := filepath.Join(parent, "shared", "data", "openbadges", name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("no shared/data/openbadges/%s in a folder above, on CI", name)
	}
	t.Skipf("no shared/data/openbadges/%s in a folder above", name)
	return ""
}
