package tlog

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	xtlog "golang.org/x/mod/sumdb/tlog"
)

// Append extends the log of a head by records and returns what to store. It
// writes nothing itself, and reads only the tiles at the right edge.
//
// Before extending, it checks that the stored tiles hash to head.Root and that
// the last entry bundle holds the records the tree says it holds. If not, the
// error wraps [ErrDamaged]: a signature over the new tree would bless the
// damage. Tiles stored wider than head needs (a batch whose head was not
// written) are cut back, not trusted.
func Append(head Head, tiles TileReader, records [][]byte) (Batch, error) {
	e, err := loadEdge(head, tiles)
	if err != nil {
		return Batch{}, err
	}
	for i, r := range records {
		if len(r) > MaxRecord {
			return Batch{}, fmt.Errorf("append record %d: %d bytes, limit %d", i, len(r), MaxRecord)
		}
		e.addEntry(r)
		e.addHash(0, RecordHash(r))
		e.size++
	}
	root, err := xtlog.TreeHash(e.size, e)
	if err != nil {
		return Batch{}, fmt.Errorf("hash tree of size %d: %w", e.size, err)
	}
	b := Batch{First: head.Size, Head: Head{Size: e.size, Root: root}}
	for _, id := range e.changed {
		data := e.tiles[id]
		width := len(data) / xtlog.HashSize
		if id.Level == EntriesLevel {
			width = widthAt(e.size, 0, id.N)
		}
		b.Tiles = append(b.Tiles, Tile{ID: id, Width: width, Data: data})
	}
	return b, nil
}

// An edge is the right edge of the tree: the tiles that are not full, and
// those that were touched since.
type edge struct {
	size    int64
	tiles   map[TileID][]byte
	changed []TileID // in order of first change
	dirty   map[TileID]bool
}

// loadEdge reads the partial tiles of a head and checks them. Every hash of a
// partial tile enters the root, so comparing roots checks all of them.
func loadEdge(head Head, tiles TileReader) (*edge, error) {
	e := &edge{size: head.Size, tiles: map[TileID][]byte{}, dirty: map[TileID]bool{}}
	if head.Size < 0 {
		return nil, fmt.Errorf("%w: head of size %d", ErrDamaged, head.Size)
	}
	for level := 0; head.Size>>(tileHeight*level) > 0; level++ {
		n := head.Size >> (tileHeight * level)
		width := int(n % tileWidth)
		if width == 0 {
			continue
		}
		id := TileID{Level: level, N: n / tileWidth}
		data, err := tiles(id)
		if err != nil {
			return nil, fmt.Errorf("read tile %s: %w", id.Path(width), err)
		}
		if len(data) < width*xtlog.HashSize {
			return nil, fmt.Errorf("%w: tile %s has %d bytes", ErrDamaged, id.Path(width), len(data))
		}
		e.tiles[id] = append([]byte(nil), data[:width*xtlog.HashSize]...)
	}
	root, err := xtlog.TreeHash(head.Size, e)
	if err != nil || root != head.Root {
		return nil, fmt.Errorf("%w: tiles of size %d do not hash to the head: %v", ErrDamaged, head.Size, err)
	}
	return e, e.loadEntries(head.Size, tiles)
}

// loadEntries reads the last entry bundle, if it is partial, and checks it
// against the level 0 tile.
func (e *edge) loadEntries(size int64, tiles TileReader) error {
	width := int(size % tileWidth)
	if width == 0 {
		return nil
	}
	id := TileID{Level: EntriesLevel, N: size / tileWidth}
	data, err := tiles(id)
	if err != nil {
		return fmt.Errorf("read tile %s: %w", id.Path(width), err)
	}
	records, rest, err := cutEntries(data, width)
	if err != nil {
		return fmt.Errorf("%w: %s: %v", ErrDamaged, id.Path(width), err)
	}
	hashes := e.tiles[TileID{Level: 0, N: id.N}]
	for i, r := range records {
		if h := RecordHash(r); string(h[:]) != string(hashes[i*xtlog.HashSize:(i+1)*xtlog.HashSize]) {
			return fmt.Errorf("%w: %s: record %d is not the one in the tree", ErrDamaged, id.Path(width), i)
		}
	}
	e.tiles[id] = append([]byte(nil), data[:len(data)-len(rest)]...)
	return nil
}

// addEntry appends a record to the last bundle.
func (e *edge) addEntry(record []byte) {
	id := TileID{Level: EntriesLevel, N: e.size / tileWidth}
	data := binary.BigEndian.AppendUint16(e.tiles[id], uint16(len(record)))
	e.set(id, append(data, record...))
}

// addHash appends the hash of node e.size>>8*level of a level, and, when that
// fills a tile, the tile's root one level up (C2SP tlog-tiles, "Merkle Tree").
func (e *edge) addHash(level int, h Hash) {
	id := TileID{Level: level, N: e.size >> (tileHeight * (level + 1))}
	data := append(e.tiles[id], h[:]...)
	e.set(id, data)
	if len(data) == tileWidth*xtlog.HashSize {
		e.addHash(level+1, tileRoot(data))
	}
}

func (e *edge) set(id TileID, data []byte) {
	e.tiles[id] = data
	if !e.dirty[id] {
		e.dirty[id] = true
		e.changed = append(e.changed, id)
	}
}

// ReadHashes implements the x/mod HashReader over the edge alone.
func (e *edge) ReadHashes(indexes []int64) ([]Hash, error) {
	out := make([]Hash, len(indexes))
	for i, x := range indexes {
		t := xtlog.TileForIndex(tileHeight, x)
		data := e.tiles[TileID{Level: t.L, N: t.N}]
		h, err := xtlog.HashFromTile(t, data, x)
		if err != nil {
			return nil, err
		}
		out[i] = h
	}
	return out, nil
}

// tileRoot hashes a full tile.
func tileRoot(data []byte) Hash {
	level := make([]Hash, len(data)/xtlog.HashSize)
	for i := range level {
		level[i] = Hash(data[i*xtlog.HashSize:])
	}
	for len(level) > 1 {
		for i := range len(level) / 2 {
			level[i] = xtlog.NodeHash(level[2*i], level[2*i+1])
		}
		level = level[:len(level)/2]
	}
	return level[0]
}

// widthAt returns how many entries tile n of a level has in a tree of a size.
func widthAt(size int64, level int, n int64) int {
	if level < 0 || level*tileHeight >= bits.UintSize-1 {
		return 0
	}
	return int(min(max(size>>(tileHeight*level)-n*tileWidth, 0), tileWidth))
}
