package certify

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// A Header is what a credential says of itself, for a person who wants to know
// what was checked. It is read from the signed bytes, and is worth as much as
// the [Verdict] beside it.
type Header struct {
	ID         string    `json:"id"`
	Name       string    `json:"name,omitempty"`
	Issuer     string    `json:"issuer"` // DID
	IssuerName string    `json:"issuerName,omitempty"`
	Holder     string    `json:"holder,omitempty"` // learner's name, where given
	Credits    string    `json:"credits,omitempty"`
	ValidFrom  time.Time `json:"validFrom"`
	ValidUntil time.Time `json:"validUntil,omitzero"`

	// Disclosed is what an SD-JWT shows beside what everybody sees, see
	// [Disclosable].
	Disclosed map[string]any `json:"disclosed,omitempty"`

	status []any // credentialStatus
}

// readHeader reads what verification needs and refuses what it cannot read.
func readHeader(doc map[string]any) (Header, error) {
	if c := asList(doc["@context"]); len(c) == 0 || c[0] != ctxCredentials {
		return Header{}, fmt.Errorf("%w context: the first is not %s", ErrUnknown, ctxCredentials)
	}
	if !contains(doc["type"], "VerifiableCredential") {
		return Header{}, fmt.Errorf("%w: not a VerifiableCredential", ErrMalformed)
	}
	h := Header{status: asList(doc["credentialStatus"])}
	var err error
	if h.ID, err = text(doc, "id"); err != nil {
		return Header{}, err
	}
	if h.Issuer, h.IssuerName, err = readIssuer(doc["issuer"]); err != nil {
		return Header{}, err
	}
	if h.ValidFrom, err = readTime(doc, "validFrom"); err != nil {
		return Header{}, err
	}
	if _, ok := doc["validUntil"]; ok {
		if h.ValidUntil, err = readTime(doc, "validUntil"); err != nil {
			return Header{}, err
		}
	}
	h.Name, _ = doc["name"].(string)
	subject, _ := doc["credentialSubject"].(map[string]any)
	if n, ok := subject["creditsEarned"].(json.Number); ok {
		h.Credits = n.String()
	}
	for _, v := range asList(subject["identifier"]) {
		if m, _ := v.(map[string]any); m["identityType"] == "name" && m["hashed"] == false {
			h.Holder, _ = m["identityHash"].(string)
		}
	}
	return h, nil
}

func readIssuer(v any) (id, name string, err error) {
	switch t := v.(type) {
	case string:
		return t, "", nil
	case map[string]any:
		name, _ = t["name"].(string)
		id, err = text(t, "id")
		return id, name, err
	}
	return "", "", fmt.Errorf("%w: no issuer", ErrMalformed)
}

func readTime(doc map[string]any, name string) (time.Time, error) {
	s, err := text(doc, name)
	if err != nil {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil || !created.MatchString(s) {
		return time.Time{}, fmt.Errorf("%w: %s %.60q", ErrMalformed, name, s)
	}
	return t.UTC(), nil
}

// revocationEntry reads the one status entry this package knows. ok is false
// if there is none.
func (h Header) revocationEntry() (e StatusEntry, ok bool, err error) {
	if len(h.status) == 0 {
		return StatusEntry{}, false, nil
	}
	m, _ := h.status[0].(map[string]any)
	list, _ := m["statusListCredential"].(string)
	digits, _ := m["statusListIndex"].(string)
	index, err := strconv.ParseInt(digits, 10, 64)
	known := m["type"] == "BitstringStatusListEntry" && m["statusPurpose"] == "revocation"
	if len(h.status) != 1 || !known || !slices.Contains([]any{nil, "1"}, m["statusSize"]) {
		return StatusEntry{}, true, fmt.Errorf("%w status: %d entries, first of type %.60v", ErrUnknown, len(h.status), m["type"])
	}
	if err != nil || index < 0 || list == "" {
		return StatusEntry{}, true, fmt.Errorf("%w: status entry %.60q of %.200q", ErrMalformed, digits, list)
	}
	return StatusEntry{List: list, Index: index}, true, nil
}
