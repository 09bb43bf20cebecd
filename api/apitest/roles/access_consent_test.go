package roles_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"creditbank/api/host"
	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

// reads are the ways to read about a learner, and what each tells.
var reads = map[string][]creditbank.Field{
	"": {"PROFILE"}, "/balance": {"BALANCE"}, "/lots": {"OUTCOMES"}, "/outcomes/3": {"OUTCOMES"}, "/statement": {"OUTCOMES", "CONVERSIONS"},
	"/plan?programme=P1": {"OUTCOMES", "CONVERSIONS"}, "/conversions": {"CONVERSIONS"}, "/certificates": {"CERTIFICATES"},
}

// disclosure is one on the wire.
type disclosure struct {
	By, Recipient, Region, Purpose, Basis, Request string
	Fields                                         []creditbank.Field
	Consent                                        int64
}

// disclosures returns what the learner sees of who was told.
func (s *scene) disclosures(self person) []disclosure {
	s.t.Helper()
	var page struct{ Disclosures []disclosure }
	if got := s.get(self.token, "/v1/learners/"+string(self.account.Learner)+"/disclosures?limit=100", &page); got.status != http.StatusOK {
		s.t.Fatalf("disclosures: %v", got)
	}
	return page.Disclosures
}

// give has a learner consent, and returns the consent's version.
func (s *scene) give(self person, recipient, purpose, until string, fields ...string) int64 {
	s.t.Helper()
	got := s.do(self.token, ask{method: "POST", path: "/v1/learners/" + string(self.account.Learner) + "/consents", body: map[string]any{
		"recipient": recipient, "purpose": purpose, "fields": fields, "text_version": "2026-1", "until": until}})
	var given struct{ Seq int64 }
	if got.status != http.StatusCreated {
		s.t.Fatalf("consent: %v", got)
	}
	s.must(json.Unmarshal(got.body, &given))
	return given.Seq
}

// readAll reads everything about L2 as somebody, for a purpose if that is not "",
// and holds what can be read against fields, and the disclosures against that.
func (s *scene) readAll(who, self person, purpose string, want disclosure, fields ...creditbank.Field) {
	s.t.Helper()
	for path, needs := range reads {
		before := len(s.disclosures(self))
		full := s.about("L2", path)
		if purpose != "" {
			full += map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "purpose=" + purpose
		}
		got := s.get(who.token, full, nil)
		told := s.disclosures(self)[:len(s.disclosures(self))-before]
		may := !slices.ContainsFunc(needs, func(f creditbank.Field) bool { return !slices.Contains(fields, f) })
		if !may {
			if got.code != "CONSENT_REQUIRED" || len(told) != 0 {
				s.t.Errorf("%s for %q with a consent to %v: %v, told %+v; want CONSENT_REQUIRED", path, purpose, fields, got, told)
			}
			continue
		}
		expected := want
		expected.By, expected.Fields, expected.Request = who.caller(), needs, got.header.Get("X-Request-Id")
		if got.status != http.StatusOK || len(told) != 1 || fmt.Sprint(told[0]) != fmt.Sprint(expected) {
			s.t.Errorf("%s for %q with a consent to %v: %v, told %+v; want %+v", path, purpose, fields, got, told, expected)
		}
	}
}

// I12 is neither source nor target of L2's.
func TestConsentOpensWhatItNames(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	self, who := s.learner("L2"), s.staff("I12", "reviewer institution:I12", "clerk institution:I12", "auditor institution:I12")
	other := s.staff("I09", "reviewer institution:I09", "clerk institution:I09")
	s.readAll(who, self, "", disclosure{})

	first := s.give(self, "I12", "ADMISSION", "2026-04-22", "OUTCOMES", "CERTIFICATES")
	want := disclosure{Recipient: "I12", Purpose: "ADMISSION", Basis: "CONSENT", Consent: first}
	s.readAll(who, self, "", want, "OUTCOMES", "CERTIFICATES")
	s.readAll(who, self, "ADMISSION", want, "OUTCOMES", "CERTIFICATES")
	s.readAll(who, self, "EMPLOYMENT", disclosure{})
	s.readAll(other, self, "", disclosure{})

	// A later consent to more is found, though the first covers a part.
	second := s.give(self, "I12", "ADMISSION", "2026-04-21", "OUTCOMES", "CONVERSIONS")
	for _, path := range []string{"/statement", "/plan?programme=P1"} {
		got := s.get(who.token, s.about("L2", path), nil)
		if told := s.lastTold("L2"); got.status != http.StatusOK || told.Consent != second {
			t.Errorf("%s on the second consent: %v, told %+v", path, got, told)
		}
	}
	if got := s.do(self.token, ask{method: "POST", path: s.about("L2", fmt.Sprintf("/consents/%d/withdraw", second))}); got.status != http.StatusOK {
		t.Fatalf("withdraw: %v", got)
	}
	s.readAll(who, self, "", want, "OUTCOMES", "CERTIFICATES")

	// The last day counts, the day after does not.
	for day, fields := range [][]creditbank.Field{1: {"OUTCOMES", "CERTIFICATES"}, 2: {"OUTCOMES", "CERTIFICATES"}, 3: nil} {
		if day == 0 {
			continue
		}
		s.ahead(24 * time.Hour)
		self.token, who.token = s.tokenOf(self.caller()), s.tokenOf(who.caller())
		s.readAll(who, self, "", want, fields...)
	}
}

// A withdrawal counts at once, and what was told before stays on record.
func TestWithdrawnConsent(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	self, who := s.learner("L2"), s.staff("I12", "clerk institution:I12", "reviewer institution:I12")
	seq := s.give(self, "I12", "SUBSIDY", "2027-01-01", "PROFILE", "BALANCE", "OUTCOMES", "CONVERSIONS", "CERTIFICATES")
	s.readAll(who, self, "", disclosure{Recipient: "I12", Purpose: "SUBSIDY", Basis: "CONSENT", Consent: seq}, creditbank.Fields()...)
	told := len(s.disclosures(self))
	if got := s.do(self.token, ask{method: "POST", path: s.about("L2", fmt.Sprintf("/consents/%d/withdraw", seq))}); got.status != http.StatusOK {
		t.Fatalf("withdraw: %v", got)
	}
	s.readAll(who, self, "", disclosure{})
	if now := len(s.disclosures(self)); now != told || told != len(reads) {
		t.Errorf("%d disclosures before, %d after; want %d", told, now, len(reads))
	}
}

// What the learner reads is nobody else's business.
func TestOwnReadsAreNotDisclosures(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	self := s.learner("L2")
	for path := range reads {
		if got := s.get(self.token, s.about("L2", path), nil); got.status != http.StatusOK {
			t.Errorf("%s: %v", path, got)
		}
	}
	if told := s.disclosures(self); len(told) != 0 {
		t.Errorf("own reads are on record: %+v", told)
	}
}

// faultyLedger is a ledger whose writes fail as they are told.
type faultyLedger struct {
	host.Ledger
	faults *storetest.Faulty
}

// Disclose implements [creditbank.DisclosureStore].
func (f faultyLedger) Disclose(ctx context.Context, d creditbank.Disclosure) error {
	return f.faults.Disclose(ctx, d)
}

// What cannot be put on record is not told.
func TestNothingIsToldUnrecorded(t *testing.T) {
	t.Parallel()
	var faults *storetest.Faulty
	s := newScene(t, func(l host.Ledger) host.Ledger {
		faults = &storetest.Faulty{Store: l}
		return faultyLedger{l, faults}
	})
	s.Client = &http.Client{} // the contract does not provide for a fault of ours
	callers := []caller{
		{s.staff("I06", "reviewer institution:I06", "clerk institution:I06", "poster institution:I06", "auditor institution:I06"), "clerk", "I06"},
		{s.staff("I01", "clerk institution:I01", "reviewer institution:I01"), "clerk", "I01"},
		{s.staff("", "operator region:9901", "auditor region:9901"), "operator", "9901"},
	}
	s.learner("L2") // has an account
	tried := 0
	for _, o := range operationsExpected() {
		for _, c := range callers {
			if len(o.tells) == 0 || o.by[c.role].code(c.place) != "" || len(o.by[c.role].ok) == 0 {
				continue
			}
			for _, fault := range []storetest.Fault{storetest.BeforeCommit, storetest.Unknown, storetest.AfterCommit} {
				a := o.ask(s, c.person)
				before := s.mark()
				faults.Fail(storetest.MethodDisclose, fault)
				got := s.do(c.token, a)
				var p map[string]any
				s.must(json.Unmarshal(got.body, &p))
				if got.status < 500 || p["type"] == nil || strings.Contains(string(got.body), string(s.ids["L2"])) {
					t.Errorf("%s as %v, %v: %v", o.id, c, fault, got)
				}
				if after := s.mark(); before.ledger != after.ledger || before.access != after.access {
					t.Errorf("%s as %v, %v: something was done", o.id, c, fault)
				}
				tried++
			}
		}
	}
	if tried < 50 {
		t.Errorf("only %d tried", tried)
	}
}
