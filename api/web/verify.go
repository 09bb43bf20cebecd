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
}

// A checked is one check in words.
type checked struct {
	Name   creditbank.Text
	Result certify.Result
	Said   creditbank.Text
	Detail string
}

func (s *Site) verifyForm(v *visit) error { return v.show(http.StatusOK, "verify", verified{}) }

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
	report, err := s.c.Server.Verify(v.r.Context(), unwrap(sent))
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

// unwrap takes a certificate out of what the operation getCertificate answers
// with. What is something else is taken for a certificate as it is.
func unwrap(data []byte) certify.Bundle {
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
		return b
	}
	return certify.Bundle{Credential: data}
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
