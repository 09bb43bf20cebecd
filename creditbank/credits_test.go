package creditbank_test

import (
	"math"
	"testing"

	"creditbank/creditbank"
)

func TestParseCredits(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want creditbank.Credits
		ok   bool
	}{
		{in: "3", want: 3 * creditbank.Credit, ok: true},
		{in: "3.5", want: 350, ok: true},
		{in: "0.25", want: 25, ok: true},
		{in: "-0.25", want: -25, ok: true},
		{in: "92233720368547758.07", want: math.MaxInt64, ok: true},
		{in: "92233720368547758.08"}, // one more than fits
		{in: "3.505"},                // a third decimal is not rounded away
		{in: "3."},
		{in: ".5"},
		{in: "1e3"},
		{in: "--1"},
		{in: "+1"},
		{in: "1_0"},
		{in: "３"}, // a full-width digit
		{in: ""},
	} {
		got, err := creditbank.ParseCredits(tt.in)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("ParseCredits(%q) = %v, %v; want %v, ok=%v", tt.in, got, err, tt.want, tt.ok)
		}
	}
}

func TestCreditsPrint(t *testing.T) {
	for c, want := range map[creditbank.Credits]string{
		0: "0.0", 400: "4.0", 50: "0.5", 25: "0.25", -25: "-0.25", -350: "-3.5", 3250: "32.5",
		math.MaxInt64: "92233720368547758.07", math.MinInt64: "-92233720368547758.08",
	} {
		if got := c.String(); got != want {
			t.Errorf("Credits(%d).String() = %q, want %q", int64(c), got, want)
		}
	}
	if got := (16 * creditbank.Hour).String(); got != "16" {
		t.Errorf("16 hours print as %q", got)
	}
}

func TestCreditsAddOverflow(t *testing.T) {
	if _, ok := creditbank.Credits(math.MaxInt64).Add(1); ok {
		t.Error("a sum beyond 64 bits was accepted")
	}
	if s, ok := creditbank.Credits(350).Add(-50); !ok || s != 300 {
		t.Errorf("3.5 + -0.5 = %v, %v", s, ok)
	}
}

func TestRatioOf(t *testing.T) {
	half, err := creditbank.ParseRatio("0.50")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ of, want creditbank.Credits }{
		{80 * creditbank.Credit, 40 * creditbank.Credit},
		{77 * creditbank.Credit, 3850},
		{1, 0},                             // a share is never rounded up past the cap
		{math.MaxInt64, math.MaxInt64 / 2}, // the product needs more than 64 bits
	} {
		if got := half.Of(tt.of); got != tt.want {
			t.Errorf("half of %v = %v, want %v", tt.of, got, tt.want)
		}
	}
}

func FuzzParseCredits(f *testing.F) {
	for _, s := range []string{"3.50", "-0.01", "92233720368547758.07", "1e3", "0.0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := creditbank.ParseCredits(s)
		if err != nil {
			return
		}
		if back, err := creditbank.ParseCredits(c.String()); back != c || err != nil {
			t.Errorf("%q parsed as %v, which parses as %v, %v", s, c, back, err)
		}
	})
}
