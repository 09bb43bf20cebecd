package creditbank_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

// repeatCity is a city in which S1 and N3 have a word about repeats.
func repeatCity(t *testing.T, word creditbank.Repeat) *city {
	t.Helper()
	c := newCity(t)
	c.repeat = map[creditbank.CourseCode]creditbank.Repeat{"S1": word, "N3": word}
	c.publish(cityFiles)
	return c
}

// show describes the outcomes of an account that stand: "O1=6.0 O2=DUPLICATE_SUBJECT".
func (c *city) show(l creditbank.LearnerID) string {
	c.t.Helper()
	a, err := c.Account(c.t.Context(), l)
	must(c.t, err)
	var parts []string
	for _, lot := range a.Lots {
		switch {
		case !lot.Current() || lot.RevokedOn != 0:
		case lot.Granted:
			parts = append(parts, lot.ExternalID+"="+lot.Credits.String())
		default:
			parts = append(parts, lot.ExternalID+"="+creditbank.FormatReasons(lot.Reasons))
		}
	}
	return strings.Join(parts, " ")
}

func (c *city) outcomes(l creditbank.LearnerID, want string) {
	c.t.Helper()
	if got := c.show(l); got != want {
		c.t.Errorf("on record: %s, want %s", got, want)
	}
}

func TestRepeats(t *testing.T) {
	type posted struct{ course, issued, score string }
	for name, tt := range map[string]struct {
		word   creditbank.Repeat
		posted []posted
		want   string
	}{
		"no word: each counts":                {"", []posted{{"S1", "2024-01-01", "80"}, {"S1", "2024-02-01", "90"}}, "O1=6.0 O2=6.0"},
		"every: each counts":                  {"every", []posted{{"S1", "2024-01-01", "80"}, {"S1", "2024-01-01", "80"}}, "O1=6.0 O2=6.0"},
		"once: the first counts":              {"once", []posted{{"S1", "2024-01-01", "80"}, {"S1", "2025-01-01", "95"}, {"S1", "2025-01-02", "99"}}, "O1=6.0 O2=DUPLICATE_SUBJECT O3=DUPLICATE_SUBJECT"},
		"once: the first recognised":          {"once", []posted{{"S1", "2024-01-01", "50"}, {"S1", "2025-01-01", "70"}, {"S1", "2025-01-02", "99"}}, "O1=GRADE_BELOW_PASS O2=6.0 O3=DUPLICATE_SUBJECT"},
		"once: a repeat that failed":          {"once", []posted{{"S1", "2024-01-01", "80"}, {"S1", "2025-01-01", "40"}}, "O1=6.0 O2=GRADE_BELOW_PASS"},
		"once: another course":                {"once", []posted{{"S1", "2024-01-01", "80"}, {"N3", "2025-01-01", "80"}}, "O1=6.0 O2=3.0"},
		"once: after the first has expired":   {"once", []posted{{"N3", "2018-01-01", "80"}, {"N3", "2025-01-01", "80"}}, "O1=3.0 O2=3.0"},
		"once: on its last day":               {"once", []posted{{"N3", "2020-01-01", "80"}, {"N3", "2025-01-01", "80"}}, "O1=3.0 O2=DUPLICATE_SUBJECT"},
		"once: an older one posted later":     {"once", []posted{{"N3", "2025-01-01", "80"}, {"N3", "2018-01-01", "80"}}, "O1=3.0 O2=DUPLICATE_SUBJECT"},
		"best: a better one":                  {"best", []posted{{"S1", "2024-01-01", "80"}, {"S1", "2025-01-01", "81"}}, "O1=DUPLICATE_SUBJECT O2=6.0"},
		"best: the same":                      {"best", []posted{{"S1", "2024-01-01", "80"}, {"S1", "2025-01-01", "80"}}, "O1=6.0 O2=DUPLICATE_SUBJECT"},
		"best: a worse one":                   {"best", []posted{{"S1", "2024-01-01", "80"}, {"S1", "2025-01-01", "79"}}, "O1=6.0 O2=DUPLICATE_SUBJECT"},
		"best: a score is better than none":   {"best", []posted{{"S1", "2024-01-01", ""}, {"S1", "2025-01-01", "61"}, {"S1", "2025-01-01", ""}}, "O1=DUPLICATE_SUBJECT O2=6.0 O3=DUPLICATE_SUBJECT"},
		"best: better and better":             {"best", []posted{{"S1", "2024-01-01", "70"}, {"S1", "2025-01-01", "80"}, {"S1", "2025-02-01", "90"}}, "O1=DUPLICATE_SUBJECT O2=DUPLICATE_SUBJECT O3=6.0"},
		"best: words count as numbers":        {"best", []posted{{"S1", "2024-01-01", "合格"}, {"S1", "2025-01-01", "优秀"}}, "O1=DUPLICATE_SUBJECT O2=6.0"},
		"yearly: one a year of issue":         {"yearly", []posted{{"S1", "2024-01-01", "80"}, {"S1", "2024-12-31", "90"}, {"S1", "2025-01-01", "70"}}, "O1=6.0 O2=DUPLICATE_SUBJECT O3=6.0"},
		"yearly: an expired one of that year": {"yearly", []posted{{"N3", "2018-01-01", "80"}, {"N3", "2018-06-01", "90"}}, "O1=3.0 O2=DUPLICATE_SUBJECT"},
	} {
		t.Run(name, func(t *testing.T) {
			c := repeatCity(t, tt.word)
			l := c.open(0)
			for n, p := range tt.posted {
				c.post(l, fmt.Sprint("O", n+1), p.course, p.issued, p.score)
			}
			c.outcomes(l, tt.want)
			a, err := c.Account(t.Context(), l)
			must(t, err)
			for _, lot := range a.Lots {
				left := lot.Credits - lot.Lapsed()
				c.ledger(l, creditbank.LotAccount(lot.Seq), left)
			}
		})
	}
}

// Several stand from before the course had its word: a better one takes the place
// of all, and has their share of the yearly cap.
func TestWhatGivesWayFreesItsShareOfTheCap(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	for n := range 3 {
		c.post(l, fmt.Sprint("O", n+1), "N3", "2025-01-01", "80")
	}
	c.outcomes(l, "O1=3.0 O2=3.0 O3=3.0")
	c.repeat = map[creditbank.CourseCode]creditbank.Repeat{"N3": creditbank.RepeatBest}
	c.publish(cityFiles)
	c.post(l, "O4", "N3", "2025-02-01", "90")
	c.outcomes(l, "O1=DUPLICATE_SUBJECT O2=DUPLICATE_SUBJECT O3=DUPLICATE_SUBJECT O4=3.0")
}

// What is in use stays, and the better result is kept on record.
func TestTheBestResultDoesNotTakeWhatIsInUse(t *testing.T) {
	for name, use := range map[string]func(*city, creditbank.LearnerID){
		"converted": func(c *city, l creditbank.LearnerID) { c.convert(l, "R1") },
		"held":      func(c *city, l creditbank.LearnerID) { c.apply(l) },
	} {
		t.Run(name, func(t *testing.T) {
			c := repeatCity(t, creditbank.RepeatBest)
			if name == "held" {
				c.publish(strings.Replace(cityFiles, "grant: [{slot: A,", "approval: reviewer, grant: [{slot: A,", 1))
			}
			l := c.open(0)
			c.post(l, "O1", "S1", "2024-01-01", "80")
			use(c, l)
			o := c.post(l, "O2", "S1", "2025-01-01", "95")
			if o.Granted || o.Credits != 0 || o.Rule != "F" {
				t.Errorf("recognised as %+v", o.Recognition)
			}
			c.outcomes(l, "O1=6.0 O2=DUPLICATE_SUBJECT")
			c.replayAll(l)
		})
	}
}

// What gives way may have expired since: nothing of it stays behind.
func TestWhatGivesWayMayHaveExpired(t *testing.T) {
	c := repeatCity(t, creditbank.RepeatBest)
	l := c.open(0)
	first := c.post(l, "O1", "N3", "2018-01-01", "80").Seq
	c.ledger(l, creditbank.AccountExpired, 3*creditbank.Credit)
	c.post(l, "O2", "N3", "2022-06-01", "90")
	c.outcomes(l, "O1=DUPLICATE_SUBJECT O2=3.0")
	c.ledger(l, creditbank.AccountExpired, 0)
	c.ledger(l, creditbank.LotAccount(first), 0)
	a, err := c.Account(t.Context(), l)
	must(t, err)
	if got := a.Lot(first).Lapsed(); got != 0 {
		t.Errorf("%s of what gave way has expired", got)
	}
}

// A certificate of what gave way is void.
func TestTheCertificateOfWhatGivesWayIsVoid(t *testing.T) {
	c := repeatCity(t, creditbank.RepeatBest)
	l := c.open(0)
	first := c.post(l, "O1", "S1", "2024-01-01", "80").Seq
	_, err := c.RequestCertificate(t.Context(), creditbank.Change{By: operator, Learner: l}, first)
	must(t, err)
	c.post(l, "O2", "S1", "2025-01-01", "95")
	a, err := c.Account(t.Context(), l)
	must(t, err)
	if !a.Voided(first) {
		t.Error("the certificate of what gave way is not void")
	}
	wantCode(t, "certify it again", a.Certifiable(first), creditbank.ErrConflict, creditbank.CodeState)
}

// Two postings of one course, in one batch or at the same time by two posters:
// one counts.
func TestRepeatsRace(t *testing.T) {
	c := repeatCity(t, creditbank.RepeatOnce)
	other := c.NewPoster(t.Context(), creditbank.PosterConfig{Writers: 1})
	defer other.Close()
	for n := range 10 {
		l := c.stranger(n)
		var wait sync.WaitGroup
		for i := range 6 {
			poster := []*creditbank.Poster{c.poster, other}[i%2]
			wait.Go(func() {
				course := "S1"
				if i > 3 {
					course = "S2" // which has no word
				}
				if _, err := poster.Post(t.Context(), operator, c.posting(l, fmt.Sprint("O", i), course, "2025-01-01", "80"), ""); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		got := strings.Fields(c.show(l))
		slices.SortFunc(got, func(a, b string) int { return strings.Compare(a[3:], b[3:]) })
		var kinds []string
		for _, g := range got {
			kinds = append(kinds, g[3:])
		}
		if want := "2.0 2.0 6.0 DUPLICATE_SUBJECT DUPLICATE_SUBJECT DUPLICATE_SUBJECT"; strings.Join(kinds, " ") != want {
			t.Errorf("on record: %v, want %s", got, want)
		}
	}
}

// A posting of a course that looks back is sent again without harm, whatever
// happened to its write.
func TestRepeatFaults(t *testing.T) {
	for _, fault := range []storetest.Fault{storetest.BeforeCommit, storetest.AfterCommit, storetest.Unknown} {
		t.Run(fault.String(), func(t *testing.T) {
			c := repeatCity(t, creditbank.RepeatBest)
			l := c.open(0)
			c.post(l, "O1", "S1", "2024-01-01", "80")
			p := c.posting(l, "O2", "S1", "2025-01-01", "90")
			c.store.Fail(storetest.MethodAppend, fault)
			if _, err := c.poster.Post(t.Context(), operator, p, ""); !errors.Is(err, storetest.ErrInjected) {
				t.Errorf("with the fault: %v", err)
			}
			for range 2 {
				posted, err := c.poster.Post(t.Context(), operator, p, "")
				if err != nil || posted.Outcome.Credits != 6*creditbank.Credit {
					t.Errorf("sent again: %+v, %v", posted, err)
				}
			}
			// Sent again, the first is answered as it was: six credits.
			first, err := c.poster.Post(t.Context(), operator, c.posting(l, "O1", "S1", "2024-01-01", "80"), "")
			if err != nil || !first.Duplicate || first.Outcome.Credits != 6*creditbank.Credit {
				t.Errorf("the first sent again: %+v, %v", first, err)
			}
			p.Score = c.posting(l, "O2", "S1", "2025-01-01", "91").Score
			_, err = c.poster.Post(t.Context(), operator, p, "")
			wantCode(t, "other content", err, creditbank.ErrConflict, creditbank.CodeKeyReused)
			c.outcomes(l, "O1=DUPLICATE_SUBJECT O2=6.0")
		})
	}
}

func TestRevisionsAndRepeats(t *testing.T) {
	t.Run("a revision of the first is not in its own way", func(t *testing.T) {
		c := repeatCity(t, creditbank.RepeatOnce)
		l := c.open(0)
		c.post(l, "O1", "S1", "2024-01-01", "80")
		c.post(l, "O2", "S1", "2025-01-01", "90")
		c.revise(l, "O1", "S1", "2024-01-01", "70", 2)
		c.outcomes(l, "O2=DUPLICATE_SUBJECT O1=6.0")
		c.revise(l, "O1", "S1", "2024-01-01", "50", 3) // the other is not recognised by itself
		c.outcomes(l, "O2=DUPLICATE_SUBJECT O1=GRADE_BELOW_PASS")
		c.revise(l, "O2", "S1", "2025-01-01", "91", 2)
		c.outcomes(l, "O1=GRADE_BELOW_PASS O2=6.0")
	})
	t.Run("a revision to something better", func(t *testing.T) {
		c := repeatCity(t, creditbank.RepeatBest)
		l := c.open(0)
		c.post(l, "O1", "S1", "2024-01-01", "80")
		c.post(l, "O2", "S1", "2025-01-01", "70")
		c.revise(l, "O2", "S1", "2025-01-01", "90", 2)
		c.outcomes(l, "O1=DUPLICATE_SUBJECT O2=6.0")
		c.replayAll(l)
	})
	t.Run("a conversion whose source turns out to be a repeat", func(t *testing.T) {
		c := repeatCity(t, creditbank.RepeatOnce)
		l := c.open(0)
		c.post(l, "O1", "S1", "2024-01-01", "80")
		c.post(l, "O2", "S2", "2024-01-01", "80")
		if d := c.convert(l, "R4"); !d.Approved { // S2 alone
			t.Fatal(d.Reasons())
		}
		c.revise(l, "O2", "S1", "2024-01-01", "80", 2)
		c.outcomes(l, "O1=6.0 O2=DUPLICATE_SUBJECT")
		c.holds(l, "2026-03-15", "FORMAL 6.0")
		c.replayAll(l)
	})
}

// Documents on record encode as they did.
func TestACourseWithoutAWordIsWrittenAsItWas(t *testing.T) {
	v := creditbank.Course{Code: "S1", Version: 1, Title: "甲课", Institution: "I01", Category: creditbank.Formal, Hours: 4800, Credits: 600}
	got, err := json.Marshal(v)
	must(t, err)
	if want := `{"code":"S1","version":1,"title":"甲课","institution":"I01","category":"FORMAL","hours":"48","credits":"6.0"}`; string(got) != want {
		t.Errorf("written as %s, want %s", got, want)
	}
	c := newCity(t)
	if got := c.Catalogue().WithoutRepeat(); !slices.Equal(got, []creditbank.CourseCode{"N3", "S1", "S2"}) {
		t.Errorf("courses without a word: %v", got)
	}
	c.repeat = map[creditbank.CourseCode]creditbank.Repeat{"S1": "once", "N3": "every"}
	c.publish(cityFiles)
	if got := c.Catalogue().WithoutRepeat(); !slices.Equal(got, []creditbank.CourseCode{"S2"}) || c.Catalogue().Courses["S1"].Version != 2 {
		t.Errorf("courses without a word: %v, S1 of version %d", got, c.Catalogue().Courses["S1"].Version)
	}
	_, err = creditbank.ParseRepeat("twice")
	wantCode(t, "no word", err, creditbank.ErrInvalid, creditbank.CodeMalformed)
}
