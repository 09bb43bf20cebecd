package rule

import (
	"fmt"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

func (p *parser) conversion(f strictyaml.Fields) *Conversion {
	c := &Conversion{Programme: creditbank.ProgrammeID(f.Need("programme").Text())}
	programme, ok := p.set.programmes[c.Programme]
	if n := f.Get("programme"); n.Exists() && !ok {
		n.FailWith(creditbank.CodeUnknownProgramme, fmt.Sprintf("专业 %s 不存在", c.Programme), fmt.Sprintf("programme %s does not exist", c.Programme))
	}
	p.source(f.Need("source"), c)
	if match := f.Get("match").Map("level", "overlap"); f.Has("match") {
		c.SameLevel = match.Get("level").Choice("equal") == "equal"
		if c.SameLevel && !c.tree.has(isPart) {
			match.Get("level").Fail("零存整取和整体认定没有单一等级，不能要求同级", "a pool or block has no one level to match")
		}
		c.Overlap = share(match.Get("overlap"))
	}
	c.Reviewed = f.Get("approval").Choice(approvalReviewer) == approvalReviewer
	exceed := f.Get("exceed").Choice(exceedDeny, exceedTruncate)
	grants := f.Need("grant")
	for _, n := range grants.List() {
		g := p.grant(n, c, exceed)
		if _, known := programme.Slot(g.Slot); ok && !known {
			n.FailWith("UNKNOWN_SLOT", fmt.Sprintf("专业 %s 没有课程位 %s", c.Programme, g.Slot), fmt.Sprintf("programme %s has no slot %s", c.Programme, g.Slot))
		}
		c.Grants = append(c.Grants, g)
	}
	if grants.Exists() && len(c.Grants) == 0 {
		grants.Fail("至少要有一条授予", "a conversion grants at least one line")
	}
	return c
}

func (p *parser) grant(n strictyaml.Node, c *Conversion, exceed string) Grant {
	f := n.Map("slot", "credits", "grade", "partial", "exceed")
	g := Grant{Slot: creditbank.SlotID(f.Need("slot").Text()), Partial: f.Get("partial").Bool(), Exceed: f.Get("exceed").Choice(exceedDeny, exceedTruncate)}
	if g.Exceed == "" {
		g.Exceed = exceed
	}
	if g.Exceed == "" {
		g.Exceed = exceedDeny // the default (SEMANTICS)
	}
	p.credits(f.Need("credits"), &g)
	g.Grade = p.grade(f.Need("grade"), c)
	return g
}

// credits reads how much a line grants: a number, source, excess, or
// {min: [source, "4"]}.
func (p *parser) credits(n strictyaml.Node, g *Grant) {
	if n.IsMap() {
		for _, term := range n.Map("min").Need("min").List() {
			p.term(term, g)
		}
		if !g.Source && g.Fixed == nil {
			n.Fail("min中至少要有一项", "min needs at least one term")
		}
		return
	}
	if n.IsScalar() && n.Text() == "excess" {
		g.Excess = true
		return
	}
	p.term(n, g)
}

func (p *parser) term(n strictyaml.Node, g *Grant) {
	if n.IsScalar() && n.Text() == "source" {
		g.Source = true
		return
	}
	v := amount(n)
	if g.Fixed == nil || v < *g.Fixed {
		g.Fixed = &v
	}
}
