package pdf_test

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"creditbank/certify"
	"creditbank/certify/certifytest"
	"creditbank/certify/pdf"
	"creditbank/certify/pdf/pdftest"
)

func TestExtractGivesBackWhatWasAttached(t *testing.T) {
	w := certifytest.New(t)
	full := w.Issue(certifytest.Outcome(1))
	for name, b := range map[string]certify.Bundle{
		"all": full, "no status list": {Credential: full.Credential, Proof: full.Proof}, "credential alone": {Credential: full.Credential},
	} {
		t.Run(name, func(t *testing.T) {
			credential, proof, status, err := pdf.Extract(render(t, pdftest.Renderer(t), b))
			if err != nil || !bytes.Equal(credential, b.Credential) || !bytes.Equal(proof, b.Proof) || !bytes.Equal(status, b.Status) ||
				(proof == nil) != (b.Proof == nil) || (status == nil) != (b.Status == nil) {
				t.Errorf("Extract: %d, %d, %d bytes, %v", len(credential), len(proof), len(status), err)
			}
		})
	}
	trust, err := certify.NewTrust(w.Trust)
	if err != nil {
		t.Fatal(err)
	}
	credential, proof, status, err := pdf.Extract(render(t, pdftest.Renderer(t), full))
	if err != nil {
		t.Fatal(err)
	}
	report := certify.Verify(certify.Bundle{Credential: credential, Proof: proof, Status: status}, trust, certifytest.Now())
	if report.Verdict != certify.Valid {
		t.Errorf("what was extracted is %s: %+v", report.Verdict, report.Checks)
	}
}

func TestForeignProgramFindsTheAttachments(t *testing.T) {
	b := certifytest.New(t).Issue(certifytest.Conversion(1))
	dir := t.TempDir()
	path := filepath.Join(dir, "certificate.pdf")
	if err := os.WriteFile(path, render(t, pdftest.Renderer(t), b), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "pdfdetach", "-saveall", "-o", dir, path)
	for name, want := range map[string][]byte{"credential.json": b.Credential, "credential.tlog-proof": b.Proof, "status.json": b.Status} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, len(want))
		}
	}
}

func TestExtractAfterOtherPrograms(t *testing.T) {
	b := certifytest.New(t).Issue(certifytest.Outcome(1))
	dir := t.TempDir()
	path := filepath.Join(dir, "certificate.pdf")
	data := render(t, pdftest.Renderer(t), b)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	rewritten := map[string][]byte{
		"something appended": append(bytes.Clone(data), "\n900 0 obj\n<</Type/Annot>>\nendobj\n"...),
		"the table cut off":  data[:bytes.LastIndex(data, []byte("xref\n0 "))],
		"rubbish in front":   append([]byte("Content-Type: application/pdf\r\n\r\n"), data...),
		"lines of Windows":   bytes.Replace(data, []byte("%PDF-1.7\n"), []byte("%PDF-1.7\r\n"), 1),
	}
	for _, how := range []string{"--object-streams=generate", "--linearize", "--qdf", "--stream-data=uncompress"} {
		out, err := os.CreateTemp(dir, "*.pdf")
		if err != nil {
			t.Fatal(err)
		}
		run(t, "qpdf", how, path, out.Name())
		if rewritten[how], err = io.ReadAll(out); err != nil {
			t.Fatal(err)
		}
		out.Close()
	}
	for name, data := range rewritten {
		t.Run(name, func(t *testing.T) {
			credential, proof, status, err := pdf.Extract(data)
			if err != nil || !bytes.Equal(credential, b.Credential) || !bytes.Equal(proof, b.Proof) || !bytes.Equal(status, b.Status) {
				t.Errorf("Extract: %d, %d, %d bytes, %v", len(credential), len(proof), len(status), err)
			}
		})
	}
}

// pack returns a compressed stream.
func pack(data []byte) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	z.Write(data)
	z.Close()
	return b.String()
}

// carrying returns a PDF with an attachment, whose filters and bytes are given.
func carrying(name, entries, data string) []byte {
	return fmt.Appendf(nil, "%%PDF-1.7\n1 0 obj\n<</Type/Filespec/UF(%s)/EF<</F 2 0 R>>>>\nendobj\n2 0 obj\n<</Length %d%s>>\nstream\n%s\nendstream\nendobj\n",
		name, len(data), entries, data)
}

func TestExtractRefuses(t *testing.T) {
	bomb := pack(make([]byte, 64<<20))
	many := strings.Repeat("1 0 obj\n(", 200_000)
	distinct := &strings.Builder{}
	for i := range 30_000 {
		fmt.Fprintf(distinct, "%d 0 obj null endobj\n", i+1)
	}
	overlapping := &strings.Builder{}
	for i := range 15_000 {
		fmt.Fprintf(overlapping, "%d 0 obj<</Type/ObjStm/N 1/First 0>>stream\n", i+1)
	}
	overlapping.WriteString(strings.Repeat("x", 1<<20))
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"nothing", nil, pdf.ErrPDF},
		{"a picture", []byte("\x89PNG\r\n"), pdf.ErrPDF},
		{"a PDF without attachments", []byte("%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"), pdf.ErrNoCertificate},
		{"another's attachment", carrying("notes.txt", "", "{}"), pdf.ErrNoCertificate},
		{"a file that is too large", append([]byte("%PDF-1.7\n"), make([]byte, pdf.MaxPDF)...), pdf.ErrPDF},
		{"a bomb", carrying("credential.json", "/Filter/FlateDecode", bomb), pdf.ErrPDF},
		{"a credential that is too large", carrying("credential.json", "/Filter/FlateDecode", pack(make([]byte, certify.MaxSize+1))), pdf.ErrPDF},
		{"a damaged stream", carrying("credential.json", "/Filter/FlateDecode", "rubbish"), pdf.ErrPDF},
		{"a filter that is unknown", carrying("credential.json", "/Filter/LZWDecode", "rubbish"), pdf.ErrPDF},
		{"filters in a row", carrying("credential.json", "/Filter[/FlateDecode/FlateDecode]", "rubbish"), pdf.ErrPDF},
		{"an attachment that is no stream", []byte("%PDF-1.7\n1 0 obj<</UF(credential.json)/EF<</F 2 0 R>>>>endobj 2 0 obj<<>>endobj"), pdf.ErrPDF},
		{"an attachment that is not there", []byte("%PDF-1.7\n1 0 obj<</UF(credential.json)/EF<</F 2 0 R>>>>endobj"), pdf.ErrPDF},
		{"two credentials", append(carrying("credential.json", "", "{}"),
			"3 0 obj<</UF(credential.json)/EF<</F 4 0 R>>>>endobj 4 0 obj<</Length 3>>stream\n{ }\nendstream"...), pdf.ErrPDF},
		{"an encrypted one", []byte("%PDF-1.7\n1 0 obj<<>>endobj trailer<</Encrypt 1 0 R>>"), pdf.ErrPDF},
		{"too many objects", []byte("%PDF-1.7\n" + distinct.String()), pdf.ErrPDF},
		{"strings that never end", []byte("%PDF-1.7\n" + many), pdf.ErrPDF},
		{"streams that never end", []byte("%PDF-1.7\n" + overlapping.String()), pdf.ErrPDF},
		{"nested too deep", []byte("%PDF-1.7\n1 0 obj" + strings.Repeat("[", 1<<20)), pdf.ErrNoCertificate},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			_, _, _, err := pdf.Extract(c.data)
			if !errors.Is(err, c.want) {
				t.Errorf("Extract: %v, want %v", err, c.want)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("Extract took %v", took)
			}
		})
	}
}

func TestBombIsNotUnpacked(t *testing.T) {
	bomb := carrying("credential.json", "/Filter/FlateDecode", pack(make([]byte, 256<<20)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, _, err := pdf.Extract(bomb)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, pdf.ErrPDF) || got > 100<<20 {
		t.Errorf("Extract of %d bytes: %v, with %d bytes of memory", len(bomb), err, got)
	}
}

func FuzzExtract(f *testing.F) {
	f.Add([]byte("%PDF-1.7\n"))
	f.Add(carrying("credential.json", "", "{}"))
	f.Add(carrying("credential.json", "/Filter/FlateDecode", pack([]byte("{}"))))
	stream := pack([]byte("1 0 <</UF(credential.json)/EF<</F 2 0 R>>>>"))
	f.Add(fmt.Appendf(carrying("credential.tlog-proof", "", "x"), "5 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream", len(stream), stream))
	f.Add([]byte("%PDF-1.7\n1 0 obj[(a\\)\\101(b))<41 4>/N#41me true 1.5 2 0 R null]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		credential, proof, status, err := pdf.Extract(data)
		switch {
		case err == nil && credential == nil, err != nil && (credential != nil || proof != nil || status != nil):
			t.Errorf("Extract: %d, %d, %d bytes, %v", len(credential), len(proof), len(status), err)
		case err != nil && !errors.Is(err, pdf.ErrPDF) && !errors.Is(err, pdf.ErrNoCertificate):
			t.Errorf("Extract: %v", err)
		case len(credential) > certify.MaxSize || len(status) > certify.MaxSize:
			t.Errorf("Extract: %d, %d bytes", len(credential), len(status))
		}
	})
}
