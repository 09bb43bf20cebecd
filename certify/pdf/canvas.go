package pdf

import (
	"bytes"
	"fmt"
	"strconv"
)

// A4, in points of 1/72 inch; y grows downwards here, and upwards in the file.
const (
	pageWidth  = 595.28
	pageHeight = 841.89
)

// A color is red, green and blue from 0 to 1.
type color [3]float64

// A style is how text is set. Sizes are in points.
type style struct {
	size     float64
	bold     bool // drawn with a stroke around it: name characters have one weight
	tracking float64
	color    color
}

// A canvas is the pages of a document. It keeps the first error; what follows is
// drawn on nothing.
type canvas struct {
	faces []*face
	pages []*bytes.Buffer
	err   error
}

func newCanvas(fonts []*Font) *canvas {
	c := &canvas{}
	for _, f := range fonts {
		c.faces = append(c.faces, newFace(f))
	}
	return c
}

func (c *canvas) newPage() { c.pages = append(c.pages, &bytes.Buffer{}) }

// on draws on a page that is there.
func (c *canvas) draw(format string, args ...any) {
	if c.err == nil {
		fmt.Fprintf(c.pages[len(c.pages)-1], format, args...)
	}
}

// glyph finds a character in the first font that has it. If none has, the error
// is that of the first: the others are there to help it out.
func (c *canvas) glyph(r rune) (font, code int, advance float64) {
	var first error
	for i, f := range c.faces {
		code, adv, err := f.code(r)
		if err == nil {
			return i, code, float64(adv) / 1000
		}
		if first == nil {
			first = err
		}
	}
	if c.err == nil {
		c.err = first
	}
	return 0, 0, 1
}

// advance returns the width of a character in a style.
func (c *canvas) advance(r rune, s style) float64 {
	_, _, adv := c.glyph(r)
	return adv*s.size + s.tracking
}

// width returns the width of a line.
func (c *canvas) width(text string, s style) float64 {
	w := 0.0
	for _, r := range text {
		w += c.advance(r, s)
	}
	return w
}

// text draws a line from x on its base line y.
func (c *canvas) text(x, y float64, s style, text string) {
	var run []byte
	font, from := -1, x
	flush := func() {
		if len(run) == 0 {
			return
		}
		mode, line := "0 Tr", ""
		if s.bold {
			mode = "2 Tr"
			line = fmt.Sprintf("%s RG %s w ", s.color, num(s.size*0.035))
		}
		c.draw("BT %s rg %s%s %s Tc /F%d %s Tf 1 0 0 1 %s %s Tm <%X> Tj ET\n",
			s.color, line, mode, num(s.tracking), font+1, num(s.size), num(from), num(pageHeight-y), run)
		run = nil
	}
	for _, r := range text {
		in, code, adv := c.glyph(r)
		if in != font {
			flush()
			font, from = in, x
		}
		run = append(run, byte(code>>8), byte(code))
		x += adv*s.size + s.tracking
	}
	flush()
}

// centered draws a line in the middle of the page.
func (c *canvas) centered(y float64, s style, text string) {
	c.text((pageWidth-c.width(text, s)+s.tracking)/2, y, s, text)
}

// right draws a line that ends at x.
func (c *canvas) right(x, y float64, s style, text string) {
	c.text(x-c.width(text, s)+s.tracking, y, s, text)
}

// line draws a horizontal line.
func (c *canvas) line(x, y, width, thickness float64, in color) {
	c.rect(x, y-thickness/2, width, thickness, in)
}

// rect fills a rectangle.
func (c *canvas) rect(x, y, width, height float64, in color) {
	c.draw("%s rg %s %s %s %s re f\n", in, num(x), num(pageHeight-y-height), num(width), num(height))
}

// frame draws the outline of a rectangle.
func (c *canvas) frame(x, y, width, height, thickness float64, in color) {
	c.draw("%s RG %s w %s %s %s %s re S\n", in, num(thickness), num(x), num(pageHeight-y-height), num(width), num(height))
}

func (c color) String() string { return num(c[0]) + " " + num(c[1]) + " " + num(c[2]) }

// num writes a number with up to three decimals.
func num(f float64) string {
	s := strconv.FormatFloat(f, 'f', 3, 64)
	for s[len(s)-1] == '0' {
		s = s[:len(s)-1]
	}
	if s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	if s == "-0" {
		return "0"
	}
	return s
}
