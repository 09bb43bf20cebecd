package pdf

import (
	"fmt"
	"math"

	"rsc.io/qr"
)

// The page, in points.
const (
	left   = 68.0
	right  = pageWidth - left
	inner  = right - left
	bottom = pageHeight - 62 // of what flows, on pages after the first
	block  = 158.0           // height of what stands at the foot of the first page
)

var (
	ink  = color{0.10, 0.11, 0.13}
	gray = color{0.42, 0.43, 0.46}
	pale = color{0.82, 0.82, 0.83}
	seal = color{0.66, 0.10, 0.13} // the red of seals

	titleStyle  = style{size: 31, bold: true, tracking: 7, color: ink}
	issuerStyle = style{size: 13, tracking: 3, color: ink}
	latinStyle  = style{size: 9.5, tracking: 1.1, color: gray}
	holderStyle = style{size: 25, bold: true, tracking: 2, color: ink}
	awardStyle  = style{size: 17, bold: true, color: ink}
	bodyStyle   = style{size: 10.5, color: ink}
	smallStyle  = style{size: 8.2, color: gray}
	labelStyle  = style{size: 9.5, color: gray}
	headStyle   = style{size: 11.5, bold: true, color: seal}
)

// A composer sets a certificate: what leads, in the middle; facts and tables
// below, over as many pages as they take; at the foot of the first page how to
// verify.
type composer struct {
	*canvas
	c     content
	y     float64 // where what follows begins
	floor float64 // where it must end
}

func (r *Renderer) compose(c content) (*canvas, error) {
	p := &composer{canvas: newCanvas(r.fonts), c: c}
	code, err := qr.Encode(p.address(), qr.M)
	if err != nil {
		return nil, fmt.Errorf("QR code of the address %s: %w", p.address(), err)
	}
	p.first(code)
	p.lead()
	p.lines()
	p.sources()
	p.facts()
	p.footers()
	return p.canvas, p.err
}

// address is what the QR code says.
func (p *composer) address() string { return p.c.verify + "?code=" + p.c.code.Compact() }

// first begins the first page with what has its place there.
func (p *composer) first(code *qr.Code) {
	p.newPage()
	p.frame(26, 26, pageWidth-52, pageHeight-52, 0.9, seal)
	p.frame(30, 30, pageWidth-60, pageHeight-60, 0.3, seal)
	p.floor = pageHeight - 62 - block
	p.foot(code)
	p.y = 70
}

// next begins another page.
func (p *composer) next() {
	p.newPage()
	p.frame(26, 26, pageWidth-52, pageHeight-52, 0.9, seal)
	p.frame(30, 30, pageWidth-60, pageHeight-60, 0.3, seal)
	s := style{size: 9.5, color: gray}
	of := wrap(p.c.title+"　"+p.c.holder, inner*0.6, p.advanceIn(s))
	if len(of) > 1 {
		of[0] += "…"
	}
	p.text(left, 62, s, of[0])
	p.line(left, 70, inner, 0.4, pale)
	p.floor, p.y = bottom, 88
}

func (p *composer) advanceIn(s style) func(rune) float64 {
	return func(r rune) float64 { return p.advance(r, s) }
}

// room goes to the next page unless there is so much room on this one.
func (p *composer) room(height float64) bool {
	if p.y+height <= p.floor {
		return false
	}
	p.next()
	return true
}

// middle sets lines in the middle, one below the other.
func (p *composer) middle(s style, leading float64, text string) {
	for _, l := range wrap(text, inner, p.advanceIn(s)) {
		p.room(leading)
		p.y += leading
		p.centered(p.y, s, l)
	}
}

// lead sets who certifies what of whom.
func (p *composer) lead() {
	p.middle(issuerStyle, 17, p.c.issuer)
	p.y += 14
	p.middle(titleStyle, 38, p.c.title)
	p.y += 4
	p.middle(latinStyle, 15, p.c.titleEn)
	p.y += 13
	p.rect((pageWidth-34)/2, p.y, 34, 1.4, seal)
	p.y += 16
	if p.c.holder != "" {
		p.middle(bodyStyle, 14, "兹证明  This is to certify that")
		p.y += 8
		holder, leading := holderStyle, 32.0
		if p.width(p.c.holder, holder) > 2*inner {
			holder.size, holder.tracking, leading = 15, 0, 20
		}
		p.middle(holder, leading, p.c.holder)
		if p.c.holderNumber != "" {
			p.y += 3
			p.middle(smallStyle, 13, "账户号 Account  "+p.c.holderNumber)
		}
		p.y += 8
	}
	p.middle(bodyStyle, 16, p.c.sentence.zh)
	p.middle(smallStyle, 12, p.c.sentence.en)
	p.y += 7
	p.middle(awardStyle, 24, p.c.achievement)
	if p.c.credits != "" {
		p.y += 3
		p.middle(style{size: 14, bold: true, color: seal}, 20, p.c.credits+" 学分 credits")
	}
	p.y += 20
}

// Facts stand in two columns; one that needs more takes the whole width.
const (
	labelWidth = 98.0
	gap        = 18.0
	half       = (inner - gap) / 2
)

// A setFact is a fact broken into lines.
type setFact struct {
	label, value []string
	english      string
	beside       bool // the English stands beside the Chinese, not below it
}

var englishStyle = style{size: 7, color: gray}

func (p *composer) set(f fact, width float64) setFact {
	s := setFact{
		label: wrap(f.label.zh, labelWidth-8, p.advanceIn(labelStyle)), english: f.label.en,
		value: wrap(f.value, width-labelWidth, p.advanceIn(bodyStyle)),
	}
	s.beside = len(s.label) == 1 && p.width(f.label.zh, labelStyle)+p.width(f.label.en, englishStyle)+4 < labelWidth-4
	return s
}

func (s setFact) height() float64 {
	labels := float64(len(s.label)) * 12
	if !s.beside {
		labels += 9
	}
	return math.Max(labels, float64(len(s.value))*15) + 7
}

// facts sets labels and values, two side by side where both are short.
func (p *composer) facts() {
	if len(p.c.lines)+len(p.c.sources) > 0 {
		p.y += 6
	}
	for facts := p.c.facts; len(facts) > 0; {
		one := p.set(facts[0], half)
		if len(facts) > 1 && len(one.value) == 1 {
			if two := p.set(facts[1], half); len(two.value) == 1 {
				p.beside(one, two)
				facts = facts[2:]
				continue
			}
		}
		whole := p.set(facts[0], inner)
		p.room(math.Min(whole.height(), 60))
		p.line(left, p.y, inner, 0.3, pale)
		p.fact(whole, left)
		facts = facts[1:]
	}
	p.line(left, p.y, inner, 0.3, pale)
	p.y += 10
}

// beside sets two facts of one line each side by side.
func (p *composer) beside(one, two setFact) {
	height := math.Max(one.height(), two.height())
	p.room(height)
	y := p.y
	p.line(left, y, inner, 0.3, pale)
	p.fact(one, left)
	p.y = y
	p.fact(two, left+half+gap)
	p.y = y + height
}

// fact sets one; a long value goes on on the next page.
func (p *composer) fact(f setFact, x float64) {
	y := p.y
	for _, l := range f.label {
		y += 12
		p.text(x, y+1, labelStyle, l)
	}
	if f.beside {
		p.text(x+p.width(f.label[0], labelStyle)+4, y+1, englishStyle, f.english)
	} else {
		y += 9
		p.text(x, y, englishStyle, f.english)
	}
	first := len(p.pages)
	for i, l := range f.value {
		if i > 0 {
			p.room(15)
		}
		p.text(x+labelWidth, p.y+13, bodyStyle, l)
		p.y += 15
	}
	if first == len(p.pages) {
		p.y = math.Max(p.y, y)
	}
	p.y += 7
}

// A column of a table.
type column struct {
	head  label
	width float64
	right bool
}

// A cell may have a second text below, in small.
type cell struct{ text, below string }

// table sets rows under heads, which are repeated on each page.
func (p *composer) table(title label, columns []column, rows [][]cell) {
	heads := func() {
		x := left
		for _, c := range columns {
			if c.right {
				p.right(x+c.width-8, p.y+9, labelStyle, c.head.zh)
				p.right(x+c.width-8, p.y+18, style{size: 7, color: gray}, c.head.en)
			} else {
				p.text(x, p.y+9, labelStyle, c.head.zh)
				p.text(x, p.y+18, style{size: 7, color: gray}, c.head.en)
			}
			x += c.width
		}
		p.y += 23
	}
	p.room(76)
	p.y += 12
	p.text(left, p.y, headStyle, title.zh)
	p.text(left+p.width(title.zh, headStyle)+6, p.y, smallStyle, title.en)
	p.y += 8
	heads()
	for _, row := range rows {
		lines, height := p.row(columns, row)
		if p.room(height) {
			heads()
		}
		p.line(left, p.y, inner, 0.3, pale)
		x := left
		for i, c := range columns {
			y := p.y + 1
			for _, l := range lines[i] {
				y += l.leading
				if c.right {
					p.right(x+c.width-8, y, l.style, l.text)
				} else {
					p.text(x, y, l.style, l.text)
				}
			}
			x += c.width
		}
		p.y += height
	}
	p.line(left, p.y, inner, 0.3, pale)
	p.y += 8
}

// A setLine is a line of a cell.
type setLine struct {
	style   style
	leading float64
	text    string
}

// row breaks the cells of a row into lines, and says how high it is.
func (p *composer) row(columns []column, cells []cell) (all [][]setLine, height float64) {
	for i, c := range columns {
		var lines []setLine
		for _, l := range wrap(cells[i].text, c.width-8, p.advanceIn(bodyStyle)) {
			lines = append(lines, setLine{bodyStyle, 14, l})
		}
		if cells[i].below != "" {
			for _, l := range wrap(cells[i].below, c.width-8, p.advanceIn(smallStyle)) {
				lines = append(lines, setLine{smallStyle, 11, l})
			}
		}
		h := 0.0
		for _, l := range lines {
			h += l.leading
		}
		all, height = append(all, lines), math.Max(height, h)
	}
	return all, height + 7
}

// lines sets what was granted, line by line.
func (p *composer) lines() {
	if len(p.c.lines) == 0 {
		return
	}
	var rows [][]cell
	for _, l := range p.c.lines {
		rows = append(rows, []cell{{text: l.place}, {text: l.name}, {text: l.credits}, {text: l.grade}})
	}
	p.table(label{"授予的学分", "Credits granted"}, []column{
		{label{"模块", "Place"}, 70, false}, {label{"课程", "Course"}, inner - 70 - 54 - 84, false},
		{label{"学分", "Credits"}, 54, true}, {label{"成绩", "Grade"}, 84, true},
	}, rows)
}

// sources sets what they were granted for.
func (p *composer) sources() {
	if len(p.c.sources) == 0 {
		return
	}
	var rows [][]cell
	for _, s := range p.c.sources {
		rows = append(rows, []cell{{s.name, s.by}, {text: s.date}, {text: s.hours}, {text: s.grade}, {text: s.credits}})
	}
	p.table(label{"转换自", "Converted from"}, []column{
		{label{"学习成果", "Outcome"}, inner - 74 - 50 - 74 - 56, false}, {label{"日期", "Date"}, 74, false},
		{label{"学时", "Hours"}, 50, true}, {label{"成绩", "Grade"}, 74, true}, {label{"学分", "Credits"}, 56, true},
	}, rows)
}

// foot sets, at the foot of the first page, that this is no diploma and how to
// verify.
func (p *composer) foot(code *qr.Code) {
	const size = 92.0
	top := pageHeight - 62 - block + 12
	notice := style{size: 9.2, color: seal}
	if p.c.notice != "" {
		lines := wrap(p.c.notice, inner, p.advanceIn(notice))
		for i, l := range lines {
			p.centered(top+float64(i)*13, notice, l)
		}
		p.floor -= float64(len(lines)-1) * 13
	}
	top += 14
	p.line(left, top, inner, 0.8, seal)
	top += 13
	p.qr(code, left, top, size)
	x, width := left+size+18, inner-size-18
	y := top + 8
	p.text(x, y, style{size: 10, bold: true, color: ink}, "核验")
	p.text(x+24, y, smallStyle, "Verification code")
	y += 20
	p.text(x, y, style{size: 16.5, bold: true, tracking: 1.3, color: ink}, p.c.code.String())
	y += 16
	for _, l := range []string{
		"扫码，或打开 " + p.c.verify + " 输入核验码。",
		"Scan, or open the address above and type the code.",
		"打开的网址须以 https://" + p.c.host + "/ 开头，否则不可信。",
		"Trust no other host than " + p.c.host + ".",
	} {
		for _, l := range wrap(l, width, p.advanceIn(smallStyle)) {
			p.text(x, y, smallStyle, l)
			y += 11
		}
	}
	tiny := style{size: 6.6, color: gray}
	y += 2
	for _, l := range []string{p.c.id, p.c.did, p.c.log} {
		for _, l := range wrap(l, width, p.advanceIn(tiny)) {
			p.text(x, y, tiny, l)
			y += 8.5
		}
	}
}

// qr draws a QR code with a size in points; the quiet zone around it is the
// page.
func (p *composer) qr(code *qr.Code, x, y, size float64) {
	module := size / float64(code.Size)
	for row := range code.Size {
		for from := 0; from < code.Size; from++ {
			to := from
			for to < code.Size && code.Black(to, row) {
				to++
			}
			if to > from {
				p.rect(x+float64(from)*module, y+float64(row)*module, float64(to-from)*module, module, color{})
				from = to
			}
		}
	}
}

// footers sets the number of each page, once it is known of how many; and across
// its top that the certificate was revoked, if it was.
func (p *composer) footers() {
	all := p.pages
	for i := range all {
		p.pages = all[:i+1] // what is drawn goes to the last
		s := style{size: 7.4, color: gray}
		p.text(left, pageHeight-42, s, "凭证与证明附于本文件内  Credential and proof are attached")
		p.right(right, pageHeight-42, s, fmt.Sprintf("%s　%d / %d", p.c.code, i+1, len(all)))
		if p.c.revoked {
			stamp := style{size: 15, bold: true, tracking: 2, color: seal}
			w := p.width("已吊销 REVOKED", stamp)
			p.frame(right-w-18, 40, w+16, 26, 1.6, seal)
			p.text(right-w-10, 58, stamp, "已吊销 REVOKED")
		}
	}
	p.pages = all
}
