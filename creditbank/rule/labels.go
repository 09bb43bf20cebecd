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
	"block": {ZH: "整体", EN: "block"}, "line": {ZH: "另一专业的课程学分", EN: "line of another programme"}, "min_credits": {ZH: "最低学分", EN: "least credits"}, "match": {ZH: "匹配", EN: "match"}, "level": {ZH: "等级", EN: "level"},
	"overlap": {ZH: "内容重合度", EN: "overlap"}, "approval": {ZH: "审核", EN: "approval"}, "publicity": {ZH: "公示", EN: "publicity"}, "appeal": {ZH: "申诉", EN: "appeal"},
	"reviewers": {ZH: "审核人数", EN: "reviewers"}, "template": {ZH: "类别", EN: "template"}, "supplement_within": {ZH: "补正期限", EN: "time to supplement"},
	"decide_within": {ZH: "审核期限", EN: "time to decide"}, "file_within": {ZH: "申诉期限", EN: "time to appeal"}, "levels": {ZH: "级数", EN: "levels"},
	"days": {ZH: "天数", EN: "days"}, "working": {ZH: "按工作日", EN: "working days"},
	"grant": {ZH: "授予", EN: "grants"}, "slot": {ZH: "课程位", EN: "slot"}, "slots": {ZH: "课程位", EN: "slots"}, "grade": {ZH: "成绩", EN: "grade"}, "exceed": {ZH: "超出时", EN: "beyond what fits"},
	"excess": {ZH: "余量", EN: "excess"}, "min": {ZH: "取小", EN: "least of"}, "partial": {ZH: "部分填充", EN: "partial"}, "weighted_by": {ZH: "加权", EN: "weighted by"},
	"elective": {ZH: "选修", EN: "elective"}, "convertible": {ZH: "可转换", EN: "convertible"},
	"version": {ZH: "版本", EN: "version"}, "owner": {ZH: "负责机构", EN: "owner"}, "legal_basis": {ZH: "依据", EN: "legal basis"}, "priority": {ZH: "优先级", EN: "priority"},
	"rule_time": {ZH: "规则适用日", EN: "rule time"}, "calendar": {ZH: "日历", EN: "calendar"}, "period": {ZH: "期间", EN: "period"}, "document": {ZH: "文件", EN: "document"},
	"exclude": {ZH: "不可转换", EN: "excludes"}, "subjects": {ZH: "同名课程", EN: "subjects"}, "abbreviations": {ZH: "简称", EN: "abbreviations"}, "names": {ZH: "名称", EN: "names"},
	"unique_subjects": {ZH: "同名课程只用一次", EN: "unique subjects"}, "floors": {ZH: "下限", EN: "floors"}, "families": {ZH: "系列", EN: "families"}, "substitutes": {ZH: "替代课程", EN: "substitutes"},
	"compulsory": {ZH: "必修", EN: "compulsory"}, "courses": {ZH: "课程", EN: "courses"}, "categories": {ZH: "学习类别", EN: "categories"}, "institutions": {ZH: "机构", EN: "institutions"},
	"tags": {ZH: "标签", EN: "tags"}, "rules": {ZH: "规则", EN: "rules"}, "sources": {ZH: "来源", EN: "sources"}, "targets": {ZH: "目标", EN: "targets"}, "target": {ZH: "目标", EN: "target"},
	"enrolled": {ZH: "已注册", EN: "enrolled"}, "account": {ZH: "账户", EN: "account"}, "real_name": {ZH: "实名", EN: "real name"}, "lines": {ZH: "课程学分", EN: "lines"},
	"no_lines": {ZH: "不得已有课程学分", EN: "no lines"}, "not_after": {ZH: "不晚于", EN: "not after"}, "not_before": {ZH: "不早于", EN: "not before"}, "outcomes": {ZH: "成果", EN: "outcomes"},
	"on": {ZH: "日期", EN: "on"}, "at_least": {ZH: "至少", EN: "at least"}, "n": {ZH: "项数", EN: "number"}, "below": {ZH: "低于", EN: "below"}, "evidence": {ZH: "依据材料", EN: "evidence"},
	"reviewer": {ZH: "审核人", EN: "reviewer"}, "framework": {ZH: "等级框架", EN: "framework"}, "relation": {ZH: "关系", EN: "relation"}, "overlap_min": {ZH: "最低重合度", EN: "least overlap"},
	"share_of": {ZH: "占比对象", EN: "share of"}, "shortfall": {ZH: "不足时", EN: "shortfall"}, "source_max_age": {ZH: "成果最长年限", EN: "oldest source"},
	"honour_source_expiry": {ZH: "认可来源有效期", EN: "honours the source's expiry"}, "if": {ZH: "条件", EN: "if"}, "message": {ZH: "提示", EN: "message"},
	"scale": {ZH: "评分标准", EN: "scale"}, "scales": {ZH: "评分标准", EN: "scales"}, "distribution": {ZH: "成绩分布", EN: "distribution"}, "distributions": {ZH: "成绩分布", EN: "distributions"},
	"calendars": {ZH: "日历", EN: "calendars"}, "semesters": {ZH: "学期", EN: "semesters"}, "year": {ZH: "学年", EN: "year"}, "deny_sources": {ZH: "不予认定", EN: "recognises none of"},
	"carry_remainder": {ZH: "结转余数", EN: "carries the remainder"}, "ratio": {ZH: "换算比", EN: "ratio"}, "table": {ZH: "对照表", EN: "table"}, "grades": {ZH: "等第", EN: "grades"},
	"points": {ZH: "分值", EN: "points"}, "label": {ZH: "标签", EN: "label"}, "labels": {ZH: "标签", EN: "labels"}, "pass": {ZH: "及格", EN: "pass"}, "max": {ZH: "最高", EN: "highest"},
	"max_grade": {ZH: "最高成绩", EN: "highest grade"}, "best": {ZH: "最优", EN: "best"}, "most": {ZH: "至多", EN: "at most"}, "each": {ZH: "每项", EN: "each"}, "default": {ZH: "缺省", EN: "default"},
	"family": {ZH: "系列", EN: "family"}, "stated": {ZH: "标定", EN: "stated"}, "take": {ZH: "取", EN: "takes"}, "value": {ZH: "值", EN: "value"}, "is": {ZH: "为", EN: "is"}, "at": {ZH: "在", EN: "at"}, "why": {ZH: "原因", EN: "why"},
	"suspended": {ZH: "暂停", EN: "suspended"}, "retired": {ZH: "停用", EN: "retired"},
}
