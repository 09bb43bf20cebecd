package rule

import (
	"slices"
	"strings"

	"creditbank/creditbank"
)

// A port is what a rule takes in or gives out: outcomes of a course, outcomes of
// a category, the lines of a slot. Rules are wired where what one gives out is
// what another takes in.
type port struct {
	course    creditbank.CourseCode
	category  creditbank.Category
	programme creditbank.ProgrammeID
	slot      creditbank.SlotID
}

// takes returns what a conversion consumes.
func (v *Conversion) takes() []port {
	var ports []port
	v.tree.leaves(func(s *Tree) {
		switch {
		case s.Part != nil:
			ports = append(ports, port{course: s.Part.Course})
		case s.Pool != nil:
			ports = append(ports, port{category: s.Pool.Category})
		case s.Block != nil:
			ports = append(ports, port{category: s.Block.Category})
		case s.Line != nil:
			ports = append(ports, port{programme: s.Line.Programme, slot: s.Line.Slot})
		}
	})
	return ports
}

// gives returns what a conversion grants.
func (v *Conversion) gives() []port {
	var ports []port
	for _, g := range v.Grants {
		ports = append(ports, port{programme: v.Programme, slot: g.Slot})
	}
	return ports
}

// cycles finds rules that feed each other, as programmes do that recognise each
// other's courses. Evaluation keeps a line from coming back into a programme that
// it went through, so that nothing goes round for ever; whoever publishes should
// know of it all the same.
func (c *inspection) cycles() {
	takes, gives := make([][]port, len(c.set.rules)), make([][]port, len(c.set.rules))
	for i, r := range c.set.rules {
		if r.Conversion != nil {
			takes[i], gives[i] = r.Conversion.takes(), r.Conversion.gives()
		}
	}
	for _, cycle := range cyclesOf(takes, gives) {
		var ids []string
		for _, i := range append(cycle, cycle[0]) {
			ids = append(ids, string(c.set.rules[i].ID))
		}
		at, other := cycle[0], cycle[len(cycle)-1]
		c.found(Warning, CodeCycle, c.rule(at, "source"), c.rule(other, "grant"), text(
			"规则互为来源：%[1]s；课程学分不会再回到经过的专业", "rules feed each other: %[1]s; no line comes back into a programme that it went through", strings.Join(ids, " → ")))
	}
}

// cyclesOf returns a cycle through each group of nodes that reach each other, by
// the ports they take and give. A cycle is told from its smallest node on, along
// what feeds what, and is as short as any through that node.
func cyclesOf(takes, gives [][]port) [][]int {
	feeds := make([][]int, len(takes))
	for i := range gives {
		for j := range takes {
			if slices.ContainsFunc(gives[i], func(p port) bool { return slices.Contains(takes[j], p) }) {
				feeds[i] = append(feeds[i], j)
			}
		}
	}
	var cycles [][]int
	told := map[int]bool{}
	for i := range feeds {
		if told[i] {
			continue
		}
		if cycle := shortestCycle(feeds, i); cycle != nil {
			cycles = append(cycles, cycle)
			for _, node := range cycle {
				told[node] = true
			}
		}
	}
	return cycles
}

// shortestCycle returns the nodes of a shortest cycle through start, or nil.
func shortestCycle(feeds [][]int, start int) []int {
	from := map[int]int{} // the node each was reached from
	queue := []int{start}
	for len(queue) > 0 {
		node := queue[0]
		queue = queue[1:]
		for _, next := range feeds[node] {
			if next == start {
				var cycle []int
				for ; node != start; node = from[node] {
					cycle = append(cycle, node)
				}
				cycle = append(cycle, start)
				slices.Reverse(cycle)
				return cycle
			}
			if _, seen := from[next]; !seen {
				from[next] = node
				queue = append(queue, next)
			}
		}
	}
	return nil
}
