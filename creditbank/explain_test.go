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
