package pdf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"
	"unicode"
	"unicode/utf16"
)

// ErrFont: a file is no font that can be used.
var ErrFont = errors.New("font cannot be used")

// A GlyphError names a character that the font cannot show. A certificate with
// it is not made: a blank in a name is worse than no certificate.
type GlyphError struct{ Rune rune }

func (e *GlyphError) Error() string {
	if unicode.IsPrint(e.Rune) {
		return fmt.Sprintf("the font has no glyph for %q (U+%04X)", e.Rune, e.Rune)
	}
	return fmt.Sprintf("the character U+%04X cannot be printed", e.Rune)
}

// Zh says the same in Chinese.
func (e *GlyphError) Zh() string {
	if unicode.IsPrint(e.Rune) {
		return fmt.Sprintf("字体缺少“%c”（U+%04X）的字形", e.Rune, e.Rune)
	}
	return fmt.Sprintf("字符 U+%04X 无法印刷", e.Rune)
}

// A Font is a TrueType font: outlines in a glyf table, alone in a file (.ttf) or
// the first of a collection (.ttc). It never changes, and may be shared.
type Font struct {
	name       string // PostScript name
	tables     map[string][]byte
	unitsPerEm int
	ascent     int // in thousandths of the em, as all that follows
	descent    int
	capHeight  int
	bbox       [4]int
	glyphs     int
	metrics    int // entries of hmtx with an advance of their own
	longLoca   bool
	cmap       func(r rune) int
}

// maxFont bounds the size of font files: the largest free ones have 25 MB.
const maxFont = 64 << 20

// ParseFont reads a font. The bytes are kept and must not change. Errors wrap
// [ErrFont].
func ParseFont(data []byte) (*Font, error) {
	f, err := parseFont(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrFont, err)
	}
	return f, nil
}

func parseFont(data []byte) (*Font, error) {
	tables, err := sfntTables(data)
	if err != nil {
		return nil, err
	}
	f := &Font{tables: tables}
	if err := f.readMetrics(); err != nil {
		return nil, err
	}
	if err := f.readNames(); err != nil {
		return nil, err
	}
	f.cmap, err = readCmap(tables["cmap"])
	return f, err
}

// sfntTables slices a file into its tables, each within it.
func sfntTables(data []byte) (map[string][]byte, error) {
	if len(data) > maxFont {
		return nil, fmt.Errorf("%d bytes, limit %d", len(data), maxFont)
	}
	r := reader{data: data}
	at := 0
	if r.tag(0) == "ttcf" {
		at = r.u32(12)
	}
	switch {
	case r.tag(at) == "OTTO":
		return nil, errors.New("its outlines are PostScript (CFF), not TrueType; use a font with a glyf table")
	case r.u32(at) != 0x00010000 && r.tag(at) != "true":
		return nil, errors.New("not a TrueType font")
	}
	tables := map[string][]byte{}
	for i := range r.u16(at + 4) {
		entry := at + 12 + 16*i
		offset, length := r.u32(entry+8), r.u32(entry+12)
		if r.bad || offset > len(data) || length > len(data)-offset {
			return nil, errors.New("cut short, or damaged")
		}
		tables[r.tag(entry)] = data[offset : offset+length]
	}
	for _, name := range []string{"head", "hhea", "maxp", "hmtx", "cmap", "loca", "glyf"} {
		if len(tables[name]) == 0 {
			return nil, fmt.Errorf("no table %s", name)
		}
	}
	if _, ok := tables["fvar"]; ok {
		return nil, errors.New("a variable font; use one of a single weight")
	}
	return tables, nil
}

func (f *Font) readMetrics() error {
	head, hhea, maxp := reader{data: f.tables["head"]}, reader{data: f.tables["hhea"]}, reader{data: f.tables["maxp"]}
	f.unitsPerEm, f.longLoca = head.u16(18), head.u16(50) == 1
	f.glyphs, f.metrics = maxp.u16(4), hhea.u16(34)
	if head.bad || hhea.bad || maxp.bad || f.unitsPerEm < 16 || f.metrics == 0 || f.metrics > f.glyphs {
		return errors.New("damaged metrics")
	}
	for i := range f.bbox {
		f.bbox[i] = f.milli(head.i16(36 + 2*i))
	}
	f.ascent, f.descent = f.milli(hhea.i16(4)), f.milli(hhea.i16(6))
	f.capHeight = f.ascent
	if len(f.tables["hmtx"]) < 4*f.metrics+2*(f.glyphs-f.metrics) {
		return errors.New("damaged widths")
	}
	size := 2
	if f.longLoca {
		size = 4
	}
	if len(f.tables["loca"]) < size*(f.glyphs+1) {
		return errors.New("damaged table loca")
	}
	if os2 := f.tables["OS/2"]; len(os2) >= 10 {
		r := reader{data: os2}
		if r.u16(8)&0x000f == 2 {
			return errors.New("its licence forbids embedding (OS/2 fsType)")
		}
		if len(os2) >= 90 && r.u16(0) >= 2 {
			f.capHeight = f.milli(r.i16(88))
		}
	}
	return nil
}

// readNames finds the PostScript name, in ASCII.
func (f *Font) readNames() error {
	r := reader{data: f.tables["name"]}
	f.name = "Font"
	if len(r.data) == 0 {
		return nil
	}
	storage := r.u16(4)
	for i := range r.u16(2) {
		entry := 6 + 12*i
		if r.u16(entry+6) != 6 || r.u16(entry) != 3 {
			continue
		}
		from, length := storage+r.u16(entry+10), r.u16(entry+8)
		if r.bad || from+length > len(r.data) {
			break
		}
		units := make([]uint16, length/2)
		for j := range units {
			units[j] = binary.BigEndian.Uint16(r.data[from+2*j:])
		}
		name := slices.DeleteFunc(utf16.Decode(units), func(c rune) bool {
			return !(c == '-' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z')
		})
		if len(name) > 0 && len(name) < 64 {
			f.name = string(name)
			return nil
		}
	}
	return nil
}

func (f *Font) milli(units int) int { return units * 1000 / f.unitsPerEm }

// glyph returns the glyph of a character: one that shows something, unless the
// character is a space. Control characters, and those that only steer how
// others are shown, have none.
func (f *Font) glyph(r rune) (int, error) {
	if r != ' ' && r != '\u00a0' && !unicode.IsGraphic(r) || unicode.Is(unicode.Variation_Selector, r) {
		return 0, &GlyphError{r}
	}
	g := f.cmap(r)
	if g <= 0 || g >= f.glyphs {
		return 0, &GlyphError{r}
	}
	outline, err := f.outline(g)
	if err != nil {
		return 0, err
	}
	if len(outline) == 0 && !unicode.Is(unicode.Zs, r) {
		return 0, &GlyphError{r}
	}
	return g, nil
}

// advance returns the width of a glyph in thousandths of the em.
func (f *Font) advance(glyph int) int {
	r := reader{data: f.tables["hmtx"]}
	return f.milli(r.u16(4 * min(glyph, f.metrics-1)))
}

// outline returns the glyf entry of a glyph; none of an empty one.
func (f *Font) outline(glyph int) ([]byte, error) {
	if glyph < 0 || glyph >= f.glyphs {
		return nil, fmt.Errorf("%w: glyph %d of %d", ErrFont, glyph, f.glyphs)
	}
	loca, glyf := reader{data: f.tables["loca"]}, f.tables["glyf"]
	from, to := 2*loca.u16(2*glyph), 2*loca.u16(2*glyph+2)
	if f.longLoca {
		from, to = loca.u32(4*glyph), loca.u32(4*glyph+4)
	}
	if from > to || to > len(glyf) {
		return nil, fmt.Errorf("%w: damaged outline of glyph %d", ErrFont, glyph)
	}
	return glyf[from:to], nil
}

// A reader reads numbers of a table. One beyond its end is zero, and bad.
type reader struct {
	data []byte
	bad  bool
}

func (r *reader) at(i, n int) []byte {
	if i < 0 || i > len(r.data)-n {
		r.bad = true
		return make([]byte, n)
	}
	return r.data[i : i+n]
}

func (r *reader) u16(i int) int    { return int(binary.BigEndian.Uint16(r.at(i, 2))) }
func (r *reader) i16(i int) int    { return int(int16(binary.BigEndian.Uint16(r.at(i, 2)))) }
func (r *reader) u32(i int) int    { return int(binary.BigEndian.Uint32(r.at(i, 4))) }
func (r *reader) tag(i int) string { return string(r.at(i, 4)) }

// readCmap returns the look-up of the fullest Unicode table: format 12, which
// has characters beyond U+FFFF, before format 4.
func readCmap(data []byte) (func(rune) int, error) {
	r := reader{data: data}
	var narrow, full []byte
	for i := range r.u16(2) {
		entry := 4 + 8*i
		platform, encoding, offset := r.u16(entry), r.u16(entry+2), r.u32(entry+4)
		if r.bad || offset > len(data) || platform != 0 && !(platform == 3 && (encoding == 1 || encoding == 10)) {
			continue
		}
		switch sub := (reader{data: data[offset:]}); sub.u16(0) {
		case 4:
			narrow = data[offset:]
		case 12:
			full = data[offset:]
		}
	}
	switch {
	case full != nil:
		return cmap12(full), nil
	case narrow != nil:
		return cmap4(narrow), nil
	}
	return nil, errors.New("no Unicode cmap")
}

func cmap12(data []byte) func(rune) int {
	groups := (&reader{data: data}).u32(12)
	groups = min(groups, (len(data)-16)/12)
	return func(c rune) int {
		r := reader{data: data}
		i := sort.Search(groups, func(i int) bool { return r.u32(16+12*i+4) >= int(c) })
		if i >= groups || r.u32(16+12*i) > int(c) {
			return 0
		}
		return r.u32(16+12*i+8) + int(c) - r.u32(16+12*i)
	}
}

func cmap4(data []byte) func(rune) int {
	segments := (&reader{data: data}).u16(6) / 2
	return func(c rune) int {
		if c > 0xffff {
			return 0
		}
		r := reader{data: data}
		ends, starts := 14, 16+2*segments
		deltas, ranges := starts+2*segments, starts+4*segments
		i := sort.Search(segments, func(i int) bool { return r.u16(ends+2*i) >= int(c) })
		if i >= segments || r.u16(starts+2*i) > int(c) {
			return 0
		}
		g := int(c)
		if at := r.u16(ranges + 2*i); at != 0 {
			if g = r.u16(ranges + 2*i + at + 2*(int(c)-r.u16(starts+2*i))); g == 0 {
				return 0
			}
		}
		return (g + r.u16(deltas+2*i)) & 0xffff
	}
}
