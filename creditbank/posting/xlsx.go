package posting

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"

	"creditbank/creditbank"
)

// An xlsxReader reads the first sheet of a workbook, twice side by side: what
// the cells hold, and what they show. Only the two together tell a date from a
// number and an identity number from what a spreadsheet made of it.
type xlsxReader struct {
	file       string
	book       *excelize.File
	raw, shown *excelize.Rows
	is1904     bool
	line       int
	limit      int
}

// inMemory is how much of a sheet is unzipped into memory; a larger one goes
// through a temporary file.
const inMemory = 32 << 20

func newXLSX(file string, r io.Reader, limits Limits) (x *xlsxReader, err error) {
	defer recovered(file, &err)
	book, err := excelize.OpenReader(r, excelize.Options{
		UnzipSizeLimit: limits.Unpacked, UnzipXMLSizeLimit: min(inMemory, limits.Unpacked),
	})
	var placedErr *creditbank.PlacedError
	switch {
	case errors.As(err, &placedErr):
		return nil, placedErr
	case err != nil:
		return nil, placed(file, 0, creditbank.Invalid(creditbank.CodeMalformed, "", "无法读取Excel文件："+err.Error(), "not a readable workbook: "+err.Error()))
	}
	x = &xlsxReader{file: file, book: book, limit: limits.Row}
	if props, err := book.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		x.is1904 = *props.Date1904
	}
	sheets := book.GetSheetList()
	if len(sheets) == 0 {
		return nil, placed(file, 0, creditbank.Invalid(creditbank.CodeMissing, "", "工作簿没有工作表", "the workbook has no sheet"))
	}
	if x.raw, err = book.Rows(sheets[0]); err == nil {
		x.shown, err = book.Rows(sheets[0])
	}
	if err != nil {
		return nil, placed(file, 0, creditbank.Invalid(creditbank.CodeMalformed, "", "无法读取工作表："+err.Error(), "not a readable sheet: "+err.Error()))
	}
	return x, nil
}

func (x *xlsxReader) read() (rec record, err error) {
	defer recovered(x.file, &err)
	for x.raw.Next() && x.shown.Next() {
		x.line++
		raw, err := x.raw.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return record{}, x.unreadable(err)
		}
		shown, err := x.shown.Columns()
		if err != nil {
			return record{}, x.unreadable(err)
		}
		if len(raw) == 0 {
			continue
		}
		return x.record(raw, shown)
	}
	if err := errors.Join(x.raw.Error(), x.shown.Error()); err != nil {
		return record{}, x.unreadable(err)
	}
	return record{}, io.EOF
}

func (x *xlsxReader) record(raw, shown []string) (record, error) {
	for len(raw) > 0 && raw[len(raw)-1] == "" {
		raw = raw[:len(raw)-1] // cells that hold a style only
	}
	size := 0
	rec := record{line: x.line, short: true, cells: make([]cell, len(raw))}
	for i, text := range raw {
		rec.cells[i] = cell{raw: text, is1904: x.is1904}
		if i < len(shown) {
			rec.cells[i].shown = shown[i]
		}
		size += len(text)
	}
	if size > x.limit || len(raw) > maxCells {
		return record{}, placed(x.file, x.line, creditbank.Invalid(codeTooLarge, "", "此行过长", "the row is too long"))
	}
	return rec, nil
}

func (x *xlsxReader) unreadable(err error) error {
	return stop{placed(x.file, x.line, creditbank.Invalid(creditbank.CodeMalformed, "",
		"无法读取工作表："+err.Error(), "not a readable sheet: "+err.Error()))}
}

func (x *xlsxReader) close() error {
	return errors.Join(x.raw.Close(), x.shown.Close(), x.book.Close())
}

// recovered turns a panic of the workbook parser, which is not ours and reads
// what strangers send, into an error.
func recovered(file string, err *error) {
	if p := recover(); p != nil {
		*err = stop{placed(file, 0, creditbank.Invalid(creditbank.CodeMalformed, "",
			"无法读取Excel文件", fmt.Sprintf("not a readable workbook: %v", bytes.TrimSpace(fmt.Append(nil, p)))))}
	}
}
