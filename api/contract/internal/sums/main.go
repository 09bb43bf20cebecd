// Sums writes generated.sum, which holds the SHA-256 of what package contract is
// generated from and of what came of it. go generate runs it last, so that a
// test can tell without a network whether the two belong together. The file has
// the form of sha256sum.
package main

import (
	"crypto/sha256"
	"fmt"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	var sums []byte
	for _, name := range os.Args[1:] {
		data, err := os.ReadFile(name)
		if err != nil {
			log.Fatal(err)
		}
		sums = fmt.Appendf(sums, "%x  %s\n", sha256.Sum256(data), name)
	}
	if err := os.WriteFile("generated.sum", sums, 0o644); err != nil {
		log.Fatal(err)
	}
}
