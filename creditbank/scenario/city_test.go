package scenario_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"creditbank/creditbank/scenario"
	"creditbank/creditbank/scenario/scenariotest"
)

var update = flag.Bool("update", false, "write the results into the cities anew")

// archive splits a file into a comment and parts that begin with "-- name --".
func archive(text string) (comment string, names []string, parts map[string]string) {
	parts = map[string]string{}
	name := ""
	for line := range strings.Lines(text) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok && strings.HasSuffix(n, " --") {
			name = strings.TrimSuffix(n, " --")
			names = append(names, name)
			continue
		}
		if name == "" {
			comment += line
		} else {
			parts[name] += line
		}
	}
	return comment, names, parts
}

// base returns the files of testdata/base with some replaced, added, or, where
// they are empty, taken away.
func base(t testing.TB, parts map[string]string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	dir := os.DirFS("testdata/base")
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := fs.ReadFile(dir, e.Name())
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = &fstest.MapFile{Data: data}
	}
	for name, text := range parts {
		files[name] = &fstest.MapFile{Data: []byte(text)}
		if text == "" {
			delete(files, name)
		}
	}
	return files
}

func encode(t testing.TB, r *scenario.Result) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Each city in testdata/cities says at its head what it is about; its result
// was checked by hand.
func TestCities(t *testing.T) {
	paths, err := filepath.Glob("testdata/cities/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cities: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			comment, names, parts := archive(string(read(t, path)))
			want := parts["result.json"]
			delete(parts, "result.json")
			store := openStore(t)
			got := encode(t, scenariotest.Play(t, store, base(t, parts)))
			if *update {
				write(t, path, comment, names, parts, got)
				want = got
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		})
	}
}

// write writes a city with its result.
func write(t *testing.T, path, comment string, names []string, parts map[string]string, result string) {
	t.Helper()
	var b strings.Builder
	b.WriteString(comment)
	for _, name := range names {
		if name != "result.json" {
			b.WriteString("-- " + name + " --\n" + parts[name])
		}
	}
	b.WriteString("-- result.json --\n" + result)
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
