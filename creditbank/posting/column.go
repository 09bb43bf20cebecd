package posting

import (
	"fmt"
	"slices"
	"strings"

	"creditbank/creditbank"
)

// A Kind says what a column holds, which matters where a spreadsheet has made
// something else of it.
type Kind int

// The kinds of column.
const (
	Text   Kind = iota // names and codes; digits among them are not a number
	Number             // a decimal
	Date               // a day of the calendar
)

// A Column is one a table may have.
type Column struct {
	Name     string
	Title    string // another name for it in a header, usually Chinese; may be empty
	Kind     Kind
	Optional bool // may be left out of the file
}

// codes of what is wrong with the form of a table.
const (
	codeUnknownColumn   creditbank.Code = "UNKNOWN_COLUMN"
	codeDuplicateColumn creditbank.Code = "DUPLICATE_COLUMN"
	codeCells           creditbank.Code = "CELL_COUNT"
	codeTooLarge        creditbank.Code = "TOO_LARGE"
	codeEncoding        creditbank.Code = "ENCODING"
	codeSpreadsheet     creditbank.Code = "SPREADSHEET_MANGLED"
)

// find returns the index of the column called name, or -1.
func find(columns []Column, name string) int {
	return slices.IndexFunc(columns, func(c Column) bool { return name == c.Name || c.Title != "" && name == c.Title })
}

// header maps cells to columns: the result holds a column index for each cell.
func header(file string, rec record, columns []Column) ([]int, error) {
	var problems creditbank.Problems
	at := creditbank.Place{File: file, Line: rec.line}
	mapping := make([]int, len(rec.cells))
	seen := make(map[int]bool, len(columns))
	for i, c := range rec.cells {
		at.Column = i + 1
		name := strings.TrimSpace(c.raw)
		mapping[i] = find(columns, name)
		switch {
		case mapping[i] < 0:
			problems.Add(at, unknownColumn(name, columns))
		case seen[mapping[i]]:
			problems.Add(at, creditbank.Invalid(codeDuplicateColumn, name, fmt.Sprintf("列“%s”重复", name),
				fmt.Sprintf("column %q stands here twice", name)))
		}
		seen[mapping[i]] = true
	}
	at.Column = 0
	for i, c := range columns {
		if !seen[i] && !c.Optional {
			problems.Add(at, missingColumn(c))
		}
	}
	return mapping, problems.Err()
}

func missingColumn(c Column) error {
	zh := fmt.Sprintf("缺少列“%s”", c.Name)
	if c.Title != "" {
		zh = fmt.Sprintf("缺少列“%s”（%s）", c.Name, c.Title)
	}
	return creditbank.Invalid(creditbank.CodeMissing, c.Name, zh, fmt.Sprintf("column %q is missing", c.Name))
}

// unknownColumn says that name is no column, with the one probably meant.
func unknownColumn(name string, columns []Column) error {
	if name == "" {
		return creditbank.Invalid(codeUnknownColumn, "", "此列没有列名", "this column has no name")
	}
	if sep := strings.IndexAny(name, ";\t"); sep >= 0 {
		return creditbank.Invalid(codeUnknownColumn, "", "单元格之间应以逗号分隔", "cells must be separated by commas")
	}
	shown := clip(name)
	var names []string
	for _, c := range columns {
		names = append(names, c.Name)
	}
	if best := creditbank.Nearest(plain(name), names); best != "" {
		return creditbank.Invalid(codeUnknownColumn, shown, fmt.Sprintf("未知的列“%s”，是否想写“%s”？", shown, best),
			fmt.Sprintf("unknown column %q, did you mean %q?", shown, best))
	}
	return creditbank.Invalid(codeUnknownColumn, shown, fmt.Sprintf("未知的列“%s”，可用：%s", shown, strings.Join(names, "、")),
		fmt.Sprintf("unknown column %q, known are %s", shown, strings.Join(names, ", ")))
}

// plain writes a column name the way ours are written.
func plain(name string) string {
	return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(name))
}

// clip shortens what is quoted in a message, and hides whose it may be.
func clip(s string) string {
	const limit = 40
	s = mask(s)
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	return string(r[:limit]) + "…"
}
