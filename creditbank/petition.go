package creditbank

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// A PetitionState is where a petition stands.
type PetitionState string

// The states. A petition is open in the first two of them.
const (
	PetitionSubmitted PetitionState = "submitted" // 待认定: the institution is to decide
	PetitionReturned  PetitionState = "returned"  // 待补正: the applicant is to supplement it
	PetitionAccepted  PetitionState = "accepted"  // 已受理登记: it stands as an outcome
	PetitionRefused   PetitionState = "refused"   // 不予认定
	PetitionWithdrawn PetitionState = "withdrawn" // 已撤回
)

var petitionTexts = map[PetitionState]Text{
	PetitionSubmitted: {"待认定", "awaits the institution"},
	PetitionReturned:  {"待补正", "returned for a supplement"},
	PetitionAccepted:  {"已认定登记", "accepted and posted"},
	PetitionRefused:   {"不予认定", "refused"},
	PetitionWithdrawn: {"已撤回", "withdrawn"},
}

// Text returns what s is called.
func (s PetitionState) Text() Text { return textOf(petitionTexts, s) }

// A Petition (认定申请) asks an institution to recognise what nobody posted: a
// certificate, experience, a prize. Whoever asks shows evidence for it; the
// institution accepts, which posts it, or returns or refuses it with reasons:
//
//	submitted ⇄ returned (supplemented)
//	    ├──► accepted: posted in the same write, and recognised as any posting
//	    └──► refused, withdrawn; from returned too
type Petition struct {
	Seq      int64 // the act that petitioned; names the petition for ever
	At       time.Time
	By       Caller
	Claim    Claimed
	Words    []byte // sealed [PetitionWords]
	State    PetitionState
	Since    Date          // when it was last sent to the institution
	Letters  []Letter      // returned, supplemented
	Evidence []EvidenceRef // in the order in which it came
	Recusals []Recusal     // who has no say in it, and may not see it
	Outcome  int64         // accepted: the outcome that was posted
	Reason   string        // refused, withdrawn
	ClosedBy int64         // the act that closed it, zero while it is open
}

// Claimed is what a petition says was learned. What the catalogue does not know
// has no course; its title stands sealed in the words ([PetitionWords]).
type Claimed struct {
	Institution InstitutionID // that is to decide
	Course      CourseCode    // that it corresponds to; "" where the applicant named none
	IssuedOn    Date
	Score       Score
	Attended    Hours
	ValidUntil  Date // the certificate's own last day, zero where it names none
}

// PetitionWords are what an applicant says in their own words, sealed under the
// learner's key. The fields stand in alphabetical order of their names in JSON.
type PetitionWords struct {
	Text  string `json:"text,omitempty"`
	Title string `json:"title,omitempty"` // as on the certificate
}

// A PetitionStep is what an act in the life of a petition says beyond its reason.
// The fields stand in alphabetical order of their names in JSON.
type PetitionStep struct {
	Attended    Hours         `json:"attended_hours,omitempty"` // petitioned
	Bytes       int64         `json:"bytes,omitempty"`          // evidenced: before it was sealed
	Course      CourseCode    `json:"course,omitempty"`         // petitioned
	Institution InstitutionID `json:"institution,omitempty"`    // petitioned
	IssuedOn    Date          `json:"issued_on,omitempty"`      // petitioned
	Score       *Score        `json:"score,omitempty"`          // petitioned
	Sealed      []byte        `json:"sealed,omitempty"`         // petitioned, supplemented: words under the learner's key
	SHA256      *Hash         `json:"sha256,omitempty"`         // evidenced: of the sealed bytes
	Type        MediaType     `json:"type,omitempty"`           // evidenced
	ValidUntil  Date          `json:"valid_until,omitempty"`    // petitioned
}

// Open reports whether something can still come of p.
func (p *Petition) Open() bool { return p.State == PetitionSubmitted || p.State == PetitionReturned }

// number returns the id under which p is posted once it is accepted: it tells
// nobody anything, since learners' ids are random.
func (p *Petition) number(id LearnerID) string { return PetitionNumber(id, p.Seq) }

// PetitionNumber returns the external id under which a learner's petition that
// version seq made is posted: "R" and 16 letters and digits, 80 bits of a SHA-256.
func PetitionNumber(id LearnerID, seq int64) string {
	sum := sha256.Sum256(appendStrings(nil, "petition", string(id), strconv.FormatInt(seq, 10)))
	return "R" + base32.StdEncoding.EncodeToString(sum[:10])
}

// Petition returns the petition that version seq made, or nil.
func (a *Account) Petition(seq int64) *Petition {
	i, ok := slices.BinarySearchFunc(a.Petitions, seq, func(p *Petition, seq int64) int { return int(p.Seq - seq) })
	if !ok {
		return nil
	}
	return a.Petitions[i]
}

// openPetitions returns how many petitions of a are open.
func (a *Account) openPetitions() int {
	n := 0
	for _, p := range a.Petitions {
		if p.Open() {
			n++
		}
	}
	return n
}

// petitionsTo reports whether one of who decides an open petition of a.
func (a *Account) petitionsTo(who []InstitutionID) bool {
	return slices.ContainsFunc(a.Petitions, func(p *Petition) bool { return p.Open() && slices.Contains(who, p.Claim.Institution) })
}

// applyPetition moves a on by an act in the life of a petition.
func (a *Account) applyPetition(act Act) error {
	if err := a.allowsPetition(act); err != nil {
		return fmt.Errorf("%v", err) // damage is of no kind
	}
	s := act.petition()
	if act.Kind == ActPetitioned {
		a.Petitions = append(a.Petitions, &Petition{
			Seq: act.Seq, At: act.At, By: act.By, Claim: s.claim(), Words: s.Sealed, State: PetitionSubmitted, Since: act.Day,
		})
		return nil
	}
	p := a.Petition(act.Body.Of)
	switch act.Kind {
	case ActEvidenced:
		p.Evidence = append(p.Evidence, EvidenceRef{Seq: act.Seq, At: act.At, By: act.By, Type: s.Type, Bytes: s.Bytes, SHA256: *s.SHA256})
	case ActPetitionRecused:
		p.Recusals = append(p.Recusals, Recusal{act.Seq, act.By, act.Body.Reason})
	case ActPetitionReturned:
		p.State = PetitionReturned
		p.Letters = append(p.Letters, Letter{Seq: act.Seq, Kind: act.Kind, At: act.At, By: act.By, Note: act.Body.Reason})
	case ActPetitionSupplemented:
		p.State, p.Since = PetitionSubmitted, act.Day
		p.Letters = append(p.Letters, Letter{Seq: act.Seq, Kind: act.Kind, At: act.At, By: act.By, Sealed: s.Sealed})
	case ActPetitionAccepted:
		p.State, p.Outcome, p.ClosedBy = PetitionAccepted, act.Body.Since, act.Seq
	case ActPetitionRefused:
		p.State, p.Reason, p.ClosedBy = PetitionRefused, act.Body.Reason, act.Seq
	case ActPetitionWithdrawn:
		p.State, p.Reason, p.ClosedBy = PetitionWithdrawn, act.Body.Reason, act.Seq
	}
	return nil
}

// claim returns what s says was learned.
func (s PetitionStep) claim() Claimed {
	c := Claimed{Institution: s.Institution, Course: s.Course, IssuedOn: s.IssuedOn, Attended: s.Attended, ValidUntil: s.ValidUntil}
	if s.Score != nil {
		c.Score = *s.Score
	}
	return c
}

// petition returns what act says of a petition, or an empty step.
func (act Act) petition() PetitionStep {
	if act.Body.Petition == nil {
		return PetitionStep{}
	}
	return *act.Body.Petition
}
