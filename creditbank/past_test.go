package creditbank_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"creditbank/creditbank"
)

// carried counts hours beyond whole credits towards the next outcome, and 20
// credits at most of one institution: both need the outcomes of the past.
const carried = `timezone: Asia/Shanghai
scales: [{id: letter, labels: [{label: A, points: "90"}]}]
rules:
  - {id: N, kind: recognition, title: {zh: 社区, en: community}, effective: {from: 2015-01-01}, source: {category: NON_FORMAL}, credits: {hours_per_credit: "30", hours: scheduled, round: {mode: down, step: "1"}, carry_remainder: true}, cap: {of: {category: NON_FORMAL, each: institution}, credits: "20", per: ever, exceed: truncate}}
`

const carriedProgramme = `programmes:
  - {id: P1, institution: I01, title: {zh: 甲, en: A}, credits: "20", slots: [{id: A, title: {zh: 甲, en: A}, credits: "4"}]}
`

// A class of 48 hours is 1.6 credits: whole ones come out as 1, 2, 1, 2, 2 … whether
// postings come one by one, together or in a race, and no hour is lost.
func TestRemaindersAreCarriedByTheBank(t *testing.T) {
	c := newCity(t)
	c.publishBoth(carried, carriedProgramme)
	one := c.stranger(1)
	want := []creditbank.Credits{100, 200, 100, 200, 200}
	for i := range 5 {
		if got := c.post(one, fmt.Sprint("A", i), "N3", "2025-01-01", "").Credits; got != want[i] {
			t.Errorf("class %d: %v, want %v", i, got, want[i])
		}
	}
	many := c.stranger(2)
	other := c.NewPoster(t.Context(), creditbank.PosterConfig{Writers: 2})
	defer other.Close()
	var wait sync.WaitGroup
	for i := range 12 {
		wait.Go(func() {
			poster := c.poster
			if i%2 == 0 {
				poster = other
			}
			if _, err := poster.Post(t.Context(), operator, c.posting(many, fmt.Sprint("B", i), "N3", "2025-01-01", ""), "req"); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	// 12 * 1.6 = 19.2
	c.holds(many, "2026-03-15", "NON_FORMAL 19.0")
	c.post(many, "B12", "N3", "2025-01-01", "") // 20.8
	if o := c.post(many, "B13", "N3", "2025-01-01", ""); o.Credits != 0 || o.Lost != 200 {
		t.Errorf("beyond the cap: %v, lost %v", o.Credits, o.Lost)
	}
	c.holds(many, "2026-03-15", "NON_FORMAL 20.0")
}

// A revision is measured against the past without what it revises.
func TestRevisionsCarryOnce(t *testing.T) {
	c := newCity(t)
	c.publishBoth(carried, carriedProgramme)
	id := c.stranger(1)
	c.post(id, "A", "N3", "2025-01-01", "")
	c.post(id, "B", "N3", "2025-01-01", "")
	if got := c.revise(id, "B", "N3", "2025-02-01", "", 2).Credits; got != 200 {
		t.Errorf("the revision of the second class: %v, want 2.0", got)
	}
	if got := c.revise(id, "A", "N3", "2025-02-01", "", 2).Credits; got != 100 {
		t.Errorf("the revision of the first class: %v, want 1.0 (3.2 in all, 2.0 of them given)", got)
	}
}

// A posting whose rule asks for nothing of the past reads no history.
func TestPostingReadsNoHistory(t *testing.T) {
	c := newCity(t)
	b, counted := c.reader(-1)
	poster := b.NewPoster(t.Context(), creditbank.PosterConfig{})
	defer poster.Close()
	id := c.stranger(1)
	must(t, post(poster, c.posting(id, "A", "N3", "2025-01-01", "80")))
	if n := counted.histories.Load(); n != 0 {
		t.Errorf("%d histories read for a rule with a yearly cap", n)
	}
	c.publishBoth(carried, carriedProgramme)
	must(t, b.Refresh(t.Context()))
	must(t, post(poster, c.posting(id, "B", "N3", "2025-01-01", "80")))
	if n := counted.histories.Load(); n != 1 {
		t.Errorf("%d histories read for a rule that carries, want 1", n)
	}
}

func post(p *creditbank.Poster, posting creditbank.Posting) error {
	_, err := p.Post(context.Background(), operator, posting, "req")
	return err
}

func codeOf(err error) creditbank.Code {
	var input *creditbank.InputError
	if errors.As(err, &input) {
		return input.Code
	}
	return ""
}

// A mark on a scale that the rules do not know is refused at the door, in both
// ways in; one that they know is on record and stays there when they forget it.
func TestUnknownScalesAreRefused(t *testing.T) {
	c := newCity(t)
	id := c.stranger(1)
	if err := post(c.poster, c.posting(id, "A", "N3", "2025-01-01", "85|letter:A")); creditbank.CodeUnknownScale != codeOf(err) {
		t.Errorf("a mark on a scale nobody defined: %v", err)
	}
	c.publishBoth(carried, carriedProgramme)
	if o := c.post(id, "A", "N3", "2025-01-01", "85|letter:A"); o.Score.String() != "85|letter:A" {
		t.Errorf("posted as %q", o.Score)
	}
	p := c.posting(id, "A", "N3", "2025-01-01", "85|letter:B")
	p.Revision = 2
	if _, err := c.Revise(t.Context(), operator, p, "req"); codeOf(err) != creditbank.CodeMalformed {
		t.Errorf("a mark off the scale: %v", err)
	}
	c.publish(cityFiles)
	posted, err := c.poster.Post(t.Context(), operator, c.posting(id, "A", "N3", "2025-01-01", "letter:A|85"), "req")
	if err != nil || !posted.Duplicate {
		t.Errorf("sent again in another order: %+v, %v", posted, err)
	}
}
