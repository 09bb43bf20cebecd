package pdf

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"creditbank/certify"
	"creditbank/certify/tlog"
)

// The JSON of a credential (Open Badges 3.0), as far as it is shown. Everything
// on the page but its labels comes from here.
type credential struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Issuer      profile     `json:"issuer"`
	ValidFrom   string      `json:"validFrom"`
	ValidUntil  string      `json:"validUntil"`
	AwardedDate string      `json:"awardedDate"`
	Subject     subject     `json:"credentialSubject"`
	Evidence    []evidence  `json:"evidence"`
	Proof       []proofDate `json:"proof"`
}

type proofDate struct {
	Created string `json:"created"`
}

type profile struct {
	ID         string       `json:"id"`
	Name       string       `json:"name"`
	Identifier []identifier `json:"otherIdentifier"`
}

type identifier struct {
	Identifier string `json:"identifier"`
	Type       string `json:"identifierType"`
}

type subject struct {
	Identifier    []identity  `json:"identifier"`
	Started       string      `json:"activityStartDate"`
	Ended         string      `json:"activityEndDate"`
	Credits       json.Number `json:"creditsEarned"`
	LicenseNumber string      `json:"licenseNumber"`
	Source        *profile    `json:"source"`
	Achievement   achievement `json:"achievement"`
	Result        []result    `json:"result"`
}

type identity struct {
	Hashed bool   `json:"hashed"`
	Value  string `json:"identityHash"`
	Type   string `json:"identityType"`
}

type achievement struct {
	Type        string                      `json:"achievementType"`
	Name        string                      `json:"name"`
	Description string                      `json:"description"`
	Criteria    struct{ Narrative string }  `json:"criteria"`
	Creator     profile                     `json:"creator"`
	Code        string                      `json:"humanCode"`
	Alignment   []alignment                 `json:"alignment"`
	Results     []struct{ ID, Name string } `json:"resultDescription"`
}

type alignment struct {
	Name      string `json:"targetName"`
	Framework string `json:"targetFramework"`
}

type result struct {
	Description string `json:"resultDescription"`
	Value       string `json:"value"`
}

type evidence struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// A content is what a certificate shows, in the order of the page.
type content struct {
	issuer         string
	title, titleEn string
	name           string // the rest of the title, where it says more
	holder         string
	holderNumber   string
	sentence       label // leads from the holder to the achievement
	achievement    string
	credits        string
	facts          []fact
	lines          []line
	sources        []source
	notice         string // that it is no diploma
	code           certify.Code
	id, did        string
	host           string // of the address to verify at
	verify         string // that address
	created        time.Time
	log            string // origin and index of the log record
	revoked        bool
}

// A label is what the page itself says.
type label struct{ zh, en string }

type fact struct {
	label label
	value string
}

// A line is credits granted in a programme, and a source what they were granted
// for.
type (
	line   struct{ place, name, credits, grade string }
	source struct{ name, by, credits, hours, grade, date string }
)

// Kinds of credentials as the page calls them.
var (
	kindOutcome    = label{"完成以下学习，成果经认定记为学分", "has completed the following learning, recognised as credits"}
	kindConversion = label{"的学习成果经转换，在以下专业获得学分", "has been granted credits by conversion in the following programme"}
)

// read takes what is shown out of a credential that is signed.
func read(b certify.Bundle) (content, error) {
	var w credential
	if err := json.Unmarshal(b.Credential, &w); err != nil {
		return content{}, fmt.Errorf("%w credential: %v", certify.ErrMalformed, err)
	}
	code, err := certify.CodeOfCredential(b.Credential)
	if err != nil {
		return content{}, err
	}
	if len(w.Proof) != 1 {
		return content{}, fmt.Errorf("%w: the credential is not signed", certify.ErrMalformed)
	}
	created, err := time.Parse(time.RFC3339, w.Proof[0].Created)
	if err != nil {
		return content{}, fmt.Errorf("%w: date of the signature", certify.ErrMalformed)
	}
	if w.Name == "" || w.Issuer.Name == "" || w.Subject.Achievement.Name == "" {
		return content{}, fmt.Errorf("%w credential: no name, issuer or achievement", certify.ErrUnknown)
	}
	address, err := certify.DocumentURL(w.Issuer.ID)
	if err != nil {
		return content{}, err
	}
	at, err := url.Parse(address)
	if err != nil {
		return content{}, fmt.Errorf("%w: %v", certify.ErrMalformed, err)
	}
	c := content{
		issuer: w.Issuer.Name, did: w.Issuer.ID, id: w.ID, code: code, created: created, host: at.Host,
		verify: "https://" + at.Host + "/verify", credits: w.Subject.Credits.String(), achievement: w.Subject.Achievement.Name,
	}
	c.title, c.name, _ = strings.Cut(w.Name, "：")
	if c.name == c.achievement {
		c.name = ""
	}
	c.readKind(w)
	c.readHolder(w.Subject.Identifier)
	c.readFacts(w)
	if len(b.Status) > 0 {
		if c.revoked, err = certify.RevokedIn(b.Credential, b.Status); err != nil {
			return content{}, err
		}
	}
	c.log, err = logRecord(b.Proof)
	return c, err
}

// readKind tells the kinds apart by what they have: only conversions say what
// was granted line by line, and for what.
func (c *content) readKind(w credential) {
	c.titleEn, c.sentence = "Certificate of Learning Outcome", kindOutcome
	if len(w.Evidence) > 0 {
		c.titleEn, c.sentence = "Certificate of Credit Conversion", kindConversion
	}
}

func (c *content) readHolder(ids []identity) {
	for _, id := range ids {
		switch {
		case id.Hashed:
		case id.Type == "name":
			c.holder = id.Value
		case id.Type == "ext:accountNumber":
			c.holderNumber = id.Value
		}
	}
}

func (c *content) readFacts(w credential) {
	add := func(zh, en, value string) {
		if value != "" {
			c.facts = append(c.facts, fact{label{zh, en}, value})
		}
	}
	s, a := w.Subject, w.Subject.Achievement
	add("证书编号", "Number", s.LicenseNumber)
	add("代码", "Code", a.Code)
	c.readResults(s, add)
	add("开始日期", "Started", day(s.Started))
	add("完成日期", "Completed", day(s.Ended))
	add("授予日期", "Awarded", day(w.AwardedDate))
	add("签发日期", "Issued", day(w.ValidFrom))
	add("有效期至", "Valid until", day(w.ValidUntil))
	for _, x := range a.Alignment {
		add(orElse(x.Framework, "框架"), "Framework", x.Name)
	}
	add("名称", "Title", c.name)
	if a.Description != a.Name {
		add("内容", "Description", a.Description)
	}
	add("获得条件", "Criteria", a.Criteria.Narrative)
	add("课程设置机构", "Designed by", withNumber(a.Creator, w.Issuer))
	if s.Source != nil {
		add("学习机构", "Institution", withNumber(*s.Source, w.Issuer))
	}
	text, notice := splitNotice(w.Description)
	c.notice = notice
	add("说明", "Remarks", text)
	for _, e := range w.Evidence {
		c.sources = append(c.sources, readSource(e))
	}
}

var (
	lineResult  = regexp.MustCompile(`#line-([0-9]{1,4})-(credits|grade)$`)
	lineCredits = regexp.MustCompile(`^授予学分 Credits granted: (\S+) (.+)$`)
)

// readResults shows grade and hours as facts, and the lines of a conversion as
// its table. A result of another kind is a fact under the name it has.
func (c *content) readResults(s subject, add func(zh, en, value string)) {
	names := map[string]string{}
	for _, d := range s.Achievement.Results {
		names[d.ID] = d.Name
	}
	at := map[string]int{}
	for _, r := range s.Result {
		name := names[r.Description]
		which := lineResult.FindStringSubmatch(r.Description)
		if which != nil && which[2] == "credits" {
			if parts := lineCredits.FindStringSubmatch(name); parts != nil {
				at[which[1]] = len(c.lines)
				c.lines = append(c.lines, line{place: parts[1], name: parts[2], credits: r.Value})
				continue
			}
		}
		if which != nil && which[2] == "grade" {
			if i, ok := at[which[1]]; ok {
				c.lines[i].grade = r.Value
				continue
			}
		}
		zh, en, _ := strings.Cut(name, " ")
		add(zh, en, r.Value)
	}
}

// readSource reads the text in which certify writes a source of a conversion.
// Text of another form is shown as it is.
func readSource(e evidence) source {
	s := source{name: e.Name}
	for i, part := range strings.Split(e.Description, ";") {
		switch {
		case cut(part, "学分 credits ", &s.credits), cut(part, "学时 hours ", &s.hours), cut(part, "成绩 grade ", &s.grade):
		case i > 0 && isDay(part):
			s.date = part
		default:
			s.by = strings.TrimPrefix(s.by+";"+part, ";")
		}
	}
	return s
}

func cut(s, prefix string, rest *string) bool {
	after, ok := strings.CutPrefix(s, prefix)
	if ok && *rest == "" {
		*rest = after
		return true
	}
	return false
}

func isDay(s string) bool { _, err := time.Parse(time.DateOnly, s); return err == nil }

// splitNotice takes the sentence that this is no diploma out of a description,
// to show it where it is seen.
func splitNotice(description string) (rest, notice string) {
	var lines []string
	for s := range strings.SplitSeq(description, "\n") {
		if strings.Contains(s, "不是学历") && notice == "" {
			notice = s
			continue
		}
		lines = append(lines, s)
	}
	return strings.TrimSpace(strings.Join(lines, "\n")), notice
}

// withNumber returns the name of an institution with its registered number, or
// nothing if that is no more than what is known already.
func withNumber(p, known profile) string {
	if p.Name == "" || p.ID == known.ID && p.Name == known.Name && len(p.Identifier) == 0 {
		return ""
	}
	s := p.Name
	for _, id := range p.Identifier {
		if id.Type == "ext:USCC" {
			s += "（统一社会信用代码 " + id.Identifier + "）"
		}
	}
	return s
}

// china is the one time zone of the places where the certificates are issued. A
// day of the credential, which is midnight UTC, is the same day in it.
var china = time.FixedZone("UTC+8", 8*60*60)

// day returns the day of an instant.
func day(instant string) string {
	t, err := time.Parse(time.RFC3339, instant)
	if err != nil {
		return instant
	}
	return t.In(china).Format(time.DateOnly)
}

// logRecord says where a proof places the certificate in which log.
func logRecord(proof []byte) (string, error) {
	if len(proof) == 0 {
		return "", nil
	}
	p, err := tlog.ParseProof(proof)
	if err != nil {
		return "", err
	}
	origin, _, _ := strings.Cut(string(p.Checkpoint), "\n")
	return fmt.Sprintf("%s #%d", origin, p.Index), nil
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
