package creditbank_test

import (
	"encoding/json"
	"strings"
	"testing"

	"creditbank/creditbank"
)

// Retiring a course is its next version. A course that is offered is stored as it
// was before courses could be retired.
func TestRetiringACourseIsItsNextVersion(t *testing.T) {
	cat := creditbank.NewCatalogue()
	for _, err := range []error{
		cat.AddRegion(creditbank.Region{Code: "9901", Name: "青禾市", Level: "city"}),
		cat.AddInstitution(creditbank.Institution{ID: "I01", Name: "开大", Kinds: []string{"open_university"}, Region: "9901"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	c := creditbank.Course{Code: "S1", Title: "书法", Institution: "I01", Category: creditbank.NonFormal}
	for _, tt := range []struct {
		last    creditbank.Date
		version int
	}{{0, 1}, {20260630, 2}, {20260630, 2}, {20270630, 3}, {0, 4}} {
		c.ValidUntil = tt.last
		got, err := cat.AddCourse(c)
		if err != nil || got.Version != tt.version || got.ValidUntil != tt.last {
			t.Errorf("retired on %s: version %d, %v; want %d", tt.last, got.Version, err, tt.version)
		}
		body, err := json.Marshal(got)
		if err != nil || strings.Contains(string(body), "valid_until") != (tt.last != 0) {
			t.Errorf("stored as %s, %v", body, err)
		}
	}
}
