package pdf

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
)

// A file is a PDF 1.7 (ISO 32000-1) that is being written: objects in the order
// in which they are added, then the table of where they stand.
type file struct {
	out     bytes.Buffer
	offsets []int // of object i+1; 0 of one that was reserved only
}

// A ref names an object.
type ref int

func (r ref) String() string { return fmt.Sprintf("%d 0 R", int(r)) }

func newFile() *file {
	f := &file{}
	f.out.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n") // bytes that say: not text
	return f
}

// reserve names an object that follows later.
func (f *file) reserve() ref {
	f.offsets = append(f.offsets, 0)
	return ref(len(f.offsets))
}

// put writes a reserved object.
func (f *file) put(r ref, body string) {
	f.offsets[r-1] = f.out.Len()
	fmt.Fprintf(&f.out, "%d 0 obj\n%s\nendobj\n", int(r), body)
}

func (f *file) add(body string) ref {
	r := f.reserve()
	f.put(r, body)
	return r
}

// stream adds a compressed stream with more entries in its dictionary.
func (f *file) stream(entries string, data []byte) ref {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	z.Write(data) // a buffer takes everything
	z.Close()
	r := f.reserve()
	f.offsets[r-1] = f.out.Len()
	fmt.Fprintf(&f.out, "%d 0 obj\n<</Filter/FlateDecode/Length %d%s>>\nstream\n", int(r), packed.Len(), entries)
	f.out.Write(packed.Bytes())
	f.out.WriteString("\nendstream\nendobj\n")
	return r
}

// finish writes the table and the trailer. The file's identifier is the hash of
// what it says: the same content is the same file.
func (f *file) finish(root, info ref) []byte {
	id := hex.EncodeToString(hashOf(f.out.Bytes())[:16])
	start := f.out.Len()
	fmt.Fprintf(&f.out, "xref\n0 %d\n0000000000 65535 f \n", len(f.offsets)+1)
	for _, at := range f.offsets {
		fmt.Fprintf(&f.out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&f.out, "trailer\n<</Size %d/Root %v/Info %v/ID[<%s><%s>]>>\nstartxref\n%d\n%%%%EOF\n", len(f.offsets)+1, root, info, id, id, start)
	return f.out.Bytes()
}

func hashOf(b []byte) []byte {
	h := sha256.Sum256(b)
	return h[:]
}

// An attachment is a file within the file.
type attachment struct {
	name, kind, description string
	data                    []byte
}

// attach adds a file, so that it is listed among the attachments (EmbeddedFiles)
// and as data that the document is about (AF, ISO 32000-2).
func (f *file) attach(a attachment, at time.Time) ref {
	date := pdfDate(at)
	embedded := f.stream(fmt.Sprintf("/Type/EmbeddedFile/Subtype/%s/Params<</Size %d/ModDate%s>>",
		strings.ReplaceAll(a.kind, "/", "#2F"), len(a.data), date), a.data)
	return f.add(fmt.Sprintf("<</Type/Filespec/F(%s)/UF(%s)/Desc%s/AFRelationship/Data/EF<</F %v/UF %v>>>>",
		a.name, a.name, textString(a.description), embedded, embedded))
}

// textString writes text as PDF has it outside pages: UTF-16, in hexadecimal.
func textString(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	b.WriteByte('>')
	return b.String()
}

func pdfDate(t time.Time) string { return t.UTC().Format("(D:20060102150405Z)") }
