package creditbank

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// A MediaType is a kind of file that can be evidence.
type MediaType string

// The media types of evidence.
const (
	JPEG MediaType = "image/jpeg"
	PNG  MediaType = "image/png"
	PDF  MediaType = "application/pdf"
)

// MediaTypes lists the media types.
func MediaTypes() []MediaType { return []MediaType{JPEG, PNG, PDF} }

// Extension returns what names of files of type m end with.
func (m MediaType) Extension() string {
	return map[MediaType]string{JPEG: ".jpg", PNG: ".png", PDF: ".pdf"}[m]
}

// maxPixels bounds an image, so that whoever opens it does not run out of memory: a
// picture of few bytes can have any number of pixels. Scanners make 35 million of A4
// at 600 dpi, telephones up to 200 million.
const maxPixels = 250_000_000

// Sniff tells what a file is by its bytes, and whether it is whole: an image is
// walked from its first marker to its last, a PDF has its head, its trailer and its
// end. What it is called, and what whoever sends it says it is, count for nothing.
// It opens nothing: an image is not decoded, a PDF not read. EVIDENCE_TYPE means that
// it is none of [MediaTypes], EVIDENCE_DAMAGED that it begins as one and is not.
func Sniff(file []byte) (MediaType, error) {
	switch {
	case len(file) == 0:
		return "", Invalid(CodeMissing, "", "文件是空的", "the file is empty")
	case len(file) > MaxEvidenceBytes:
		return "", Invalid(CodeEvidenceTooLarge, "", fmt.Sprintf("文件不得超过%dMB", MaxEvidenceBytes>>20), fmt.Sprintf("a file has %d MB at most", MaxEvidenceBytes>>20))
	case bytes.HasPrefix(file, []byte("\xff\xd8\xff")):
		return JPEG, checkImage(walkJPEG(file))
	case bytes.HasPrefix(file, []byte(pngHead)):
		return PNG, checkImage(walkPNG(file))
	case bytes.HasPrefix(file, []byte("%PDF-")):
		return PDF, checkPDF(file)
	}
	return "", Invalid(CodeEvidenceType, "", "只接受 JPEG、PNG 图片和 PDF 文件（以内容为准）", "evidence is a JPEG, a PNG or a PDF, by what is in it")
}

// SniffHead is [Sniff] on the first bytes of a file, eight if it has so many: it
// refuses what cannot be evidence before the rest has come.
func SniffHead(head []byte) error {
	for _, kind := range []string{"\xff\xd8\xff", pngHead, "%PDF-"} {
		if len(head) >= len(kind) && string(head[:len(kind)]) == kind {
			return nil
		}
	}
	_, err := Sniff(head)
	if err == nil {
		err = damagedFile() // it begins as one and ends there
	}
	return err
}

func damagedFile() error {
	return Invalid(CodeEvidenceDamaged, "", "文件不完整或已损坏，请重新生成后上传", "the file is damaged or not whole")
}

// checkImage judges an image by its size, which is zero if it is damaged.
func checkImage(width, height int) error {
	switch {
	case width <= 0 || height <= 0:
		return damagedFile()
	case width > maxPixels/height:
		return Invalid(CodeEvidenceTooLarge, "", "图片像素过多，请缩小后上传", "the image has too many pixels")
	}
	return nil
}

// walkJPEG returns the size of a JPEG that is whole (ITU-T T.81, B), zero of one
// that is not. What follows its end is let be: telephones keep more there.
func walkJPEG(b []byte) (width, height int) {
	scanned := false
	for at := 2; at+2 <= len(b) && b[at] == 0xff; {
		marker := b[at+1]
		switch {
		case marker == 0xff: // fill
			at++
			continue
		case marker == 0xd9: // end
			if !scanned {
				return 0, 0
			}
			return width, height
		case marker == 0x01 || marker >= 0xd0 && marker <= 0xd7:
			at += 2
			continue
		case marker == 0x00 || marker == 0xd8:
			return 0, 0
		}
		if at+4 > len(b) {
			return 0, 0
		}
		length := int(binary.BigEndian.Uint16(b[at+2:]))
		next := at + 2 + length
		if length < 2 || next > len(b) {
			return 0, 0
		}
		if marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc { // frame
			if length < 8 {
				return 0, 0
			}
			height, width = int(binary.BigEndian.Uint16(b[at+5:])), int(binary.BigEndian.Uint16(b[at+7:]))
		}
		at = next
		if marker == 0xda { // scan: entropy-coded data up to the next marker
			scanned = true
			for at+1 < len(b) && (b[at] != 0xff || b[at+1] == 0x00 || b[at+1] >= 0xd0 && b[at+1] <= 0xd7) {
				at++
			}
		}
	}
	return 0, 0
}

const pngHead = "\x89PNG\r\n\x1a\n"

// walkPNG returns the size of a PNG that is whole and nothing else (W3C PNG, 5), zero
// of one that is not.
func walkPNG(b []byte) (width, height int) {
	data := false
	for at := len(pngHead); at+12 <= len(b); {
		length := int(binary.BigEndian.Uint32(b[at:]))
		if length > len(b)-at-12 {
			return 0, 0
		}
		kind, body := string(b[at+4:at+8]), b[at+8:at+8+length]
		if crc32.ChecksumIEEE(b[at+4:at+8+length]) != binary.BigEndian.Uint32(b[at+8+length:]) {
			return 0, 0
		}
		if (kind == "IHDR") != (at == len(pngHead)) {
			return 0, 0
		}
		at += 12 + length
		switch kind {
		case "IHDR":
			if length != 13 {
				return 0, 0
			}
			w, h := binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
			if w > 1<<31-1 || h > 1<<31-1 {
				return 0, 0
			}
			width, height = int(w), int(h)
		case "IDAT":
			data = true
		case "IEND":
			if !data || at != len(b) {
				return 0, 0
			}
			return width, height
		}
	}
	return 0, 0
}

// checkPDF reports a PDF without a version, without a place for its cross-reference,
// or without an end (ISO 32000-1, 7.5). As readers do, it takes the end within the
// last 1024 bytes.
func checkPDF(b []byte) error {
	version := b[5:min(len(b), 8)]
	if len(version) < 3 || version[0] < '1' || version[0] > '2' || version[1] != '.' {
		return damagedFile()
	}
	tail := b[max(0, len(b)-1024):]
	end := bytes.LastIndex(tail, []byte("%%EOF"))
	if end < 0 {
		return damagedFile()
	}
	start := bytes.LastIndex(tail[:end], []byte("startxref"))
	if start < 0 {
		return damagedFile()
	}
	at, err := strconv.Atoi(strings.TrimSpace(string(tail[start+len("startxref") : end])))
	if err != nil || at <= 0 || at >= len(b) {
		return damagedFile()
	}
	return nil
}
