package contract_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// contract.gen.go is what go generate makes of the contract. Making it anew
// takes a network, so what is compared is hashes; see doc.go.
func TestGenerated(t *testing.T) {
	sums := read(t, "generated.sum")
	for _, name := range []string{"../openapi.yaml", "config.yaml", "overlay.yaml", "contract.gen.go"} {
		want := fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(read(t, name))), name)
		if !strings.Contains(sums, want) {
			t.Errorf("%s is not what generated.sum says: run go generate ./api/contract", name)
		}
	}
}

// The generator that is asked for is the one that was used.
func TestGenerator(t *testing.T) {
	version := func(file, pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(read(t, file))
		if m == nil {
			t.Fatalf("%s names no version of the generator", file)
		}
		return m[1]
	}
	want := version("doc.go", `cmd/oapi-codegen@(v[0-9.]+) `)
	if got := version("contract.gen.go", `oapi-codegen/v2 version (v[0-9.]+) `); got != want {
		t.Errorf("contract.gen.go was made by %s, doc.go asks for %s: run go generate ./api/contract", got, want)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
