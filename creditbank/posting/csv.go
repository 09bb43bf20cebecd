package posting

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"

	"creditbank/creditbank"
)

// maxCells bounds the cells of a row in every format.
const maxCells = 200

// A csvReader reads comma-separated rows.
type csvReader struct {
	file  string
	csv   *csv.Reader
	meter *meter
	line  int // of the last row read
}

func newCSV(file string, r io.Reader, limits Limits) *csvReader {
	m := &meter{r: r, limit: limits.Row}
	c := csv.NewReader(m)
	c.FieldsPerRecord = -1
	c.ReuseRecord = true
	return &csvReader{file: file, csv: c, meter: m}
}

func (r *csvReader) read() (record, error) {
	r.meter.read = 0
	fields, err := r.csv.Read()
	var syntax *csv.ParseError
	switch {
	case errors.Is(err, errRowTooLong):
		return record{}, r.tooLong()
	case errors.As(err, &syntax):
		return record{}, r.syntax(syntax)
	case err != nil:
		return record{}, err
	}
	r.line, _ = r.csv.FieldPos(0)
	if len(fields) > maxCells {
		return record{}, placed(r.file, r.line, creditbank.Invalid(codeCells, "", fmt.Sprintf("此行超过%d个单元格", maxCells),
			fmt.Sprintf("the row has more than %d cells", maxCells)))
	}
	rec := record{line: r.line, cells: make([]cell, len(fields))}
	for i, f := range fields {
		rec.cells[i].raw = f
	}
	return rec, nil
}

func (r *csvReader) close() error { return nil }

// tooLong: where a row ends cannot be told, so nothing more is read.
func (r *csvReader) tooLong() error {
	return stop{placed(r.file, r.line+1, creditbank.Invalid(codeTooLarge, "",
		"从此行起有一行过长（是否有引号没有闭合？），其后各行未读取",
		"a row from here on is too long (is a quote not closed?); the rows after it were not read"))}
}

func (r *csvReader) syntax(err *csv.ParseError) error {
	zh, en := "引号使用不正确", "quotes are misplaced"
	if err.StartLine != err.Line {
		zh, en = "从此行开始的引号没有正确闭合", "a quote opened in this row is not closed properly"
	}
	r.line = err.Line
	return placed(r.file, err.StartLine, creditbank.Invalid(creditbank.CodeMalformed, "", zh, en))
}

func placed(file string, line int, err *creditbank.InputError) *creditbank.PlacedError {
	return &creditbank.PlacedError{Place: creditbank.Place{File: file, Line: line}, InputError: err}
}

// A meter stops a row that does not end. It counts what was read since the row
// began, to the nearest buffer.
type meter struct {
	r     io.Reader
	read  int
	limit int
}

var errRowTooLong = errors.New("row too long")

func (m *meter) Read(p []byte) (int, error) {
	if m.read > m.limit {
		return 0, errRowTooLong
	}
	n, err := m.r.Read(p)
	m.read += n
	return n, err
}

// A sizeLimit refuses the bytes of a file beyond a limit.
type sizeLimit struct {
	r    io.Reader
	left int64
	file string
}

func (l *sizeLimit) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, stop{placed(l.file, 0, creditbank.Invalid(codeTooLarge, "",
			"文件过大，其后各行未读取，请分成几个文件", "the file is too large: the rows after this were not read; split it"))}
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		n += int(l.left) // give out what is within the limit
	}
	return max(n, 0), err
}
