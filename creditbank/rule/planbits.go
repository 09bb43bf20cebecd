package rule

import (
	"encoding/binary"
	"math/bits"
)

// A ruleBits is a set of rules of a group, by their index.
type ruleBits []uint64

func newRuleBits(n int) ruleBits { return make(ruleBits, (n+63)/64) }

func (b ruleBits) has(i int) bool { return b[i/64]>>(i%64)&1 != 0 }
func (b ruleBits) add(i int)      { b[i/64] |= 1 << (i % 64) }
func (b ruleBits) remove(i int)   { b[i/64] &^= 1 << (i % 64) }

// next returns the first element from i on, or -1.
func (b ruleBits) next(i int) int {
	for w := i / 64; w < len(b); w++ {
		word := b[w]
		if w == i/64 {
			word &= ^uint64(0) << (i % 64)
		}
		if word != 0 {
			return w*64 + bits.TrailingZeros64(word)
		}
	}
	return -1
}

func (b ruleBits) meets(c ruleBits) bool {
	for w := range b {
		if b[w]&c[w] != 0 {
			return true
		}
	}
	return false
}

// within reports whether each element of b is one of c.
func (b ruleBits) within(c ruleBits) bool {
	for w := range b {
		if b[w]&^c[w] != 0 {
			return false
		}
	}
	return true
}

func (b ruleBits) appendTo(key []byte) []byte {
	for _, w := range b {
		key = binary.LittleEndian.AppendUint64(key, w)
	}
	return key
}
