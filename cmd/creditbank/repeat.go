package main

import (
	"fmt"
	"strings"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

// maxNamed is how many courses a warning names.
const maxNamed = 8

// warnRepeat tells of courses that do not say whether a repeat counts: each once,
// where courses are published or checked.
func warnRepeat(out *term.Screen, codes []creditbank.CourseCode) {
	if len(codes) == 0 {
		return
	}
	names := make([]string, 0, maxNamed)
	for _, c := range codes[:min(len(codes), maxNamed)] {
		names = append(names, string(c))
	}
	zh, en := strings.Join(names, "、"), strings.Join(names, ", ")
	if more := len(codes) - len(names); more > 0 {
		zh, en = zh+fmt.Sprintf(" 等，另有%d门", more), en+fmt.Sprintf(" and %d more", more)
	}
	out.Mark(0, "!", term.Warn, tx(
		fmt.Sprintf("%d门课程未注明重修是否计分（repeat：once、best、yearly、every），按每次都计：%s", len(codes), zh),
		fmt.Sprintf("%d courses do not say whether a repeat counts (repeat: once, best, yearly, every); each does: %s", len(codes), en)))
}
