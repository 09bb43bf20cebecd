package certify_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"creditbank/certify"
	"creditbank/certify/certifytest"
)

// The fixtures of 1EdTech's validator: those whose signature is right (the
// expired one among them), those that were edited after signing, and those this
// package does not know how to read. Files not named here must not be accepted
// unless they are: new fixtures fall under "edited" if their name says so.
func TestForeignFixtures(t *testing.T) {
	dir := certifytest.Shared(t, "fixtures")
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures in %s: %v", dir, err)
	}
	unknown := map[string]bool{"CLR-simple.json": true} // the CLR context is not embedded
	expired := map[string]bool{"simple-err-expired.json": true}
	counts := map[string]int{}
	for _, f := range files {
		name := filepath.Base(f)
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		err = certify.VerifyForeign(data)
		good := !strings.Contains(name, "-err-") || expired[name]
		switch {
		case unknown[name] && errors.Is(err, certify.ErrUnknown):
			counts["unknown context"]++
		case err == nil && (good || strings.Contains(name, "issued") || strings.Contains(name, "issuer-id")):
			counts["verified"]++
		case err != nil && !good:
			counts["refused"]++
		default:
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%-80s %v", name, err)
		r := certify.Verify(certify.Bundle{Credential: data}, trust(t, certifytest.New(t)), certifytest.Now())
		if r.Verdict == certify.Valid {
			t.Errorf("%s: valid, though its issuer is not trusted", name)
		}
	}
	t.Logf("of %d fixtures: %v", len(files), counts)
}

func TestCredentialsFitTheOpenBadgesSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(certifytest.Shared(t, "ob_v3p0_achievementcredential_schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	w := certifytest.New(t)
	bare := certifytest.Outcome(3)
	bare.Subject.Name, bare.Subject.AccountNumber, bare.Source, bare.Grade, bare.Hours, bare.Number = "", "", certify.Institution{}, "", "", ""
	bare.Achievement.Credits, bare.Achievement.Alignments = "", nil
	for name, c := range map[string]certify.Certificate{"outcome": certifytest.Outcome(1), "conversion": certifytest.Conversion(2), "bare": bare} {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(w.Issue(c).Credential))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
