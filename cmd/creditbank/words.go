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

// actText names what an act does.
func actText(k creditbank.ActKind) creditbank.Text {
	switch k {
	case creditbank.ActOpened:
		return tx("开户", "opened")
	case creditbank.ActEnrolled:
		return tx("注册专业", "enrolled")
	case creditbank.ActLeft:
		return tx("退出专业", "left")
	case creditbank.ActFrozen:
		return tx("冻结", "frozen")
	case creditbank.ActUnfrozen:
		return tx("解冻", "unfrozen")
	case creditbank.ActRevoked:
		return tx("成果撤销", "revoked")
	case creditbank.ActReversed:
		return tx("转换冲正", "reversed")
	case creditbank.ActRelinked:
		return tx("转换改挂", "relinked")
	case creditbank.ActRegraded:
		return tx("成绩更正", "regraded")
	case creditbank.ActReplaced:
		return tx("成果替换", "replaced")
	}
	return tx(string(k), string(k))
}

// verdictText says how a decision came out.
func verdictText(approved bool) creditbank.Text {
	if approved {
		return tx("批准", "approved")
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
