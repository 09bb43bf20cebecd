package certify_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"creditbank/certify"
	"creditbank/certify/certifytest"
)

// What each fixture of 1EdTech's validator is meant to be. Their issuers are web
// addresses, which vouch for nothing here: so the signature is checked with the
// key that each names, and the rest of the report without a trust.
var fixtures = map[string]struct {
	err  error  // of the signature and all it covers; nil if it is right
	code string // that the report must have beside
}{
	"complete.json":                  {nil, "status_unknown"}, // a revocation list of theirs, which we do not know
	"endorsement-valid.json":         {nil, "status_none"},
	"simple-context-version.json":    {nil, "period_ok"},
	"simple-did-key-method.json":     {nil, "issuer_key_foreign"}, // a did:key signed for a urn:uuid
	"simple-multiple-proofs.json":    {nil, "period_ok"},
	"credential-status-revoked.json": {nil, "status_unknown"}, // its index is a number, not a text
	"simple-err-expired.json":        {nil, "expired"},

	"CLR-simple.json":         {certify.ErrUnknown, "format_unknown"}, // the CLR context is not embedded
	"simple-err-context.json": {certify.ErrUnknown, "format_unknown"},
	"simple-err-credential-subject-achievement-result-description-type.json": {certify.ErrUnknown, "format_unknown"},
	"simple-err-credential-subject-profile-type.json":                        {certify.ErrUnknown, "format_unknown"},
	"simple-err-credential-subject-result-type.json":                         {certify.ErrUnknown, "format_unknown"},
	"simple-err-evidence-type.json":                                          {certify.ErrUnknown, "format_unknown"},
	"simple-err-issuer-otheridentifier-type.json":                            {certify.ErrUnknown, "format_unknown"},
	"simple-err-issuer-parentorg-type.json":                                  {certify.ErrUnknown, "format_unknown"},
	"simple-err-type.json":                                                   {certify.ErrUnknown, "format_unknown"},
	"simple-err-issuer.json":                                                 {certify.ErrMalformed, "format_bad"},
	"simple-err-proof-method-no-scheme.json":                                 {certify.ErrMalformed, "issuer_key_foreign"},
	"simple-err-proof-method.json":                                           {certify.ErrMalformed, "key_unknown"},
	"simple-err-proof-method-unknown-scheme.json":                            {certify.ErrSignature, "issuer_key_foreign"},
}

func TestForeignFixtures(t *testing.T) {
	dir := certifytest.Shared(t, "fixtures")
	nobody, err := certify.NewTrust(certify.TrustSpec{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) < len(fixtures) {
		t.Fatalf("%d fixtures in %s: %v", len(files), dir, err)
	}
	for _, f := range files {
		name := filepath.Base(f)
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		r := certify.Verify(certify.Bundle{Credential: data}, nobody, certifytest.Now())
		if r.Verdict == certify.Valid {
			t.Errorf("%s: valid, though its issuer is not trusted", name)
		}
		got := certify.VerifyForeign(data)
		want, known := fixtures[name]
		if !known { // one that was added: its name says what it is meant to be
			if strings.Contains(name, "-err-") && got == nil && r.Verdict != certify.Invalid {
				t.Errorf("%s is accepted", name)
			}
			continue
		}
		if !errors.Is(got, want.err) {
			t.Errorf("%s: %v, want %v", name, got, want.err)
		}
		if !slices.ContainsFunc(r.Checks, func(c certify.Check) bool { return c.Code == want.code }) {
			t.Errorf("%s: no %s: %+v", name, want.code, r.Checks)
		}
	}
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
