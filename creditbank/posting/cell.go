package posting

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"creditbank/creditbank"
)

// A cell is what a file holds in one cell, and, in a spreadsheet, what the
// program showed to the person who wrote it.
type cell struct {
	raw    string
	shown  string // "" where it is the same
	is1904 bool   // the workbook counts its days from 1904
}

var (
	decimal    = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	scientific = regexp.MustCompile(`^-?[0-9](\.[0-9]+)?[Ee][+-]?[0-9]{1,3}$`)
	exponent   = regexp.MustCompile(`^-?[0-9](\.[0-9]+)?[Ee]\+[0-9]{1,3}$`) // as a spreadsheet writes it
	datelike   = regexp.MustCompile(`[0-9][-/:年月日]`)
)

// spreadsheetDigits is how many digits of a number a spreadsheet keeps.
const spreadsheetDigits = 15

// value returns the text of c as a value of the column. It undoes what
// spreadsheets make of texts and dates where nothing was lost, and says what
// happened where something was.
func (c cell) value(col Column) (string, error) {
	raw := strings.TrimSpace(c.raw)
	if err := c.checkText(col); err != nil {
		return "", err
	}
	isNumber := decimal.MatchString(raw) || scientific.MatchString(raw)
	switch {
	case slices.Contains([]string{"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"}, raw):
		return "", mangled(col, fmt.Sprintf("单元格中是公式错误%s", raw), fmt.Sprintf("the cell holds the formula error %s", raw))
	case isNumber && c.shown != "" && strings.TrimSpace(c.shown) != raw:
		return c.formatted(col, raw)
	case col.Kind == Text && exponent.MatchString(raw), col.Kind != Text && scientific.MatchString(raw):
		return expand(col, raw)
	case col.Kind == Number && isNumber:
		return short(raw), nil
	}
	return raw, nil
}

// checkText refuses what is not text.
func (c cell) checkText(col Column) error {
	if !utf8.ValidString(c.raw) || strings.ContainsRune(c.raw, utf8.RuneError) {
		return creditbank.Invalid(codeEncoding, col.Name, "含有无法识别的字符，请检查文件编码（UTF-8或GB18030）",
			"holds characters that are neither UTF-8 nor GB18030")
	}
	if strings.ContainsFunc(strings.TrimSpace(c.raw), unicode.IsControl) {
		return creditbank.Invalid(creditbank.CodeMalformed, col.Name, "含有控制字符或换行", "holds a control character or a line break")
	}
	return nil
}

// formatted reads a number that a spreadsheet showed as something else.
func (c cell) formatted(col Column, raw string) (string, error) {
	shown := strings.TrimSpace(c.shown)
	if col.Kind == Date && !decimal.MatchString(shown) && !scientific.MatchString(shown) {
		return c.date(col, raw)
	}
	switch {
	case col.Kind == Text && decimal.MatchString(shown) && !strings.Contains(shown, "."):
		return shown, nil // leading zeros that a number format adds
	case strings.HasSuffix(shown, "%"):
		return "", mangled(col, fmt.Sprintf("单元格显示为%s，实际存的是%s", shown, raw), fmt.Sprintf("the cell shows %s but holds %s", shown, raw))
	case datelike.MatchString(shown):
		return "", mangled(col, fmt.Sprintf("Excel把此格变成了日期（%s），请将该列设为文本后重新填写", shown),
			fmt.Sprintf("Excel turned this into a date (%s): format the column as text and write it again", shown))
	}
	return expand(col, raw)
}

// date returns the day that a spreadsheet counts as raw.
func (c cell) date(col Column, raw string) (string, error) {
	serial, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return "", mangled(col, "不是日期："+raw, raw+" is not a date")
	}
	day, err := excelize.ExcelDateToTime(serial, c.is1904)
	if err != nil || serial < 1 || day.Year() > 9999 {
		return "", mangled(col, "Excel日期超出范围："+raw, "the Excel date is out of range: "+raw)
	}
	return creditbank.DateOf(day).String(), nil
}

// expand writes a number of a spreadsheet without an exponent. It fails where
// the number has more digits than a spreadsheet keeps: then some are lost.
func expand(col Column, raw string) (string, error) {
	if col.Kind == Text && !strings.ContainsAny(raw, ".Ee") {
		return raw, nil // written in full, by a program
	}
	f, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return "", mangled(col, "不是数字："+raw, raw+" is not a number")
	}
	digits := strconv.FormatFloat(f, 'f', -1, 64)
	whole, _, _ := strings.Cut(strings.TrimPrefix(digits, "-"), ".")
	if len(whole) > spreadsheetDigits || col.Kind == Text && strings.Contains(raw, ".") && exponentTooShort(raw) {
		shown := raw
		if mask(whole) != whole {
			shown = whole // to be hidden: with an exponent it tells as much
		}
		return "", mangled(col, fmt.Sprintf("Excel把此格变成了数字%s，末几位已丢失；请将该列设为文本后重新填写", shown),
			fmt.Sprintf("Excel turned this into the number %s and lost its last digits: format the column as text and write it again", shown))
	}
	return short(digits), nil
}

// exponentTooShort reports whether the digits of raw, such as 1.23457E+11, do
// not reach its last place: it was rounded when written.
func exponentTooShort(raw string) bool {
	mantissa, exp, found := strings.Cut(strings.ToUpper(raw), "E")
	n, err := strconv.Atoi(exp)
	_, frac, _ := strings.Cut(mantissa, ".")
	return found && err == nil && n > len(frac)
}

// short undoes the binary tail of a spreadsheet's numbers, such as
// 80.900000000000006, and zeros at the end of decimals beyond the second.
func short(s string) string {
	whole, frac, dot := strings.Cut(s, ".")
	if !dot {
		return s
	}
	if len(whole)+len(frac) > spreadsheetDigits {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return s
		}
		rounded, err := strconv.ParseFloat(strconv.FormatFloat(f, 'e', spreadsheetDigits-1, 64), 64)
		if err != nil {
			return s
		}
		return strconv.FormatFloat(rounded, 'f', -1, 64)
	}
	for len(frac) > 2 && strings.HasSuffix(frac, "0") {
		frac = frac[:len(frac)-1]
	}
	return whole + "." + frac
}

func mangled(col Column, zh, en string) error {
	return masked(creditbank.Invalid(codeSpreadsheet, col.Name, zh, en))
}
