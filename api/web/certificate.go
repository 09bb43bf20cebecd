package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/creditbank"
)

// A certificate is one that was issued, or will be.
type certificate struct {
	ID     string // "" while it is on its way
	What   creditbank.Text
	Issuer string
	On     creditbank.Date // issued, or revoked
	Valid  bool
}

// certificates returns what was issued, the newest first, after what is due and
// not there yet: certificates follow the ledger.
func (s *Site) certificates(ctx context.Context, a *creditbank.Account) ([]certificate, error) {
	have, err := s.c.Office.List(ctx, a.Learner)
	if err != nil {
		return nil, err
	}
	all := []certificate{}
	due := func(seq int64, what creditbank.Text) {
		if !slices.ContainsFunc(have, func(c issuance.Certificate) bool { return c.Seq == seq }) {
			all = append(all, certificate{What: what})
		}
	}
	for _, c := range a.Conversions {
		if seq := c.Certified(); c.Stands() && !a.Voided(seq) && len(c.Decision.Lines) > 0 {
			due(seq, s.programme(c.Decision.Programme))
		}
	}
	for _, seq := range a.Requested() {
		if a.Certifiable(seq) == nil {
			due(seq, s.lot(a, seq))
		}
	}
	slices.SortFunc(have, func(b, c issuance.Certificate) int { return int(c.Index - b.Index) })
	for _, c := range have {
		on := c.Created
		if !c.Valid() {
			on = c.RevokedAt
		}
		all = append(all, certificate{c.ID, s.certified(a, c), s.institution(c.Institution), s.day(on), c.Valid()})
	}
	return all, nil
}

// certified says what a certificate is about.
func (s *Site) certified(a *creditbank.Account, c issuance.Certificate) creditbank.Text {
	if c.Kind == certify.KindOutcome {
		return s.lot(a, c.Seq)
	}
	for _, conv := range a.Conversions {
		if conv.Seq == c.Seq || conv.Certified() == c.Seq {
			return s.programme(conv.Decision.Programme)
		}
	}
	return words["conversion"] // one whose grades were changed since, twice
}

// certificate hands a learner a certificate of their own as a file, a PDF if that
// is asked for. Of another's nobody learns that there is one.
func (s *Site) certificate(v *visit) error {
	if !v.LoggedIn {
		return v.to("/login?" + url.Values{"next": {"/me"}}.Encode())
	}
	id := v.r.URL.Query().Get("id")
	c, err := s.c.Office.Find(v.r.Context(), id)
	if err != nil {
		return err
	}
	if v.Principal.Learner == "" || c.Learner != v.Principal.Learner {
		return creditbank.ErrNotFound
	}
	h, err := s.c.Office.Fetch(v.r.Context(), id)
	if err != nil {
		return err
	}
	if v.r.URL.Query().Get("as") == "pdf" {
		data, err := s.c.Server.Print(h.Bundle)
		if err != nil {
			return err
		}
		return v.file("application/pdf", fmt.Sprintf("certificate-%d.pdf", c.Seq), data)
	}
	return v.file("application/vc; charset=utf-8", fmt.Sprintf("certificate-%d.json", c.Seq), h.Bundle.Credential)
}

// file answers with a file to keep.
func (v *visit) file(kind, name string, data []byte) error {
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	v.w.Write(data) // too late to report a failure
	return nil
}
