package creditbank_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

// postUntil posts an outcome whose certificate names its own last day.
func (c *city) postUntil(l creditbank.LearnerID, id, course, issued, until string) creditbank.Outcome {
	c.t.Helper()
	p := c.posting(l, id, course, issued, "80")
	p.ValidUntil = day(c.t, until)
	posted, err := c.poster.Post(c.t.Context(), operator, p, "req")
	must(c.t, err)
	return posted.Outcome
}

// The certificate's own day ends a lot where the rule gives none, and where it
// gives a later one; an earlier one of the rule stands.
func TestACertificateEndsOnItsOwnDay(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	formal := c.postUntil(l, "O1", "S1", "2025-01-10", "2026-06-30") // the rule says nothing
	sooner := c.postUntil(l, "O2", "N3", "2025-01-10", "2026-12-31") // the rule says 2030-01-10
	later := c.postUntil(l, "O3", "N3", "2024-01-10", "2035-12-31")
	if formal.ExpiresOn != 20260630 || sooner.ExpiresOn != 20261231 || later.ExpiresOn != 20290110 {
		t.Errorf("through %v, %v and %v", formal.ExpiresOn, sooner.ExpiresOn, later.ExpiresOn)
	}
	c.holds(l, "2026-06-30", "FORMAL 6.0, NON_FORMAL 6.0")
	c.holds(l, "2026-07-01", "NON_FORMAL 6.0")
	c.holds(l, "2027-01-01", "NON_FORMAL 3.0")
	c.set("2026-07-01")
	if d := c.convert(l, "R1"); d.Approved || fmt.Sprint(d.Reasons()) != "[OUTCOME_EXPIRED]" {
		t.Errorf("converted the day after: %v", d.Reasons())
	}
	acts := c.expire(l)
	if kinds(acts) != "expired" || acts[0].Day != 20260701 || acts[0].Body.Of != formal.Seq || acts[0].Body.Credits != 6*creditbank.Credit {
		t.Errorf("expired as %+v", acts)
	}
	c.ledger(l, creditbank.AccountExpired, 6*creditbank.Credit)
	if again := c.expire(l); again != nil {
		t.Errorf("swept again: %v", again)
	}
	if got := c.accountOf(l).Lot(formal.Seq); got.ValidUntil != 20260630 || got.Outcome.Digest() != formal.Digest() {
		t.Errorf("read back as valid until %v", got.ValidUntil)
	}
	if n := c.replayAll(l); n == 0 {
		t.Error("nothing was replayed")
	}
}

func TestACertificateThatEndedBeforeItWasPosted(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	lot := c.postUntil(l, "O1", "S1", "2024-01-10", "2025-12-31")
	if !lot.Granted || lot.Credits != 6*creditbank.Credit {
		t.Errorf("recognised as %+v", lot.Recognition)
	}
	c.ledger(l, creditbank.AccountExpired, 6*creditbank.Credit)
	c.ledger(l, creditbank.LotAccount(lot.Seq), 0)
	c.holds(l, "2025-12-31", "FORMAL 6.0")
	c.holds(l, "2026-03-15", "")
	if acts := c.expire(l); acts != nil {
		t.Errorf("swept again: %v", acts)
	}
	if same := c.postUntil(l, "O2", "S2", "2024-01-10", "2024-01-10"); same.ExpiresOn != 20240110 {
		t.Errorf("valid on its day of issue alone: through %v", same.ExpiresOn)
	}
}

func TestValidUntilIsPartOfThePosting(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	first := c.postUntil(l, "O1", "S1", "2025-01-10", "2026-06-30")
	p := first.Posting
	again, err := c.poster.Post(t.Context(), operator, p, "other")
	if err != nil || !again.Duplicate || again.Outcome.Seq != first.Seq {
		t.Errorf("sent again: %+v, %v", again, err)
	}
	for _, other := range []creditbank.Date{0, 20260701} {
		p.ValidUntil = other
		_, err = c.poster.Post(t.Context(), operator, p, "")
		wantCode(t, "until "+other.String(), err, creditbank.ErrConflict, creditbank.CodeKeyReused)
	}
	p.ValidUntil, p.Revision = 20250109, 2
	_, err = c.Revise(t.Context(), operator, p, "")
	wantCode(t, "a revision that ended before it was issued", err, creditbank.ErrInvalid, creditbank.CodeMalformed)
}

// A correction of the day gives a lot more time, or less: what was converted while
// it was valid stands only if it was.
func TestRevisionOfTheOwnDay(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	c.postUntil(l, "O1", "S1", "2024-01-10", "2025-12-31")
	c.holds(l, "2026-03-15", "")
	revise := func(revision int, until creditbank.Date) {
		t.Helper()
		p := c.posting(l, "O1", "S1", "2024-01-10", "80")
		p.Revision, p.ValidUntil = revision, until
		_, err := c.Revise(t.Context(), operator, p, "req")
		must(t, err)
	}
	revise(2, 0) // it names none after all
	c.ledger(l, creditbank.AccountExpired, 0)
	c.holds(l, "2026-03-15", "FORMAL 6.0")
	if d := c.convert(l, "R1"); !d.Approved {
		t.Fatal(d.Reasons())
	}
	revise(3, 20260315) // the day of the conversion is its last: relinked
	c.holds(l, "2026-03-15", "P1 4.0")
	revise(4, 20260314) // it was over: reversed
	c.holds(l, "2026-03-15", "")
	c.ledger(l, creditbank.AccountExpired, 6*creditbank.Credit)
	c.replayAll(l)
}

// What recognition refused and grants later ends on the day that was posted.
func TestRecognisedAnewThroughItsOwnDay(t *testing.T) {
	c := newCity(t)
	l := c.open(0)
	lines := strings.Split(cityFiles, "\n")
	c.publish(strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "  - {id: F,") }), "\n"))
	refused := c.postUntil(l, "O1", "S1", "2025-01-10", "2026-06-30")
	if refused.Granted || refused.ValidUntil != 20260630 || refused.ExpiresOn != 0 {
		t.Fatalf("recognised as %+v", refused.Recognition)
	}
	c.publish(cityFiles)
	c.anew(creditbank.Rerecognition{}, 10)
	if lot := c.accountOf(l).Lot(refused.Seq); !lot.Granted || lot.ExpiresOn != 20260630 {
		t.Errorf("recognised anew as %+v", lot.Recognition)
	}
}

func TestAPetitionNamesTheOwnDay(t *testing.T) {
	c := newCity(t)
	ctx := t.Context()
	until, none := creditbank.Date(20261231), creditbank.Date(0)
	before := creditbank.Date(20241231)
	for name, tt := range map[string]struct {
		found *creditbank.Date
		want  creditbank.Date
	}{"as claimed": {nil, 20260630}, "as found": {&until, 20261231}, "it names none": {&none, 0}} {
		l := c.stranger(len(name))
		act, err := c.Petition(ctx, acting("applicant", l), creditbank.Petitioning{
			Claimed: creditbank.Claimed{Institution: "I01", Course: "S1", IssuedOn: 20250101, Score: c.posting(l, "", "S1", "2025-01-01", "80").Score, ValidUntil: 20260630},
		})
		must(t, err)
		_, err = c.AcceptPetition(ctx, acting("r1", l), act.Seq, creditbank.Findings{ValidUntil: &before})
		wantCode(t, name+": found to end before it was issued", err, creditbank.ErrInvalid, creditbank.CodeMalformed)
		preview, err := c.PreviewPetition(ctx, creditbank.Caller{ID: "r1"}, l, act.Seq, creditbank.Findings{ValidUntil: tt.found})
		must(t, err)
		o, err := c.AcceptPetition(ctx, acting("r1", l), act.Seq, creditbank.Findings{ValidUntil: tt.found})
		must(t, err)
		if o.ValidUntil != tt.want || o.ExpiresOn != tt.want || preview.Posting != o.Posting || preview.ExpiresOn != o.ExpiresOn {
			t.Errorf("%s: posted as valid until %v, through %v; previewed through %v; want %v", name, o.ValidUntil, o.ExpiresOn, preview.ExpiresOn, tt.want)
		}
		c.replayAll(l)
	}
	l := c.open(0)
	for name, claim := range map[string]creditbank.Claimed{
		"of a course": {Institution: "I01", Course: "S1", IssuedOn: 20250101, ValidUntil: before},
		"of none":     {Institution: "I01", IssuedOn: 20250101, ValidUntil: before},
	} {
		_, err := c.Petition(ctx, acting("applicant", l), creditbank.Petitioning{Claimed: claim, PetitionWords: creditbank.PetitionWords{Title: "奖"}})
		wantCode(t, name, err, creditbank.ErrInvalid, creditbank.CodeMalformed)
	}
}

// What is on record from before a posting could name a day has the digest and the
// encoding that it had; the digests are those of that version of the program.
func TestRowsWithoutAnOwnDayKeepTheirDigest(t *testing.T) {
	const id creditbank.LearnerID = "11111111-1111-4111-8111-111111111111"
	granted := storetest.Outcome(storetest.Posting(id, "a", 1), storetest.Recognised(2*creditbank.Credit), 2)
	refused := storetest.Outcome(storetest.Posting(id, "b", 2), storetest.Refused(), 3)
	for got, want := range map[string]string{
		fmt.Sprintf("%x", granted.Digest()): "772a455b2aea729ff0854054639383c9a0b19159933fbb89de59b444c15c9c15",
		fmt.Sprintf("%x", refused.Digest()): "10c08d54a910c33595219347e4bbb874c07d60a4fd33e60dbec5c88c4886bd2a",
		string(creditbank.ActBody{Petition: &creditbank.PetitionStep{Course: "S1", Institution: "I01", IssuedOn: 20250101, Sealed: []byte("words")}}.Encode()): `{"petition":{"course":"S1","institution":"I01","issued_on":"2025-01-01","sealed":"d29yZHM="}}`,
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	until := granted
	until.ValidUntil = granted.ExpiresOn
	if until.Digest() == granted.Digest() {
		t.Error("the digest does not say until when a certificate is valid")
	}
}

func TestAnOwnDayThatCannotBeIsDamage(t *testing.T) {
	const id creditbank.LearnerID = "11111111-1111-4111-8111-111111111111"
	for until, ok := range map[creditbank.Date]bool{0: true, 20310301: true, 20310302: true, 20310228: false, 20260228: false} {
		p := storetest.Posting(id, "a", 1)
		p.ValidUntil = until
		if err := storetest.Outcome(p, storetest.Recognised(creditbank.Credit), 2).Validate(); (err == nil) != ok {
			t.Errorf("valid until %v, usable through 2031-03-01: %v", until, err)
		}
	}
}
