package api_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"creditbank/api"
	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/certify"
	"creditbank/certify/pdf"
	"creditbank/certify/pdf/pdftest"
	"creditbank/creditbank"
)

// A printedWorld has one certificate of an outcome of L2.
type printedWorld struct {
	*apitest.World
	learner creditbank.LearnerID
	id      string
}

func newPrinted(t *testing.T, o apitest.Options) printedWorld {
	w := printedWorld{World: apitest.New(t, o)}
	w.learner = w.Open()["L2"]
	learner, score := string(w.learner), "72"
	r, err := w.As(w.Token("I15", "poster institution:I15")).PostOutcomeWithResponse(t.Context(),
		contract.Posting{ExternalId: "O1", Institution: "I15", Learner: &learner, Course: "S07", IssuedOn: "2022-10-30", Score: &score})
	if err != nil || r.JSON201 == nil {
		t.Fatalf("post: %v %s", err, r.Body)
	}
	a, err := w.Bank.Account(t.Context(), w.learner)
	if err != nil {
		t.Fatal(err)
	}
	c, err := w.Office.IssueOutcome(t.Context(), w.learner, a.Lots[0].Seq)
	if err != nil {
		t.Fatal(err)
	}
	w.id = c.ID
	return w
}

func (w printedWorld) pdf(t *testing.T, tag string) *contract.GetCertificatePDFResponse {
	t.Helper()
	var params contract.GetCertificatePDFParams
	if tag != "" {
		params.IfNoneMatch = &tag
	}
	r, err := w.As(w.LearnerToken(w.learner)).GetCertificatePDFWithResponse(t.Context(), w.id, &params)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCertificatePDF(t *testing.T) {
	w := newPrinted(t, apitest.Options{})
	r := w.pdf(t, "")
	h, err := w.Office.Fetch(t.Context(), w.id)
	if err != nil {
		t.Fatal(err)
	}
	credential, _, status, err := pdf.Extract(r.Body)
	if err != nil || !bytes.Equal(credential, h.Bundle.Credential) || len(status) == 0 {
		t.Fatalf("%d: %d bytes, %v", r.StatusCode(), len(r.Body), err)
	}
	head := r.HTTPResponse.Header
	for name, want := range map[string]string{
		"Content-Type": "application/pdf", "Cache-Control": "private, no-cache", "Content-Disposition": `attachment; filename="certificate-`,
	} {
		if !strings.HasPrefix(head.Get(name), want) {
			t.Errorf("%s: %s, want %s", name, head.Get(name), want)
		}
	}
	// A printer of what was handed out before gives what is not changed since.
	_, proof, _, _ := pdf.Extract(r.Body)
	again, err := pdftest.Renderer(t).Render(certify.Bundle{Credential: credential, Proof: proof, Status: status})
	if err != nil || !bytes.Equal(again, r.Body) {
		t.Errorf("printed again it is another file: %v", err)
	}
	if r := w.pdf(t, `"other"`); r.StatusCode() != http.StatusOK || r.HTTPResponse.Header.Get("ETag") == "" {
		t.Errorf("with another tag: %d", r.StatusCode())
	}
}

func TestCertificatePDFNotChanged(t *testing.T) {
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) // a status list says as of when it is
	w := newPrinted(t, apitest.Options{Clock: func() time.Time { return at }})
	tag := w.pdf(t, "").HTTPResponse.Header.Get("ETag")
	if r := w.pdf(t, tag); r.StatusCode() != http.StatusNotModified || len(r.Body) != 0 {
		t.Errorf("with the tag of the same: %d, %d bytes", r.StatusCode(), len(r.Body))
	}
}

func TestFindCertificateByCode(t *testing.T) {
	w := newPrinted(t, apitest.Options{})
	c, err := w.Office.Find(t.Context(), w.id)
	if err != nil {
		t.Fatal(err)
	}
	code := certify.CodeOf(c.Leaf.SHA256)
	find := func(typed string) *contract.FindCertificateResponse {
		r, err := w.As("").FindCertificateWithResponse(t.Context(), url.PathEscape(typed))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for _, typed := range []string{code.String(), strings.ToLower(code.Compact())} {
		r := find(typed)
		if r.JSON200 == nil || r.JSON200.Code != code.String() || r.JSON200.Institution != "I15" || r.JSON200.Revoked || r.JSON200.LogIndex != c.Index {
			t.Errorf("%s: %d %s", typed, r.StatusCode(), r.Body)
		}
		if strings.Contains(string(r.Body), w.id) || strings.Contains(string(r.Body), string(w.learner)) {
			t.Errorf("it tells whose it is, or the salt of its hash: %s", r.Body)
		}
	}
	if r := find(code.Compact()[:15]); r.StatusCode() != http.StatusBadRequest || !strings.Contains(string(r.Body), "输入了 15 个") {
		t.Errorf("too short: %d %s", r.StatusCode(), r.Body)
	}
	if r := find("WERC-8GMR-ZGE1-96Y8"); r.StatusCode() != http.StatusNotFound || !strings.Contains(string(r.Body), "UNKNOWN_CERTIFICATE") {
		t.Errorf("none: %d %s", r.StatusCode(), r.Body)
	}
}

func TestWhatCannotBePrinted(t *testing.T) {
	for _, c := range []struct {
		name    string
		printer api.Printer
		status  int
		says    string
	}{
		{"no font", nil, http.StatusServiceUnavailable, "certificates.fonts"},
		{"no glyph", failing{&pdf.GlyphError{Rune: '䶮'}}, http.StatusConflict, "“䶮”（U+4DAE）"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newPrinted(t, apitest.Options{Printer: &c.printer})
			r := w.pdf(t, "")
			if r.StatusCode() != c.status || !strings.Contains(string(r.Body), c.says) {
				t.Errorf("%d %s, want %d and %s", r.StatusCode(), r.Body, c.status, c.says)
			}
		})
	}
}

// failing is a printer that fails.
type failing struct{ err error }

func (f failing) Render(certify.Bundle) ([]byte, error) { return nil, f.err }
