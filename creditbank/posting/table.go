package posting

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"creditbank/creditbank"
)

// A Format is the form of a table.
type Format int

// The formats.
const (
	CSV    Format = iota // comma-separated, RFC 4180
	XLSX                 // the first sheet of a workbook
	NDJSON               // one JSON object a line
)

// FormatOf returns the format that a file's name tells, CSV if none.
func FormatOf(name string) Format {
	switch strings.ToLower(path.Ext(name)) {
	case ".xlsx":
		return XLSX
	case ".ndjson", ".jsonl":
		return NDJSON
	}
	return CSV
}

// Limits bound what is read. Zero values mean the defaults.
type Limits struct {
	Size     int64 // bytes of the file, 64 MiB by default
	Unpacked int64 // bytes of an XLSX file once unzipped, 512 MiB by default
	Row      int   // bytes of one row, 64 KiB by default
}

func (l Limits) orDefault() Limits {
	if l.Size == 0 {
		l.Size = 64 << 20
	}
	if l.Unpacked == 0 {
		l.Unpacked = 512 << 20
	}
	if l.Row == 0 {
		l.Row = 64 << 10
	}
	return l
}

// A Source is a file to be read as a table.
type Source struct {
	Name     string // for messages
	Reader   io.Reader
	Format   Format
	Encoding Encoding
	Limits   Limits
}

// A Table reads a file row by row. It is made by [Open] and read once.
type Table struct {
	file    string
	columns []Column
	reader  reader
	mapping []int // column of each cell; nil where each record names its own
	err     error
}

// A reader splits a file into records. It returns [io.EOF] at the end. A
// *creditbank.PlacedError spoils one record, and the next can be read; any
// other error, and one within a stop, is the end.
type reader interface {
	read() (record, error)
	close() error
}

// A record is a row before its columns are known.
type record struct {
	line  int
	names []string // of the cells, where the format has them; nil otherwise
	cells []cell
	short bool // cells left out at the end are empty (XLSX drops them)
}

// A stop is a fault after which nothing more can be read.
type stop struct{ error }

func (s stop) Unwrap() error { return s.error }

// Open begins to read a table. The error lists all that is wrong with the
// header, as [creditbank.PlacedError] values.
func Open(src Source, columns []Column) (*Table, error) {
	t := &Table{file: src.Name, columns: columns}
	limits := src.Limits.orDefault()
	buffered := bufio.NewReaderSize(&sizeLimit{src.Reader, limits.Size, src.Name}, sniffSize)
	if err := recognise(src, buffered); err != nil {
		return nil, err
	}
	var err error
	switch src.Format {
	case NDJSON:
		t.reader = newNDJSON(src.Name, decode(buffered, src.Encoding), limits)
		return t, nil
	case XLSX:
		t.reader, err = newXLSX(src.Name, buffered, limits)
	default:
		t.reader = newCSV(src.Name, decode(buffered, src.Encoding), limits)
	}
	if err != nil {
		return nil, err
	}
	if err := t.readHeader(); err != nil {
		t.Close() // err says what is wrong
		return nil, err
	}
	return t, nil
}

func (t *Table) readHeader() error {
	rec, err := t.reader.read()
	if errors.Is(err, io.EOF) {
		return t.fault(1, creditbank.Invalid(creditbank.CodeMissing, "", "文件为空", "the file is empty"))
	}
	if err != nil {
		return err
	}
	t.mapping, err = header(t.file, rec, t.columns)
	return err
}

// recognise refuses a file that is plainly of another format than declared.
func recognise(src Source, r *bufio.Reader) error {
	magic, _ := r.Peek(8) // a shorter file is short of the magic, too
	at := creditbank.Place{File: src.Name}
	zip := bytes.HasPrefix(magic, []byte("PK\x03\x04"))
	switch {
	case bytes.HasPrefix(magic, []byte("\xd0\xcf\x11\xe0")):
		return &creditbank.PlacedError{Place: at, InputError: creditbank.Invalid(creditbank.CodeMalformed, "",
			"不支持旧版Excel（.xls）或加密的文件，请另存为.xlsx", "old Excel files (.xls) and encrypted ones are not read: save it as .xlsx")}
	case zip && src.Format != XLSX:
		return &creditbank.PlacedError{Place: at, InputError: creditbank.Invalid(creditbank.CodeMalformed, "",
			"这是Excel文件，扩展名应为.xlsx", "this is an Excel file: name it .xlsx")}
	case !zip && src.Format == XLSX:
		return &creditbank.PlacedError{Place: at, InputError: creditbank.Invalid(creditbank.CodeMalformed, "",
			"不是.xlsx文件", "this is no .xlsx file")}
	case bytes.HasPrefix(magic, []byte("\xff\xfe")) || bytes.HasPrefix(magic, []byte("\xfe\xff")):
		return &creditbank.PlacedError{Place: at, InputError: creditbank.Invalid(codeEncoding, "",
			"文件编码为UTF-16，请另存为“CSV UTF-8”", `the file is UTF-16: save it as "CSV UTF-8"`)}
	}
	return nil
}

// Has reports whether the file has the column. Of NDJSON, whose lines name
// their own, it reports true for every column.
func (t *Table) Has(name string) bool {
	if t.mapping == nil {
		return true
	}
	for _, c := range t.mapping {
		if c >= 0 && t.columns[c].Name == name {
			return true
		}
	}
	return false
}

// Rows returns the rows in file order. The error of a row lists all that is
// wrong with its form; the row itself holds what could be read. Blank rows are
// left out. After the last row, [Table.Err] tells whether it was the last.
func (t *Table) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for t.err == nil {
			rec, err := t.reader.read()
			var placed *creditbank.PlacedError
			var end stop
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.As(err, &placed) && !errors.As(err, &end):
				if !yield(Row{table: t, place: placed.Place}, placed) {
					return
				}
				continue
			case err != nil:
				t.err = err
				return
			case rec.blank():
				continue
			}
			if !yield(t.row(rec)) {
				return
			}
		}
	}
}

// Close releases what reading a workbook holds: memory and temporary files.
func (t *Table) Close() error { return t.reader.close() }

// Err returns why reading ended before the end of the file, or nil.
func (t *Table) Err() error { return t.err }

func (t *Table) fault(line int, err *creditbank.InputError) error {
	return &creditbank.PlacedError{Place: creditbank.Place{File: t.file, Line: line}, InputError: err}
}

func (r record) blank() bool {
	for _, c := range r.cells {
		if strings.TrimSpace(c.raw) != "" {
			return false
		}
	}
	return r.names == nil
}

// row gives the cells of a record their columns.
func (t *Table) row(rec record) (Row, error) {
	var problems creditbank.Problems
	row := Row{t, creditbank.Place{File: t.file, Line: rec.line}, make([]string, len(t.columns)), make([]int, len(t.columns))}
	mapping := t.mapping
	if rec.names != nil {
		var err error
		mapping, err = header(t.file, named(rec), t.columns)
		problems.Add(row.place, err)
	}
	for i, c := range rec.cells {
		if i >= len(mapping) {
			break
		}
		col := mapping[i]
		if col < 0 {
			continue
		}
		row.cells[col] = i + 1
		value, err := c.value(t.columns[col])
		row.values[col] = value
		problems.Add(row.PlaceOf(t.columns[col].Name), err)
	}
	if n := len(mapping); len(rec.cells) > n && !blankFrom(rec, n) || len(rec.cells) < n && !rec.short {
		problems.Add(row.place, creditbank.Invalid(codeCells, "", fmt.Sprintf("此行有%d个单元格，表头有%d列", len(rec.cells), n),
			fmt.Sprintf("the row has %d cells, the header %d columns", len(rec.cells), n)))
	}
	return row, problems.Err()
}

// named returns the names of a record's cells as a header.
func named(rec record) record {
	h := record{line: rec.line}
	for _, n := range rec.names {
		h.cells = append(h.cells, cell{raw: n})
	}
	return h
}

// blankFrom reports whether a spreadsheet row has nothing beyond the n-th cell.
func blankFrom(rec record, n int) bool {
	return rec.short && record{cells: rec.cells[n:]}.blank()
}

// A Row is a row of a table.
type Row struct {
	table  *Table
	place  creditbank.Place
	values []string
	cells  []int // number of the cell in the row, 0 where it is not there
}

// Get returns the text in the column, without space around it; "" if there is
// none.
func (r Row) Get(column string) string {
	i := find(r.table.columns, column)
	if i < 0 || r.values == nil {
		return ""
	}
	return r.values[i]
}

// Place returns where the row stands.
func (r Row) Place() creditbank.Place { return r.place }

// PlaceOf returns where the row's cell of the column stands.
func (r Row) PlaceOf(column string) creditbank.Place {
	at := r.place
	if i := find(r.table.columns, column); i >= 0 && r.cells != nil {
		at.Column = r.cells[i]
	}
	return at
}
