package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"creditbank/api/contract"
	"creditbank/certify"
	"creditbank/creditbank"
)

// mayHave reports whether the caller may have a certificate.
func (s *Server) mayHave(ctx context.Context, id string, purpose *contract.Purpose) error {
	s.scoped(ctx)
	c, err := s.certificate(ctx, id)
	if err != nil {
		return err
	}
	return s.mayRead(ctx, c.Learner, purpose, creditbank.FieldCertificates)
}

// GetCertificateJWT implements [contract.StrictServerInterface].
func (s *Server) GetCertificateJWT(ctx context.Context, r contract.GetCertificateJWTRequestObject) (contract.GetCertificateJWTResponseObject, error) {
	if err := s.mayHave(ctx, r.Certificate, r.Params.Purpose); err != nil {
		return nil, err
	}
	token, err := s.c.Office.JWT(ctx, r.Certificate)
	if err != nil {
		return nil, err
	}
	return contract.GetCertificateJWT200TextResponse(token), nil
}

// GetCertificateSDJWT implements [contract.StrictServerInterface].
func (s *Server) GetCertificateSDJWT(ctx context.Context, r contract.GetCertificateSDJWTRequestObject) (contract.GetCertificateSDJWTResponseObject, error) {
	if err := s.mayHave(ctx, r.Certificate, r.Params.Purpose); err != nil {
		return nil, err
	}
	disclose, err := disclosed(r.Params.Disclose)
	if err != nil {
		return nil, err
	}
	token, err := s.c.Office.SDJWT(ctx, r.Certificate, disclose)
	if err != nil {
		return nil, err
	}
	return contract.GetCertificateSDJWT200TextResponse(token), nil
}

// disclosed returns what is to be shown; nil for all.
func disclosed(asked *[]contract.GetCertificateSDJWTParamsDisclose) ([]string, error) {
	if asked == nil {
		return nil, nil
	}
	names := []string{}
	for _, name := range *asked {
		if name != "nothing" {
			names = append(names, string(name))
		}
	}
	if len(names) > 0 && len(names) < len(*asked) {
		return nil, creditbank.Invalid(creditbank.CodeMalformed, "disclose", "nothing 不能与其他项同时写", "nothing stands alone")
	}
	return names, nil
}

// GetIssuerKey implements [contract.StrictServerInterface].
func (s *Server) GetIssuerKey(ctx context.Context, r contract.GetIssuerKeyRequestObject) (contract.GetIssuerKeyResponseObject, error) {
	dot := strings.LastIndexByte(r.Kid, '.')
	if dot < 0 {
		return nil, creditbank.ErrNotFound
	}
	id, err := s.c.Office.Issuer(ctx, r.Kid[:dot])
	if err != nil {
		return nil, err
	}
	key, err := s.c.Office.TokenKey(ctx, id, r.Kid[dot+1:])
	if err != nil {
		return nil, err
	}
	data, err := key.JWK()
	if err != nil {
		return nil, err
	}
	return issuerKey{data}, nil
}

// An issuerKey is answered as package certify writes it.
type issuerKey struct{ data []byte }

// VisitGetIssuerKeyResponse implements [contract.GetIssuerKeyResponseObject].
func (k issuerKey) VisitGetIssuerKeyResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, err := w.Write(k.data)
	return err
}

// sent returns the certificate that was sent to be verified, in either form.
func sent(b *contract.VerifyCertificateJSONRequestBody) ([]byte, error) {
	switch {
	case b.Credential != nil && b.Token != nil:
		return nil, creditbank.Invalid(creditbank.CodeMalformed, "token", "credential 与 token 只写一个", "there is a credential already")
	case b.Credential != nil:
		return *b.Credential, nil
	case b.Token != nil && !slices.Contains([]certify.Form{certify.FormJWT, certify.FormSDJWT}, certify.FormOf([]byte(*b.Token))):
		return nil, creditbank.Invalid(creditbank.CodeMalformed, "token", "不是JWT或SD-JWT", "this is no JWT and no SD-JWT")
	case b.Token != nil:
		return []byte(*b.Token), nil
	}
	return nil, creditbank.Invalid(creditbank.CodeMissing, "credential", "没有证书", "there is no credential and no token")
}
