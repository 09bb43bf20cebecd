package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"creditbank/certify"
)

// An answer is what is said of one certificate.
type answer struct {
	File  string  `json:"file"`
	Trust trusted `json:"trust"`
	certify.Report
}

func printJSON(out io.Writer, answers []answer) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(map[string][]answer{"certificates": answers})
}

func printText(out io.Writer, answers []answer) error {
	var b strings.Builder
	for i, a := range answers {
		if i > 0 {
			b.WriteString("\n")
		}
		a.write(&b)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (a answer) write(b *strings.Builder) {
	fmt.Fprintf(b, "%s\n", printable(a.File))
	if c := a.Credential; c != nil {
		said := slices.DeleteFunc([]string{c.Name, c.IssuerName, c.Holder, c.Credits}, func(s string) bool { return s == "" })
		fmt.Fprintf(b, "  %s\n", printable(strings.Join(said, " · ")))
		for _, name := range certify.Disclosable() { // of an SD-JWT, as far as it is shown
			if v, ok := c.Disclosed[name]; ok && name != certify.DiscloseName {
				fmt.Fprintf(b, "  %s: %s\n", name, printable(shown(v)))
			}
		}
		fmt.Fprintf(b, "  %s\n", printable(c.ID+" · "+c.Issuer))
	}
	for _, c := range a.Checks {
		fmt.Fprintf(b, "  %s %s · %s\n", mark(c.Result), c.Zh, c.En)
		if c.Detail != "" {
			fmt.Fprintf(b, "      %s\n", printable(c.Detail))
		}
	}
	if !a.StatusAsOf.IsZero() {
		fmt.Fprintf(b, "  撤销名单日期 status as of: %s\n", a.StatusAsOf.Format(time.RFC3339))
	}
	switch {
	case a.Trust.File == "":
		b.WriteString("  ! 没有信任名单 (--trust):不知道应当相信谁 · no trust file: nobody is believed\n")
	case a.Trust.Beside:
		fmt.Fprintf(b, "  ! 信任名单 %s 是和证书一起收到的,只能和送证书的人一样可信。请与学分银行公布的指纹比对:\n", printable(a.Trust.File))
		fmt.Fprintf(b, "  ! the trust file came with the certificate and is worth what its sender is worth. Compare with the published fingerprint:\n    %s\n", a.Trust.Fingerprint)
	default:
		fmt.Fprintf(b, "  信任名单 trust file: %s %s\n", printable(a.Trust.File), a.Trust.Fingerprint)
	}
	fmt.Fprintf(b, "  = %s\n", verdict(a.Verdict))
}

// shown writes a disclosed claim on one line.
func shown(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	data, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(data)
}

func mark(r certify.Result) string {
	switch r {
	case certify.OK:
		return "✓"
	case certify.Failed:
		return "✗"
	}
	return "–"
}

func verdict(v certify.Verdict) string {
	switch v {
	case certify.Valid:
		return "有效 VALID"
	case certify.Invalid:
		return "无效 INVALID"
	}
	return "未能全部核验 INCOMPLETE"
}

// printable keeps text of a certificate from steering the terminal or showing
// itself in another order than it is written (U+202E and its like).
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '�'
		}
		return r
	}, s)
}
