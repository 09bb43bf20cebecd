package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode"

	"creditbank/certify"
	"creditbank/certify/pdf"
	"creditbank/creditbank"
)

// verified is what came of a certificate.
type verified struct {
	Fault  string // why there is no report
	Text   string // what was pasted
	Report *certify.Report
	About  *certify.Header
	Checks []checked
	As     string // of the status list
	At     string
	Code   string // that was typed, or scanned
	Found  *found // the certificate that has it
}

// found is what everybody may know of a certificate by its code.
type found struct {
	Code   string
	Kind   creditbank.Text
	Issuer string
	On     creditbank.Date // issued
	Gone   creditbank.Date // revoked; 0 while it is valid
}

// A checked is one check in words.
type checked struct {
	Name   creditbank.Text
	Result certify.Result
	Said   creditbank.Text
	Detail string
}

// verifyForm shows the form; with a code, as the QR code of a printed certificate
// has it, what it stands for.
func (s *Site) verifyForm(v *visit) error {
	typed := v.r.URL.Query().Get("code")
	if typed == "" {
		return v.show(http.StatusOK, "verify", verified{})
	}
	code, c, err := s.c.Server.Find(v.r.Context(), typed)
	var input *creditbank.InputError
	if errors.As(err, &input) {
		status := http.StatusBadRequest
		if errors.Is(err, creditbank.ErrNotFound) {
			status = http.StatusNotFound
		}
		return v.show(status, "verify", verified{Fault: v.text(input.Reason), Code: printable(typed)})
	}
	if err != nil {
		return err
	}
	f := &found{Code: code.String(), Kind: words["kind."+string(c.Kind)], Issuer: s.institution(c.Institution), On: s.day(c.Created)}
	if !c.Valid() {
		f.Gone = s.day(c.RevokedAt)
	}
	return v.show(http.StatusOK, "verify", verified{Code: f.Code, Found: f})
}

// verify checks a certificate that somebody pasted or chose a file of. Nothing
// of it is kept.
func (s *Site) verify(v *visit) error {
	sent, err := uploaded(v.r)
	if err != nil {
		var input *creditbank.InputError
		if !errors.As(err, &input) {
			return err
		}
		return v.show(http.StatusBadRequest, "verify", verified{Fault: v.text(input.Reason)})
	}
	bundle, err := unwrap(sent)
	var input *creditbank.InputError
	if errors.As(err, &input) {
		return v.show(http.StatusBadRequest, "verify", verified{Fault: v.text(input.Reason)})
	}
	report, err := s.c.Server.Verify(v.r.Context(), bundle)
	if err != nil {
		return err
	}
	shown := verified{Report: &report, At: s.there(report.At).Format("2006-01-02 15:04")}
	if c := report.Credential; c != nil {
		plain := *c
		for _, field := range []*string{&plain.ID, &plain.Name, &plain.Issuer, &plain.IssuerName, &plain.Holder, &plain.Credits} {
			*field = printable(*field)
		}
		shown.About = &plain
	}
	for _, c := range report.Checks {
		shown.Checks = append(shown.Checks, checked{words["check."+c.Name], c.Result, creditbank.Text{ZH: c.Zh, EN: c.En}, printable(c.Detail)})
	}
	if !report.StatusAsOf.IsZero() {
		shown.As = s.there(report.StatusAsOf).Format("2006-01-02 15:04")
	}
	return v.show(http.StatusOK, "verify", shown)
}

// uploaded returns the file that was chosen, else what was pasted.
func uploaded(r *http.Request) ([]byte, error) {
	broken := creditbank.Invalid(creditbank.CodeMalformed, "", "请求的内容不完整，请重试", "what was sent is incomplete; please try again")
	if err := r.ParseMultipartForm(certify.MaxSize); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, broken
	}
	data := []byte(r.PostFormValue("text"))
	if file, header, err := r.FormFile("file"); err == nil && header.Size > 0 {
		defer file.Close()
		if data, err = io.ReadAll(file); err != nil {
			return nil, broken
		}
	}
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	if len(data) == 0 {
		return nil, creditbank.Invalid(creditbank.CodeMissing, "text", "请选择证书文件，或粘贴证书内容", "choose the file of a certificate, or paste what it says")
	}
	return data, nil
}

// unwrap takes a certificate out of its PDF, or out of what the operation
// getCertificate answers with. What is something else is taken for a certificate
// as it is.
func unwrap(data []byte) (certify.Bundle, error) {
	if bytes.HasPrefix(data, []byte("%PDF-")) {
		credential, proof, status, err := pdf.Extract(data)
		if errors.Is(err, pdf.ErrNoCertificate) {
			return certify.Bundle{}, creditbank.Invalid(creditbank.CodeMissing, "file", "这个 PDF 里没有证书：它可能是扫描件，或是另行打印生成的；请用原来的文件，或输入核验码",
				"there is no certificate in this PDF: it may be a scan, or was printed to a file anew; take the original file, or type its code")
		}
		if err != nil {
			return certify.Bundle{}, creditbank.Invalid(creditbank.CodeMalformed, "file", "无法读取这个 PDF：文件已损坏、加密或过大", "the PDF cannot be read: it is damaged, encrypted or too large")
		}
		return certify.Bundle{Credential: credential, Proof: proof, Status: status}, nil
	}
	var handed struct {
		Credential json.RawMessage `json:"credential"`
		Proof      string          `json:"proof"`
		Status     json.RawMessage `json:"status_list"`
	}
	if json.Unmarshal(data, &handed) == nil && len(handed.Credential) > 0 {
		b := certify.Bundle{Credential: handed.Credential, Status: handed.Status}
		if handed.Proof != "" {
			b.Proof = []byte(handed.Proof)
		}
		return b, nil
	}
	return certify.Bundle{Credential: data}, nil
}

// printable keeps what strangers wrote from showing itself in another order than
// it is written (U+202E and its like).
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '�'
		}
		return r
	}, s)
}
