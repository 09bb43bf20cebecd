package rule_test

import (
	"testing"

	"creditbank/creditbank"
)

// A conversion that a revision moves to other sources has to fit beside what was
// converted since.
func TestFits(t *testing.T) {
	first, later := conversion("R0", `source: {course: S1}, `+toE), conversion("R1", `source: {course: N5}, `+toE)
	for name, tt := range map[string]struct {
		more             string
		institution      creditbank.InstitutionID
		course, day      string
		laterInstitution creditbank.InstitutionID
		fits             bool
	}{
		"the same year":            {`    caps: [{of: all, credits: "6", period: {calendar: calendar_year}}]`, "I02", "S1", "2025-06-01", "I02", false},
		"another year":             {`    caps: [{of: all, credits: "6", period: {calendar: calendar_year}}]`, "I02", "S1", "2023-06-01", "I02", true},
		"the same institution":     {`    caps: [{of: all, per: institution, credits: "6"}]`, "I02", "S1", "2025-06-01", "I02", false},
		"another institution":      {`    caps: [{of: all, per: institution, credits: "6"}]`, "I01", "S1", "2025-06-01", "I02", true},
		"out of the floor's scope": {`    floors: [{of: {institution: I01}, credits: "75"}]`, "I02", "S1", "2025-06-01", "I02", false},
		"in the floor's scope":     {`    floors: [{of: {institution: I01}, credits: "75"}]`, "I01", "S1", "2025-06-01", "I02", true},
		"so many of a category":    {`    caps: [{of: {category: NON_FORMAL}, sources: 1}]`, "I02", "N2", "2025-06-01", "I02", false},
		"so many of another":       {`    caps: [{of: {category: NON_FORMAL}, sources: 1}]`, "I02", "S2", "2025-06-01", "I02", true},
		"a subject that counts":    {`    unique_subjects: true`, "I02", "N5", "2025-06-01", "I02", false},
		"a subject that does not":  {`    unique_subjects: true`, "I02", "S2", "2025-06-01", "I02", true},
		"a cap that is not passed": {`    caps: [{of: {institution: I02}, credits: "11"}]`, "I02", "S1", "2025-06-01", "I02", true},
		"a cap that would be":      {`    caps: [{of: {institution: I02}, credits: "10"}]`, "I02", "S1", "2025-06-01", "I02", false},
	} {
		b := townBook(t, "", tt.more, first, later)
		b.postAt("I01", "S1", "2024-06-01", "80")
		b.postAt(tt.laterInstitution, "N5", "2025-01-01", "80")
		if one, two := b.decide("R0", today), b.decide("R1", today); !one.Approved || !two.Approved {
			t.Fatalf("%s: %s, %s", name, summary(one), summary(two))
		}
		o := b.postAt(tt.institution, tt.course, tt.day, "80")
		c := b.account.Conversions[0]
		again := *c.Decision
		again.Sources = []creditbank.Consumption{{Category: o.Category, Course: o.Course, Credits: o.Credits, Lot: o.Seq}}
		if got := b.set.Fits(b.account, c, &again); got != tt.fits {
			t.Errorf("%s: fits %v, want %v", name, got, tt.fits)
		}
	}
}
