package roles_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"creditbank/api"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// A reach says where a role may do something. The places are those of the
// callers below, separated by blanks; "*" is everywhere. Elsewhere the answer is
// 403 with the code otherwise.
type reach struct {
	ok        string
	consent   string // where the learner's consent would be needed
	refused   string // where the scope fits and the registry says NOT_ALLOWED all the same
	otherwise string // OUT_OF_SCOPE where it is not said
}

// code returns what is answered to a caller of a place, "" for success.
func (r reach) code(place string) string {
	in := func(places string) bool { return places == "*" || slices.Contains(strings.Fields(places), place) }
	switch {
	case in(r.ok):
		return ""
	case in(r.consent):
		return "CONSENT_REQUIRED"
	case in(r.refused):
		return "NOT_ALLOWED"
	case r.otherwise != "":
		return r.otherwise
	}
	return "OUT_OF_SCOPE"
}

// An operation is one of the contract's, and what is expected of it.
type operation struct {
	id    string
	about string                              // tells cases of one operation apart
	ask   func(s *scene, p person) ask        // would succeed, but for access
	by    map[access.Role]reach               // nil: anyone; a role that is not named is FORBIDDEN
	tells []creditbank.Field                  // what is told about L2, and so is on record
	none  func(s *scene) ask                  // the same about what does not exist
	rows  bool                                // each row is answered by itself
	each  bool                                // spends the caller's token: takes one of its own
	done  func(s *scene, p *person)           // after a success
	after func(s *scene)                      // after all
	basis func(place string) creditbank.Basis // of what is told; see basisOf
}

// A caller is somebody who asks, in one role and at one place.
type caller struct {
	person
	role  access.Role // "" for nobody
	place string
}

func (c caller) String() string { return string(c.role) + " " + c.place }

// places are the scopes that staff have: an institution that is a source of L2's
// (I06), the top of its branch (I04), a stranger (I09), the target (I01); the
// county of I06, L2's county, the city.
var places = map[string]string{
	"I06": "institution:I06", "I04": "branch:I04", "I09": "institution:I09", "I01": "institution:I01",
	"990101": "region:990101", "990102": "region:990102", "9901": "region:9901",
}

// callers returns everybody who asks.
func (s *scene) callers() []caller {
	all := []caller{
		{place: "nobody"},
		{s.learner("L2"), access.Learner, "L2"},
		{s.learner("L1"), access.Learner, "L1"},
	}
	for _, role := range access.Roles() {
		for place, scope := range places {
			if role == access.Learner || role == access.Operator && !strings.HasPrefix(scope, "region:") {
				continue // nobody is granted that
			}
			institution := ""
			if !strings.HasPrefix(scope, "region:") {
				institution = place
			}
			all = append(all, caller{s.staff(institution, string(role)+" "+scope), role, place})
		}
	}
	return all
}

// expected returns the status and code for a caller, 0 and "" for success.
func (o operation) expected(c caller) (int, string) {
	if o.by == nil {
		return 0, ""
	}
	if c.role == "" {
		return http.StatusUnauthorized, "UNAUTHENTICATED"
	}
	r, known := o.by[c.role]
	if !known {
		return http.StatusForbidden, "FORBIDDEN"
	}
	if code := r.code(c.place); code != "" {
		return http.StatusForbidden, code
	}
	return 0, ""
}

// TestAccess asks for every operation of the contract as everybody.
func TestAccess(t *testing.T) {
	t.Parallel()
	covered(t)
	s := newScene(t, nil)
	callers := s.callers()
	s.consent("L2", "I12", "ADMISSION", "2027-01-01", "BALANCE")
	for _, o := range operationsExpected() {
		t.Run(strings.TrimSpace(o.id+" "+o.about), func(t *testing.T) {
			inner := *s // failures belong to this operation
			inner.t = t
			for i := range callers {
				inner.try(o, &callers[i])
			}
			if o.none != nil {
				inner.tryNone(o, callers)
			}
			if o.after != nil {
				o.after(&inner)
			}
			s.serial, s.audited = inner.serial, inner.audited
		})
	}
}

// covered fails unless the table has exactly the operations of the contract.
func covered(t *testing.T) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract)
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			missing[op.OperationID] = true
		}
	}
	if len(missing) < 85 {
		t.Errorf("the contract has %d operations only", len(missing))
	}
	known := map[string]bool{}
	for _, o := range operationsExpected() {
		if !missing[o.id] && !known[o.id] {
			t.Errorf("the contract has no operation %s", o.id)
		}
		delete(missing, o.id)
		known[o.id] = true
	}
	for id := range missing {
		t.Errorf("operation %s is not in the table: say who may do it", id)
	}
}

// try asks as one caller.
func (s *scene) try(o operation, c *caller) {
	s.t.Helper()
	status, code := o.expected(*c)
	a := o.ask(s, c.person)
	token := c.token
	if o.each && token != "" {
		token = s.tokenOf(c.caller())
	}
	before := s.mark()
	got := s.ended(token, a)
	if o.rows && got.status == http.StatusOK {
		got = rowAnswer(got)
	}
	if status != 0 {
		if got.status != status || got.code != code {
			s.t.Errorf("%v: %v\nwant %d %s", c, got, status, code)
		}
		after := s.mark()
		if code == "NOT_ALLOWED" { // told that there is one, and so on record
			before.told, after.told = "", ""
		}
		if before != after {
			s.t.Errorf("%v: refused, and something changed:\n%+v\n%+v", c, before, after)
		}
		return
	}
	if got.status < 200 || got.status > 299 {
		s.t.Errorf("%v: %v\nwant success", c, got)
		return
	}
	s.checkTold(o, c, got, before)
	s.checkRecorded(o, c, a, before)
	if a.method != http.MethodGet {
		clear(s.kept)
	}
	if o.done != nil {
		o.done(s, &c.person)
	}
}

// tryNone asks for what does not exist: who could otherwise do it hears that it
// is not there, and nobody more than that.
func (s *scene) tryNone(o operation, callers []caller) {
	s.t.Helper()
	absent := []int{http.StatusNotFound, http.StatusUnprocessableEntity} // in the address, in the body
	for _, c := range callers {
		status, code := o.expected(c)
		before := s.mark()
		got := s.ended(c.token, o.none(s))
		switch {
		case status == 0 && c.role != access.Learner && !slices.Contains(absent, got.status):
			s.t.Errorf("%v, about what does not exist: %v\nwant 404", c, got)
		case status != 0 && (got.status != status || got.code != code) && !slices.Contains(absent, got.status) && got.code != "OUT_OF_SCOPE":
			s.t.Errorf("%v, about what does not exist: %v\nwant 404, or %d %s", c, got, status, code)
		case got.status < 400:
			s.t.Errorf("%v, about what does not exist: %v", c, got)
		}
		if after := s.mark(); before != after {
			s.t.Errorf("%v, about what does not exist: something changed:\n%+v\n%+v", c, before, after)
		}
	}
}

// ended asks, and hangs up where the answer goes on.
func (s *scene) ended(token string, a ask) answer {
	s.t.Helper()
	ctx, hangUp := context.WithCancel(s.t.Context())
	defer hangUp()
	return s.doWithin(ctx, token, a)
}

// rowAnswer takes the answer to the one row for the answer to the request.
func rowAnswer(got answer) answer {
	if strings.Contains(string(got.body), `"OUT_OF_SCOPE"`) {
		got.status, got.code = http.StatusForbidden, "OUT_OF_SCOPE"
	} else if !strings.Contains(string(got.body), `"ACCEPTED"`) {
		got.status = http.StatusTeapot
	}
	return got
}

// A mark is how far everything on record goes.
type mark struct {
	ledger int64 // accounts and reference data
	access int64 // who may do what
	told   string
}

func (s *scene) mark() mark {
	s.t.Helper()
	var m mark
	var err error
	m.ledger, err = s.ledger.Number(s.t.Context())
	s.must(err)
	for {
		changes, err := s.ledger.Access().Changes(s.t.Context(), s.audited, 1000)
		s.must(err)
		if len(changes) == 0 {
			break
		}
		s.audited = changes[len(changes)-1].Seq
	}
	m.access = s.audited
	if told := s.lastTold("L2"); told != nil {
		m.told = told.ID
	}
	return m
}

// lastTold returns the newest disclosure about a learner, or nil.
func (s *scene) lastTold(alias string) *creditbank.Disclosure {
	s.t.Helper()
	all, err := s.Bank.Disclosures(s.t.Context(), s.ids[alias], "", 1)
	s.must(err)
	if len(all) == 0 {
		return nil
	}
	return &all[0]
}

// checkTold holds what was told about L2 against the disclosures.
func (s *scene) checkTold(o operation, c *caller, got answer, before mark) {
	s.t.Helper()
	told := s.lastTold("L2")
	if len(o.tells) == 0 || c.role == access.Learner {
		if told != nil && told.ID != before.told {
			s.t.Errorf("%v: nothing was told, and it is on record: %+v", c, told)
		}
		return
	}
	if told == nil || told.ID == before.told {
		s.t.Errorf("%v: what was told is not on record", c)
		return
	}
	basis := basisOf
	if o.basis != nil {
		basis = o.basis
	}
	if told.By.ID != c.caller() || told.Request != got.header.Get("X-Request-Id") || !slices.Equal(told.Fields, o.tells) || told.Basis != basis(c.place) {
		s.t.Errorf("%v: on record as %+v\nwant %v by %s, %s", c, told, o.tells, c.caller(), basis(c.place))
	}
	if region := !strings.HasPrefix(c.place, "I"); region != (told.Authority != "") || region && string(told.Authority) != c.place {
		s.t.Errorf("%v: on record for the authority of %q", c, told.Authority)
	}
}

// leavesNothing are the writes that leave nothing on record beside what they
// disclose: they change nothing, or only what serves for a while.
var leavesNothing = []string{"createToken", "revokeToken", "logIn", "logOut", "findLearner", "previewConversions", "verifyCertificate", "markNoticesRead", "tryRules", "runApplicationsDue", "previewPetition"}

// checkRecorded holds what was done against what is on record: it names who did
// it.
func (s *scene) checkRecorded(o operation, c *caller, a ask, before mark) {
	s.t.Helper()
	by := s.recordedBy(before)
	writes := a.method != http.MethodGet && !slices.Contains(leavesNothing, o.id) && o.about != "who has an account"
	if writes != (len(by) > 0) {
		s.t.Errorf("%v: %d entries on record", c, len(by))
	}
	for _, id := range by {
		if id != c.caller() && o.by != nil {
			s.t.Errorf("%v: on record as done by %s, want %s", c, id, c.caller())
		}
	}
}

// recordedBy returns who did what was put on record since.
func (s *scene) recordedBy(since mark) []string {
	s.t.Helper()
	ctx := s.t.Context()
	_, err := s.ledger.Number(ctx)
	s.must(err)
	var by []string
	entries, err := s.ledger.Feed(ctx, since.ledger, 100)
	s.must(err)
	for _, e := range entries {
		if len(e.Rows) == 0 { // reference data
			documents, err := s.ledger.Documents(ctx, 0)
			s.must(err)
			by = append(by, documents[len(documents)-1].By.ID)
		}
		for _, row := range e.Rows {
			by = append(by, s.rowBy(row))
		}
	}
	changes, err := s.ledger.Access().Changes(ctx, since.access, 100)
	s.must(err)
	for _, change := range changes {
		by = append(by, change.By.ID)
	}
	return by
}

// rowBy returns who wrote a row of an account.
func (s *scene) rowBy(row creditbank.RowRef) string {
	s.t.Helper()
	h, err := s.Bank.History(s.t.Context(), row.Learner)
	s.must(err)
	for _, o := range h.Outcomes {
		if o.Seq == row.Seq {
			return o.By.ID
		}
	}
	for _, a := range h.Acts {
		if a.Seq == row.Seq {
			return a.By.ID
		}
	}
	return ""
}

// basisOf returns on which ground somebody of a place is told about L2.
func basisOf(place string) creditbank.Basis {
	switch place {
	case "I06", "I04":
		return creditbank.BasisSource
	case "I01":
		return creditbank.BasisTarget
	}
	return creditbank.BasisDuty
}

// basisShown is [basisOf] where the caller named the learner as on the papers.
func basisShown(place string) creditbank.Basis {
	if strings.HasPrefix(place, "I") {
		return creditbank.BasisShown
	}
	return creditbank.BasisDuty
}
