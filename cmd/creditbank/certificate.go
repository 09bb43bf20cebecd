package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"creditbank/certify"
	"creditbank/certify/pdf"
	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

func (p *program) certificateCommand() *cobra.Command {
	return group("certificate", "证书文件 print certificates, and find one by the code printed on it",
		"  creditbank certificate pdf L2 --out certificates\n  creditbank certificate find WERC-8GMR-ZGE1-96Y8",
		p.certificatePDFCommand(), p.certificateFindCommand())
}

func (p *program) certificatePDFCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "pdf LEARNER",
		Short: "印制 print the learner's certificates as PDF files",
		Long: "按账本签发（或吊销）证书，再把该学习者的每张证书印制成一个 PDF（A4，中英文），内附凭证、日志证明和撤销名单。\n" +
			"字体缺字时指明缺哪个字，不会留空；此时用 --font 再加一个含该字的 TrueType 字体。\n" +
			"Issues and revokes what the ledger calls for, and prints each certificate of the learner as a PDF with the credential, its\n" +
			"proof and the status list inside. A character that no font has is named; give one more font with --font then.",
		Example: "  creditbank certificate pdf L2 --out certificates\n  creditbank certificate pdf L2 --font NotoSerifSC-Regular.ttf --font LXGWWenKai-Regular.ttf",
		Args:    exactly("LEARNER"),
	}
	out := c.Flags().String("out", "certificates", "写入的文件夹; folder `DIR` to write to")
	fonts := c.Flags().StringArray("font", nil, "TrueType 字体 `FILE`，可多次给出（默认：系统中找到的）; one to print in, more where given again (default: those found)")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		l, err := s.learner(ctx, args[0])
		if err != nil {
			return err
		}
		printer, err := openPrinter(*fonts)
		if err != nil {
			return err
		}
		v, err := s.printCertificates(ctx, printer, l, *out)
		if err != nil {
			return err
		}
		return p.show(v, func(screen *term.Screen) { writePrinted(screen, v) })
	})
	return c
}

// openPrinter returns a printer with the fonts named, or those that are found.
func openPrinter(paths []string) (*pdf.Renderer, error) {
	fonts, err := pdf.FindFonts(paths)
	switch {
	case errors.Is(err, pdf.ErrNoFont):
		return nil, creditbank.Conflict("NO_FONT", "--font", pdf.NoFontZh, pdf.NoFontEn)
	case errors.Is(err, pdf.ErrFont), errors.Is(err, os.ErrNotExist):
		return nil, creditbank.Invalid(creditbank.CodeMalformed, "--font", "字体不能使用："+err.Error(), err.Error())
	case err != nil:
		return nil, err
	}
	return pdf.New(fonts...)
}

// A printedView says which certificates were printed.
type printedView struct {
	Learner      learnerView   `json:"learner"`
	Certificates []printedFile `json:"certificates"`
}

// A printedFile is one of them.
type printedFile struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Seq     int64  `json:"seq"` // of the entry that it certifies
	Code    string `json:"code"`
	Revoked bool   `json:"revoked"`
	PDF     string `json:"pdf"` // path
}

func (s *session) printCertificates(ctx context.Context, printer *pdf.Renderer, l learnerView, dir string) (printedView, error) {
	v := printedView{Learner: l, Certificates: []printedFile{}}
	office, err := s.Office(ctx)
	if err != nil {
		return v, err
	}
	if _, err := office.CatchUp(ctx); err != nil {
		return v, err
	}
	all, err := s.certificates(ctx, office, l)
	if err != nil {
		return v, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return v, err
	}
	for _, c := range all {
		h, err := office.Fetch(ctx, c.ID)
		if err != nil {
			return v, err
		}
		data, err := printer.Render(h.Bundle)
		var missing *pdf.GlyphError
		if errors.As(err, &missing) {
			return v, creditbank.Conflict("GLYPH_MISSING", "--font", fmt.Sprintf("第 %d 项的证书无法印制：%s；请用 --font 再加一个含该字的字体", c.Seq, missing.Zh()),
				fmt.Sprintf("the certificate of entry %d cannot be printed: %v; add a font that has it with --font", c.Seq, missing))
		}
		if err != nil {
			return v, err
		}
		f := printedFile{
			ID: c.ID, Kind: c.Kind, Seq: c.Seq, Revoked: c.Revoked, Code: certify.CodeOf(h.Certificate.Leaf.SHA256).String(),
			PDF: filepath.Join(dir, safeName(fmt.Sprintf("%s-%s-%d.pdf", c.Holder, c.Kind, c.Seq))),
		}
		if err := replaceFile(f.PDF, data); err != nil {
			return v, err
		}
		v.Certificates = append(v.Certificates, f)
	}
	return v, nil
}

func writePrinted(out *term.Screen, v printedView) {
	out.Title(tx(v.Learner.heading(), v.Learner.heading()))
	if len(v.Certificates) == 0 {
		out.Say(0, tx("没有证书：尚无批准的转换", "no certificates: no conversion was approved"))
		return
	}
	var rows [][]term.Cell
	for _, c := range v.Certificates {
		state, style := stateOfCertificate(c.Revoked)
		rows = append(rows, []term.Cell{term.Of(fmt.Sprint(c.Seq)), {Text: out.Pick(state), Style: style}, term.Of(c.Code), term.Of(c.PDF)})
	}
	out.Table(0, []term.Column{{Head: headNo, Right: true}, {Head: tx("状态", "state")}, {Head: tx("核验码", "code")}, {Head: tx("文件", "file"), Flex: true}}, rows)
}

func (p *program) certificateFindCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "find CODE",
		Short:   "按核验码查找 find a certificate by the code that is printed on it",
		Long:    "输入证书上的 16 位核验码，查出是哪一张证书，是否已吊销。输错时会指出。\nFinds the certificate with a code of sixteen characters, and says whether it was revoked. A mistyped code is told.",
		Example: "  creditbank certificate find WERC-8GMR-ZGE1-96Y8",
		Args:    exactly("CODE"),
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		v, err := s.findCertificate(ctx, args[0])
		if err != nil {
			return err
		}
		return p.show(v, func(out *term.Screen) {
			state, style := stateOfCertificate(v.Revoked)
			out.Table(0, []term.Column{{Head: tx("核验码", "code")}, {Head: tx("学习者", "learner")}, {Head: headNo, Right: true}, {Head: tx("签发", "issuer")}, {Head: tx("状态", "state")}},
				[][]term.Cell{{term.Of(v.Code), term.Of(v.Holder), term.Of(fmt.Sprint(v.Seq)), term.Of(string(v.Institution)), {Text: out.Pick(state), Style: style}}})
		})
	})
	return c
}

// A foundView is a certificate that was found by its code.
type foundView struct {
	Code        string                   `json:"code"`
	ID          string                   `json:"id"`
	Kind        string                   `json:"kind"`
	Holder      string                   `json:"holder"` // alias or account
	Seq         int64                    `json:"seq"`
	Institution creditbank.InstitutionID `json:"institution"`
	Revoked     bool                     `json:"revoked"`
}

func (s *session) findCertificate(ctx context.Context, typed string) (foundView, error) {
	code, err := certify.ParseCode(typed)
	var wrong *certify.CodeError
	if errors.As(err, &wrong) {
		return foundView{}, creditbank.Invalid(creditbank.CodeMalformed, "CODE", wrong.Zh, wrong.En)
	}
	office, err := s.Office(ctx)
	if err != nil {
		return foundView{}, err
	}
	c, err := office.FindCode(ctx, code)
	if errors.Is(err, creditbank.ErrNotFound) {
		return foundView{}, creditbank.NotFound(creditbank.CodeUnknownCertificate, "CODE", "没有核验码为 "+code.String()+" 的证书", "no certificate has the code "+code.String())
	}
	if err != nil {
		return foundView{}, err
	}
	l, err := s.learnerView(ctx, c.Learner)
	if err != nil {
		return foundView{}, err
	}
	return foundView{Code: code.String(), ID: c.ID, Kind: string(c.Kind), Holder: l.called(), Seq: c.Seq, Institution: c.Institution, Revoked: !c.Valid()}, nil
}

// stateOfCertificate says whether a certificate is valid.
func stateOfCertificate(revoked bool) (creditbank.Text, term.Style) {
	if revoked {
		return tx("已吊销", "revoked"), term.Bad
	}
	return tx("有效", "valid"), term.Good
}
