// Package generate makes requests for every operation of a contract: valid ones
// as its schemas have them, and ones that were spoilt in the ways in which
// requests get spoilt. It knows nothing of what a bank holds; whoever uses it
// supplies ids and codes that exist.
//
// Choices are made evenly by a seeded source; values, whose edges matter more
// than their middle, by the generators of package rapid.
package generate

import (
	"math/rand/v2"

	"pgregory.net/rapid"
)

// A Rand makes choices. It is not safe for concurrent use.
type Rand struct{ *rand.Rand }

// NewRand returns the source of choices of a seed and a stream.
func NewRand(seed, stream uint64) Rand { return Rand{rand.New(rand.NewPCG(seed, stream))} }

// Chance is true so many times in a hundred.
func (r Rand) Chance(percent int) bool { return r.IntN(100) < percent }

// Between returns a number from low to high, both included.
func (r Rand) Between(low, high int) int { return low + r.IntN(high-low+1) }

// Pick returns one of list, which must not be empty.
func Pick[T any](r Rand, list ...T) T { return list[r.IntN(len(list))] }

// Draw returns a value of a generator.
func Draw[T any](r Rand, g *rapid.Generator[T]) T { return g.Example(int(r.Uint64() >> 1)) }
