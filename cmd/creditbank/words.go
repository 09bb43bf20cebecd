package main

import (
	"fmt"

	"creditbank/creditbank"
)

// tx makes a text of both languages.
func tx(zh, en string) creditbank.Text { return creditbank.Text{ZH: zh, EN: en} }

// txf makes a text of both languages with the same particulars.
func txf(zh, en string, args ...any) creditbank.Text {
	return creditbank.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

// verdictText says how a decision came out: approve, deny or pending.
func verdictText(decision string) creditbank.Text {
	switch decision {
	case "approve":
		return tx("批准", "approved")
	case "pending":
		return tx("待审核", "waits for a reviewer")
	}
	return tx("不予转换", "denied")
}

// gradeText writes a grade of a line.
func gradeText(grade string) string {
	if grade == creditbank.Exempt {
		return "免考"
	}
	return grade
}

// Heads of columns that several tables have.
var (
	headNo      = tx("序", "no.")
	headDay     = tx("日期", "date")
	headCredits = tx("学分", "credits")
	headCourse  = tx("课程", "course")
	headRule    = tx("规则", "rule")
)
