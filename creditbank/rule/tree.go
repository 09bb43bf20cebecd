package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"creditbank/creditbank"
)

// A Tree is what a conversion asks for: a tree whose leaves are courses, pools,
// blocks and lines of other programmes. Exactly one of its fields says which node it is, except that
// AtLeast goes with Of.
//
//	source:
//	  all:
//	    - {course: S01, min_grade: "60"}
//	    - any: [{course: S02}, {all: [{course: S03}, {course: S04}]}]
//	    - at_least: {n: 2, of: [{course: S05}, {course: S06}, {course: S07}]}
//	    - pool: {category: NON_FORMAL, credits: "2"}
//	      split: true
//	    - line: {programme: P1, slot: T-A1, min_grade: "60"}
//
// What a tree takes is found by search: branches are tried in order of the
// earliest expiry among what they would take (no expiry last), then in the order
// of the file, and the first way that satisfies the whole tree is taken. No
// outcome serves two leaves. Among the nodes of an "all" those without pools and
// blocks choose first, then those with pools, then those with blocks, since a
// pool can do without any one outcome and a block takes what is left. Exactly n
// branches of an "at_least" are taken.
//
// A branch is satisfied if nothing denies it: its outcomes serve, none is below
// another of its family, and their level matches the slots where the rule asks
// for that.
type Tree struct {
	Part    *Part   `json:",omitempty"`
	Pool    *Pool   `json:",omitempty"`
	Block   *Block  `json:",omitempty"`
	Line    *Line   `json:",omitempty"`
	All     []*Tree `json:",omitempty"`
	Any     []*Tree `json:",omitempty"` // the same as AtLeast 1
	AtLeast int     `json:",omitempty"` // this many of Of
	Of      []*Tree `json:",omitempty"`
}

// maxSteps bounds the search for a way to satisfy a tree. It is far beyond what
// trees of different courses need; only many outcomes that could each serve many
// leaves come near. Beyond it the tree counts as not satisfied.
const maxSteps = 20_000

// choice returns how many of which branches a node asks for; 0 for any other
// node than "any" and "at_least".
func (s *Tree) choice() (int, []*Tree) {
	if len(s.Any) > 0 {
		return 1, s.Any
	}
	return s.AtLeast, s.Of
}

// branches returns the nodes right below s.
func (s *Tree) branches() []*Tree { return slices.Concat(s.All, s.Any, s.Of) }

// leaves calls f for each course, pool, block and line of the tree, in the order of
// the file.
func (s *Tree) leaves(f func(*Tree)) {
	if s.Part != nil || s.Pool != nil || s.Block != nil || s.Line != nil {
		f(s)
	}
	for _, b := range s.branches() {
		b.leaves(f)
	}
}

// has reports whether a leaf of the tree is as asked.
func (s *Tree) has(is func(*Tree) bool) bool {
	found := false
	s.leaves(func(l *Tree) { found = found || is(l) })
	return found
}

func isPart(s *Tree) bool  { return s.Part != nil }
func isPool(s *Tree) bool  { return s.Pool != nil }
func isBlock(s *Tree) bool { return s.Block != nil }
func isLine(s *Tree) bool  { return s.Line != nil }

// courses returns the least and the greatest number of named courses and lines that
// satisfying s takes.
func (s *Tree) courses() (least, most int) {
	if s.Part != nil || s.Line != nil {
		return 1, 1
	}
	for _, b := range s.All {
		l, m := b.courses()
		least, most = least+l, most+m
	}
	n, of := s.choice()
	var ls, ms []int
	for _, b := range of {
		l, m := b.courses()
		ls, ms = append(ls, l), append(ms, m)
	}
	slices.Sort(ls)
	slices.SortFunc(ms, func(a, b int) int { return cmp.Compare(b, a) })
	for i := range min(n, len(of)) {
		least, most = least+ls[i], most+ms[i]
	}
	return least, most
}

// String describes s in one line, for findings: "S1", "S2+S3", "2 of (S4, S5,
// S6)", "NON_FORMAL 8.0", "I02 FORMAL 36.0", "P1/T-A1".
func (s *Tree) String() string {
	switch {
	case s.Part != nil:
		return string(s.Part.Course)
	case s.Pool != nil:
		return fmt.Sprintf("%s %s", s.Pool.Category, s.Pool.Credits)
	case s.Block != nil:
		return fmt.Sprintf("%s %s %s", s.Block.Institution, s.Block.Category, s.Block.MinCredits)
	case s.Line != nil:
		return s.Line.String()
	case len(s.All) > 0:
		return joined(s.All, "+")
	}
	n, of := s.choice()
	return fmt.Sprintf("%d of (%s)", n, joined(of, ", "))
}

func joined(of []*Tree, with string) string {
	var names []string
	for _, s := range of {
		names = append(names, s.String())
	}
	return strings.Join(names, with)
}

// plain returns the tree of a source that stands in the file without groups.
func plain(parts []Part, pool *Pool, block *Block) *Tree {
	switch {
	case pool != nil:
		return &Tree{Pool: pool}
	case block != nil:
		return &Tree{Block: block}
	case len(parts) == 1:
		return &Tree{Part: &parts[0]}
	}
	all := &Tree{}
	for i := range parts {
		all.All = append(all.All, &Tree{Part: &parts[i]})
	}
	return all
}

// sources chooses what the conversion consumes. A tree is searched for a way to
// satisfy it; where there is none, or where the source is a plain course, list,
// pool or block, the leaves are taken in order, and each says what is wrong.
func (e *evaluation) sources() {
	tree := e.conv.Tree()
	if e.conv.Source != nil && e.satisfy(tree) {
		return
	}
	e.walk(tree)
}

// satisfy takes the first way to satisfy s with what is not taken yet, and
// reports whether there is one.
func (e *evaluation) satisfy(s *Tree) bool {
	f := finder{e: e, selection: e.selection}
	if !f.find(s, func() bool { return true }) {
		return false
	}
	e.selection = f.selection
	return true
}

// walk takes the leaves of s in order, with the reasons of those that do not
// serve.
func (e *evaluation) walk(s *Tree) {
	switch {
	case s.Part != nil:
		e.part(*s.Part)
	case s.Pool != nil:
		e.pool(s.Pool)
	case s.Block != nil:
		e.block(s.Block)
	case s.Line != nil:
		e.carry(*s.Line)
	case len(s.All) > 0:
		for _, b := range searchOrder(s.All) {
			e.walk(b)
		}
	default:
		e.choose(s)
	}
}

// choose takes the branches of an "any" or "at_least". Where too few are
// satisfied it lists the reasons of all the others; its credits then mean
// nothing, and its category is that of the first branch.
func (e *evaluation) choose(s *Tree) {
	if e.satisfy(s) {
		return
	}
	n, of := s.choice()
	satisfied, short := 0, creditbank.Credits(0)
	var unmet []creditbank.Finding
	for i, b := range of {
		trial := e.try(b)
		if i == 0 {
			e.categories = trial.categories
		}
		if !trial.refused {
			satisfied++
			continue
		}
		unmet = append(unmet, trial.d.Findings...)
		e.missing(trial.d.Missing...)
		if t := trial.d.Short; t > 0 && (short == 0 || t < short) {
			short = t
		}
	}
	e.unknown = true
	e.d.Short += short
	for _, f := range unmet {
		if f.Code == creditbank.MissingComponent && f.Need == "" {
			f.Have, f.Need = fmt.Sprint(satisfied), fmt.Sprintf("%d of %s", n, joined(of, ", "))
		}
		e.denyOnce(f)
	}
	if len(unmet) == 0 { // each branch would do, but they are in each other's way
		e.deny(creditbank.MissingComponent, joined(of, ", "), fmt.Sprint(satisfied), s.String())
	}
}

// try walks a branch, with what else keeps its outcomes from satisfying it.
func (e *evaluation) try(b *Tree) *evaluation {
	trial := e.fork()
	trial.walk(b)
	trial.twins()
	for _, l := range trial.lots[len(e.lots):] {
		for _, f := range trial.mismatches(l) {
			trial.denyOnce(f)
		}
	}
	return trial
}

// fork returns an evaluation that goes on from e without a trace in it.
func (e *evaluation) fork() *evaluation {
	trial, d := *e, *e.d
	d.Findings, d.Missing, d.Short = nil, nil, 0
	trial.d, trial.refused = &d, false
	trial.selection = e.selection.clipped()
	return &trial
}

// searchOrder returns the nodes of an "all" in the order they choose in.
func searchOrder(all []*Tree) []*Tree {
	rank := func(s *Tree) int {
		switch {
		case s.has(isBlock):
			return 2
		case s.has(isPool):
			return 1
		}
		return 0
	}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b *Tree) int { return cmp.Compare(rank(a), rank(b)) })
	return sorted
}

// A selection is what a conversion takes.
type selection struct {
	lots       []*creditbank.Lot // the outcomes that courses of the rule chose
	sources    []creditbank.Consumption
	credits    creditbank.Credits    // of the source as a whole
	pooled     creditbank.Credits    // consumed by pools, which forfeit nothing
	categories []creditbank.Category // of the source, the main one first
}

func (s selection) clipped() selection {
	s.lots, s.sources, s.categories = slices.Clip(s.lots), slices.Clip(s.sources), slices.Clip(s.categories)
	return s
}

// taken returns what the selection takes of a lot, and whether it takes it at
// all: one of zero credits is taken too.
func (s *selection) taken(lot int64) (creditbank.Credits, bool) {
	sum, any := creditbank.Credits(0), false
	for _, c := range s.sources {
		if c.Lot == lot {
			sum, any = sum+c.Credits, true
		}
	}
	return sum, any
}

// consume notes that credits are taken of a lot.
func (s *selection) consume(l *creditbank.Lot, credits creditbank.Credits) {
	s.sources = append(s.sources, creditbank.Consumption{Category: l.Category, Course: l.Course, Credits: credits, Lot: l.Seq})
}

// category notes that the source is of a category.
func (s *selection) category(c creditbank.Category) {
	if c != "" && !slices.Contains(s.categories, c) {
		s.categories = append(s.categories, c)
	}
}

// A finder searches for a way to satisfy a tree.
type finder struct {
	selection
	e     *evaluation
	steps int
}

// find satisfies s in each way there is, the preferred first, until then
// reports true. It reports whether it did; if not, nothing is taken.
func (f *finder) find(s *Tree, then func() bool) bool {
	if f.steps++; f.steps > maxSteps {
		return false
	}
	switch {
	case s.Part != nil:
		return f.part(*s.Part, then)
	case s.Pool != nil:
		saved := f.clipped()
		return f.e.takePool(&f.selection, s.Pool) == 0 && then() || f.back(saved)
	case s.Block != nil:
		saved := f.clipped()
		return f.e.takeBlock(&f.selection, s.Block) >= s.Block.MinCredits && then() || f.back(saved)
	case s.Line != nil:
		return f.line(*s.Line, then)
	case len(s.All) > 0:
		return f.all(searchOrder(s.All), then)
	}
	n, of := s.choice()
	return f.some(n, f.byExpiry(of), then)
}

// back undoes what was taken since.
func (f *finder) back(to selection) bool {
	f.selection = to
	return false
}

func (f *finder) part(p Part, then func() bool) bool {
	saved := f.clipped()
	for _, l := range f.e.candidates(p) {
		if _, taken := saved.taken(l.Seq); taken {
			continue
		}
		if _, twin := f.e.twin(&saved, l); twin {
			continue
		}
		if f.take(l); then() {
			return true
		}
		f.back(saved)
	}
	return false
}

// take takes a lot whole.
func (s *selection) take(l *creditbank.Lot) {
	s.lots = append(s.lots, l)
	s.credits += l.Credits
	s.category(l.Category)
	s.consume(l, l.Credits)
}

func (f *finder) all(of []*Tree, then func() bool) bool {
	if len(of) == 0 {
		return then()
	}
	return f.find(of[0], func() bool { return f.all(of[1:], then) })
}

func (f *finder) some(n int, of []*Tree, then func() bool) bool {
	switch {
	case n == 0:
		return then()
	case len(of) < n:
		return false
	}
	return f.find(of[0], func() bool { return f.some(n-1, of[1:], then) }) || f.some(n, of[1:], then)
}

// byExpiry returns the branches that can be satisfied, those first that would
// take what expires first.
func (f *finder) byExpiry(of []*Tree) []*Tree {
	type branch struct {
		source *Tree
		expiry creditbank.Date
	}
	var branches []branch
	saved := f.clipped()
	for _, s := range of {
		f.find(s, func() bool {
			first := never
			for _, c := range f.sources[len(saved.sources):] {
				first = min(first, expiry(f.e.account, c))
			}
			branches = append(branches, branch{s, first})
			return true
		})
		f.back(saved)
	}
	slices.SortStableFunc(branches, func(a, b branch) int { return cmp.Compare(a.expiry, b.expiry) })
	sorted := make([]*Tree, 0, len(branches))
	for _, b := range branches {
		sorted = append(sorted, b.source)
	}
	return sorted
}
