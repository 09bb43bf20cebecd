package storetest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"creditbank/creditbank"
)

// newBank returns a bank on s with the simplest of rules, on [Day]. The first
// one publishes what [Posting] needs.
func newBank(t testing.TB, s creditbank.Store) *creditbank.Bank {
	t.Helper()
	b, err := creditbank.New(t.Context(), creditbank.Config{
		Store: s, Vault: openVault{}, Clock: func() time.Time { return Noon }, Random: rand.Reader,
		LoadRules: func(version int, _ []byte) (creditbank.Rules, error) { return simpleRules(version), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	err = b.Publish(t.Context(), caller, creditbank.Reference{
		Regions:      []creditbank.Region{{Code: "990102", Name: "清河区", Level: "county"}},
		Institutions: []creditbank.Institution{{ID: Issuer, Name: "社区学院", Kinds: []string{"community_college"}, Region: "990102"}},
		Courses:      []creditbank.Course{Course()},
		RuleSet:      []byte("simple"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// simpleRules is a version of rules under which an attended hour is a credit,
// R05 turns all there is into a line of programme P1, and R06 does so if a
// reviewer approves.
type simpleRules int

var _ creditbank.Rules = simpleRules(0)

// Version implements [creditbank.Rules].
func (r simpleRules) Version() int { return int(r) }

// Location implements [creditbank.Rules].
func (simpleRules) Location() *time.Location { return time.FixedZone("CST", 8*60*60) }

// Recognise implements [creditbank.Rules].
func (simpleRules) Recognise(p creditbank.Posting, _ creditbank.Course, _ creditbank.Past) creditbank.Recognition {
	if p.Attended == 0 {
		return Refused()
	}
	return Recognised(creditbank.Credits(p.Attended))
}

// Decide implements [creditbank.Rules].
func (simpleRules) Decide(a *creditbank.Account, rule creditbank.RuleID, at time.Time, day creditbank.Date) (*creditbank.Decision, error) {
	if rule != "R05" && rule != reviewedRule {
		return nil, creditbank.ErrNotFound
	}
	d := convertAll(a, rule, at, day)
	if d.Approved && rule == reviewedRule {
		d.Approved, d.Findings = false, []creditbank.Finding{{Code: creditbank.ApprovalPending, Subject: string(rule)}}
	}
	return d, nil
}

// reviewedRule asks for a reviewer.
const reviewedRule creditbank.RuleID = "R06"

// Review implements [creditbank.Rules].
func (simpleRules) Review(a *creditbank.Account, r creditbank.Review, at time.Time) (*creditbank.Decision, error) {
	p := a.Application(r.Application)
	if p == nil {
		return nil, creditbank.ErrNotFound
	}
	if !r.Approved {
		d := decision(a)
		d.At, d.Day, d.Rule, d.Review = at, p.Decision.Day, p.Decision.Rule, &r
		d.Findings = []creditbank.Finding{{Code: creditbank.ApprovalRejected, Subject: string(d.Rule)}}
		return d, nil
	}
	d := convertAll(a, p.Decision.Rule, at, p.Decision.Day)
	d.Review = &r
	return d, nil
}

// Fits implements [creditbank.Rules].
func (simpleRules) Fits(*creditbank.Account, *creditbank.Conversion, *creditbank.Decision) bool {
	return true
}

// Process implements [creditbank.Rules].
func (simpleRules) Process(*creditbank.Decision) *creditbank.Process { return nil }

// NeedsReview implements [creditbank.Rules].
func (simpleRules) NeedsReview(id creditbank.RuleID) bool { return id == reviewedRule }

// Standing implements [creditbank.Rules].
func (simpleRules) Standing() creditbank.RuleStanding { return creditbank.RuleStanding{} }

// convertAll decides to convert all that is available.
func convertAll(a *creditbank.Account, rule creditbank.RuleID, at time.Time, day creditbank.Date) *creditbank.Decision {
	d := decision(a)
	d.At, d.Day, d.Rule = at, day, rule
	var sum creditbank.Credits
	for _, lot := range a.Lots {
		if c := lot.Available(day); c > 0 {
			sum += c
			d.Sources = append(d.Sources, creditbank.Consumption{Category: lot.Category, Course: lot.Course, Credits: c, Lot: lot.Seq})
		}
	}
	if sum == 0 {
		d.Findings = []creditbank.Finding{{Code: creditbank.InsufficientPool, Have: "0.0", Need: "0.01", Subject: "P1"}}
		return d
	}
	d.Approved, d.Lines = true, []creditbank.Line{line(sum)}
	return d
}

// line returns a line of programme P1.
func line(c creditbank.Credits) creditbank.Line {
	return creditbank.Line{
		Categories: []creditbank.Category{creditbank.NonFormal}, Category: creditbank.NonFormal,
		Credits: c, Grade: "87.50", Slot: "T-A1",
	}
}

// Plan implements [creditbank.Rules].
func (simpleRules) Plan(a *creditbank.Account, p creditbank.ProgrammeID, _ time.Time, day creditbank.Date, _ ...creditbank.RuleID) (creditbank.Plan, error) {
	return creditbank.Plan{Learner: a.Learner, Programme: p, Day: day, Steps: []creditbank.RuleID{"R05"}}, nil
}

// Programme implements [creditbank.Rules].
func (simpleRules) Programme(id creditbank.ProgrammeID) (creditbank.Programme, bool) {
	return creditbank.Programme{ID: "P1", Institution: Issuer}, id == "P1"
}

// Programmes implements [creditbank.Rules].
func (simpleRules) Programmes() []creditbank.Programme {
	return []creditbank.Programme{{ID: "P1", Institution: Issuer}}
}

// RuleTitle implements [creditbank.Rules].
func (simpleRules) CheckScore(creditbank.Score) error { return nil }

func (simpleRules) Recalls(creditbank.Posting, creditbank.Course) bool { return false }

func (simpleRules) Grounds(o creditbank.Outcome, _ creditbank.Course) []creditbank.Finding {
	fs := make([]creditbank.Finding, 0, len(o.Reasons))
	for _, r := range o.Reasons {
		fs = append(fs, creditbank.Finding{Code: r})
	}
	return fs
}

func (simpleRules) RuleTitle(id creditbank.RuleID) (creditbank.Text, creditbank.ProgrammeID, bool) {
	return creditbank.Text{ZH: "转换", EN: "conversion"}, "P1", id == "R05" || id == reviewedRule
}

// openVault seals nothing.
type openVault struct{}

// NewKey implements [creditbank.Vault].
func (openVault) NewKey(creditbank.LearnerID) ([]byte, error) { return []byte{}, nil }

// Seal implements [creditbank.Vault].
func (openVault) Seal(_ creditbank.LearnerID, _, plain []byte) ([]byte, error) { return plain, nil }

// Unseal implements [creditbank.Vault].
func (openVault) Unseal(_ creditbank.LearnerID, _, sealed []byte) ([]byte, error) { return sealed, nil }

// Hash implements [creditbank.Vault].
func (openVault) Hash(kind, value string) string {
	return hex.EncodeToString(fmt.Appendf(nil, "%s %s", kind, value))
}
