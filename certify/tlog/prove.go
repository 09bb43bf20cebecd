package tlog

import (
	"fmt"

	xtlog "golang.org/x/mod/sumdb/tlog"
)

// ProveInclusion returns the RFC 6962 audit path (section 2.1.1) of the record
// at an index in the tree of a head, which may be any head the log ever had.
// Tiles are checked against head.Root, so the proof verifies or there is an
// error, which wraps [ErrDamaged] if the tiles are at fault.
func ProveInclusion(head Head, index int64, tiles TileReader) ([]Hash, error) {
	if index < 0 || index >= head.Size {
		return nil, fmt.Errorf("prove record %d of a log of size %d: no such record", index, head.Size)
	}
	p, err := xtlog.ProveRecord(head.Size, index, hashReader(head, tiles))
	if err != nil {
		return nil, fmt.Errorf("prove record %d in size %d: %w", index, head.Size, err)
	}
	return p, nil
}

// ProveConsistency returns the RFC 6962 consistency proof (section 2.1.2) from
// the tree of size from to the tree of a head. It is empty for a proof from
// size 0 and to the same size, where there is nothing to prove.
func ProveConsistency(head Head, from int64, tiles TileReader) ([]Hash, error) {
	if from < 0 || from > head.Size {
		return nil, fmt.Errorf("prove consistency from size %d to %d: backwards", from, head.Size)
	}
	if from == 0 || from == head.Size {
		return nil, nil
	}
	p, err := xtlog.ProveTree(head.Size, from, hashReader(head, tiles))
	if err != nil {
		return nil, fmt.Errorf("prove consistency from size %d to %d: %w", from, head.Size, err)
	}
	return p, nil
}

// CheckConsistency reports whether a proof shows that the tree of old is the
// beginning of the tree of new. The error wraps [ErrProof].
func CheckConsistency(old, new Head, proof []Hash) error {
	switch {
	case old.Size < 0 || old.Size > new.Size:
		return fmt.Errorf("%w: sizes %d and %d", ErrProof, old.Size, new.Size)
	case old.Size == 0: // x/mod refuses 0; any tree extends the empty one
		if len(proof) != 0 || old.Root != EmptyHead().Root || new.Size == 0 && new.Root != old.Root {
			return fmt.Errorf("%w: from size 0 to %d", ErrProof, new.Size)
		}
		return nil
	}
	if err := xtlog.CheckTree(proof, new.Size, new.Root, old.Size, old.Root); err != nil {
		return fmt.Errorf("%w: from size %d to %d: %v", ErrProof, old.Size, new.Size, err)
	}
	return nil
}

// CheckInclusion reports whether a proof shows that the tree of a head holds
// a record at an index. The error wraps [ErrProof].
func CheckInclusion(head Head, index int64, record []byte, proof []Hash) error {
	if index < 0 || index >= head.Size {
		return fmt.Errorf("%w: record %d of a log of size %d", ErrProof, index, head.Size)
	}
	if err := xtlog.CheckRecord(proof, head.Size, head.Root, index, RecordHash(record)); err != nil {
		return fmt.Errorf("%w: record %d in size %d: %v", ErrProof, index, head.Size, err)
	}
	return nil
}

// hashReader reads hashes that are proven to belong to the tree of a head.
func hashReader(head Head, tiles TileReader) xtlog.HashReader {
	return xtlog.TileHashReader(xtlog.Tree{N: head.Size, Hash: head.Root}, tileSource(tiles))
}

// A tileSource adapts a TileReader to x/mod, which asks for exact widths.
type tileSource TileReader

func (tileSource) Height() int                      { return tileHeight }
func (tileSource) SaveTiles([]xtlog.Tile, [][]byte) {}

func (s tileSource) ReadTiles(tiles []xtlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		id := TileID{Level: t.L, N: t.N}
		data, err := s(id)
		if err != nil {
			return nil, fmt.Errorf("read tile %s: %w", id.Path(t.W), err)
		}
		if len(data) < t.W*xtlog.HashSize {
			return nil, fmt.Errorf("%w: tile %s has %d bytes", ErrDamaged, id.Path(t.W), len(data))
		}
		out[i] = data[:t.W*xtlog.HashSize]
	}
	return out, nil
}
