package pdf

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// The flags of the parts of a composite glyph (OpenType, table glyf).
const (
	argsAreWords   = 0x0001
	hasScale       = 0x0008
	moreComponents = 0x0020
	hasXYScale     = 0x0040
	hasTwoByTwo    = 0x0080
)

// maxComposite bounds how many glyphs one subset may take in: more than any
// certificate needs, and less than a font that refers in circles could give.
const maxComposite = 1 << 14

// subset returns a font file with some glyphs of f, which become glyphs 1, 2, …
// in the order given; 0 is the mark of a missing glyph, as it must be. Glyphs
// that those are made of follow.
func (f *Font) subset(glyphs []int) ([]byte, error) {
	kept := append([]int{0}, glyphs...)
	index := map[int]int{}
	for i, g := range kept {
		index[g] = i
	}
	var glyf, loca []byte
	for i := 0; i < len(kept); i++ {
		outline, err := f.outline(kept[i])
		if err != nil {
			return nil, err
		}
		outline = slices.Clone(outline)
		err = components(outline, func(g int) int {
			if _, ok := index[g]; !ok {
				index[g] = len(kept)
				kept = append(kept, g)
			}
			return index[g]
		})
		if err != nil || len(kept) > maxComposite {
			return nil, fmt.Errorf("%w: damaged outline of glyph %d", ErrFont, kept[i])
		}
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		glyf = pad(append(glyf, outline...))
	}
	loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
	return f.assemble(kept, glyf, loca), nil
}

// components renumbers the glyphs that a composite one is made of.
func components(outline []byte, renumber func(int) int) error {
	r := reader{data: outline}
	if len(outline) == 0 || r.i16(0) >= 0 {
		return nil
	}
	for at, flags := 10, moreComponents; flags&moreComponents != 0; {
		flags = r.u16(at)
		g := r.u16(at + 2)
		if r.bad {
			return ErrFont
		}
		binary.BigEndian.PutUint16(outline[at+2:], uint16(renumber(g)))
		at += 6
		if flags&argsAreWords != 0 {
			at += 2
		}
		switch {
		case flags&hasScale != 0:
			at += 2
		case flags&hasXYScale != 0:
			at += 4
		case flags&hasTwoByTwo != 0:
			at += 8
		}
	}
	return nil
}

// assemble writes the font file of a subset, with the tables that ISO 32000-1,
// 9.9, asks of an embedded TrueType font.
func (f *Font) assemble(kept []int, glyf, loca []byte) []byte {
	head, hhea, maxp := slices.Clone(f.tables["head"]), slices.Clone(f.tables["hhea"]), slices.Clone(f.tables["maxp"])
	binary.BigEndian.PutUint32(head[8:], 0)  // checkSumAdjustment, set below
	binary.BigEndian.PutUint16(head[50:], 1) // long loca
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(kept)))
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(kept)))
	var hmtx []byte
	from := reader{data: f.tables["hmtx"]}
	for _, g := range kept {
		bearing := 4*g + 2
		if g >= f.metrics {
			bearing = 4*f.metrics + 2*(g-f.metrics)
		}
		hmtx = binary.BigEndian.AppendUint16(hmtx, uint16(from.u16(4*min(g, f.metrics-1))))
		hmtx = binary.BigEndian.AppendUint16(hmtx, uint16(from.u16(bearing)))
	}
	tables := map[string][]byte{"head": head, "hhea": hhea, "maxp": maxp, "hmtx": hmtx, "loca": loca, "glyf": glyf}
	for _, name := range []string{"cvt ", "fpgm", "prep"} { // the outlines' instructions need them
		if t := f.tables[name]; len(t) > 0 {
			tables[name] = t
		}
	}
	return sfntFile(tables)
}

func sfntFile(tables map[string][]byte) []byte {
	names := make([]string, 0, len(tables))
	for name := range tables {
		names = append(names, name)
	}
	slices.Sort(names)
	log := 0
	for 2<<log <= len(names) {
		log++
	}
	out := binary.BigEndian.AppendUint32(nil, 0x00010000)
	for _, n := range []int{len(names), 16 << log, log, 16*len(names) - 16<<log} {
		out = binary.BigEndian.AppendUint16(out, uint16(n))
	}
	at, headAt := len(out)+16*len(names), 0
	var body []byte
	for _, name := range names {
		t := tables[name]
		if name == "head" {
			headAt = at + len(body)
		}
		out = append(out, name...)
		for _, n := range []uint32{checksum(t), uint32(at + len(body)), uint32(len(t))} {
			out = binary.BigEndian.AppendUint32(out, n)
		}
		body = pad(append(body, t...))
	}
	out = append(out, body...)
	binary.BigEndian.PutUint32(out[headAt+8:], 0xB1B0AFBA-checksum(out))
	return out
}

// pad fills b up to a multiple of four bytes.
func pad(b []byte) []byte { return append(b, make([]byte, -len(b)&3)...) }

func checksum(b []byte) uint32 {
	var sum uint32
	for ; len(b) >= 4; b = b[4:] {
		sum += binary.BigEndian.Uint32(b)
	}
	var last [4]byte
	copy(last[:], b)
	return sum + binary.BigEndian.Uint32(last[:])
}
