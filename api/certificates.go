package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"creditbank/api/contract"
	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/chain"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

func wireCertificate(c issuance.Certificate) contract.Certificate {
	w := contract.Certificate{
		Id: c.ID, Learner: string(c.Learner), Seq: c.Seq, Kind: string(c.Kind), Institution: string(c.Institution), LogIndex: c.Index,
		IssuedAt: c.Created, Revoked: !c.Valid(),
	}
	if !c.Valid() {
		w.RevokedAt = &c.RevokedAt
	}
	return w
}

// ListCertificates implements [contract.StrictServerInterface].
func (s *Server) ListCertificates(ctx context.Context, r contract.ListCertificatesRequestObject) (contract.ListCertificatesResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	if err := s.mayRead(ctx, id, r.Params.Purpose, creditbank.FieldCertificates); err != nil {
		return nil, err
	}
	if _, err := s.c.Bank.Version(ctx, id); err != nil {
		return nil, err
	}
	all, err := s.c.Office.List(ctx, id)
	if err != nil {
		return nil, err
	}
	lag, err := s.c.Office.Lag(ctx)
	if err != nil {
		return nil, err
	}
	return contract.ListCertificates200JSONResponse{Certificates: mapped(all, wireCertificate), Pending: lag}, nil
}

// IssueCertificate implements [contract.StrictServerInterface]. The request is
// put on record first; should this process end before the certificate is
// issued, the follower issues it.
func (s *Server) IssueCertificate(ctx context.Context, r contract.IssueCertificateRequestObject) (contract.IssueCertificateResponseObject, error) {
	id := creditbank.LearnerID(r.Learner)
	if !s.isSelf(ctx, id) {
		if err := s.mayCertify(ctx, id, r.Body.Outcome); err != nil {
			return nil, err
		}
	}
	s.scoped(ctx)
	if _, err := s.c.Bank.RequestCertificate(ctx, s.change(ctx, r.Learner, r.Params.IdempotencyKey), r.Body.Outcome); err != nil {
		return nil, inBody(err)
	}
	c, err := s.c.Office.IssueOutcome(ctx, id, r.Body.Outcome)
	if errors.Is(err, creditbank.ErrConflict) {
		// What it certifies was revoked or replaced since. A request that is sent
		// again is answered with the certificate all the same.
		c, err = s.issued(ctx, id, r.Body.Outcome, err)
	}
	if err != nil {
		return nil, inBody(err)
	}
	return contract.IssueCertificate201JSONResponse(wireCertificate(c)), nil
}

// issued returns the certificate of an outcome that was issued before, or
// otherwise if there is none.
func (s *Server) issued(ctx context.Context, id creditbank.LearnerID, outcome int64, otherwise error) (issuance.Certificate, error) {
	all, err := s.c.Office.List(ctx, id)
	if err != nil {
		return issuance.Certificate{}, err
	}
	if i := slices.IndexFunc(all, func(c issuance.Certificate) bool { return c.Seq == outcome }); i >= 0 {
		return all[i], nil
	}
	return issuance.Certificate{}, otherwise
}

// mayCertify reports whether the caller may ask for the certificate of an
// outcome: for the institution that posted it. Only who may is told anything,
// and so only that is recorded.
func (s *Server) mayCertify(ctx context.Context, id creditbank.LearnerID, outcome int64) error {
	d, err := s.ground(ctx, id, nil, []creditbank.Field{creditbank.FieldCertificates})
	if err != nil {
		return err
	}
	a, err := s.c.Bank.Account(ctx, id)
	if err != nil {
		return err
	}
	l := a.Lot(outcome)
	if l == nil {
		return inBody(creditbank.NotFound(creditbank.CodeUnknownOutcome, "outcome", "没有这项学习成果", "there is no such outcome"))
	}
	if err := s.may(ctx, access.OnInstitution(l.Institution)); err != nil {
		return err
	}
	return s.disclose(ctx, d)
}

// certificate returns a certificate's row. Whether it exists is told only to
// those who may read it.
func (s *Server) certificate(ctx context.Context, id string) (issuance.Certificate, error) {
	c, err := s.c.Office.Find(ctx, id)
	if missing(err) {
		return c, creditbank.NotFound("UNKNOWN_CERTIFICATE", "certificate", "没有这张证书", "there is no such certificate")
	}
	return c, err
}

// GetCertificate implements [contract.StrictServerInterface].
func (s *Server) GetCertificate(ctx context.Context, r contract.GetCertificateRequestObject) (contract.GetCertificateResponseObject, error) {
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
	return contract.GetCertificate200JSONResponse{
		Certificate: wireCertificate(h.Certificate), Credential: h.Bundle.Credential, Proof: string(h.Bundle.Proof), StatusList: h.Bundle.Status,
		Receipts: mapped(h.Receipts, wireReceipt),
	}, nil
}

func wireReceipt(r chain.Receipt) contract.Receipt {
	return contract.Receipt{Kind: r.Kind, Who: r.Who, At: r.Time, Reference: optional(r.Transaction), Cosigned: len(r.Cosignatures) > 0}
}

// GetCertificateProof implements [contract.StrictServerInterface].
func (s *Server) GetCertificateProof(ctx context.Context, r contract.GetCertificateProofRequestObject) (contract.GetCertificateProofResponseObject, error) {
	if _, err := s.certificate(ctx, r.Certificate); err != nil {
		return nil, err
	}
	proof, err := s.c.Office.Proof(ctx, r.Certificate)
	if err != nil {
		return nil, err
	}
	return contract.GetCertificateProof200TextResponse{Body: string(proof), Headers: contract.GetCertificateProof200ResponseHeaders{CacheControl: "public, max-age=60"}}, nil
}

// RevokeCertificate implements [contract.StrictServerInterface].
func (s *Server) RevokeCertificate(ctx context.Context, r contract.RevokeCertificateRequestObject) (contract.RevokeCertificateResponseObject, error) {
	s.scoped(ctx)
	c, err := s.certificate(ctx, r.Certificate)
	if err != nil {
		return nil, err
	}
	if err := s.may(ctx, access.OnInstitution(c.Institution)); err != nil {
		return nil, err
	}
	if _, err := s.c.Bank.VoidCertificate(ctx, s.change(ctx, string(c.Learner), r.Params.IdempotencyKey), c.Seq, r.Body.Reason); err != nil {
		return nil, err
	}
	// The follower revokes it; whoever asked should see that it is done.
	if _, err := s.c.Office.CatchUp(ctx); err != nil {
		return nil, err
	}
	if c, err = s.certificate(ctx, r.Certificate); err != nil {
		return nil, err
	}
	return contract.RevokeCertificate200JSONResponse(wireCertificate(c)), nil
}

// VerifyCertificate implements [contract.StrictServerInterface]. Nothing that
// is sent is kept or logged.
func (s *Server) VerifyCertificate(ctx context.Context, r contract.VerifyCertificateRequestObject) (contract.VerifyCertificateResponseObject, error) {
	credential, err := sent(r.Body)
	if err != nil {
		return nil, inBody(err)
	}
	bundle := certify.Bundle{Credential: credential, Proof: []byte(value(r.Body.Proof))}
	if r.Body.StatusList != nil {
		bundle.Status = *r.Body.StatusList
	}
	report, err := s.Verify(ctx, bundle)
	if err != nil {
		return nil, err
	}
	w := contract.VerifyCertificate200JSONResponse{Verdict: contract.VerificationVerdict(report.Verdict), At: report.At, Checks: mapped(report.Checks, wireCheck)}
	if report.Credential != nil {
		header, err := json.Marshal(report.Credential)
		if err != nil {
			return nil, err
		}
		w.Credential = (*json.RawMessage)(&header)
	}
	w.StatusAsOf, w.AnchoredAt = optional(report.StatusAsOf), optional(report.AnchoredAt)
	return w, nil
}

func wireCheck(c certify.Check) contract.Check {
	return contract.Check{Name: c.Name, Result: contract.CheckResult(c.Result), Code: c.Code, Text: contract.Text{Zh: c.Zh, En: c.En}, Detail: optional(c.Detail)}
}

// complete adds what was not sent and this bank has: the proof that its log has
// the certificate, the status list that it names. What cannot be found stays
// unchecked, and the report says so.
func (s *Server) complete(ctx context.Context, b *certify.Bundle) {
	id, address := certify.Names(b.Credential)
	if len(b.Proof) == 0 {
		if proof, err := s.c.Office.Proof(ctx, id); err == nil {
			b.Proof = proof
		} else {
			b.Proof = nil
		}
	}
	if len(b.Status) == 0 {
		if issuer, list, ok := statusPath(address); ok {
			if status, err := s.statusList(ctx, issuer, list); err == nil {
				b.Status = status
			}
		}
	}
}

// statusPath reads the path of a status list, …/issuers/<issuer>/status/<list>.
func statusPath(address string) (issuer string, list int, ok bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", 0, false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) != 4 || parts[0] != "issuers" || parts[1] == "" || parts[2] != "status" {
		return "", 0, false
	}
	list, err = strconv.Atoi(parts[3])
	return parts[1], list, err == nil && list > 0
}

func (s *Server) statusList(ctx context.Context, issuer string, list int) ([]byte, error) {
	id, err := s.c.Office.Issuer(ctx, issuer)
	if err != nil {
		return nil, err
	}
	return s.c.Office.StatusList(ctx, id, list)
}

// GetStatusList implements [contract.StrictServerInterface].
func (s *Server) GetStatusList(ctx context.Context, r contract.GetStatusListRequestObject) (contract.GetStatusListResponseObject, error) {
	status, err := s.statusList(ctx, r.Issuer, r.List)
	if err != nil {
		return nil, err
	}
	return contract.GetStatusList200ApplicationvcResponse{
		Body: bytes.NewReader(status), ContentLength: int64(len(status)), Headers: contract.GetStatusList200ResponseHeaders{CacheControl: "public, max-age=300"},
	}, nil
}

// GetIssuerDID implements [contract.StrictServerInterface].
func (s *Server) GetIssuerDID(ctx context.Context, r contract.GetIssuerDIDRequestObject) (contract.GetIssuerDIDResponseObject, error) {
	id, err := s.c.Office.Issuer(ctx, r.Issuer)
	if err != nil {
		return nil, err
	}
	doc, err := s.c.Office.Document(ctx, id)
	if err != nil {
		return nil, err
	}
	data, err := doc.JSON()
	if err != nil {
		return nil, err
	}
	return didDocument{data}, nil
}

// GetTrust implements [contract.StrictServerInterface].
func (s *Server) GetTrust(ctx context.Context, _ contract.GetTrustRequestObject) (contract.GetTrustResponseObject, error) {
	file, err := s.c.Office.TrustFile(ctx)
	if err != nil {
		return nil, err
	}
	trust, err := certify.ParseTrust(file)
	if err != nil {
		return nil, err
	}
	return trustFile{file, trust.Fingerprint()}, nil
}
