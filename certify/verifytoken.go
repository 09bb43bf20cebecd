package certify

import (
	"bytes"
	"strings"
)

// A Form is one of those that a certificate may have.
type Form string

// The forms of a certificate. All three speak of the same record in the log.
const (
	FormJSON  Form = "json"   // with the proof eddsa-rdfc-2022; every certificate has it
	FormJWT   Form = "jwt"    // Open Badges JWT, see [Prepared.JWT]
	FormSDJWT Form = "sd-jwt" // SD-JWT VC, see [Prepared.SDJWT]
)

// FormOf tells the form of a certificate by what only one of them has. What is
// none of them is taken for JSON, and refused as that.
func FormOf(data []byte) Form {
	switch {
	case !bytes.HasPrefix(data, []byte("ey")): // base64url of {"
		return FormJSON
	case bytes.ContainsRune(data, '~'):
		return FormSDJWT
	}
	return FormJWT
}

// Names returns the id of a certificate, in whichever form, and the address of
// the status list that it names; "" where it does not say. Nothing is verified,
// and much that [Verify] would refuse is read.
func Names(credential []byte) (id, statusList string) {
	var doc map[string]any
	var err error
	switch FormOf(credential) {
	case FormJSON:
		doc, err = parseObject(credential)
	case FormJWT:
		doc, err = namesOf(string(credential))
	case FormSDJWT:
		signed, _, _ := strings.Cut(string(credential), "~")
		doc, err = namesOf(signed)
	}
	if err != nil {
		return "", ""
	}
	if id, _ = doc["jti"].(string); id == "" {
		id, _ = doc["id"].(string)
	}
	h := Header{status: asList(doc["credentialStatus"])}
	if e, ok, err := h.revocationEntry(); ok && err == nil {
		statusList = e.List
	}
	return id, statusList
}

// namesOf returns the payload of a token.
func namesOf(token string) (map[string]any, error) {
	parts := strings.SplitN(token, ".", 4)
	if len(parts) != 3 || len(token) > 2*MaxSize {
		return nil, ErrMalformed
	}
	return parsePart(parts[1])
}

func (v *verifier) readJWT(data []byte) error {
	doc, t, err := openJWT(data)
	if err != nil {
		return err
	}
	v.token = &t
	return v.read(doc)
}

func (v *verifier) readSDJWT(data []byte) error {
	h, record, t, err := openSDJWT(data)
	if err != nil {
		return err
	}
	v.header, v.document, v.token = h, record, &t
	v.report.Credential = &v.header
	return nil
}

// tokenKey finds the key that a token names: its DID URL, or its address. It is
// looked for among the keys of the issuer that the token says it is of, and
// nowhere else.
func (v *verifier) tokenKey() (TokenKey, bool) {
	for _, k := range v.trust.issuers[v.header.Issuer].Tokens {
		if named(k, v.token.header.Kid) {
			return k, true
		}
	}
	return TokenKey{}, false
}

func named(k TokenKey, kid string) bool {
	address, err := KeyAddress(k.ID)
	return k.ID == kid || err == nil && address == kid
}

func (v *verifier) tokenSignature() bool {
	key, ok := v.tokenKey()
	if !ok {
		return v.add(CheckSignature, "key_unknown", nil)
	}
	if err := v.token.verify(key); err != nil {
		return v.add(CheckSignature, "signature_bad", err)
	}
	return v.add(CheckSignature, "signature_ok", nil)
}

func (v *verifier) tokenIssuer() bool {
	if _, ok := v.trust.issuers[v.header.Issuer]; !ok {
		return v.add(CheckIssuer, "issuer_unknown", nil)
	}
	key, ok := v.tokenKey()
	switch {
	case !ok && v.foreignKid():
		return v.add(CheckIssuer, "issuer_key_foreign", nil)
	case !ok:
		return v.add(CheckIssuer, "issuer_key_unlisted", nil)
	case !key.inUse(v.token.at):
		return v.add(CheckIssuer, "issuer_key_period", nil)
	}
	return v.add(CheckIssuer, "issuer_ok", nil)
}

// foreignKid reports whether a token names a key of another.
func (v *verifier) foreignKid() bool {
	kid := v.token.header.Kid
	if did, _, ok := strings.Cut(kid, "#"); ok && did != v.header.Issuer {
		return true
	}
	for id, d := range v.trust.issuers {
		for _, k := range d.Tokens {
			if id != v.header.Issuer && named(k, kid) {
				return true
			}
		}
	}
	return false
}
