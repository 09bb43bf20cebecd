package pdf

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf16"
)

// A face is a font in a file: the characters of it that are used there. A
// character's code is its place among them, whatever its glyph is, so that two
// characters that look the same are still told apart when text is copied.
type face struct {
	font   *Font
	codes  map[rune]int // from 1
	runes  []rune       // of code i+1
	glyphs []int
}

func newFace(f *Font) *face { return &face{font: f, codes: map[rune]int{}} }

// code returns the code of a character, and its advance.
func (f *face) code(r rune) (code, advance int, err error) {
	if c, ok := f.codes[r]; ok {
		return c, f.font.advance(f.glyphs[c-1]), nil
	}
	g, err := f.font.glyph(r)
	if err != nil {
		return 0, 0, err
	}
	f.runes, f.glyphs = append(f.runes, r), append(f.glyphs, g)
	f.codes[r] = len(f.runes)
	return len(f.runes), f.font.advance(g), nil
}

// write adds the font, and what it needs, to a file: a composite font (ISO
// 32000-1, 9.7) with its subset and the way back to Unicode.
func (f *face) write(out *file) (ref, error) {
	// Glyph i+1 of the subset shows character i+1, but where two share one.
	var unique []int
	place := map[int]int{}
	toGlyph := make([]byte, 2, 2+2*len(f.glyphs))
	for _, g := range f.glyphs {
		if place[g] == 0 {
			unique = append(unique, g)
			place[g] = len(unique)
		}
		toGlyph = append(toGlyph, byte(place[g]>>8), byte(place[g]))
	}
	data, err := f.font.subset(unique)
	if err != nil {
		return 0, err
	}
	name := f.tag() + "+" + f.font.name
	program := out.stream(fmt.Sprintf("/Length1 %d", len(data)), data)
	descriptor := out.add(fmt.Sprintf("<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[%d %d %d %d]/ItalicAngle 0/Ascent %d/Descent %d/CapHeight %d/StemV 80/FontFile2 %v>>",
		name, f.font.bbox[0], f.font.bbox[1], f.font.bbox[2], f.font.bbox[3], f.font.ascent, f.font.descent, f.font.capHeight, program))
	mapping := out.stream("", toGlyph)
	var widths strings.Builder
	for _, g := range f.glyphs {
		fmt.Fprintf(&widths, "%d ", f.font.advance(g))
	}
	descendant := out.add(fmt.Sprintf("<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor %v/CIDToGIDMap %v/DW 1000/W[1[%s]]>>",
		name, descriptor, mapping, strings.TrimSpace(widths.String())))
	unicode := out.stream("", f.toUnicode())
	return out.add(fmt.Sprintf("<</Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%v]/ToUnicode %v>>", name, descendant, unicode)), nil
}

// tag is the mark of a subset: six letters that depend on what is in it.
func (f *face) tag() string {
	h := hashOf([]byte(string(f.runes)))
	var tag [6]byte
	for i := range tag {
		tag[i] = 'A' + h[i]%26
	}
	return string(tag[:])
}

// toUnicode writes the CMap from codes to characters, those beyond U+FFFF as
// surrogates (ISO 32000-1, 9.10.3).
func (f *face) toUnicode() []byte {
	var b strings.Builder
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for i := 0; i < len(f.runes); i += 100 { // as many as one section may have
		part := f.runes[i:min(i+100, len(f.runes))]
		fmt.Fprintf(&b, "%d beginbfchar\n", len(part))
		for j, r := range part {
			fmt.Fprintf(&b, "<%04X> <%s>\n", i+j+1, utf16Hex(r))
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return []byte(b.String())
}

func utf16Hex(r rune) string {
	var b []byte
	for _, u := range utf16.AppendRune(nil, r) {
		b = append(b, byte(u>>8), byte(u))
	}
	return strings.ToUpper(hex.EncodeToString(b))
}
