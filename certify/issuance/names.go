package issuance

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"creditbank/certify"
	"creditbank/creditbank"
)

// plainID are the ids of institutions that can stand in a DID once they are in
// lower case.
var plainID = regexp.MustCompile(`^[A-Z0-9][A-Z0-9.-]*$`)

// slug returns the id of an institution as it stands in its DID and in paths:
// "I06" as "i06". An id that would be changed more than that, in which two ids
// could come out the same, is followed by a hash of it, after an underscore
// that no id has.
func slug(id creditbank.InstitutionID) string {
	if plainID.MatchString(string(id)) {
		return strings.ToLower(string(id))
	}
	readable := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(string(id)))
	sum := sha256.Sum256([]byte(id))
	return readable + "_" + hex.EncodeToString(sum[:16])
}

// DID returns the did:web under which an institution issues certificates.
func (o *Office) DID(id creditbank.InstitutionID) (string, error) {
	return certify.WebDID(o.c.Host, "issuers", slug(id))
}

// page returns the address of a page of the bank. Parts are escaped.
func (o *Office) page(parts ...string) string {
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return "https://" + o.c.Host + "/" + strings.Join(parts, "/")
}

// StatusListAddress returns where a status list is served, signed by an
// institution. Each institution signs every list: a certificate's issuer must
// vouch for its status, and in one list for all a bit tells least.
func (o *Office) StatusListAddress(id creditbank.InstitutionID, list int) string {
	return o.page("issuers", slug(id), "status", fmt.Sprint(list))
}
