package tlog

import (
	"errors"
	"fmt"
	"math"

	xtlog "golang.org/x/mod/sumdb/tlog"
)

// The errors of this package that a caller may want to tell apart. Each error
// returned wraps at most one of them.
var (
	// ErrMalformed: bytes are not in the format they should be in.
	ErrMalformed = errors.New("malformed")
	// ErrDamaged: stored tiles do not hash to the head, or are missing. Stop
	// signing and look at the storage.
	ErrDamaged = errors.New("log storage damaged")
	// ErrProof: a proof does not prove what is claimed.
	ErrProof = errors.New("proof does not verify")
	// ErrUnsigned: a checkpoint lacks a valid signature of the log.
	ErrUnsigned = errors.New("checkpoint not signed by the log")
)

// A Hash is a node of the tree: SHA-256 as in RFC 6962, section 2.1.
type Hash = xtlog.Hash

// RecordHash returns the leaf hash of a record: SHA-256(0x00 ‖ record).
func RecordHash(record []byte) Hash { return xtlog.RecordHash(record) }

// Tiles hold 256 hashes (C2SP tlog-tiles): height 8.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight

	// EntriesLevel is the level of entry bundles: the records themselves, each
	// preceded by its length as a big-endian uint16. It is a level of its own
	// so that storage can keep bundles as it keeps tiles.
	EntriesLevel = -1

	// MaxRecord is the longest record a bundle can hold.
	MaxRecord = math.MaxUint16
)

// A TileID names a tile: number N of a level. Level 0 holds record hashes,
// level 1 the roots of full level 0 tiles, and so on; [EntriesLevel] holds
// the records.
type TileID struct {
	Level int
	N     int64
}

// Path returns where C2SP tlog-tiles serves the tile at a width (1 to 256),
// relative to the log's prefix: "tile/0/x001/x234/067", "tile/entries/000.p/7".
func (id TileID) Path(width int) string {
	t := xtlog.Tile{H: tileHeight, L: id.Level, N: id.N, W: width}
	path := t.Path() // tile/8/<L>/<N>: x/mod writes the height too, C2SP does not
	path = "tile/" + path[len("tile/8/"):]
	if id.Level == EntriesLevel {
		path = "tile/entries" + path[len("tile/data"):]
	}
	return path
}

// ParseTilePath is the inverse of [TileID.Path].
func ParseTilePath(path string) (id TileID, width int, err error) {
	const entries = "tile/entries/"
	long := ""
	switch {
	case len(path) > len(entries) && path[:len(entries)] == entries:
		long = "tile/8/data/" + path[len(entries):]
	case len(path) > len("tile/") && path[:len("tile/")] == "tile/":
		long = "tile/8/" + path[len("tile/"):]
	}
	t, err := xtlog.ParseTilePath(long)
	id = TileID{Level: t.L, N: t.N}
	if err != nil || id.Path(t.W) != path {
		return TileID{}, 0, fmt.Errorf("%w: tile path %.80q", ErrMalformed, path)
	}
	return id, t.W, nil
}

// A Tile is a tile with its data: Width hashes of 32 bytes each, or as many
// records for an entry bundle.
type Tile struct {
	ID    TileID
	Width int
	Data  []byte
}

// A TileReader returns the stored data of a tile: the widest there is, which
// may be wider than a caller needs. A tile that is not stored is an empty
// slice and no error. The result is not changed by the caller.
type TileReader func(id TileID) ([]byte, error)

// A Head is the state of the log: how many records it has, and the root of
// the tree over them.
type Head struct {
	Size int64
	Root Hash
}

// EmptyHead is the head of a log without records. RFC 6962 defines its root as
// SHA-256 of nothing.
func EmptyHead() Head {
	root, _ := xtlog.TreeHash(0, nil) // reads nothing for size 0
	return Head{Root: root}
}

// A Batch is what [Append] wants stored, all of it in one transaction.
type Batch struct {
	// First is the index of the first record appended; the others follow.
	First int64
	// Tiles are those that changed, entry bundles among them. Each replaces
	// what is stored under its ID, which is a prefix of it.
	Tiles []Tile
	// Head is the new head.
	Head Head
}
