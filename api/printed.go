package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"creditbank/api/contract"
	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/certify/pdf"
	"creditbank/creditbank"
)

// A Printer makes a file to print and to keep of a certificate. The same
// certificate, with the same proof and status list, is the same file.
// [pdf.Renderer] is one.
type Printer interface {
	Render(certify.Bundle) ([]byte, error)
}

// Print returns the PDF of a certificate. It is told in words, too, where there
// is no font, or none that has a character.
func (s *Server) Print(b certify.Bundle) ([]byte, error) {
	if s.c.Printer == nil {
		return nil, refuse(problemUnavailable, "NO_FONT", pdf.NoFontZh, pdf.NoFontEn)
	}
	data, err := s.c.Printer.Render(b)
	var missing *pdf.GlyphError
	if errors.As(err, &missing) {
		return nil, creditbank.Conflict("GLYPH_MISSING", "", missing.Zh()+"，无法印制证书", "the certificate cannot be printed: "+missing.Error())
	}
	return data, err
}

// printedFor is how long a PDF may be shown again without asking: not at all,
// since a certificate may be revoked; and by nobody but who asked.
const printedFor = "private, no-cache"

// GetCertificatePDF implements [contract.StrictServerInterface].
func (s *Server) GetCertificatePDF(ctx context.Context, r contract.GetCertificatePDFRequestObject) (contract.GetCertificatePDFResponseObject, error) {
	s.scoped(ctx)
	c, err := s.certificate(ctx, r.Certificate)
	if err != nil {
		return nil, err
	}
	if err := s.mayRead(ctx, c.Learner, r.Params.Purpose, creditbank.FieldCertificates); err != nil {
		return nil, err
	}
	h, err := s.c.Office.Fetch(ctx, r.Certificate)
	if err != nil {
		return nil, err
	}
	data, err := s.Print(h.Bundle)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	if value(r.Params.IfNoneMatch) == tag {
		return contract.GetCertificatePDF304Response{Headers: contract.GetCertificatePDF304ResponseHeaders{ETag: tag, CacheControl: printedFor}}, nil
	}
	return contract.GetCertificatePDF200ApplicationpdfResponse{
		Body: bytes.NewReader(data), ContentLength: int64(len(data)),
		Headers: contract.GetCertificatePDF200ResponseHeaders{
			ETag: tag, CacheControl: printedFor, ContentDisposition: fmt.Sprintf(`attachment; filename="certificate-%d.pdf"`, c.Seq),
		},
	}, nil
}

// Find returns the certificate that a code, as somebody typed it, is printed on.
// Errors are for people, and name the field code.
func (s *Server) Find(ctx context.Context, typed string) (certify.Code, issuance.Certificate, error) {
	code, err := certify.ParseCode(typed)
	var wrong *certify.CodeError
	if errors.As(err, &wrong) {
		return code, issuance.Certificate{}, creditbank.Invalid(creditbank.CodeMalformed, "code", wrong.Zh, wrong.En)
	}
	c, err := s.c.Office.FindCode(ctx, code)
	if missing(err) {
		err = creditbank.NotFound(creditbank.CodeUnknownCertificate, "code", "本系统没有核验码为 "+code.String()+" 的证书", "no certificate of this bank has the code "+code.String())
	}
	return code, c, err
}

// FindCertificate implements [contract.StrictServerInterface]. Who reads the
// public log can compute every code: nothing is told that must not be known of
// all certificates, and so neither the id, which salts the hash.
func (s *Server) FindCertificate(ctx context.Context, r contract.FindCertificateRequestObject) (contract.FindCertificateResponseObject, error) {
	code, c, err := s.Find(ctx, r.Code)
	if err != nil {
		return nil, err
	}
	w := contract.CertificateFound{
		Code: code.String(), Kind: string(c.Kind), Institution: string(c.Institution), InstitutionName: s.c.Bank.Catalogue().Institutions[c.Institution].Name,
		LogIndex: c.Index, IssuedAt: c.Created, Revoked: !c.Valid(),
	}
	if !c.Valid() {
		w.RevokedAt = &c.RevokedAt
	}
	return contract.FindCertificate200JSONResponse{Body: w, Headers: contract.FindCertificate200ResponseHeaders{CacheControl: "public, max-age=60"}}, nil
}
