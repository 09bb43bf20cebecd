package creditbank_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"creditbank/creditbank"
)

func TestParseIDNumber(t *testing.T) {
	for _, s := range []string{"990101195811030283", "990102198105190335", "11010519491231002X", "11010519491231002x"} {
		if n, err := creditbank.ParseIDNumber(s); err != nil || string(n) != strings.ToUpper(s) {
			t.Errorf("ParseIDNumber(%q) = %v, %v", s, n, err)
		}
	}
	for name, s := range map[string]string{
		"wrong check digit":   "990101195811030284",
		"two digits swapped":  "990101195811032083",
		"no such date":        "990101195802300283",
		"too short":           "99010119581103028",
		"letter in the midst": "99010119581103O283",
		"full-width":          "９９0101195811030283",
		"empty":               "",
	} {
		_, err := creditbank.ParseIDNumber(s)
		var input *creditbank.InputError
		if !errors.As(err, &input) || input.Code != creditbank.CodeIDNumber || input.Reason.ZH == "" {
			t.Errorf("%s: ParseIDNumber(%q) error %v, want %s in both languages", name, s, err, creditbank.CodeIDNumber)
		}
	}
	n, _ := creditbank.ParseIDNumber("990101195811030283")
	if n.Masked() != "990101********0283" || n.Birth().String() != "1958-11-03" {
		t.Errorf("masked %s, born %s", n.Masked(), n.Birth())
	}
}

func TestCheckUSCC(t *testing.T) {
	if err := creditbank.CheckUSCC("91350100M000100Y43"); err != nil {
		t.Error(err)
	}
	for _, s := range []string{"91350100M000100Y44", "91350100M000100Y4", "91350100M000100I43", ""} {
		if creditbank.CheckUSCC(s) == nil {
			t.Errorf("CheckUSCC(%q) accepted it", s)
		}
	}
}

func TestAccountNumber(t *testing.T) {
	for range 200 {
		n, err := creditbank.NewAccountNumber(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := creditbank.ParseAccountNumber(string(n[:4] + " " + n[4:8] + "-" + n[8:])); err != nil || n[0] == '0' {
			t.Fatalf("number %s: %v", n, err)
		}
		// A mistyped digit and two swapped neighbours are noticed.
		for i := range n {
			for d := byte('0'); d <= '9'; d++ {
				b := []byte(n)
				if b[i] == d {
					continue
				}
				b[i] = d
				if _, err := creditbank.ParseAccountNumber(string(b)); err == nil {
					t.Fatalf("%s was accepted in place of %s", b, n)
				}
			}
		}
	}
	if _, err := creditbank.NewAccountNumber(bytes.NewReader([]byte{255, 255, 255})); err == nil {
		t.Error("a number was drawn from exhausted randomness")
	}
}

func TestFeedIDGrows(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000)
	a, err := creditbank.NewFeedID(at, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b, err := creditbank.NewFeedID(at.Add(time.Millisecond), rand.Reader)
	if err != nil || a >= b || a[14] != '7' {
		t.Errorf("feed ids %s, %s: %v", a, b, err)
	}
}

func TestScore(t *testing.T) {
	for _, tt := range []struct {
		in             string
		failed60       bool
		reaches60      bool
		reaches70      bool
		reachesNothing bool
	}{
		{in: "60", reaches60: true},
		{in: "59.99", failed60: true},
		{in: "100", reaches60: true, reaches70: true},
		{in: "合格", reaches60: true}, // satisfies 60 and no higher minimum
		{in: "良好", reaches60: true, reaches70: true},
		{in: "优秀", reaches60: true, reaches70: true},
		{in: "不合格", failed60: true},
		{in: ""}, // no score is no failure, and reaches nothing
	} {
		s, err := creditbank.ParseScore(tt.in)
		if err != nil {
			t.Fatal(err)
		}
		if s.Failed(60_00) != tt.failed60 || s.Reaches(60_00) != tt.reaches60 || s.Reaches(70_00) != tt.reaches70 || s.String() != tt.in {
			t.Errorf("score %q: failed %v, reaches 60 %v, reaches 70 %v", tt.in, s.Failed(60_00), s.Reaches(60_00), s.Reaches(70_00))
		}
	}
	if pass, _ := creditbank.ParseScore("合格"); pass.Failed(70_00) {
		t.Error("合格 fails a pass mark of 70: only a number can be below it")
	}
	if fail, _ := creditbank.ParseScore("不合格"); fail.Reaches(0) || !fail.Failed(0) {
		t.Error("不合格 is a failure whatever the mark")
	}
	for _, s := range []string{"-1", "100.01", "72.555", "A", "合 格", "7e1"} {
		if got, err := creditbank.ParseScore(s); err == nil {
			t.Errorf("ParseScore(%q) = %v, want an error", s, got)
		}
	}
}

func TestTotals(t *testing.T) {
	var none creditbank.Totals
	sum := none.Plus(creditbank.NonFormal, day(t, "2025-04-12"), 150).
		Plus(creditbank.NonFormal, day(t, "2025-01-31"), 100).
		Plus(creditbank.Formal, day(t, "2025-04-01"), 600).
		Plus(creditbank.NonFormal, day(t, "2024-12-31"), 50)
	if got := sum.Sum(creditbank.NonFormal, 202501, 202512); got != 250 {
		t.Errorf("NON_FORMAL in 2025 sums to %v, want 2.5", got)
	}
	back, err := creditbank.ParseTotals(sum.String())
	if err != nil || !back.Equal(sum) {
		t.Errorf("totals %q parse as %q, %v", sum, back, err)
	}
	if !sum.Plus(creditbank.Formal, day(t, "2025-04-30"), -600).Plus(creditbank.Formal, day(t, "2025-04-30"), 600).Equal(sum) {
		t.Error("what is taken and given back changes the totals")
	}
	for _, s := range []string{"x", "FORMAL 202501", "FORMAL 2x 1.0", "FORMAL 202502 1.0,FORMAL 202501 1.0", "FORMAL 202501 1.0,FORMAL 202501 1.0"} {
		if _, err := creditbank.ParseTotals(s); err == nil {
			t.Errorf("ParseTotals(%q) accepted it", s)
		}
	}
}

func TestReasonsRoundTrip(t *testing.T) {
	for _, r := range creditbank.Reasons() {
		back, err := creditbank.ParseReason(r.String())
		if err != nil || back != r || r.Text().ZH == "" || r.Text().EN == "" {
			t.Errorf("reason %v reads back as %v, %v; text %+v", r, back, err, r.Text())
		}
	}
}
