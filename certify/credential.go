package certify

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The structures below are the JSON of Open Badges 3.0
// (https://www.imsglobal.org/spec/ob/v3p0, "Data Model"), as far as it is used,
// in the order in which it is written.

type credential struct {
	Context     []string     `json:"@context"`
	ID          string       `json:"id"`
	Type        []string     `json:"type"`
	Name        string       `json:"name"`
	Description string       `json:"description"`
	Issuer      profile      `json:"issuer"`
	ValidFrom   string       `json:"validFrom"`
	ValidUntil  string       `json:"validUntil,omitempty"`
	AwardedDate string       `json:"awardedDate"`
	Subject     subject      `json:"credentialSubject"`
	Evidence    []evidence   `json:"evidence,omitempty"`
	Schema      []typed      `json:"credentialSchema"`
	Status      *statusEntry `json:"credentialStatus"`
}

type profile struct {
	ID              string            `json:"id"`
	Type            []string          `json:"type"`
	Name            string            `json:"name"`
	URL             string            `json:"url,omitempty"`
	OtherIdentifier []identifierEntry `json:"otherIdentifier,omitempty"`
}

type identifierEntry struct {
	Type           string `json:"type"`
	Identifier     string `json:"identifier"`
	IdentifierType string `json:"identifierType"`
}

type subject struct {
	ID                string           `json:"id"`
	Type              []string         `json:"type"`
	Identifier        []identityObject `json:"identifier,omitempty"`
	ActivityStartDate string           `json:"activityStartDate,omitempty"`
	ActivityEndDate   string           `json:"activityEndDate,omitempty"`
	CreditsEarned     Decimal          `json:"creditsEarned"`
	LicenseNumber     string           `json:"licenseNumber,omitempty"`
	Source            *profile         `json:"source,omitempty"`
	Achievement       achievement      `json:"achievement"`
	Result            []result         `json:"result,omitempty"`
}

type identityObject struct {
	Type         string `json:"type"`
	Hashed       bool   `json:"hashed"`
	IdentityHash string `json:"identityHash"`
	IdentityType string `json:"identityType"`
}

type achievement struct {
	ID                string              `json:"id"`
	Type              []string            `json:"type"`
	AchievementType   string              `json:"achievementType"`
	Name              string              `json:"name"`
	Description       string              `json:"description"`
	Criteria          criteria            `json:"criteria"`
	Creator           profile             `json:"creator"`
	HumanCode         string              `json:"humanCode,omitempty"`
	CreditsAvailable  *Decimal            `json:"creditsAvailable,omitempty"`
	InLanguage        string              `json:"inLanguage"`
	Alignment         []alignment         `json:"alignment,omitempty"`
	ResultDescription []resultDescription `json:"resultDescription,omitempty"`
}

type criteria struct {
	Narrative string `json:"narrative"`
}

type alignment struct {
	Type            []string `json:"type"`
	TargetName      string   `json:"targetName"`
	TargetURL       string   `json:"targetUrl"`
	TargetFramework string   `json:"targetFramework,omitempty"`
	TargetCode      string   `json:"targetCode,omitempty"`
	TargetType      string   `json:"targetType,omitempty"`
}

type resultDescription struct {
	ID         string   `json:"id"`
	Type       []string `json:"type"`
	Name       string   `json:"name"`
	ResultType string   `json:"resultType"`
}

type result struct {
	Type              []string `json:"type"`
	ResultDescription string   `json:"resultDescription"`
	Value             string   `json:"value"`
}

type evidence struct {
	ID          string   `json:"id"`
	Type        []string `json:"type"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Genre       string   `json:"genre"`
}

type typed struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

type statusEntry struct {
	ID                   string `json:"id"`
	Type                 string `json:"type"`
	StatusPurpose        string `json:"statusPurpose"`
	StatusListIndex      string `json:"statusListIndex"`
	StatusListCredential string `json:"statusListCredential"`
}

// schemaAddress names the official schema, which the 1EdTech validator probes
// for; its type needs the extensions context.
const schemaAddress = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"

// credential returns the wire form of a checked certificate.
func (c Certificate) credential() credential {
	w := credential{
		Context:     []string{ctxCredentials, ctxOpenBadges, ctxExtensions},
		ID:          c.ID,
		Type:        []string{"VerifiableCredential", "OpenBadgeCredential"},
		Name:        c.Name,
		Description: strings.TrimPrefix(c.Description+"\n"+notADiploma, "\n"),
		Issuer:      profile{ID: c.Issuer.DID, Type: []string{"Profile"}, Name: c.Issuer.Name, URL: c.Issuer.URL},
		ValidFrom:   instant(c.ValidFrom),
		ValidUntil:  optional(c.ValidUntil),
		AwardedDate: instant(c.Awarded),
		Subject: subject{
			ID: c.Subject.ID, Type: []string{"AchievementSubject"}, Identifier: c.Subject.identifiers(),
			ActivityStartDate: optional(c.Started), ActivityEndDate: optional(c.Ended),
			CreditsEarned: c.Credits, LicenseNumber: c.Number, Achievement: c.Achievement.wire(),
		},
		Schema: []typed{{schemaAddress, "1EdTechJsonSchemaValidator2019"}},
		Status: c.Status.wire(),
	}
	if c.Source != (Institution{}) {
		p := c.Source.wire()
		w.Subject.Source = &p
	}
	c.addResults(&w.Subject)
	for i, s := range c.Sources {
		w.Evidence = append(w.Evidence, s.wire(c.ID+"#source-"+strconv.Itoa(i+1)))
	}
	return w
}

// addResults writes grade and hours of an outcome, and the lines of a
// conversion, as results. Open Badges has no field for hours, and one field
// for credits; "ext:" types are its way to say more (CREDENTIALS.md, 1.3).
func (c Certificate) addResults(s *subject) {
	add := func(fragment, name, kind, value string) {
		if value == "" {
			return
		}
		id := c.Achievement.ID + "#" + fragment
		if c.Kind == KindConversion { // the lines are this learner's, not the programme's
			id = c.ID + "#" + fragment
		}
		s.Achievement.ResultDescription = append(s.Achievement.ResultDescription, resultDescription{id, []string{"ResultDescription"}, name, kind})
		s.Result = append(s.Result, result{[]string{"Result"}, id, value})
	}
	add("grade", "成绩 Grade", "Result", c.Grade)
	add("hours", "学时 Learning hours", "ext:Hours", string(c.Hours))
	for i, l := range c.Lines {
		n := "line-" + strconv.Itoa(i+1)
		add(n+"-credits", "授予学分 Credits granted: "+l.Slot+" "+l.Name, "ext:Credits", string(l.Credits))
		add(n+"-grade", "成绩 Grade: "+l.Slot+" "+l.Name, "Result", l.Grade)
	}
}

func (s Subject) identifiers() []identityObject {
	var ids []identityObject
	add := func(value, kind string) {
		if value != "" {
			ids = append(ids, identityObject{Type: "IdentityObject", IdentityHash: value, IdentityType: kind})
		}
	}
	add(s.Name, "name")
	add(s.AccountNumber, "ext:accountNumber")
	return ids
}

func (a Achievement) wire() achievement {
	w := achievement{
		ID: a.ID, Type: []string{"Achievement"}, AchievementType: a.Type, Name: a.Name, Description: a.Description,
		Criteria: criteria{a.Criteria}, Creator: a.Creator.wire(), HumanCode: a.Code, InLanguage: "zh-CN",
	}
	if a.Language != "" {
		w.InLanguage = a.Language
	}
	if a.Credits != "" {
		w.CreditsAvailable = &a.Credits
	}
	for _, x := range a.Alignments {
		w.Alignment = append(w.Alignment, alignment{[]string{"Alignment"}, x.Name, x.URL, x.Framework, x.Code, x.Type})
	}
	return w
}

func (i Institution) wire() profile {
	p := profile{ID: i.ID, Type: []string{"Profile"}, Name: i.Name}
	if i.USCC != "" {
		p.OtherIdentifier = []identifierEntry{{"IdentifierEntry", i.USCC, "ext:USCC"}}
	}
	return p
}

// wire writes a source outcome as evidence: text to read. Its id keeps two
// sources that look alike apart.
func (s Source) wire(id string) evidence {
	if s.ID != "" {
		id = s.ID
	}
	d := fmt.Sprintf("%s;学分 credits %s", s.Institution, s.Credits)
	if s.Hours != "" {
		d += fmt.Sprintf(";学时 hours %s", s.Hours)
	}
	if s.Grade != "" {
		d += fmt.Sprintf(";成绩 grade %s", s.Grade)
	}
	if !s.Date.IsZero() {
		d += ";" + s.Date.Format(time.DateOnly)
	}
	return evidence{ID: id, Type: []string{"Evidence"}, Name: s.Name, Description: d, Genre: "转换来源 source of conversion"}
}

func (e StatusEntry) wire() *statusEntry {
	index := strconv.FormatInt(e.Index, 10)
	return &statusEntry{e.List + "#" + index, "BitstringStatusListEntry", "revocation", index, e.List}
}

func optional(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return instant(t)
}
