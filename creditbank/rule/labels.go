package rule

import (
	"strings"

	"creditbank/creditbank"
)

// label says a path in words: "授予[T-A1] › 学分", "grants[T-A1] › credits". A key
// that has no words stands for itself.
func label(path string) creditbank.Text {
	var zh, en []string
	for _, part := range parts(path) {
		key, of, _ := strings.Cut(part, "[")
		if of != "" {
			of = "[" + of
		}
		t, ok := words[key]
		if !ok {
			t = creditbank.Text{ZH: key, EN: key}
		}
		zh, en = append(zh, t.ZH+of), append(en, t.EN+of)
	}
	return creditbank.Text{ZH: strings.Join(zh, " › "), EN: strings.Join(en, " › ")}
}

// parts splits a path at the dots outside brackets.
func parts(path string) []string {
	var all []string
	depth, start := 0, 0
	for i, r := range path {
		switch {
		case r == '[':
			depth++
		case r == ']':
			depth--
		case r == '.' && depth == 0:
			all, start = append(all, path[start:i]), i+1
		}
	}
	return append(all, path[start:])
}

// words are the keys of the files, as people speak of them.
var words = map[string]creditbank.Text{
	"id": {ZH: "编号", EN: "id"}, "kind": {ZH: "种类", EN: "kind"}, "title": {ZH: "名称", EN: "title"}, "zh": {ZH: "中文", EN: "Chinese"}, "en": {ZH: "英文", EN: "English"},
	"effective": {ZH: "有效期", EN: "in force"}, "from": {ZH: "自", EN: "from"}, "to": {ZH: "至", EN: "through"}, "timezone": {ZH: "时区", EN: "time zone"},
	"source": {ZH: "来源", EN: "source"}, "category": {ZH: "学习类别", EN: "category"}, "tag": {ZH: "标签", EN: "tag"}, "without_tag": {ZH: "不含标签", EN: "without tag"},
	"require": {ZH: "要求", EN: "requires"}, "pass_mark": {ZH: "及格线", EN: "pass mark"}, "min_attendance": {ZH: "最低出勤率", EN: "least attendance"},
	"credits": {ZH: "学分", EN: "credits"}, "hours_per_credit": {ZH: "每学分学时", EN: "hours per credit"}, "hours": {ZH: "学时", EN: "hours"},
	"round": {ZH: "取整", EN: "rounding"}, "mode": {ZH: "方式", EN: "mode"}, "step": {ZH: "步长", EN: "step"}, "valid_for": {ZH: "有效期限", EN: "valid for"},
	"cap": {ZH: "上限", EN: "cap"}, "caps": {ZH: "上限", EN: "caps"}, "of": {ZH: "对象", EN: "of"}, "share": {ZH: "比例", EN: "share"}, "per": {ZH: "按", EN: "per"}, "by": {ZH: "依据", EN: "by"},
	"programme": {ZH: "专业", EN: "programme"}, "programmes": {ZH: "专业", EN: "programmes"}, "institution": {ZH: "机构", EN: "institution"},
	"course": {ZH: "课程", EN: "course"}, "all": {ZH: "全部具备", EN: "all of"}, "any": {ZH: "任一", EN: "any of"}, "min_grade": {ZH: "最低成绩", EN: "least grade"},
	"family_highest": {ZH: "同系列最高等级", EN: "highest of its family"}, "pool": {ZH: "学分池", EN: "pool"}, "split": {ZH: "可拆分", EN: "may split"}, "order": {ZH: "顺序", EN: "order"},
	"block": {ZH: "整体", EN: "block"}, "min_credits": {ZH: "最低学分", EN: "least credits"}, "match": {ZH: "匹配", EN: "match"}, "level": {ZH: "等级", EN: "level"},
	"overlap": {ZH: "内容重合度", EN: "overlap"}, "approval": {ZH: "审核", EN: "approval"}, "publicity": {ZH: "公示", EN: "publicity"}, "appeal": {ZH: "申诉", EN: "appeal"},
	"grant": {ZH: "授予", EN: "grants"}, "slot": {ZH: "课程位", EN: "slot"}, "slots": {ZH: "课程位", EN: "slots"}, "grade": {ZH: "成绩", EN: "grade"}, "exceed": {ZH: "超出时", EN: "beyond what fits"},
	"excess": {ZH: "余量", EN: "excess"}, "min": {ZH: "取小", EN: "least of"}, "partial": {ZH: "部分填充", EN: "partial"}, "weighted_by": {ZH: "加权", EN: "weighted by"},
	"elective": {ZH: "选修", EN: "elective"}, "convertible": {ZH: "可转换", EN: "convertible"},
	"suspended": {ZH: "暂停", EN: "suspended"}, "retired": {ZH: "停用", EN: "retired"},
}
