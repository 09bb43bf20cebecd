package certifytest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"creditbank/certify"
)

// texts are what people are called and what they write.
func texts() []string {
	return []string{
		"王𬱖", "㛃䶮鿫", "a", "课程 \"引号\" 与 \\ 反斜", "两\n行", "回车\r\n", "😀 emoji", "\u00e9 \u0065\u0301", "名\U0002CC56\U0002B36F",
		"_a", "https://example.org/x", "<b>&amp;</b>", "null", "12.50", " 空格 ", "\uE000\U00010000", "{}", "@id", "a:b", "\u2028",
	}
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func words(r *rand.Rand) string {
	var b strings.Builder
	for range 1 + r.IntN(3) {
		b.WriteString(pick(r, texts()...))
	}
	return b.String()
}

func amount(r *rand.Rand) certify.Decimal {
	return pick(r, certify.Decimal("0"), "4.0", "3.5", "0.25", "0.05", "10", "10.25", "123456.75", "99999999.99", "0.50",
		certify.Decimal(fmt.Sprintf("%d.%02d", r.IntN(1000), r.IntN(100))))
}

func maybe[T any](r *rand.Rand, v T) (none T) {
	if r.IntN(3) == 0 {
		return none
	}
	return v
}

// institution returns one of a few: what has the same id has the same name.
func institution(r *rand.Rand) certify.Institution {
	n := r.IntN(8)
	return certify.Institution{ID: fmt.Sprint("https://credits.example.edu/institutions/", n), Name: texts()[n], USCC: maybe(r, "12100000400000624A")}
}

// Any returns a certificate with anything that one may have: Chinese, rare
// characters beyond U+FFFF, quotes, all kinds of amounts. The same source of
// randomness gives the same one.
func Any(r *rand.Rand) certify.Certificate {
	c := Outcome(byte(r.IntN(256)))
	if r.IntN(2) == 0 {
		c = Conversion(byte(r.IntN(256)))
	}
	c.Name, c.Number, c.Description, c.Credits = words(r), maybe(r, words(r)), maybe(r, words(r)), amount(r)
	c.Issuer.Name, c.ValidUntil = words(r), maybe(r, c.ValidUntil)
	c.Subject.Name, c.Subject.AccountNumber = maybe(r, words(r)), maybe(r, "1000000017")
	c.Source = maybe(r, institution(r))
	a := &c.Achievement
	a.Name, a.Description, a.Criteria, a.Code, a.Credits, a.Creator = words(r), words(r), words(r), maybe(r, words(r)), maybe(r, amount(r)), institution(r)
	a.Type, a.Language, a.Alignments = pick(r, "Course", "ext:Hours"), maybe(r, "en"), nil
	for range r.IntN(4) {
		a.Alignments = append(a.Alignments, certify.Alignment{
			Name: pick(r, "同", words(r)), URL: "http://data.europa.eu/snb/eqf/6", Framework: maybe(r, "EQF"), Code: maybe(r, "6"), Type: maybe(r, "CFItem"),
		})
	}
	if c.Kind == certify.KindOutcome {
		c.Grade, c.Hours, c.Started = maybe(r, words(r)), maybe(r, amount(r)), maybe(r, c.Started)
		return c
	}
	c.Lines, c.Sources = nil, nil
	for i := range 1 + r.IntN(4) {
		c.Lines = append(c.Lines, certify.Line{Slot: fmt.Sprint("T-", i), Name: words(r), Credits: amount(r), Grade: maybe(r, words(r))})
		c.Sources = append(c.Sources, certify.Source{
			ID: maybe(r, "https://credits.example.edu/o/"+fmt.Sprint(i)), Name: words(r), Institution: words(r), Credits: amount(r),
			Hours: maybe(r, amount(r)), Grade: maybe(r, words(r)), Date: maybe(r, time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC)),
		})
	}
	return c
}
