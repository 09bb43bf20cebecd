package issuance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"slices"
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

// Issuer returns the institution whose DID ends in slug, as paths have it.
// ErrNotFound if there is none.
func (o *Office) Issuer(ctx context.Context, slugged string) (creditbank.InstitutionID, error) {
	if err := o.reference.refresh(ctx, o.c); err != nil {
		return "", err
	}
	o.reference.mu.RLock()
	defer o.reference.mu.RUnlock()
	for id := range o.reference.institutions {
		if slug(id) == slugged {
			return id, nil
		}
	}
	return "", fmt.Errorf("issuer %.80q: %w", slugged, creditbank.ErrNotFound)
}

// Document returns the DID document of an institution, to be served at
// certify.DocumentURL of its DID. ErrNotFound while it has issued nothing.
func (o *Office) Document(ctx context.Context, id creditbank.InstitutionID) (certify.DIDDocument, error) {
	did, err := o.DID(id)
	if err != nil {
		return certify.DIDDocument{}, err
	}
	all, err := o.issuers(ctx)
	if err != nil {
		return certify.DIDDocument{}, err
	}
	i := slices.IndexFunc(all, func(d certify.DIDDocument) bool { return d.ID == did })
	if i < 0 {
		return certify.DIDDocument{}, fmt.Errorf("keys of %s: %w", did, creditbank.ErrNotFound)
	}
	return all[i], nil
}

// known reports ErrNotFound unless the institution is published.
func (o *Office) known(ctx context.Context, id creditbank.InstitutionID) error {
	if err := o.reference.refresh(ctx, o.c); err != nil {
		return err
	}
	if _, err := o.reference.institution(id); err != nil {
		return fmt.Errorf("%w: %v", creditbank.ErrNotFound, err)
	}
	return nil
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
