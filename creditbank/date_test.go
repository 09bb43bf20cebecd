package creditbank_test

import (
	"testing"

	"creditbank/creditbank"
)

func day(t testing.TB, s string) creditbank.Date {
	t.Helper()
	d, err := creditbank.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestPeriodAfter(t *testing.T) {
	for _, tt := range []struct{ from, period, want string }{
		{"2020-12-20", "P5Y", "2025-12-20"},
		{"2024-02-29", "P5Y", "2029-02-28"}, // no 29 February in 2029
		{"2024-02-29", "P4Y", "2028-02-29"},
		{"2025-01-31", "P1M", "2025-02-28"},
		{"2025-11-30", "P18M", "2027-05-30"},
		{"2025-12-31", "P1D", "2026-01-01"},
		{"2025-12-25", "P1W", "2026-01-01"},
		{"2025-01-31", "P1Y1M1D", "2026-03-01"}, // 28 February and a day
	} {
		p, err := creditbank.ParsePeriod(tt.period)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.After(day(t, tt.from)).String(); got != tt.want {
			t.Errorf("%s after %s = %s, want %s", tt.period, tt.from, got, tt.want)
		}
	}
}

func TestParsePeriodRefuses(t *testing.T) {
	for _, s := range []string{"", "P", "5Y", "P5", "PY", "P5Y5Y", "P1D1Y", "P-1Y", "P1.5Y", "PT5H", "P0Y", "P99999999Y"} {
		if p, err := creditbank.ParsePeriod(s); err == nil {
			t.Errorf("ParsePeriod(%q) = %v, want an error", s, p)
		}
	}
}

func TestParseDate(t *testing.T) {
	for _, s := range []string{"", "2026-02-29", "2026-13-01", "2026-3-5", "20260315", "2026-03-15T00:00:00Z", "0000-01-01"} {
		if d, err := creditbank.ParseDate(s); err == nil {
			t.Errorf("ParseDate(%q) = %v, want an error", s, d)
		}
	}
	if d := day(t, "2026-03-15"); d.Year() != 2026 || d.Month() != 202603 || d.String() != "2026-03-15" {
		t.Errorf("2026-03-15 reads as year %d, month %d, %s", d.Year(), d.Month(), d)
	}
}

func FuzzParseDate(f *testing.F) {
	f.Add("2026-03-15")
	f.Add("2024-02-29")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := creditbank.ParseDate(s)
		if err == nil && d.String() != s {
			t.Errorf("%q parsed as %v", s, d)
		}
	})
}

func FuzzParsePeriod(f *testing.F) {
	f.Add("P5Y")
	f.Add("P1Y6M3D")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := creditbank.ParsePeriod(s)
		if err != nil {
			return
		}
		// Weeks print as days, so the text may differ; the meaning may not.
		if back, err := creditbank.ParsePeriod(p.String()); back != p || p.Days <= 1000 && err != nil {
			t.Errorf("%q parsed as %v, which parses as %v, %v", s, p, back, err)
		}
	})
}
