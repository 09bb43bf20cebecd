package creditbank

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// EngineVersion names the meaning of rules as this program evaluates them. It
// grows when the same rule and account would be decided otherwise.
const EngineVersion = 1

// A Hash is a SHA-256 that prints as hexadecimal.
type Hash [32]byte

// String returns h in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements [encoding.TextMarshaler].
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (h *Hash) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(h) {
		return fmt.Errorf("%q is no SHA-256", text)
	}
	copy(h[:], b)
	return nil
}

// A Decision (转换决定) is the answer to a request to convert: approve or deny,
// with everything needed to explain it and to reach it again. One that a
// reviewer has to approve is pending: it is not approved, and its lines, sources
// and what it forfeits are those that approval would bring. Its canonical
// bytes are what is stored; replayed on the same account version with the same
// rule, they come out the same.
//
// The fields stand in alphabetical order of their names in JSON, which makes
// the encoding canonical (RFC 8785: no floats, no escapes beyond its own). A
// field that is added later must be left out where it is zero: decisions on
// record have to encode as they did.
type Decision struct {
	Base        int64         `json:"account_version"` // the version decided upon
	Approved    bool          `json:"approved"`
	At          time.Time     `json:"at"`     // the clock
	Day         Date          `json:"day"`    // the day in the rule set's time zone
	Engine      int           `json:"engine"` // EngineVersion
	Findings    []Finding     `json:"findings"`
	Forfeited   Credits       `json:"forfeited"` // consumed beyond what was granted
	Inputs      Hash          `json:"inputs"`    // digest of the account's history up to Base
	Learner     LearnerID     `json:"learner"`
	Lines       []Line        `json:"lines"`
	Missing     []CourseCode  `json:"missing"`
	Programme   ProgrammeID   `json:"programme"`
	Review      *Review       `json:"review,omitempty"` // what a reviewer said, if one was asked
	Rule        RuleID        `json:"rule"`
	RuleHash    Hash          `json:"rule_hash"`
	RuleSet     int           `json:"rule_set"`
	RuleVersion int           `json:"rule_version,omitempty"` // of the rule; 0 where its file states none
	Short       Credits       `json:"short"`                  // by how much a pool or block falls short
	Sources     []Consumption `json:"sources"`
}

// A Review is what makes a reviewed decision possible to reach again: which
// application it answers, and whether the reviewer approved of it.
type Review struct {
	Application int64 `json:"application"`
	Approved    bool  `json:"approved"`
}

// Pending reports whether d waits for a reviewer: nothing else speaks against
// it.
func (d *Decision) Pending() bool {
	return !d.Approved && slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Code == ApprovalPending })
}

// A Line (课程学分) is what a conversion puts into a slot of a programme.
type Line struct {
	Categories []Category `json:"categories"` // of its sources, for caps
	Category   Category   `json:"category"`   // of its main source, for the ledger
	Credits    Credits    `json:"credits"`
	Grade      string     `json:"grade"`             // as carried, weighted, or "exempt"
	MakeUp     Credits    `json:"make_up,omitempty"` // what the source falls short of the target: owed outside the bank
	Open       bool       `json:"open"`              // leaves the rest of the slot open
	Slot       SlotID     `json:"slot"`
}

// Exempt is the grade of a line that carries none (免考).
const Exempt = "exempt"

// A Consumption is what a conversion takes of a lot; or of a line that another
// conversion put into another programme, which is taken whole.
type Consumption struct {
	Category   Category    `json:"category"`
	Conversion int64       `json:"conversion,omitempty"` // that made the line; zero for a lot
	Course     CourseCode  `json:"course"`               // "" for a line
	Credits    Credits     `json:"credits"`
	Lot        int64       `json:"lot"`                 // version of the outcome; zero for a line
	Programme  ProgrammeID `json:"programme,omitempty"` // where the line stands
	Slot       SlotID      `json:"slot,omitempty"`      // of the line
}

// Line returns the line that c takes, and false where it takes of a lot.
func (c Consumption) Line() (LineRef, bool) {
	return LineRef{c.Conversion, c.Slot}, c.Conversion != 0
}

// A Finding is one reason with its particulars: what it concerns, what is
// there, what is needed.
type Finding struct {
	Code    Reason `json:"code"`
	Have    string `json:"have"`
	Need    string `json:"need"`
	Subject string `json:"subject"`       // a course, slot, programme, rule or cap
	Text    Text   `json:"text,omitzero"` // what the rule itself says of it
}

// Reasons returns the set of reasons of d in printing order.
func (d *Decision) Reasons() []Reason {
	rs := make([]Reason, 0, len(d.Findings))
	for _, f := range d.Findings {
		rs = append(rs, f.Code)
	}
	return sortReasons(rs)
}

// Granted returns the sum of the lines. While d is pending, that is what
// approval would grant.
func (d *Decision) Granted() Credits {
	var sum Credits
	for _, l := range d.Lines {
		sum += l.Credits
	}
	return sum
}

// Consumed returns the sum of what the sources gave.
func (d *Decision) Consumed() Credits {
	var sum Credits
	for _, s := range d.Sources {
		sum += s.Credits
	}
	return sum
}

// Uses reports whether d consumed the lot.
func (d *Decision) Uses(lot int64) bool {
	return slices.ContainsFunc(d.Sources, func(c Consumption) bool { return c.Lot == lot && c.Conversion == 0 })
}

// Carries reports whether d took the line.
func (d *Decision) Carries(l LineRef) bool {
	return slices.ContainsFunc(d.Sources, func(c Consumption) bool {
		ref, ok := c.Line()
		return ok && ref == l
	})
}

// SharesSource reports whether d and e consumed of one lot, or took one line.
func (d *Decision) SharesSource(e *Decision) bool {
	return slices.ContainsFunc(d.Sources, func(c Consumption) bool {
		if ref, ok := c.Line(); ok {
			return e.Carries(ref)
		}
		return e.Uses(c.Lot)
	})
}

// Canonical returns the canonical bytes of d.
func (d *Decision) Canonical() []byte {
	c := *d
	c.At = c.At.UTC().Truncate(time.Microsecond)
	c.Findings, c.Lines = orEmpty(c.Findings), orEmpty(c.Lines)
	c.Missing, c.Sources = orEmpty(c.Missing), orEmpty(c.Sources)
	return canonical(c)
}

// Hash returns the SHA-256 of d's canonical bytes.
func (d *Decision) Hash() Hash { return sha256.Sum256(d.Canonical()) }

// canonical encodes v, whose fields are declared in the order of their names.
func canonical(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("creditbank: encode %T: %v", v, err)) // a type that cannot be encoded: a fault of this program
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// orEmpty makes null lists empty ones, which have one encoding only.
func orEmpty[E any](s []E) []E {
	if s == nil {
		return []E{}
	}
	return s
}
