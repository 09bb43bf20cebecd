package certify

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// A Kind says what a certificate certifies.
type Kind string

// The kinds of certificates. The others of the design (an award, a whole
// record) are not written yet.
const (
	KindOutcome    Kind = "outcome"    // one outcome, recognised as credits
	KindConversion Kind = "conversion" // credits granted in a programme for outcomes elsewhere
)

// notADiploma is said in every certificate of these kinds.
const notADiploma = "本证书不是学历、学位证书。This certificate is not an academic diploma or degree."

// A Certificate is what is certified, as the bank knows it; [Prepare] makes an
// Open Badges 3.0 credential of it. Texts are Chinese unless they say
// otherwise. Times are cut to whole seconds. Fields are required but for those
// marked optional.
type Certificate struct {
	ID   string // "urn:uuid:…" of 122 random bits, see NewID; the salt of the log record
	Kind Kind
	Name string // title of the certificate
	// Number is the certificate number that is printed (licenseNumber).
	// Optional.
	Number string
	// Description is said before the sentence that this is no diploma, which
	// is always there. Optional.
	Description string

	Issuer     Issuer
	ValidFrom  time.Time
	ValidUntil time.Time // zero: without end
	Awarded    time.Time // when it was awarded

	Subject Subject
	Credits Decimal     // credits earned, in all
	Source  Institution // where it was learned (outcome) or is studied (conversion); optional

	Achievement Achievement // what was learned, or the programme credits were granted in
	Started     time.Time   // outcome: first and last day of learning; optional
	Ended       time.Time
	Grade       string  // outcome: the result, as the institution writes it; optional
	Hours       Decimal // outcome: learning hours; optional

	Lines   []Line   // conversion: what was granted
	Sources []Source // conversion: what it was granted for

	Status StatusEntry
}

// An Issuer is who signs: its DID, its name, its home page.
type Issuer struct{ DID, Name, URL string }

// An Institution is a place of learning.
type Institution struct {
	ID   string // IRI
	Name string
	USCC string // 统一社会信用代码, GB 32100; optional
}

// A Subject is the learner.
type Subject struct {
	ID            string // "urn:uuid:…", random, not the bank's own id: certificates must not be linkable by it
	Name          string // as to be shown; optional
	AccountNumber string // number of the account at the bank; optional
}

// An Achievement is what was learned: a course, or a programme.
type Achievement struct {
	ID          string // IRI
	Name        string
	Description string
	Criteria    string // what one had to do
	Type        string // achievementType of Open Badges: Course, LearningProgram, MicroCredential, ext:…
	Creator     Institution
	Code        string      // course number; optional
	Credits     Decimal     // credits it is worth (creditsAvailable); optional
	Language    string      // of the achievement, BCP 47; default zh-CN
	Alignments  []Alignment // level and category in frameworks; optional
}

// An Alignment points to an entry of a framework: a level, a category.
type Alignment struct {
	Name, URL string
	Framework string // optional
	Code      string // optional
	Type      string // targetType of Open Badges: CFItem, ext:…; optional
}

// A Line is credits granted in a programme.
type Line struct {
	Slot    string // code of the place in the programme: "T-A1"
	Name    string // name of the course
	Credits Decimal
	Grade   string // optional
}

// A Source is an outcome that was converted, as far as it is to be shown.
type Source struct {
	ID          string // IRI of the outcome or its certificate; optional
	Name        string
	Institution string
	Credits     Decimal   // credits consumed
	Hours       Decimal   // optional
	Grade       string    // optional
	Date        time.Time // optional
}

// A StatusEntry is a certificate's place in a status list. Choose the index at
// random among the free ones: neighbours must tell nothing.
type StatusEntry struct {
	List  string // https address of the status list credential
	Index int64
}

// NewID returns the urn:uuid (version 4, RFC 9562) of 16 random bytes.
func NewID(random [16]byte) string {
	random[6] = random[6]&0x0f | 0x40
	random[8] = random[8]&0x3f | 0x80
	h := hex.EncodeToString(random[:])
	return "urn:uuid:" + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

var (
	uuidURN  = regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	extType  = regexp.MustCompile(`^ext:[A-Za-z0-9._-]+$`)
	langCode = regexp.MustCompile(`^[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`) // of the Open Badges schema
	webURL   = regexp.MustCompile(`^https://`)
)

// check says what is wrong with a certificate. Characters and terms are
// checked later, on the JSON.
func (c Certificate) check() error {
	var bad []string
	need := func(ok bool, what string) {
		if !ok {
			bad = append(bad, what)
		}
	}
	need(uuidURN.MatchString(c.ID), "id is not a random urn:uuid")
	need(c.Kind == KindOutcome || c.Kind == KindConversion, "kind")
	need(c.Name != "", "name")
	need(isDID(c.Issuer.DID) && c.Issuer.Name != "" && validIRI(c.Issuer.URL), "issuer")
	need(!c.ValidFrom.IsZero() && inFourDigits(c.ValidFrom), "valid from")
	need(c.ValidUntil.IsZero() || c.ValidUntil.After(c.ValidFrom) && inFourDigits(c.ValidUntil), "valid until")
	need(!c.Awarded.IsZero() && inFourDigits(c.Awarded), "awarded date")
	need(uuidURN.MatchString(c.Subject.ID) && c.Subject.ID != c.ID, "subject id is not a random urn:uuid of its own")
	need(decimal.MatchString(string(c.Credits)), "credits")
	need(c.Source == Institution{} || c.Source.valid(), "source institution")
	need(c.Achievement.valid(), "achievement")
	need(c.Hours == "" || decimal.MatchString(string(c.Hours)), "hours")
	need(webURL.MatchString(c.Status.List) && validIRI(c.Status.List) && !strings.Contains(c.Status.List, "#"), "status list address")
	need(c.Status.Index >= 0, "status list index")
	if c.Kind == KindConversion {
		need(len(c.Lines) > 0 && len(c.Sources) > 0, "a conversion has lines and sources")
		need(c.Grade == "" && c.Hours == "" && c.Started.IsZero() && c.Ended.IsZero(), "grade, hours and days belong to outcomes")
	} else {
		need(len(c.Lines) == 0 && len(c.Sources) == 0, "lines and sources belong to conversions")
	}
	for _, l := range c.Lines {
		need(l.Slot != "" && l.Name != "" && decimal.MatchString(string(l.Credits)), fmt.Sprintf("line %q", l.Slot))
	}
	for _, s := range c.Sources {
		need((s.ID == "" || validIRI(s.ID)) && s.Name != "" && s.Institution != "" && decimal.MatchString(string(s.Credits)) &&
			(s.Hours == "" || decimal.MatchString(string(s.Hours))), fmt.Sprintf("source %q", s.Name))
	}
	need(c.onePerID(), "one id is of two things that differ")
	if len(bad) > 0 {
		return fmt.Errorf("%w certificate: %s", ErrMalformed, strings.Join(bad, "; "))
	}
	return nil
}

// onePerID reports whether what has the same id is the same: a reader of the
// statements would find two names of one thing, and not know which is whose.
func (c Certificate) onePerID() bool {
	institutions, sources := map[string]Institution{}, map[string]Source{}
	for _, i := range []Institution{c.Source, c.Achievement.Creator} {
		if known, ok := institutions[i.ID]; ok && known.Name != i.Name {
			return false
		}
		institutions[i.ID] = i
	}
	for _, s := range c.Sources {
		if known, ok := sources[s.ID]; ok && s.ID != "" && known != s {
			return false
		}
		sources[s.ID] = s
	}
	return true
}

func (i Institution) valid() bool { return validIRI(i.ID) && i.Name != "" }

func (a Achievement) valid() bool {
	for _, x := range a.Alignments {
		if x.Name == "" || !validIRI(x.URL) {
			return false
		}
	}
	return validIRI(a.ID) && !strings.Contains(a.ID, "#") && a.Name != "" && a.Description != "" && a.Criteria != "" &&
		(knownAchievementType(a.Type) || extType.MatchString(a.Type)) &&
		a.Creator.valid() && (a.Credits == "" || decimal.MatchString(string(a.Credits))) &&
		(a.Language == "" || langCode.MatchString(a.Language))
}

// knownAchievementType: the closed list of Open Badges 3.0, AchievementType.
func knownAchievementType(s string) bool {
	switch s {
	case "Achievement", "ApprenticeshipCertificate", "Assessment", "Assignment", "AssociateDegree", "Award", "Badge",
		"BachelorDegree", "Certificate", "CertificateOfCompletion", "Certification", "CommunityService", "Competency",
		"Course", "CoCurricular", "Degree", "Diploma", "DoctoralDegree", "Fieldwork", "GeneralEducationDevelopment",
		"JourneymanCertificate", "LearningProgram", "License", "Membership", "ProfessionalDoctorate",
		"QualityAssuranceCredential", "MasterCertificate", "MasterDegree", "MicroCredential", "ResearchDoctorate",
		"SecondarySchoolDiploma":
		return true
	}
	return false
}

func inFourDigits(t time.Time) bool { return t.UTC().Year() >= 1900 && t.UTC().Year() <= 9999 }
