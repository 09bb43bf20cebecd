package posting

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/xuri/excelize/v2"

	"creditbank/creditbank"
)

// An xlsxReader reads the first sheet of a workbook, twice side by side: what
// the cells hold, and what they show. Only the two together tell a date from a
// number and an identity number from what a spreadsheet made of it.
type xlsxReader struct {
	file       string
	tmp        string // a folder for what the parser unzips, of which it forgets some
	book       *excelize.File
	raw, shown *excelize.Rows
	is1904     bool
	line       int
	limit      int
}

// inMemory is how much of a sheet is unzipped into memory; a larger one goes
// through a temporary file.
const inMemory = 32 << 20

func newXLSX(file string, r io.Reader, limits Limits) (*xlsxReader, error) {
	tmp, err := os.MkdirTemp("", "posting-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for a workbook: %w", err)
	}
	x := &xlsxReader{file: file, tmp: tmp, limit: limits.Row}
	if err := x.open(r, limits); err != nil {
		x.close() // err says what is wrong
		return nil, err
	}
	return x, nil
}

func (x *xlsxReader) open(r io.Reader, limits Limits) (err error) {
	defer recovered(x.file, &err)
	book, err := excelize.OpenReader(r, excelize.Options{
		UnzipSizeLimit: limits.Unpacked, UnzipXMLSizeLimit: min(inMemory, limits.Unpacked), TmpDir: x.tmp,
	})
	var placedErr *creditbank.PlacedError
	switch {
	case errors.As(err, &placedErr):
		return placedErr
	case err != nil:
		return placed(x.file, 0, creditbank.Invalid(creditbank.CodeMalformed, "", "无法读取Excel文件："+err.Error(), "not a readable workbook: "+err.Error()))
	}
	x.book = book
	if props, err := book.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		x.is1904 = *props.Date1904
	}
	sheets := book.GetSheetList()
	if len(sheets) == 0 {
		return placed(x.file, 0, creditbank.Invalid(creditbank.CodeMissing, "", "工作簿没有工作表", "the workbook has no sheet"))
	}
	if x.raw, err = book.Rows(sheets[0]); err == nil {
		x.shown, err = book.Rows(sheets[0])
	}
	if err != nil {
		return placed(x.file, 0, creditbank.Invalid(creditbank.CodeMalformed, "", "无法读取工作表："+err.Error(), "not a readable sheet: "+err.Error()))
	}
	return nil
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

// close releases everything, also of a workbook that could not be opened.
func (x *xlsxReader) close() error {
	var errs []error
	for _, rows := range []*excelize.Rows{x.raw, x.shown} {
		if rows != nil {
			errs = append(errs, rows.Close())
		}
	}
	if x.book != nil {
		errs = append(errs, x.book.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(x.tmp))...)
}

// recovered turns a panic of the workbook parser, which is not ours and reads
// what strangers send, into an error.
func recovered(file string, err *error) {
	if p := recover(); p != nil {
		*err = stop{placed(file, 0, creditbank.Invalid(creditbank.CodeMalformed, "",
			"无法读取Excel文件", fmt.Sprintf("not a readable workbook: %v", bytes.TrimSpace(fmt.Append(nil, p)))))}
	}
}
