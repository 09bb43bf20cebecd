package issuance_test

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/creditbank"
)

// Every place of a list is given out once, in an order that looks like none.
func TestPlacesAreGivenOutOnce(t *testing.T) {
	if issuance.ListSize != certify.MinStatusEntries {
		t.Fatalf("a list has %d places, want %d", issuance.ListSize, certify.MinStatusEntries)
	}
	seed := bytes.Repeat([]byte{0xa5}, 32)
	seen := make([]bool, issuance.ListSize)
	near, last := 0, 0
	for n := range issuance.ListSize {
		p := issuance.Shuffled(seed, n)
		if p < 0 || p >= len(seen) || seen[p] {
			t.Fatalf("Shuffled(%d) = %d, which is no place or was given out", n, p)
		}
		seen[p] = true
		if d := p - last; d > -64 && d < 64 {
			near++
		}
		last = p
	}
	if near > 200 { // by chance, about 127 of 131072 steps stay that near
		t.Errorf("%d steps stay near", near)
	}
	if issuance.Shuffled([]byte("a"), 1) == issuance.Shuffled([]byte("b"), 1) && issuance.Shuffled([]byte("a"), 2) == issuance.Shuffled([]byte("b"), 2) {
		t.Error("the order does not depend on the seed")
	}
}

// A list that is full is followed by another, with another order.
func TestNextList(t *testing.T) {
	var p issuance.StatusPosition
	first, err := issuance.Next(&p, rand.Reader)
	if err != nil || first.List != 1 || p.Used != 1 {
		t.Fatalf("first place = %+v, %+v, %v", first, p, err)
	}
	seed := p.Seed
	p.Used = issuance.ListSize - 1
	if last, err := issuance.Next(&p, rand.Reader); err != nil || last.List != 1 {
		t.Errorf("last place of list 1 = %+v, %v", last, err)
	}
	if next, err := issuance.Next(&p, rand.Reader); err != nil || next.List != 2 || p.Used != 1 || bytes.Equal(p.Seed, seed) {
		t.Errorf("place after list 1 = %+v, %+v, %v; want one of list 2", next, p, err)
	}
	if _, err := issuance.Next(&issuance.StatusPosition{}, strings.NewReader("too short")); err == nil {
		t.Error("a list without randomness: no error")
	}
}

// Each id that an institution can have gives a DID of its own.
func TestSlugs(t *testing.T) {
	want := map[creditbank.InstitutionID]string{"I06": "i06", "9901.A-1": "9901.a-1"}
	seen := map[string]creditbank.InstitutionID{}
	for _, id := range []creditbank.InstitutionID{"I06", "i06", "I_06", "I/06", "9901.A-1", "清河开放大学", "清河", "a", "A", "Aa", "aA", "..", "清/河"} {
		s := issuance.Slug(id)
		if w, ok := want[id]; ok && s != w {
			t.Errorf("Slug(%s) = %s, want %s", id, s, w)
		}
		if other, ok := seen[s]; ok {
			t.Errorf("%s and %s have the same slug %s", id, other, s)
		}
		seen[s] = id
		if did, err := certify.WebDID("credits.example.edu", "issuers", s); err != nil {
			t.Errorf("DID of %s: %s, %v", id, did, err)
		}
	}
}
