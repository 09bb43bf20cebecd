package rule_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"creditbank/creditbank"
)

// The examples of the documentation are one good file, and mean what the text says.
func TestDocumentedExamples(t *testing.T) {
	source, err := os.ReadFile("doc_recognition.go")
	must(t, err)
	var file strings.Builder
	for line := range strings.Lines(string(source)) {
		if code, ok := strings.CutPrefix(line, "//\t"); ok {
			file.WriteString(code)
		}
	}
	cat := catalogue(t, "S1 FORMAL 5 32 3", "S2 FORMAL 5 64 6", "N1 NON_FORMAL 2 40 0", "D1 CERTIFICATE 1 0 2 DRIVING",
		"X1 CERTIFICATE 5 0 0 CARE", "X2 CERTIFICATE 4 0 0 IT", "X3 CERTIFICATE 3 0 0 IT")
	b := newBook(t, cat, file.String(), programmes)
	b.enrol("P1")
	for _, tt := range []struct{ course, day, score, attended, want string }{
		{"N1", "2025-01-01", "50", "40", "2.0"}, // I02's pass mark is 50
		{"N1", "2025-01-02", "50", "40", "3.0"}, // 8 hours of the first
		{"N1", "2025-01-03", "49", "31", "0.0 [GRADE_BELOW_PASS ATTENDANCE_BELOW_MIN]"},
		{"D1", "2025-01-03", "", "", "0.0 [OUTCOME_NOT_RECOGNISED EXCLUDED_SOURCE]"},
		{"X1", "2025-01-03", "", "", "8.0"}, // 12, of which 8 at most
		{"X1", "2026-01-03", "", "", "6.0"},
		{"X2", "2025-01-03", "", "", "4.0"},
		{"X3", "2025-01-03", "", "", "0.0 [OUTCOME_NOT_RECOGNISED]"},
		{"S1", "2025-01-03", "86|letter:B", "32", "3.0"},
		{"S2", "2025-01-03", "90", "64", "6.0"},
	} {
		if got := said(b.post(tt.course, tt.day, tt.score, tt.attended)); got != tt.want {
			t.Errorf("%s on %s: %s, want %s", tt.course, tt.day, got, tt.want)
		}
	}
	for id, want := range map[string]string{
		"G1": "approve E=0.5(90) E=0.5(合格) E=0.5(89) E=0.5(85) E=0.5(2.0)",
		"G2": "approve E=0.5(88.7) E=0.5(良)",
	} {
		d, err := b.set.Decide(b.account, creditbank.RuleID(id), clock, today)
		must(t, err)
		if got := summary(d); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	for _, construct := range []string{"ratio", "notional", "carry_remainder", "issuer", "origin", "each", "semester", "distribution", "max_grade", "deny_sources"} {
		if !strings.Contains(file.String(), construct) {
			t.Error(fmt.Sprint("the documentation has no example of ", construct))
		}
	}
}
