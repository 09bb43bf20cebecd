package posting

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"creditbank/creditbank"
)

// Names of the columns of a posting file.
const (
	colExternalID  = "external_id"
	colInstitution = "institution"
	colAccount     = "account"
	colIDNumber    = "id_number"
	colLearner     = "learner"
	colName        = "learner_name"
	colCourse      = "course"
	colIssuedOn    = "issued_on"
	colScore       = "score"
	colAttended    = "attended_hours"
	colValidUntil  = "valid_until"
	colRevision    = "revision"
)

// Columns lists the columns a posting file may have.
func Columns() []Column {
	return []Column{
		{colExternalID, "编号", Text, false},
		{colInstitution, "机构", Text, false},
		{colAccount, "账号", Text, true},
		{colIDNumber, "身份证号", Text, true},
		{colLearner, "学员", Text, true},
		{colName, "姓名", Text, true},
		{colCourse, "课程", Text, false},
		{colIssuedOn, "取得日期", Date, false},
		{colScore, "成绩", Number, true},
		{colAttended, "出勤学时", Number, true},
		{colValidUntil, "有效期至", Date, true},
		{colRevision, "修订号", Number, true},
	}
}

// A Reference is how a row names a learner: exactly one of account, identity
// number and alias, with the name where given.
type Reference struct {
	Account  creditbank.AccountNumber
	IDNumber creditbank.IDNumber
	Alias    string // what the caller calls the learner
	Name     string
}

// A Submission is a row of a posting file that is right in itself: who is
// meant, and what is posted. The learner's id is still to be found.
type Submission struct {
	Row       Row
	Reference Reference
	Posting   creditbank.Posting
}

// OpenFile begins to read a posting file.
func OpenFile(src Source) (*Table, error) {
	t, err := Open(src, Columns())
	if err != nil {
		return nil, err
	}
	if !t.Has(colAccount) && !t.Has(colIDNumber) && !t.Has(colLearner) {
		return nil, errors.Join(t.fault(1, creditbank.Invalid(creditbank.CodeMissing, colAccount,
			"缺少学习者列：account（账号）或 id_number（身份证号）", "no column names the learner: account or id_number")), t.Close())
	}
	return t, nil
}

// Parse reads a row as a submission. The error lists all that is wrong with
// the row, as [creditbank.PlacedError] values; the submission then holds what
// could be read.
func Parse(row Row) (Submission, error) {
	var problems creditbank.Problems
	s := Submission{Row: row}
	s.Reference = reference(row, &problems)
	s.Posting = creditbank.Posting{
		OutcomeKey: creditbank.OutcomeKey{
			Institution: creditbank.InstitutionID(need(row, colInstitution, &problems)),
			ExternalID:  need(row, colExternalID, &problems),
			Revision:    1,
		},
		Course:     creditbank.CourseCode(need(row, colCourse, &problems)),
		IssuedOn:   Value(row, colIssuedOn, &problems, ParseDate),
		Score:      Value(row, colScore, &problems, ParseScore),
		Attended:   Value(row, colAttended, &problems, ParseHours),
		ValidUntil: Value(row, colValidUntil, &problems, ParseDate),
	}
	need(row, colIssuedOn, &problems)
	if row.Get(colRevision) != "" {
		s.Posting.Revision = Value(row, colRevision, &problems, parseRevision)
	}
	return s, problems.Err()
}

// reference reads how a row names its learner.
func reference(row Row, problems *creditbank.Problems) Reference {
	ref := Reference{Alias: row.Get(colLearner), Name: row.Get(colName)}
	given, missing := "", colAccount
	for _, c := range []string{colLearner, colIDNumber, colAccount} {
		if row.table.Has(c) {
			missing = c // the first of those the file has, counted from the end
		}
	}
	for _, c := range []string{colAccount, colIDNumber, colLearner} {
		switch {
		case row.Get(c) == "":
		case given != "":
			problems.Add(row.PlaceOf(c), creditbank.Invalid(creditbank.CodeMalformed, c, fmt.Sprintf("“%s”与“%s”只能填一个", given, c),
				fmt.Sprintf("%s and %s exclude each other", given, c)))
		default:
			given = c
		}
	}
	switch given {
	case colAccount:
		ref.Account = Value(row, colAccount, problems, creditbank.ParseAccountNumber)
	case colIDNumber:
		ref.IDNumber = Value(row, colIDNumber, problems, ParseIDNumber)
		if ref.Name == "" {
			problems.Add(row.PlaceOf(colName), creditbank.Invalid(creditbank.CodeMissing, colName,
				"填写身份证号时必须同时填写姓名", "an identity number needs the name beside it"))
		}
	case "":
		problems.Add(row.PlaceOf(missing), creditbank.Invalid(creditbank.CodeMissing, missing, "未填写学习者", "the learner is missing"))
	}
	return ref
}

// need returns the text of a column that must not be empty.
func need(row Row, column string, problems *creditbank.Problems) string {
	v := row.Get(column)
	if v == "" {
		problems.Add(row.PlaceOf(column), creditbank.Invalid(creditbank.CodeMissing, column, "不能为空", "is empty"))
	}
	return v
}

// Value reads the text in a column with parse; an empty cell is the zero
// value. What parse finds wrong goes to problems, at the place of the cell.
func Value[T any](row Row, column string, problems *creditbank.Problems, parse func(string) (T, error)) T {
	var zero T
	text := row.Get(column)
	if text == "" {
		return zero
	}
	v, err := parse(text)
	if err == nil {
		return v
	}
	var input *creditbank.InputError
	if !errors.As(err, &input) {
		input = creditbank.Invalid(creditbank.CodeMalformed, column, fmt.Sprintf("“%s”格式不正确", clip(text)), err.Error())
	}
	problems.Add(row.PlaceOf(column), masked(&creditbank.InputError{Kind: input.Kind, Code: input.Code, Field: column, Reason: input.Reason}))
	return zero
}

// ParseIDNumber parses a resident identity number as
// [creditbank.ParseIDNumber] does, and says so where a spreadsheet has
// probably rounded it.
func ParseIDNumber(s string) (creditbank.IDNumber, error) {
	n, err := creditbank.ParseIDNumber(s)
	if err != nil && len(s) == 18 && strings.HasSuffix(s, "000") {
		return "", creditbank.Invalid(creditbank.CodeIDNumber, colIDNumber,
			"身份证号末三位为000：Excel只保留15位数字，请将该列设为文本后重新填写",
			"the identity number ends in 000: a spreadsheet keeps 15 digits only; format the column as text and write it again")
	}
	return n, err
}

// dateForms are the ways in which people and spreadsheets write a day, the year
// first: others cannot be told apart.
var dateForms = []string{time.DateOnly, "2006/1/2", "2006-1-2", "2006.1.2", "2006年1月2日", "20060102"}

// ParseDate parses a day of the calendar, written in any form with the year
// first. The time that a spreadsheet adds is dropped if it is midnight.
func ParseDate(s string) (creditbank.Date, error) {
	day := strings.TrimSuffix(strings.TrimSuffix(s, " 00:00:00"), " 0:00")
	for _, form := range dateForms {
		if t, err := time.Parse(form, day); err == nil && t.Year() >= 1 {
			return creditbank.DateOf(t), nil
		}
	}
	if _, err := strconv.Atoi(s); err == nil && len(s) == 5 {
		return 0, creditbank.Invalid(codeSpreadsheet, "", fmt.Sprintf("“%s”是Excel内部的日期数字，请将该列设为日期格式或写成2026-03-15", s),
			fmt.Sprintf("%q is a spreadsheet's inner number of a day: format the column as a date or write 2026-03-15", s))
	}
	return 0, creditbank.Invalid(creditbank.CodeMalformed, "", fmt.Sprintf("“%s”不是日期，应写成2026-03-15", clip(s)),
		fmt.Sprintf("%q is not a date such as 2026-03-15", clip(s)))
}

// ParseHours parses an amount of hours; zeros after the second decimal do no
// harm.
func ParseHours(s string) (creditbank.Hours, error) {
	h, err := creditbank.ParseHours(short(s))
	if err != nil || h < 0 {
		return 0, creditbank.Invalid(creditbank.CodeMalformed, "", fmt.Sprintf("“%s”不是学时，应为不小于0的数，最多两位小数", clip(s)),
			fmt.Sprintf("%q is no amount of hours: a number from 0, with at most two decimals", clip(s)))
	}
	return h, nil
}

// ParseScore parses a score as [creditbank.ParseScore] does, and says in both
// languages what it may be.
func ParseScore(s string) (creditbank.Score, error) {
	score, err := creditbank.ParseScore(s)
	if err != nil && strings.ContainsAny(s, "|:") {
		return creditbank.Score{}, creditbank.Invalid(creditbank.CodeMalformed, "",
			fmt.Sprintf("成绩“%s”应写成 85|letter:A-：每种等级制一个成绩，先写等级制名称，百分制的数或词不写名称", clip(s)),
			fmt.Sprintf("the score %q is not of the form 85|letter:A-: one mark a scale, its name in front, none in front of a number of 0 to 100 or a word", clip(s)))
	}
	if err != nil {
		words := creditbank.ScoreWords()
		return creditbank.Score{}, creditbank.Invalid(creditbank.CodeMalformed, "",
			fmt.Sprintf("成绩“%s”应为0至100的数，最多两位小数，或%s", clip(s), strings.Join(words, "、")),
			fmt.Sprintf("the score %q is neither a number of 0 to 100 with at most two decimals nor one of %s", clip(s), strings.Join(words, ", ")))
	}
	return score, nil
}

func parseRevision(s string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSuffix(s, ".00"), ".0"))
	if err != nil || n < 1 || n > 1<<20 {
		return 0, creditbank.Invalid(creditbank.CodeMalformed, "", fmt.Sprintf("“%s”不是修订号，应为从1开始的整数", clip(s)),
			fmt.Sprintf("%q is no revision: they count from 1", clip(s)))
	}
	return n, nil
}
