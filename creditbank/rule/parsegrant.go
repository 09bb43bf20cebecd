package rule

import (
	"cmp"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// grant reads one line. What it leaves open, exceed and shortfall of the rule
// decide.
func (p *parser) grant(n strictyaml.Node, c *Conversion, exceed, shortfall string) Grant {
	f := n.Map("slot", "credits", "grade", "partial", "exceed", "shortfall")
	g := Grant{Slot: creditbank.SlotID(f.Need("slot").Text()), Partial: f.Get("partial").Bool(), Exceed: f.Get("exceed").Choice(exceedDeny, exceedTruncate)}
	if g.Exceed == "" {
		g.Exceed = exceed
	}
	if g.Exceed == "" {
		g.Exceed = exceedDeny // the default (SEMANTICS)
	}
	p.credits(f.Need("credits"), &g)
	g.Grade = p.grade(f.Need("grade"), c)
	own := f.Get("shortfall").Choice(shortfallDeny, shortfallPartial, shortfallMakeUp)
	if counts := g.Fixed != nil && !g.Source && !g.waives(); counts {
		g.Shortfall = cmp.Or(own, shortfall)
	} else if own != "" {
		f.Get("shortfall").Fail("shortfall只适用于学分为定数的一条", "shortfall goes with a fixed number of credits")
	}
	return g
}

// credits reads how much a line grants: a number, source, excess, or
// {min: [source, "4"]}; 0 waives the slot.
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
	switch {
	case n.IsScalar() && n.Text() == "excess":
		g.Excess = true
		return
	case n.IsScalar() && n.Text() == "0":
		g.Fixed = new(creditbank.Credits) // a waiver
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
