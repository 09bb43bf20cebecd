package tlog

import (
	"encoding/binary"
	"fmt"
)

// ParseEntries reads the records of an entry bundle (C2SP tlog-tiles, "Log
// entries"). The bundle must hold at least one record and at most 256, and
// nothing else.
func ParseEntries(data []byte) ([][]byte, error) {
	records, rest, err := cutEntries(data, tileWidth)
	if err != nil && len(rest) > 0 || len(records) == 0 || err == nil && len(rest) > 0 {
		return nil, fmt.Errorf("%w: entry bundle of %d bytes, %d records", ErrMalformed, len(data), len(records))
	}
	return records, nil
}

// FormatEntries is the inverse of [ParseEntries].
func FormatEntries(records [][]byte) ([]byte, error) {
	if len(records) == 0 || len(records) > tileWidth {
		return nil, fmt.Errorf("%w: entry bundle of %d records", ErrMalformed, len(records))
	}
	var out []byte
	for i, r := range records {
		if len(r) > MaxRecord {
			return nil, fmt.Errorf("%w: record %d has %d bytes", ErrMalformed, i, len(r))
		}
		out = binary.BigEndian.AppendUint16(out, uint16(len(r)))
		out = append(out, r...)
	}
	return out, nil
}

// cutEntries reads n records from the front of a bundle. If there are fewer,
// it returns those there are, what is left of the data, and an error.
func cutEntries(data []byte, n int) (records [][]byte, rest []byte, err error) {
	for range n {
		if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
			return records, data, fmt.Errorf("%w: %d of %d records", ErrMalformed, len(records), n)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		records = append(records, data[2:end:end])
		data = data[end:]
	}
	return records, data, nil
}

// CutBundle returns the first width records of a stored bundle, which may hold
// more: what C2SP serves as "tile/entries/<N>.p/<width>".
func CutBundle(data []byte, width int) ([]byte, error) {
	_, rest, err := cutEntries(data, width)
	if err != nil {
		return nil, err
	}
	return data[:len(data)-len(rest)], nil
}
