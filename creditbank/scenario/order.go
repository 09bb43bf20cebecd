package scenario

import (
	"fmt"

	"creditbank/creditbank"
	"creditbank/creditbank/posting"
)

// A node is a row of a table whose rows may name one another as parents.
type node[T any] struct {
	row         posting.Row
	key, parent string
	value       T
}

// parentsFirst returns the nodes in an order in which each comes after its
// parent, and otherwise as they stood; and those that are their own ancestors.
func parentsFirst[T any](nodes []node[T]) (sorted, cyclic []node[T]) {
	byKey := make(map[string][]int, len(nodes))
	for i, n := range nodes {
		byKey[n.key] = append(byKey[n.key], i)
	}
	const waiting, done, circling = 0, 1, 2
	state := make([]int, len(nodes))
	for i := range nodes {
		// The way up from i to a node that is done or has no parent here.
		var way []int
		on := map[int]bool{}
		end := done
		for at := i; state[at] == waiting; {
			if on[at] {
				end = circling
				break
			}
			on[at] = true
			way = append(way, at)
			parents := byKey[nodes[at].parent]
			if nodes[at].parent == "" || len(parents) == 0 {
				break
			}
			if at = parents[0]; state[at] == circling {
				end = circling
			}
		}
		for j := len(way) - 1; j >= 0; j-- {
			if state[way[j]] = end; end == circling {
				cyclic = append(cyclic, nodes[way[j]])
				continue
			}
			sorted = append(sorted, nodes[way[j]])
		}
	}
	return sorted, cyclic
}

// circular reports rows that have no top.
func circular[T any](c *City, nodes []node[T]) {
	for _, n := range nodes {
		c.Problems.Add(n.row.PlaceOf("parent"), creditbank.Invalid("CYCLE", "parent", fmt.Sprintf("上级“%s”构成循环", n.parent),
			fmt.Sprintf("the parent %q leads back here or into a circle", n.parent)))
	}
}
