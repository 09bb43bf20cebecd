package pdf

import (
	"fmt"
	"strings"

	"creditbank/certify"
)

// The names of what is attached. [Extract] finds it by them.
const (
	credentialName = "credential.json"
	proofName      = "credential.tlog-proof"
	statusName     = "status.json"
)

// A Renderer makes PDFs of certificates. It may be used concurrently.
type Renderer struct{ fonts []*Font }

// New returns a renderer that sets text in the first of the fonts, and
// characters which that has not in the next one that has them.
func New(fonts ...*Font) (*Renderer, error) {
	if len(fonts) == 0 {
		return nil, ErrNoFont
	}
	return &Renderer{fonts}, nil
}

// Render returns the PDF of a certificate with what is handed over with it: the
// credential, which must be signed, and the proof and the status list where
// there are any. The same bundle in the same fonts is the same PDF.
//
// Nothing is verified. A certificate that is set in the status list is marked as
// revoked on each page. A character that no font has is a [GlyphError]; a
// credential that cannot be shown is one of the errors of package certify.
func (r *Renderer) Render(b certify.Bundle) ([]byte, error) {
	c, err := read(b)
	if err != nil {
		return nil, fmt.Errorf("print certificate: %w", err)
	}
	pages, err := r.compose(c)
	if err != nil {
		return nil, fmt.Errorf("print certificate %s: %w", c.id, err)
	}
	out, err := assemble(c, b, pages)
	if err != nil {
		return nil, fmt.Errorf("print certificate %s: %w", c.id, err)
	}
	return out, nil
}

// assemble writes the file around the pages.
func assemble(c content, b certify.Bundle, pages *canvas) ([]byte, error) {
	f := newFile()
	root, tree, info := f.reserve(), f.reserve(), f.reserve()
	var fonts strings.Builder
	for i, face := range pages.faces {
		if len(face.runes) == 0 {
			continue
		}
		ref, err := face.write(f)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&fonts, "/F%d %v", i+1, ref)
	}
	var kids []string
	for _, p := range pages.pages {
		content := f.stream("", p.Bytes())
		kids = append(kids, f.add(fmt.Sprintf("<</Type/Page/Parent %v/MediaBox[0 0 %s %s]/Resources<</Font<<%s>>>>/Contents %v>>",
			tree, num(pageWidth), num(pageHeight), &fonts, content)).String())
	}
	f.put(tree, fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(kids), strings.Join(kids, " ")))
	var names, associated []string
	for _, a := range attachments(b) {
		ref := f.attach(a, c.created).String()
		names = append(names, "("+a.name+") "+ref)
		associated = append(associated, ref)
	}
	date := pdfDate(c.created)
	f.put(info, fmt.Sprintf("<</Title%s/Author%s/Creator(creditbank)/Producer(creditbank)/CreationDate%s/ModDate%s>>",
		textString(c.title), textString(c.issuer), date, date))
	f.put(root, fmt.Sprintf("<</Type/Catalog/Pages %v/Lang(zh-CN)/ViewerPreferences<</DisplayDocTitle true>>/AF[%s]/Names<</EmbeddedFiles<</Names[%s]>>>>>>",
		tree, strings.Join(associated, " "), strings.Join(names, " ")))
	return f.finish(root, info), nil
}

// attachments returns the files of a bundle in the order of their names, as a
// name tree has them.
func attachments(b certify.Bundle) []attachment {
	all := []attachment{{credentialName, "application/json", "可验证凭证 Verifiable credential (Open Badges 3.0)", b.Credential}}
	if len(b.Proof) > 0 {
		all = append(all, attachment{proofName, "text/plain", "日志证明 Proof that it stands in the log (C2SP tlog-proof)", b.Proof})
	}
	if len(b.Status) > 0 {
		all = append(all, attachment{statusName, "application/json", "撤销名单 Status list", b.Status})
	}
	return all
}
