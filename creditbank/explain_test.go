package creditbank_test

import (
	"strings"
	"testing"

	"creditbank/creditbank"
)

// Each reason is told in words, with what is there and what is needed.
func TestExplain(t *testing.T) {
	c := newCity(t)
	for code, tt := range map[creditbank.Reason]struct {
		finding creditbank.Finding
		zh, en  string
	}{
		creditbank.MissingComponent:       {creditbank.Finding{Subject: "S1"}, "缺少“甲课 S1”", "no outcome of 甲课 S1"},
		creditbank.GradeBelowMin:          {creditbank.Finding{Subject: "S1", Have: "68", Need: "70"}, "成绩为68，规则要求不低于70", "is 68, the rule asks for 70"},
		creditbank.GradeAboveMax:          {creditbank.Finding{Subject: "S1", Have: "letter:A (95)", Need: "letter:B (85)"}, "只适用于不高于letter:B (85)的成绩", "of at most letter:B (85)"},
		creditbank.LevelMismatch:          {creditbank.Finding{Subject: "S1", Have: "5", Need: "A 4"}, "为5级", "of level 5"},
		creditbank.OutcomeExpired:         {creditbank.Finding{Subject: "S1", Have: "2025-12-20"}, "2025-12-20之后失效", "through 2025-12-20"},
		creditbank.OutcomeRevoked:         {creditbank.Finding{Subject: "S1", Have: "2025-12-20"}, "2025-12-20撤销", "revoked on 2025-12-20"},
		creditbank.OutcomeNotRecognised:   {creditbank.Finding{Subject: "S1"}, "未获认定", "not recognised"},
		creditbank.OutcomeAlreadyConsumed: {creditbank.Finding{Subject: "S1"}, "只能使用一次", "used once"},
		creditbank.TargetAlreadySatisfied: {creditbank.Finding{Subject: "A"}, "甲 A”的学分已满", "nothing is left"},
		creditbank.LowerLevelSameFamily:   {creditbank.Finding{Subject: "S1", Have: "S2"}, "乙课 S2", "only the highest"},
		creditbank.ExcludedTarget:         {creditbank.Finding{Subject: "A"}, "不接受转换", "takes no conversions"},
		creditbank.CapReached:             {creditbank.Finding{Subject: "cap NON_FORMAL 20.0", Have: "1.0", Need: "4.0"}, "超出来自非学历教育的转换学分上限20.0：还可授予1.0学分，需要4.0学分", "non-formal learning (20.0): 1.0 credits left, 4.0 needed"},
		creditbank.CapTruncated:           {creditbank.Finding{Subject: "slot E", Have: "1.0", Need: "4.0"}, "按“选修 E”的余额截减：授予1.0学分，原为4.0学分", "what is left in 选修 E: 1.0 credits instead of 4.0"},
		creditbank.InsufficientPool:       {creditbank.Finding{Subject: "I01 FORMAL", Have: "3.0", Need: "8.0"}, "青禾开放大学学历教育可用学分不足：现有3.0，需要8.0，还差5.0", "3.0 available, 8.0 needed, 5.0 short"},
		creditbank.RuleNotEffective:       {creditbank.Finding{Subject: "R1", Need: "2026-09-01"}, "自2026-09-01起生效", "on 2026-09-01"},
		creditbank.RuleExpired:            {creditbank.Finding{Subject: "R1", Need: "2026-09-01"}, "2026-09-01之后失效", "through 2026-09-01"},
		creditbank.NotEnrolled:            {creditbank.Finding{Subject: "P1"}, "请联系青禾开放大学（I01）", "apply again"},
		creditbank.AccountFrozen:          {creditbank.Finding{}, "账户已冻结", "frozen"},
		creditbank.ConsentRequired:        {creditbank.Finding{}, "需要学习者同意", "consent"},
	} {
		tt.finding.Code = code
		texts := creditbank.Explain(c.Catalogue(), &creditbank.Decision{Programme: "P1", Short: 500, Findings: []creditbank.Finding{tt.finding}})
		if len(texts) != 1 || !strings.Contains(texts[0].ZH, tt.zh) || !strings.Contains(texts[0].EN, tt.en) || strings.Contains(texts[0].ZH+texts[0].EN, "%!") {
			t.Errorf("%v is explained as %+v; want %q, %q", code, texts, tt.zh, tt.en)
		}
	}
}

// What a rule asks beside its sources is told with its figures too; one code may
// have several sentences.
func TestExplainConditions(t *testing.T) {
	c := newCity(t)
	for name, tt := range map[string]struct {
		finding creditbank.Finding
		zh, en  string
	}{
		"one of several":       {creditbank.Finding{Code: creditbank.MissingComponent, Subject: "S1", Have: "1", Need: "2 of S1, S2, S3"}, "可选项：2 of S1, S2, S3，现已满足1项", "asked for are 2 of S1, S2, S3, of which 1 are there"},
		"at least the level":   {creditbank.Finding{Code: creditbank.LevelMismatch, Subject: "S1", Have: "4", Need: "A >=5"}, "为4级，规则要求不低于5级", "asks for 5 or above"},
		"one level below":      {creditbank.Finding{Code: creditbank.LevelMismatch, Subject: "S1", Have: "3", Need: "A -1>=5"}, "目标课程为5级，最多可低1级", "of 5; at most 1 below"},
		"a level at all":       {creditbank.Finding{Code: creditbank.LevelMismatch, Subject: "S1", Have: "3", Need: ">=5"}, "不低于5级", "5 or above"},
		"overlap":              {creditbank.Finding{Code: creditbank.OverlapBelowMin, Subject: "S1", Have: "0.75", Need: "0.8"}, "重合度为0.75，规则要求不低于0.8", "covers 0.75 of the target, the rule asks for 0.8"},
		"overlap of nobody":    {creditbank.Finding{Code: creditbank.OverlapBelowMin, Subject: "S1", Need: "0.8"}, "没有内容重合度的认定依据", "nobody has found"},
		"too old":              {creditbank.Finding{Code: creditbank.OutcomeExpired, Subject: "S1", Have: "2025-12-20", Need: "P5Y"}, "允许的年限（P5Y），最后可用日为2025-12-20", "(P5Y): it served through 2025-12-20"},
		"a subject twice":      {creditbank.Finding{Code: creditbank.DuplicateSubject, Subject: "S1", Have: "S2"}, "“甲课 S1”与“乙课 S2”科目相同", "a subject counts once"},
		"a substitute":         {creditbank.Finding{Code: creditbank.DuplicateSubject, Subject: "S1", Have: "S2", Need: "elective"}, "只能计入选修模块", "as an elective only"},
		"a tag":                {creditbank.Finding{Code: creditbank.ExcludedSource, Subject: "S1", Have: "tag driving"}, "标签“driving”在负面清单上", "its tag, driving, is on a negative list"},
		"a name with a space":  {creditbank.Finding{Code: creditbank.ExcludedSource, Subject: "S1", Have: "name 机动车 驾驶证"}, "名称“机动车 驾驶证”", "its name, 机动车 驾驶证,"},
		"nobody knows":         {creditbank.Finding{Code: creditbank.ExcludedSource, Subject: "S1", Have: "unknown"}, "重新发布规则", "published again"},
		"a floor":              {creditbank.Finding{Code: creditbank.ResidencyUnmet, Subject: "floor institutions=I01;min=18.0", Have: "2.0", Need: "4.0"}, "至少18.0须来自青禾开放大学 I01：此外还可转换2.0学分，需要4.0学分", "at least 18.0 credits of the programme are to be of 青禾开放大学 I01: 2.0 credits of anything else are left, 4.0 needed"},
		"a period":             {creditbank.Finding{Code: creditbank.CapReached, Subject: "limit categories=FORMAL,CERTIFICATE;institution=I01;period=2025;max=42.0", Have: "1.0", Need: "4.0"}, "转换学分上限（学历教育、职业技能等级证书、来自青禾开放大学 I01、2025期间取得）42.0：还可授予1.0学分", "formal learning, certificate learning, from 青禾开放大学 I01, issued in 2025 (42.0): 1.0 credits left"},
		"so many certificates": {creditbank.Finding{Code: creditbank.CapReached, Subject: "limit categories=CERTIFICATE;measure=sources;max=3", Have: "0.0", Need: "4.0"}, "成果数上限（职业技能等级证书）3", "number of outcomes converted, certificate learning (3)"},
		"so many courses":      {creditbank.Finding{Code: creditbank.CapReached, Subject: "limit slots=A;tag=online;compulsory=true;per=source;measure=lines;max=8", Have: "0.0", Need: "4.0"}, "课程数上限（标签“online”、“甲 A”、必修课程、每项来源）8", "tagged online, 甲 A, compulsory courses, per source (8)"},
		"falls short":          {creditbank.Finding{Code: creditbank.CreditsBelowTarget, Subject: "A", Have: "3.0", Need: "4.0"}, "“甲 A”需要4.0学分，来源只有3.0学分", "asks for 4.0 credits, the source has 3.0"},
		"too early":            {creditbank.Finding{Code: creditbank.ConditionUnmet, Subject: "not_before", Have: "2026-03-15", Need: "2026-09-01"}, "自2026-09-01起", "from 2026-09-01 on"},
		"too late":             {creditbank.Finding{Code: creditbank.ConditionUnmet, Subject: "not_after", Have: "2026-03-15", Need: "2026-01-01"}, "截止于2026-01-01", "through 2026-01-01"},
		"lines first":          {creditbank.Finding{Code: creditbank.ConditionUnmet, Subject: "lines P1 A", Have: "0.0", Need: "4.0"}, "须先在P1 A取得课程学分（至少4.0），现有0.0", "lines of P1 A have to stand first, at least 4.0 credits"},
		"no lines yet":         {creditbank.Finding{Code: creditbank.ConditionUnmet, Subject: "no_lines P1 >=5", Have: "4.0"}, "P1 >=5已有课程学分4.0", "lines of P1 >=5 already, 4.0 credits"},
		"in its own words":     {creditbank.Finding{Code: creditbank.ConditionUnmet, Subject: "when", Text: creditbank.Text{ZH: "须在本地工作", EN: "has to work here"}}, "须在本地工作", "has to work here"},
		"not evaluated":        {creditbank.Finding{Code: creditbank.ConditionUnmet, Subject: "when", Have: "cost", Text: creditbank.Text{ZH: "甲", EN: "a"}}, "甲（条件无法求值）", "a (the condition could not be evaluated)"},
	} {
		texts := creditbank.Explain(c.Catalogue(), &creditbank.Decision{Programme: "P1", Findings: []creditbank.Finding{tt.finding}})
		if len(texts) != 1 || !strings.Contains(texts[0].ZH, tt.zh) || !strings.Contains(texts[0].EN, tt.en) || strings.Contains(texts[0].ZH+texts[0].EN, "%!") {
			t.Errorf("%s is explained as %+v; want %q, %q", name, texts, tt.zh, tt.en)
		}
	}
}

// What bounds a programme is told without a decision.
func TestLimitText(t *testing.T) {
	c := newCity(t)
	for name, want := range map[string]string{
		"limit each=institution;max=105.0":                "the cap on converted credits, per institution (105.0)",
		"limit calendar=calendar_year;max=42.0":           "the cap on converted credits, in each calendar year (42.0)",
		"limit calendar=institution;max=42.0":             "the cap on converted credits, in each period of the institution's calendar (42.0)",
		"limit calendar=korea;measure=lines;max=8":        "the cap on the number of converted courses, in each period of calendar korea (8)",
		"floor categories=FORMAL;tag=accredited;min=18.0": "at least 18.0 credits of the programme are to be of formal learning, courses tagged accredited",
		"cap all 40.0": "the cap on all converted credits (40.0)",
	} {
		if got := creditbank.LimitText(c.Catalogue(), creditbank.Programme{}, name); got.EN != want || got.ZH == "" {
			t.Errorf("%s is %+v, want %s", name, got, want)
		}
	}
}
