package roles_test

import (
	"fmt"

	"creditbank/api/apitest"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// The things that requests are about.

// publicJWK is the public key of RFC 8037, appendix A.2.
const publicJWK = `{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`

// outcome returns the version that an outcome of L2's made.
func (s *scene) outcome(externalID string) int64 {
	s.t.Helper()
	for _, l := range s.account("L2").Lots {
		if l.ExternalID == externalID {
			return l.Seq
		}
	}
	s.t.Fatalf("L2 has no outcome %s", externalID)
	return 0
}

// application returns the open application of a learner for a rule, which the
// learner makes if there is none.
func (s *scene) application(alias string, rule creditbank.RuleID) int64 {
	s.t.Helper()
	for _, p := range s.account(alias).Applications {
		if p.Open() && p.Decision.Rule == rule {
			return p.Seq
		}
	}
	c := s.change(alias)
	c.By = creditbank.Caller{ID: "learner:" + string(s.ids[alias])}
	acts, err := s.Bank.Convert(s.t.Context(), c, []creditbank.RuleID{rule})
	s.must(err)
	if len(acts) != 1 || acts[0].Kind != creditbank.ActApplied {
		s.t.Fatalf("%s cannot apply for %s: %+v", alias, rule, acts[0].Body.Decision)
	}
	return acts[0].Seq
}

// reject rejects the open application of a learner for a rule.
func (s *scene) reject(alias string, rule creditbank.RuleID) {
	s.t.Helper()
	_, err := s.Bank.Review(s.t.Context(), s.change(alias), s.application(alias, rule), creditbank.Verdict{Note: "x"})
	s.must(err)
}

// certificate returns the id of the certificate of L2's first conversion.
func (s *scene) certificate() string {
	s.t.Helper()
	all, err := s.Office.List(s.t.Context(), s.ids["L2"])
	s.must(err)
	for _, c := range all {
		if c.Institution == "I01" {
			return c.ID
		}
	}
	s.t.Fatal("L2 has no certificate of a conversion")
	return ""
}

func (s *scene) certificatePath(rest string) string {
	return "/v1/certificates/" + s.certificate() + rest
}

// certificateOf issues the certificate of another outcome of I06.
func (s *scene) certificateOf(alias string) string {
	s.t.Helper()
	_, seq := s.post(alias, "I06", "S01", "80")
	_, err := s.Bank.RequestCertificate(s.t.Context(), s.change(alias), seq)
	s.must(err)
	c, err := s.Office.IssueOutcome(s.t.Context(), s.ids[alias], seq)
	s.must(err)
	return c.ID
}

// consent puts a learner's consent on record and returns its version.
func (s *scene) consent(alias, recipient, purpose, until string, fields ...creditbank.Field) int64 {
	s.t.Helper()
	last, err := creditbank.ParseDate(until)
	s.must(err)
	c := s.change(alias)
	c.By = creditbank.Caller{ID: "learner:" + string(s.ids[alias])}
	act, err := s.Bank.Consent(s.t.Context(), c, creditbank.Consent{
		Recipient: creditbank.InstitutionID(recipient), Purpose: creditbank.Purpose(purpose), TextVersion: "2026-1", Until: last, Fields: fields,
	})
	s.must(err)
	return act.Seq
}

// colleague returns the account of a poster of I06.
func (s *scene) colleague() string {
	s.t.Helper()
	return s.keep("colleague", func() string { return string(s.staff("I06", "poster institution:I06").account.ID) })
}

// login returns the account with which a learner logs in.
func (s *scene) login(alias string) string {
	s.t.Helper()
	p, err := s.Registry.Principal(s.t.Context(), "learner:"+string(s.ids[alias]))
	s.must(err)
	return p.ID
}

// machine returns the id of a client of I06.
func (s *scene) machine() string {
	s.t.Helper()
	return s.keep("machine", func() string {
		id := fmt.Sprint("machine-", s.number())
		_, err := s.Registry.OpenClient(s.t.Context(), s.owner, access.NewClient{
			ID: id, Title: creditbank.Text{ZH: "测试", EN: "test"}, Institution: "I06", Grants: apitest.Grants(s.t, "poster institution:I06"),
		})
		s.must(err)
		return id
	})
}
