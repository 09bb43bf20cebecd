package issuance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"creditbank/certify"
	"creditbank/creditbank"
)

// CodeNotDisclosable is the code of a claim that is to be shown and is not in the
// certificate.
const CodeNotDisclosable creditbank.Code = "NOT_IN_CERTIFICATE"

// JWT returns a certificate as an Open Badges JWT, the same each time. It is
// signed with the key that was of use when the certificate was issued, the first
// of which is made when a JWT is first asked for. Errors as those of
// [Office.Fetch].
func (o *Office) JWT(ctx context.Context, id string) ([]byte, error) {
	token, err := o.token(ctx, id, certify.RS256, func(p *certify.Prepared, s certify.Signer) ([]byte, error) {
		return p.JWT(s)
	})
	if err != nil {
		return nil, fmt.Errorf("fetch certificate %.60q as JWT: %w", id, err)
	}
	return token, nil
}

// SDJWT returns a certificate as an SD-JWT VC that shows the named claims (see
// [certify.Disclosable]) beside those that everybody sees; if disclose is nil, all
// of them. It is another token each time: what is kept back cannot be found
// by comparing. Errors as those of [Office.Fetch], and an input error of
// CodeNotDisclosable on "disclose".
func (o *Office) SDJWT(ctx context.Context, id string, disclose []string) ([]byte, error) {
	token, err := o.token(ctx, id, certify.ES256, func(p *certify.Prepared, s certify.Signer) ([]byte, error) {
		return p.SDJWT(s, o.now(), o.c.Random)
	})
	if err != nil {
		return nil, fmt.Errorf("fetch certificate %.60q as SD-JWT: %w", id, err)
	}
	if disclose == nil {
		return token, nil
	}
	shown, err := certify.Disclose(token, disclose...)
	if errors.Is(err, certify.ErrUnknown) {
		return nil, creditbank.Invalid(CodeNotDisclosable, "disclose", "证书中没有要求出示的全部内容："+strings.Join(disclose, "、"),
			"the certificate does not have all that is to be shown: "+strings.Join(disclose, ", "))
	}
	return shown, err
}

// token signs a certificate in another form.
func (o *Office) token(ctx context.Context, id string, suite certify.Suite, sign func(*certify.Prepared, certify.Signer) ([]byte, error)) ([]byte, error) {
	h, prepared, err := o.logged(ctx, id)
	if err != nil {
		return nil, err
	}
	// A key that was lost must be missed before the keyring is asked for one: it
	// would make another under the same id.
	if _, err := o.issuers(ctx); err != nil {
		return nil, err
	}
	did, err := o.DID(h.Certificate.Institution)
	if err != nil {
		return nil, err
	}
	s, err := o.c.Keys.Token(ctx, did, suite, o.signedAt(suite, h.Certificate))
	if err != nil {
		return nil, fmt.Errorf("key of %s: %w", suite, err)
	}
	docs, err := o.issuers(ctx) // pins it, before anything that it signed is shown
	if err != nil {
		return nil, err
	}
	if publicKey(docs, s.KeyID()) == nil {
		return nil, fmt.Errorf("key %s was used and is not published: %w", s.KeyID(), ErrIssuerKey)
	}
	return sign(prepared, s)
}

// signedAt returns the time by which the key is chosen: a JWT has no other date
// than the certificate's own, an SD-JWT says when it was made.
func (o *Office) signedAt(suite certify.Suite, c Certificate) time.Time {
	if suite == certify.RS256 {
		return c.Created
	}
	return o.now()
}

// TokenKey returns a published key of tokens of an institution by its name, such
// as "rs256-1": what is served at certify.KeyAddress. ErrNotFound if there is
// none.
func (o *Office) TokenKey(ctx context.Context, id creditbank.InstitutionID, name string) (certify.TokenKey, error) {
	d, err := o.Document(ctx, id)
	if err != nil {
		return certify.TokenKey{}, err
	}
	for _, k := range d.Tokens {
		if k.ID == d.ID+"#"+name {
			return k, nil
		}
	}
	return certify.TokenKey{}, fmt.Errorf("key %.60q of %s: %w", name, d.ID, creditbank.ErrNotFound)
}
