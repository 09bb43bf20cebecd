package posting

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// An Encoding is how a text file writes characters.
type Encoding int

// The encodings.
const (
	Detect  Encoding = iota // UTF-8, or GB18030 where the file cannot be that
	UTF8                    // with or without a byte order mark
	GB18030                 // with GBK and GB 2312, which it contains
)

// sniffSize is how much text is looked at to tell its encoding.
const sniffSize = 64 << 10

// decode returns r as UTF-8.
func decode(r *bufio.Reader, e Encoding) io.Reader {
	if bom, _ := r.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) { // a shorter file has none
		if _, err := r.Discard(3); err == nil {
			return r
		}
	}
	switch e {
	case UTF8:
		return r
	case GB18030:
		return fromGB18030(r)
	}
	return &detector{buffered: r}
}

func fromGB18030(r io.Reader) io.Reader {
	return transform.NewReader(r, simplifiedchinese.GB18030.NewDecoder())
}

// A detector passes ASCII on and tells the encoding at the first character that
// is not ASCII, from the text that begins there.
type detector struct {
	buffered *bufio.Reader
	decided  io.Reader
}

func (d *detector) Read(p []byte) (int, error) {
	if d.decided != nil {
		return d.decided.Read(p)
	}
	if _, err := d.buffered.Peek(1); err != nil {
		return 0, err
	}
	waiting, err := d.buffered.Peek(d.buffered.Buffered())
	if err != nil {
		return 0, err
	}
	ascii := bytes.IndexFunc(waiting, func(r rune) bool { return r >= utf8.RuneSelf })
	if ascii < 0 {
		ascii = len(waiting)
	}
	if ascii > 0 {
		n := copy(p, waiting[:ascii])
		return d.buffered.Discard(n)
	}
	window, _ := d.buffered.Peek(sniffSize) // an error is told when the text is read
	d.decided = d.buffered
	if !looksUTF8(window) {
		d.decided = fromGB18030(d.buffered)
	}
	return d.decided.Read(p)
}

// looksUTF8 reports whether most of what is not ASCII in text is UTF-8: one
// damaged character does not make a file GB18030, of which hardly a seventh
// reads as UTF-8 by chance.
func looksUTF8(text []byte) bool {
	good, bad := 0, 0
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n == 1 && !utf8.FullRune(text):
			return good >= bad // cut off at the end of the window
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		text = text[n:]
	}
	return good > bad
}
