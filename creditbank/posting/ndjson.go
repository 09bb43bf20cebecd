package posting

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"creditbank/creditbank"
)

// An ndjsonReader reads one JSON object a line. Each names its own columns.
type ndjsonReader struct {
	file  string
	lines *bufio.Reader
	limit int
	line  int
}

func newNDJSON(file string, r io.Reader, limits Limits) *ndjsonReader {
	return &ndjsonReader{file: file, lines: bufio.NewReader(r), limit: limits.Row}
}

func (r *ndjsonReader) read() (record, error) {
	for {
		line, err := r.next()
		if err != nil {
			return record{}, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		rec, fault := object(line)
		if fault != nil {
			return record{}, placed(r.file, r.line, fault)
		}
		rec.line = r.line
		return rec, nil
	}
}

func (r *ndjsonReader) close() error { return nil }

// next returns the next line. One that is too long is passed over, without
// being held, and reported.
func (r *ndjsonReader) next() ([]byte, error) {
	r.line++
	var line []byte
	tooLong := false
	for {
		part, err := r.lines.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(part) > r.limit; !tooLong {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0 && !tooLong):
			return nil, err
		case tooLong:
			return nil, placed(r.file, r.line, creditbank.Invalid(codeTooLarge, "", fmt.Sprintf("此行超过%d字节", r.limit),
				fmt.Sprintf("the line has more than %d bytes", r.limit)))
		}
		return line, nil
	}
}

// object reads a flat object of texts and numbers. Numbers keep their text:
// none becomes a float.
func object(line []byte) (record, *creditbank.InputError) {
	notJSON := creditbank.Invalid(creditbank.CodeMalformed, "", "应为一个JSON对象", "the line is no JSON object")
	if !json.Valid(line) {
		return record{}, notJSON
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return record{}, notJSON
	}
	rec := record{names: []string{}}
	for dec.More() {
		key, err := dec.Token()
		name, isText := key.(string)
		if err != nil || !isText {
			return record{}, notJSON
		}
		value, err := dec.Token()
		if err != nil {
			return record{}, notJSON
		}
		text, ok := scalar(value)
		if !ok {
			return record{}, creditbank.Invalid(creditbank.CodeMalformed, clip(name), "值应为文本或数字", "the value is neither a text nor a number")
		}
		if rec.names, rec.cells = append(rec.names, name), append(rec.cells, cell{raw: text}); len(rec.names) > maxCells {
			return record{}, notJSON
		}
	}
	return rec, nil
}

func scalar(v json.Token) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	}
	return "", false
}
