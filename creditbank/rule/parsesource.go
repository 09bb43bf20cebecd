package rule

import (
	"fmt"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// Bounds of a source's tree. No rule that people can follow comes near; the
// search for a way to satisfy it stays small.
const (
	maxDepth  = 6
	maxLeaves = 64
)

// source reads what a conversion asks for. A course, a list of courses, a pool
// and a block keep the form that rules had before there were trees, and with it
// their hash.
func (p *parser) source(n strictyaml.Node, c *Conversion) {
	tree := p.tree(n, 0)
	switch {
	case tree.Part != nil:
		c.Parts = []Part{*tree.Part}
	case tree.Pool != nil:
		c.Pool = tree.Pool
	case tree.Block != nil:
		c.Block = tree.Block
	case len(tree.All) > 0 && onlyCourses(tree.All):
		for _, s := range tree.All {
			c.Parts = append(c.Parts, *s.Part)
		}
	default:
		c.Source, c.tree = tree, tree
		checkLines(n, c)
		leaves := 0
		if tree.leaves(func(*Tree) { leaves++ }); leaves > maxLeaves {
			n.Fail(fmt.Sprintf("来源最多%d项", maxLeaves), fmt.Sprintf("a source has at most %d leaves", maxLeaves))
		}
		return
	}
	c.tree = plain(c.Parts, c.Pool, c.Block)
}

func onlyCourses(of []*Tree) bool {
	for _, s := range of {
		if s.Part == nil {
			return false
		}
	}
	return true
}

// tree reads one node and what is below it.
func (p *parser) tree(n strictyaml.Node, depth int) *Tree {
	f := n.Map("course", "min_grade", "max_grade", "family_highest", "all", "any", "at_least", "pool", "split", "block", "line")
	kind := f.One("course", "all", "any", "at_least", "pool", "block", "line")
	for _, only := range []struct{ key, with string }{{"min_grade", "course"}, {"max_grade", "course"}, {"family_highest", "course"}, {"split", "pool"}} {
		if f.Has(only.key) && kind != only.with {
			f.Get(only.key).Fail(fmt.Sprintf("“%s”只能与“%s”同用", only.key, only.with), fmt.Sprintf("%q goes with %q only", only.key, only.with))
		}
	}
	s := &Tree{}
	switch kind {
	case "course":
		part := p.part(f)
		s.Part = &part
	case "all":
		s.All = p.trees(f.Get("all"), depth)
	case "any":
		s.Any = p.trees(f.Get("any"), depth)
	case "at_least":
		p.atLeast(f.Get("at_least"), s, depth)
	case "pool":
		pool := f.Get("pool").Map("category", "credits", "order")
		pool.Get("order").Choice("earliest_expiry")
		s.Pool = &Pool{category(pool.Need("category")), amount(pool.Need("credits")), f.Get("split").Bool()}
	case "block":
		s.Block = p.block(f.Get("block"))
	case "line":
		s.Line = p.line(f.Get("line"))
	}
	return s
}

func (p *parser) trees(n strictyaml.Node, depth int) []*Tree {
	if depth == maxDepth {
		n.Fail(fmt.Sprintf("来源最多嵌套%d层", maxDepth), fmt.Sprintf("a source nests at most %d deep", maxDepth))
		return nil
	}
	var of []*Tree
	for _, item := range n.List() {
		of = append(of, p.tree(item, depth+1))
	}
	if n.Exists() && len(of) == 0 {
		n.Fail("至少要列出一项", "name at least one")
	}
	return of
}

func (p *parser) atLeast(n strictyaml.Node, s *Tree, depth int) {
	f := n.Map("n", "of")
	s.AtLeast, s.Of = f.Need("n").Int(), p.trees(f.Need("of"), depth)
	if f.Has("n") && len(s.Of) > 0 && (s.AtLeast < 1 || s.AtLeast > len(s.Of)) {
		f.Get("n").Fail(fmt.Sprintf("n应为1至%d", len(s.Of)), fmt.Sprintf("n is a number of 1 to %d", len(s.Of)))
	}
	s.AtLeast = max(s.AtLeast, 1)
}

func (p *parser) block(n strictyaml.Node) *Block {
	f := n.Map("institution", "category", "min_credits")
	b := &Block{creditbank.InstitutionID(f.Need("institution").Text()), category(f.Need("category")), amount(f.Need("min_credits"))}
	p.references = append(p.references, reference{at: f.Get("institution"), institution: b.Institution})
	return b
}

func (p *parser) part(f strictyaml.Fields) Part {
	part := Part{Course: creditbank.CourseCode(f.Need("course").Text()), FamilyHighest: f.Get("family_highest").Bool(), MaxGrade: p.bound(f.Get("max_grade"))}
	part.MinGrade, part.MinOn = p.minGrade(f.Get("min_grade"))
	p.references = append(p.references, reference{at: f.Get("course"), course: part.Course})
	return part
}
