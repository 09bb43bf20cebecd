package creditbank

import (
	"fmt"
	"slices"
	"strings"
)

// A Text says the same in Chinese and English.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// A Reason says why a decision came out as it did. The codes are stable: people
// write programs against them. Their order is the order in which they print.
type Reason int

// The reasons (DOMAIN 2.4, with GRADE_ABOVE_MAX, since CUNY's rules are for ranges of
// grades, and at the end those added since).
const (
	OK Reason = iota
	MissingComponent
	GradeBelowPass
	GradeBelowMin
	GradeAboveMax
	AttendanceBelowMin
	LevelMismatch
	OverlapBelowMin
	OutcomeExpired
	OutcomeRevoked
	OutcomeNotRecognised
	OutcomeAlreadyConsumed
	TargetAlreadySatisfied
	LowerLevelSameFamily
	DuplicateSubject
	ExcludedTarget
	ExcludedSource
	CapReached
	CapTruncated
	PeriodCapTruncated
	InsufficientPool
	RuleNotEffective
	RuleExpired
	RuleSuspended
	NotEnrolled
	AccountFrozen
	ConsentRequired
	ApprovalPending
	ApprovalRejected
	ResidencyUnmet
	ConditionUnmet
	CreditsBelowTarget
	OutcomeUnderReview // a line in doubt: see [Case]
)

var reasons = [...]struct {
	code string
	text Text
}{
	OK:                     {"OK", Text{"通过", "in order"}},
	MissingComponent:       {"MISSING_COMPONENT", Text{"缺少所要求的学习成果", "a required outcome was never posted"}},
	GradeBelowPass:         {"GRADE_BELOW_PASS", Text{"成绩未达到及格线", "the score is below the pass mark"}},
	GradeBelowMin:          {"GRADE_BELOW_MIN", Text{"成绩低于规则要求", "the score is below the rule's minimum"}},
	GradeAboveMax:          {"GRADE_ABOVE_MAX", Text{"成绩高于规则适用的范围", "the score is above what the rule is for"}},
	AttendanceBelowMin:     {"ATTENDANCE_BELOW_MIN", Text{"出勤学时不足", "attendance is below the minimum"}},
	LevelMismatch:          {"LEVEL_MISMATCH", Text{"成果等级与目标课程不符", "the outcome's level is not the course's"}},
	OverlapBelowMin:        {"OVERLAP_BELOW_MIN", Text{"内容重合度不足", "the content overlaps too little"}},
	OutcomeExpired:         {"OUTCOME_EXPIRED", Text{"成果已过有效期", "the outcome has expired"}},
	OutcomeRevoked:         {"OUTCOME_REVOKED", Text{"成果已被撤销", "the outcome was revoked"}},
	OutcomeNotRecognised:   {"OUTCOME_NOT_RECOGNISED", Text{"成果未获认定", "the outcome was not recognised"}},
	OutcomeAlreadyConsumed: {"OUTCOME_ALREADY_CONSUMED", Text{"成果已被使用", "the outcome was already used"}},
	TargetAlreadySatisfied: {"TARGET_ALREADY_SATISFIED", Text{"目标课程学分已满", "nothing is left to fill in the target"}},
	LowerLevelSameFamily:   {"LOWER_LEVEL_SAME_FAMILY", Text{"同系列已有更高等级证书", "a higher level of the same family is held"}},
	DuplicateSubject:       {"DUPLICATE_SUBJECT", Text{"科目重复", "the subject was counted before"}},
	ExcludedTarget:         {"EXCLUDED_TARGET", Text{"目标课程不接受转换", "the target takes no conversions"}},
	ExcludedSource:         {"EXCLUDED_SOURCE", Text{"该成果不在可转换范围", "the outcome may not be converted"}},
	CapReached:             {"CAP_REACHED", Text{"超出转换学分上限", "a cap on converted credits is reached"}},
	CapTruncated:           {"CAP_TRUNCATED", Text{"转换学分按上限截减", "credits were cut to what fits"}},
	PeriodCapTruncated:     {"PERIOD_CAP_TRUNCATED", Text{"认定学分按年度上限截减", "credits were cut to the period's cap"}},
	InsufficientPool:       {"INSUFFICIENT_POOL", Text{"可用学分不足", "too few credits are available"}},
	RuleNotEffective:       {"RULE_NOT_EFFECTIVE", Text{"规则尚未生效", "the rule is not in force yet"}},
	RuleExpired:            {"RULE_EXPIRED", Text{"规则已失效", "the rule is no longer in force"}},
	RuleSuspended:          {"RULE_SUSPENDED", Text{"规则已暂停", "the rule is suspended"}},
	NotEnrolled:            {"NOT_ENROLLED", Text{"未注册该专业", "the learner is not enrolled in the programme"}},
	AccountFrozen:          {"ACCOUNT_FROZEN", Text{"账户已冻结", "the account is frozen"}},
	ConsentRequired:        {"CONSENT_REQUIRED", Text{"需要学习者同意", "the learner's consent is required"}},
	ApprovalPending:        {"APPROVAL_PENDING", Text{"等待审核", "approval is pending"}},
	ApprovalRejected:       {"APPROVAL_REJECTED", Text{"审核未通过", "approval was refused"}},
	ResidencyUnmet:         {"RESIDENCY_UNMET", Text{"本校学分未达要求", "too few credits were earned here"}},
	ConditionUnmet:         {"CONDITION_UNMET", Text{"未满足规则的条件", "a condition of the rule is not met"}},
	CreditsBelowTarget:     {"CREDITS_BELOW_TARGET", Text{"来源学分少于目标学分", "the source has fewer credits than the target"}},
	OutcomeUnderReview:     {"OUTCOME_UNDER_REVIEW", Text{"来源正在复核", "the source is under review"}},
}

// String returns the stable code of r, such as "MISSING_COMPONENT".
func (r Reason) String() string {
	if r < 0 || int(r) >= len(reasons) {
		return fmt.Sprintf("Reason(%d)", int(r))
	}
	return reasons[r].code
}

// Text returns what r means, in one clause.
func (r Reason) Text() Text {
	if r < 0 || int(r) >= len(reasons) {
		return Text{r.String(), r.String()}
	}
	return reasons[r].text
}

// ParseReason returns the reason with the given code.
func ParseReason(code string) (Reason, error) {
	for i, r := range reasons {
		if r.code == code {
			return Reason(i), nil
		}
	}
	return 0, fmt.Errorf("unknown reason %q", code)
}

// FormatReasons writes reasons in the form [ParseReasons] reads, such as
// "GRADE_BELOW_PASS,ATTENDANCE_BELOW_MIN"; none are "".
func FormatReasons(rs []Reason) string {
	codes := make([]string, len(rs))
	for i, r := range rs {
		codes[i] = r.String()
	}
	return strings.Join(codes, ",")
}

// ParseReasons parses what [FormatReasons] wrote.
func ParseReasons(s string) ([]Reason, error) {
	if s == "" {
		return nil, nil
	}
	var rs []Reason
	for code := range strings.SplitSeq(s, ",") {
		r, err := ParseReason(code)
		if err != nil {
			return nil, err
		}
		rs = append(rs, r)
	}
	return rs, nil
}

// MarshalText implements [encoding.TextMarshaler].
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (r *Reason) UnmarshalText(text []byte) (err error) {
	*r, err = ParseReason(string(text))
	return err
}

// Reasons lists every reason in printing order.
func Reasons() []Reason {
	all := make([]Reason, len(reasons))
	for i := range all {
		all[i] = Reason(i)
	}
	return all
}

// sortReasons returns the set of rs in printing order.
func sortReasons(rs []Reason) []Reason {
	rs = slices.Clone(rs)
	slices.Sort(rs)
	return slices.Compact(rs)
}
