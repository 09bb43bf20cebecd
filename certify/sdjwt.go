package certify

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// VCT is the type (vct) of our SD-JWT VCs.
const VCT = "urn:creditbank:certificate:1"

const (
	sdTyp  = "dc+sd-jwt"
	sdHash = "sha-256"
)

// What an SD-JWT VC of ours tells whoever it is shown to.
const (
	claimTitle       = "title" // of the certificate
	claimIssuerName  = "issuer_name"
	claimCredits     = "credits"
	claimAwarded     = "awarded"
	claimAchievement = "achievement" // id, name and type
	claimStatus      = "credentialStatus"
	claimRecord      = "record" // base64url SHA-256 of the canonical credential: its record in the log
)

// The claims of an SD-JWT VC that its holder shows or keeps back, see [Disclose].
const (
	DiscloseName    = "name"           // the learner's
	DiscloseAccount = "account_number" // at the bank
	DiscloseNumber  = "number"         // that is printed on the certificate
	DiscloseSource  = "source"         // where it was learned: id and name
	DiscloseStarted = "started"
	DiscloseEnded   = "ended"
	DiscloseGrade   = "grade"  // of an outcome
	DiscloseHours   = "hours"  // of an outcome
	DiscloseLines   = "lines"  // of a conversion: what was granted
	DiscloseGrades  = "grades" // of a conversion: the grades of its lines
)

// Disclosable returns the claims that may be shown or kept back, in the order in
// which a token has them.
func Disclosable() []string {
	return []string{
		DiscloseName, DiscloseAccount, DiscloseNumber, DiscloseSource, DiscloseStarted, DiscloseEnded, DiscloseGrade, DiscloseHours,
		DiscloseLines, DiscloseGrades,
	}
}

// SDJWT returns the certificate as an SD-JWT VC (draft-ietf-oauth-sd-jwt-vc, RFC
// 9901), with everything disclosed: [Disclose] takes away what is not to be
// shown. The signer is of [ES256]; salts are drawn from random, so that each call
// gives another token. Call it once the log has the record.
//
// The token says which record of the log is its certificate's, and so can be
// checked as the credential can. The record tells nothing of what is kept back:
// it is a hash over 122 random bits that the token does not have, those of the
// subject's id. There is no holder's key in it (cnf): whoever has the token can
// show it.
func (p *Prepared) SDJWT(s Signer, at time.Time, random io.Reader) ([]byte, error) {
	if err := p.mine(s); err != nil {
		return nil, err
	}
	if s.Suite() != ES256 {
		return nil, fmt.Errorf("sign %s as SD-JWT: %w: suite %s", p.id, ErrUnknown, s.Suite())
	}
	doc, err := parseObject(p.unsigned)
	if err != nil {
		return nil, fmt.Errorf("sign %s as SD-JWT: %w", p.id, err)
	}
	payload, err := p.openClaims(doc, at)
	if err != nil {
		return nil, fmt.Errorf("sign %s as SD-JWT: %w", p.id, err)
	}
	disclosures, digests, err := hide(hiddenClaims(doc), random)
	if err != nil {
		return nil, fmt.Errorf("sign %s as SD-JWT: %w", p.id, err)
	}
	payload["_sd_alg"], payload["_sd"] = sdHash, digests
	signed, err := signToken(jwtHeader{Alg: string(ES256), Kid: s.KeyID(), Typ: sdTyp}, payload, s)
	if err != nil {
		return nil, fmt.Errorf("sign %s as SD-JWT: %w", p.id, err)
	}
	return []byte(string(signed) + "~" + strings.Join(append(disclosures, ""), "~")), nil
}

// openClaims returns what everybody sees.
func (p *Prepared) openClaims(doc map[string]any, at time.Time) (map[string]any, error) {
	payload, err := claimsOf(doc)
	if err != nil {
		return nil, err
	}
	delete(payload, "sub") // the salt of the record
	if payload["iat"], err = numericDate(at.Truncate(time.Second)); err != nil {
		return nil, err
	}
	issuer, _ := doc["issuer"].(map[string]any)
	subject, _ := doc["credentialSubject"].(map[string]any)
	achievement, _ := subject["achievement"].(map[string]any)
	payload["vct"] = VCT
	payload[claimTitle], payload[claimAwarded], payload[claimStatus] = doc["name"], doc["awardedDate"], doc["credentialStatus"]
	payload[claimIssuerName], payload[claimCredits] = issuer["name"], subject["creditsEarned"]
	payload[claimAchievement] = map[string]any{"id": achievement["id"], "name": achievement["name"], "type": achievement["achievementType"]}
	payload[claimRecord] = base64url(p.hash[:])
	for name, v := range payload {
		if v == nil {
			delete(payload, name)
		}
	}
	return payload, nil
}

// hiddenClaims returns what the holder shows or keeps back.
func hiddenClaims(doc map[string]any) map[string]any {
	subject, _ := doc["credentialSubject"].(map[string]any)
	hidden := map[string]any{
		DiscloseNumber: subject["licenseNumber"], DiscloseStarted: subject["activityStartDate"], DiscloseEnded: subject["activityEndDate"],
	}
	if source, ok := subject["source"].(map[string]any); ok {
		hidden[DiscloseSource] = map[string]any{"id": source["id"], "name": source["name"]}
	}
	for _, v := range asList(subject["identifier"]) {
		id, _ := v.(map[string]any)
		switch id["identityType"] {
		case "name":
			hidden[DiscloseName] = id["identityHash"]
		case "ext:accountNumber":
			hidden[DiscloseAccount] = id["identityHash"]
		}
	}
	hideResults(subject, hidden)
	return hidden
}

// hideResults adds the results: of an outcome as texts, of a conversion as lists
// of name and value.
func hideResults(subject, hidden map[string]any) {
	achievement, _ := subject["achievement"].(map[string]any)
	described := map[any]map[string]any{}
	for _, v := range asList(achievement["resultDescription"]) {
		if d, ok := v.(map[string]any); ok {
			described[d["id"]] = d
		}
	}
	var lines, grades []any
	for _, v := range asList(subject["result"]) {
		r, _ := v.(map[string]any)
		d := described[r["resultDescription"]]
		id, _ := d["id"].(string)
		line := map[string]any{"name": d["name"], "value": r["value"]}
		switch kind := d["resultType"]; {
		case kind == "ext:Hours":
			hidden[DiscloseHours] = r["value"]
		case kind == "ext:Credits":
			lines = append(lines, line)
		case strings.Contains(id, "#line-"):
			grades = append(grades, line)
		default:
			hidden[DiscloseGrade] = r["value"]
		}
	}
	if lines != nil {
		hidden[DiscloseLines] = lines
	}
	if grades != nil {
		hidden[DiscloseGrades] = grades
	}
}

// hide writes disclosures (RFC 9901, 4.2) and their digests, which are sorted:
// their order must not tell what is missing.
func hide(claims map[string]any, random io.Reader) (disclosures, digests []string, err error) {
	for _, name := range Disclosable() {
		if claims[name] == nil {
			continue
		}
		salt := make([]byte, 16)
		if _, err := io.ReadFull(random, salt); err != nil {
			return nil, nil, fmt.Errorf("draw a salt: %w", err)
		}
		text, err := encode([]any{base64url(salt), name, claims[name]})
		if err != nil {
			return nil, nil, err
		}
		d := base64url(text)
		disclosures, digests = append(disclosures, d), append(digests, digestOf(d))
	}
	slices.Sort(digests)
	return disclosures, digests, nil
}

func digestOf(disclosure string) string {
	sum := sha256.Sum256([]byte(disclosure))
	return base64url(sum[:])
}

// Disclose returns an SD-JWT that shows the named claims and no others beside
// those that everybody sees. It verifies nothing. ErrUnknown if the token does
// not have one of them.
func Disclose(sdjwt []byte, names ...string) ([]byte, error) {
	signed, disclosures, err := splitSDJWT(sdjwt)
	if err != nil {
		return nil, err
	}
	kept, found := []string{signed}, map[string]bool{}
	for _, d := range disclosures {
		if slices.Contains(names, d.name) {
			kept, found[d.name] = append(kept, d.text), true
		}
	}
	for _, name := range names {
		if !found[name] {
			return nil, fmt.Errorf("%w: the token does not have %.40q", ErrUnknown, name)
		}
	}
	return []byte(strings.Join(kept, "~") + "~"), nil
}

// A disclosure is a claim that is shown.
type disclosure struct {
	text  string // as it stands in the token
	name  string
	value any
}

// maxDisclosures bounds what is read: more than we write.
const maxDisclosures = 64

// splitSDJWT takes a token apart: the signed part and what is disclosed. A key
// binding at the end is refused: we name no holder's key.
func splitSDJWT(data []byte) (signed string, disclosures []disclosure, err error) {
	if len(data) > 2*MaxSize {
		return "", nil, fmt.Errorf("%w: token of %d bytes", ErrMalformed, len(data))
	}
	parts := strings.Split(string(data), "~")
	if len(parts) < 2 || len(parts) > maxDisclosures+2 {
		return "", nil, fmt.Errorf("%w: SD-JWT of %d parts", ErrMalformed, len(parts))
	}
	if parts[len(parts)-1] != "" {
		return "", nil, fmt.Errorf("%w: a key binding after the SD-JWT, or no ~ at its end", ErrUnknown)
	}
	for _, text := range parts[1 : len(parts)-1] {
		d, err := parseDisclosure(text)
		if err != nil {
			return "", nil, err
		}
		disclosures = append(disclosures, d)
	}
	return parts[0], disclosures, nil
}

// parseDisclosure reads [salt, name, value]. It is read as a member of an object,
// by the same strict reader.
func parseDisclosure(s string) (disclosure, error) {
	data, err := decodeBase64url(s)
	if err != nil {
		return disclosure{}, err
	}
	obj, err := parseObject(concat([]byte(`{"d":`), data, []byte("}")))
	if err != nil {
		return disclosure{}, fmt.Errorf("disclosure: %w", err)
	}
	list, _ := obj["d"].([]any)
	if len(obj) != 1 || len(list) != 3 {
		return disclosure{}, fmt.Errorf("%w: disclosure is not salt, name and value", ErrMalformed)
	}
	salt, ok := list[0].(string)
	name, isText := list[1].(string)
	if !ok || !isText || len(salt) < 16 {
		return disclosure{}, fmt.Errorf("%w: disclosure is not salt, name and value", ErrMalformed)
	}
	if !slices.Contains(Disclosable(), name) {
		return disclosure{}, fmt.Errorf("%w: disclosed claim %.40q", ErrUnknown, name)
	}
	return disclosure{s, name, list[2]}, nil
}

// openSDJWT takes an SD-JWT VC of ours apart: what it says as a header, with what
// is disclosed, and the record in the log that it speaks of.
func openSDJWT(data []byte) (h Header, record [sha256.Size]byte, t token, err error) {
	signed, disclosures, err := splitSDJWT(data)
	if err != nil {
		return h, record, t, err
	}
	if t, err = parseToken(signed, ES256, sdTyp); err != nil {
		return h, record, t, err
	}
	if err := checkDisclosures(t.payload, disclosures); err != nil {
		return h, record, t, err
	}
	if h, err = sdHeader(&t); err != nil {
		return h, record, t, err
	}
	for _, d := range disclosures {
		if d.name == DiscloseName {
			h.Holder, _ = d.value.(string)
		}
		if h.Disclosed == nil {
			h.Disclosed = map[string]any{}
		}
		h.Disclosed[d.name] = d.value
	}
	text, _ := t.payload[claimRecord].(string)
	sum, err := decodeBase64url(text)
	if err != nil || len(sum) != len(record) {
		return h, record, t, fmt.Errorf("%w: %s of the token", ErrMalformed, claimRecord)
	}
	copy(record[:], sum)
	return h, record, t, nil
}

// checkDisclosures holds what is disclosed against the digests that were signed:
// each must be among them, once, and no name twice.
func checkDisclosures(payload map[string]any, disclosures []disclosure) error {
	if payload["_sd_alg"] != sdHash {
		return fmt.Errorf("%w: _sd_alg %.40v", ErrUnknown, payload["_sd_alg"])
	}
	signed := map[any]bool{}
	digests, ok := payload["_sd"].([]any)
	if !ok || len(digests) > maxDisclosures {
		return fmt.Errorf("%w: _sd", ErrMalformed)
	}
	for _, d := range digests {
		if s, ok := d.(string); !ok || signed[s] {
			return fmt.Errorf("%w: _sd", ErrMalformed)
		}
		signed[d] = true
	}
	names := map[string]bool{}
	for _, d := range disclosures {
		digest := digestOf(d.text)
		if !signed[digest] || names[d.name] {
			return fmt.Errorf("%w: disclosed claim %.40q was not signed, or is there twice", ErrMalformed, d.name)
		}
		names[d.name] = true
	}
	return nil
}

// sdHeader reads what everybody sees, and refuses claims that it does not know.
func sdHeader(t *token) (Header, error) {
	p := t.payload
	for name := range p {
		if !slices.Contains([]string{
			"iss", "iat", "nbf", "exp", "jti", "vct", "_sd", "_sd_alg", claimTitle, claimIssuerName, claimCredits, claimAwarded, claimAchievement,
			claimStatus, claimRecord,
		}, name) {
			return Header{}, fmt.Errorf("%w: claim %.40q", ErrUnknown, name)
		}
	}
	if p["vct"] != VCT {
		return Header{}, fmt.Errorf("%w: vct %.80v", ErrUnknown, p["vct"])
	}
	h := Header{status: asList(p[claimStatus])}
	var err error
	if h.ID, err = text(p, "jti"); err != nil {
		return Header{}, err
	}
	if h.Issuer, err = text(p, "iss"); err != nil {
		return Header{}, err
	}
	if t.at, err = readNumericDate(p, "iat"); err != nil {
		return Header{}, err
	}
	if h.ValidFrom, err = readNumericDate(p, "nbf"); err != nil {
		return Header{}, err
	}
	if _, ok := p["exp"]; ok {
		if h.ValidUntil, err = readNumericDate(p, "exp"); err != nil {
			return Header{}, err
		}
	}
	h.Name, _ = p[claimTitle].(string)
	h.IssuerName, _ = p[claimIssuerName].(string)
	if n, ok := p[claimCredits].(json.Number); ok {
		h.Credits = n.String()
	}
	return h, nil
}

// readNumericDate reads a time of a token: whole seconds, in four digits of
// years.
func readNumericDate(p map[string]any, name string) (time.Time, error) {
	n, _ := p[name].(json.Number)
	seconds, err := n.Int64()
	t := time.Unix(seconds, 0).UTC()
	if err != nil || !inFourDigits(t) {
		return time.Time{}, fmt.Errorf("%w: %s of the token", ErrMalformed, name)
	}
	return t, nil
}
