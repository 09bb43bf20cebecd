package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	"creditbank/certify"
)

// The errors of [Extract] that a caller may want to tell apart.
var (
	// ErrNoCertificate: a PDF, but without a certificate in it: a scan, or one
	// that was printed into a new file.
	ErrNoCertificate = errors.New("no certificate is attached to the PDF")
	// ErrPDF: no PDF, or one that is damaged, encrypted, or beyond the limits.
	ErrPDF = errors.New("PDF cannot be read")
)

// The limits of [Extract]. What is beyond is refused.
const (
	MaxPDF      = 16 << 20 // bytes of the file
	maxObjects  = 20_000
	maxUnpacked = 8 << 20 // bytes of all streams that are unpacked
	maxRereads  = 4       // times the file is gone through again for what is damaged
)

// Extract returns what is attached to the PDF of a certificate: the credential,
// its proof and the status list, byte for byte; the last two are nil where they
// are not there. It says nothing about whether they are good: that is for
// [certify.Verify]. Nothing on the pages is looked at.
//
// The PDF may have passed through other programs that keep attachments:
// appended changes, compressed objects and damaged tables are no hindrance. Two
// different files under one name are refused. The work is bounded whatever the
// bytes; it never panics. Errors wrap [ErrPDF] or [ErrNoCertificate].
func Extract(data []byte) (credential, proof, status []byte, err error) {
	if len(data) > MaxPDF {
		return nil, nil, nil, fmt.Errorf("%w: %d bytes, limit %d", ErrPDF, len(data), MaxPDF)
	}
	head := data[:min(len(data), 1024)]
	if !bytes.Contains(head, []byte("%PDF-")) {
		return nil, nil, nil, fmt.Errorf("%w: it is no PDF", ErrPDF)
	}
	d := &document{data: data, objects: map[ref]object{}, left: maxUnpacked, work: maxRereads*len(data) + 1<<20}
	files := map[string][]byte{}
	if err = d.index(); err == nil {
		files, err = d.attached()
	}
	switch {
	case err != nil:
		return nil, nil, nil, fmt.Errorf("%w: %v", ErrPDF, err)
	case files[credentialName] == nil && d.encrypted:
		return nil, nil, nil, fmt.Errorf("%w: it is encrypted", ErrPDF)
	case files[credentialName] == nil:
		return nil, nil, nil, ErrNoCertificate
	}
	return files[credentialName], files[proofName], files[statusName], nil
}

// A document is a PDF by its objects. They are found by looking for them, not
// through the table of where they are said to stand: so a file is read the same
// whatever a program that appended to it wrote there.
type document struct {
	data      []byte
	objects   map[ref]object // as they were last defined
	left      int            // bytes that may still be unpacked
	work      int            // bytes that may still be read in vain, or again
	encrypted bool
}

// An object is a value; a stream has data from start too.
type object struct {
	value any
	start int // 0 for what is no stream
}

// index finds all objects.
func (d *document) index() error {
	for at := 0; ; {
		i := bytes.Index(d.data[at:], []byte("obj"))
		if i < 0 {
			break
		}
		at += i + len("obj")
		r, ok := d.heading(at - len("obj"))
		if !ok {
			continue
		}
		s := &scanner{data: d.data, at: at}
		v, err := s.object(0)
		if err != nil { // damaged, or no object: look for the next inside it
			if err := d.spend(s.at - at); err != nil {
				return err
			}
			continue
		}
		o := object{value: v}
		if s.skip(); s.has("stream") {
			if !s.has("\r\n") {
				s.has("\n")
			}
			o.start = s.at
			if length, ok := d.length(o); ok {
				s.at += length
			}
		}
		at = s.at
		d.objects[r] = o
		if len(d.objects) > maxObjects {
			return fmt.Errorf("%w: more than %d objects", errLimit, maxObjects)
		}
	}
	d.encrypted = bytes.Contains(d.data, []byte("/Encrypt"))
	return d.compressed()
}

// errLimit: what is beyond the limits is refused as a whole.
var errLimit = errors.New("beyond the limits of size and damage")

// spend counts work that a sound file does not make, or makes once.
func (d *document) spend(n int) error {
	if d.work -= n; d.work < 0 {
		return errLimit
	}
	return nil
}

// heading reads the number before the word obj at i, backwards: "12 0 obj".
func (d *document) heading(i int) (ref, bool) {
	n := [2]int{}
	for k := range n {
		for i > 0 && isSpace(d.data[i-1]) {
			i--
		}
		scale, digits := 1, 0
		for ; i > 0 && digits < 8 && d.data[i-1] >= '0' && d.data[i-1] <= '9'; i, digits = i-1, digits+1 {
			n[k] += scale * int(d.data[i-1]-'0')
			scale *= 10
		}
		if digits == 0 {
			return 0, false
		}
	}
	return ref(n[1]), n[1] > 0
}

// length returns the length of a stream if it says it right: where it ends the
// word endstream must follow.
func (d *document) length(o object) (int, bool) {
	entries, _ := o.value.(dict)
	n, ok := d.resolve(entries["Length"]).(float64)
	if !ok || n < 0 || n != float64(int(n)) || int(n) > len(d.data)-o.start {
		return 0, false
	}
	rest := bytes.TrimLeft(d.data[o.start+int(n):min(len(d.data), o.start+int(n)+16)], "\r\n")
	return int(n), bytes.HasPrefix(rest, []byte("endstream"))
}

// resolve follows a reference, once: one to another is no value.
func (d *document) resolve(v any) any {
	if r, ok := v.(ref); ok {
		return d.objects[r].value
	}
	return v
}

// compressed reads the objects that stand in streams (ISO 32000-1, 7.5.7). One
// that stands in the open under the same number counts.
func (d *document) compressed() error {
	var streams []ref
	for r, o := range d.objects {
		if entries, _ := o.value.(dict); entries["Type"] == name("ObjStm") && o.start > 0 {
			streams = append(streams, r)
		}
	}
	slices.Sort(streams)
	found := map[ref]object{}
	for _, r := range streams {
		o := d.objects[r]
		data, err := d.unpack(o)
		switch {
		case errors.Is(err, errLimit):
			return err
		case err != nil:
			continue
		}
		n, _ := o.value.(dict)["N"].(float64)
		first, _ := o.value.(dict)["First"].(float64)
		s := &scanner{data: data}
		for range int(min(max(n, 0), maxObjects)) {
			number, err1 := s.object(0)
			offset, err2 := s.object(0)
			id, ok1 := number.(float64)
			from, ok2 := offset.(float64)
			if err1 != nil || err2 != nil || !ok1 || !ok2 || from < 0 || first < 0 || first+from >= float64(len(data)) {
				break
			}
			v, err := (&scanner{data: data, at: int(first + from)}).object(0)
			if err == nil && id >= 1 && id < 1<<31 {
				found[ref(id)] = object{value: v}
			}
			if len(found)+len(d.objects) > maxObjects {
				return fmt.Errorf("%w: more than %d objects", errLimit, maxObjects)
			}
		}
	}
	for r, o := range found {
		if _, ok := d.objects[r]; !ok {
			d.objects[r] = o
		}
	}
	return nil
}

// unpack returns the data of a stream.
func (d *document) unpack(o object) ([]byte, error) {
	entries, _ := o.value.(dict)
	raw := d.data[o.start:]
	if n, ok := d.length(o); ok {
		raw = raw[:n]
	} else if i := bytes.Index(raw, []byte("endstream")); i >= 0 {
		raw = bytes.TrimRight(raw[:i], "\r\n")
	}
	if err := d.spend(len(raw)); err != nil {
		return nil, err
	}
	filter := d.resolve(entries["Filter"])
	if list, ok := filter.([]any); ok && len(list) == 1 {
		filter = d.resolve(list[0])
	} else if ok && len(list) == 0 {
		filter = nil
	}
	switch {
	case d.resolve(entries["DecodeParms"]) != nil:
		return nil, errors.New("a stream with parameters of its filter")
	case filter == nil && len(raw) <= d.left:
		d.left -= len(raw)
		return bytes.Clone(raw), nil
	case filter == nil:
		return nil, fmt.Errorf("%w: more than %d bytes in streams", errLimit, maxUnpacked)
	case filter != name("FlateDecode"):
		return nil, fmt.Errorf("a stream with the filter %.40v", filter)
	}
	z, err := zlib.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, errors.New("a damaged stream")
	}
	data, err := io.ReadAll(io.LimitReader(z, int64(d.left)+1))
	if len(data) > d.left {
		return nil, fmt.Errorf("%w: more than %d bytes in streams", errLimit, maxUnpacked)
	}
	if err != nil {
		return nil, errors.New("a damaged stream")
	}
	d.left -= len(data)
	return data, nil
}

// attached returns the files that have one of our names.
func (d *document) attached() (map[string][]byte, error) {
	limits := map[string]int{credentialName: certify.MaxSize, proofName: 64 << 10, statusName: certify.MaxSize}
	refs := make([]ref, 0, len(d.objects))
	for r := range d.objects {
		refs = append(refs, r)
	}
	slices.Sort(refs)
	files, from := map[string][]byte{}, map[string]ref{}
	for _, r := range refs {
		spec, _ := d.objects[r].value.(dict)
		file, isFile := d.resolve(spec["EF"]).(dict)
		called := d.fileName(spec)
		limit, ours := limits[called]
		stream, ok := file["F"].(ref)
		if !ok {
			stream, ok = file["UF"].(ref)
		}
		if !isFile || !ours || !ok || from[called] == stream {
			continue
		}
		o := d.objects[stream]
		if o.start == 0 {
			return nil, fmt.Errorf("the attachment %s is damaged", called)
		}
		data, err := d.unpack(o)
		switch {
		case err != nil:
			return nil, fmt.Errorf("the attachment %s: %v", called, err)
		case len(data) > limit:
			return nil, fmt.Errorf("the attachment %s has %d bytes, limit %d", called, len(data), limit)
		case files[called] != nil && !bytes.Equal(files[called], data):
			return nil, fmt.Errorf("two attachments %s", called)
		}
		files[called], from[called] = data, stream
	}
	return files, nil
}

// fileName returns the name of an attachment.
func (d *document) fileName(spec dict) string {
	for _, key := range []name{"UF", "F"} {
		s, ok := d.resolve(spec[key]).([]byte)
		if !ok {
			continue
		}
		if rest, ok := bytes.CutPrefix(s, []byte{0xfe, 0xff}); ok {
			units := make([]uint16, len(rest)/2)
			for i := range units {
				units[i] = binary.BigEndian.Uint16(rest[2*i:])
			}
			return string(utf16.Decode(units))
		}
		return strings.TrimPrefix(string(s), "\xef\xbb\xbf")
	}
	return ""
}
