package creditbank

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A Purpose says what for somebody is told about a learner.
type Purpose string

// The purposes that a learner can consent to. To count hours and credits of
// many people nobody has to be named, so statistics is none of them.
const (
	PurposeConversion Purpose = "CONVERSION" // 学分转换
	PurposeAdmission  Purpose = "ADMISSION"  // 招生录取
	PurposeEmployment Purpose = "EMPLOYMENT" // 就业与人事
	PurposeSubsidy    Purpose = "SUBSIDY"    // 培训补贴
)

var purposeTexts = map[Purpose]Text{
	PurposeConversion: {"学分认定与转换", "recognition and conversion of credits"},
	PurposeAdmission:  {"招生录取", "admission to studies"},
	PurposeEmployment: {"招聘与人事", "employment"},
	PurposeSubsidy:    {"培训补贴审核", "a training subsidy"},
}

// Purposes lists the purposes.
func Purposes() []Purpose {
	return []Purpose{PurposeConversion, PurposeAdmission, PurposeEmployment, PurposeSubsidy}
}

// Text returns what p is called.
func (p Purpose) Text() Text { return textOf(purposeTexts, p) }

// ParsePurpose parses the code of a purpose.
func ParsePurpose(s string) (Purpose, error) {
	if !slices.Contains(Purposes(), Purpose(s)) {
		return "", Invalid(CodeMalformed, "purpose", "不是可以同意的用途", "is none of CONVERSION, ADMISSION, EMPLOYMENT, SUBSIDY")
	}
	return Purpose(s), nil
}

// A Field is a part of what is on record about a learner.
type Field string

// The fields that can be disclosed.
const (
	FieldProfile      Field = "PROFILE"      // name, region
	FieldBalance      Field = "BALANCE"      // 学分余额
	FieldOutcomes     Field = "OUTCOMES"     // 学习成果
	FieldConversions  Field = "CONVERSIONS"  // 转换记录
	FieldCertificates Field = "CERTIFICATES" // 证书

	// FieldEvidence are files shown for a petition. Only those who decide it are
	// told, so that it is no field that a learner can consent to.
	FieldEvidence Field = "EVIDENCE"
)

var fieldTexts = map[Field]Text{
	FieldProfile:      {"姓名和所在地区", "name and region"},
	FieldBalance:      {"学分余额", "balance of credits"},
	FieldOutcomes:     {"学习成果", "learning outcomes"},
	FieldConversions:  {"学分转换记录", "conversions"},
	FieldCertificates: {"证书", "certificates"},
	FieldEvidence:     {"认定申请的证明材料", "evidence for a petition"},
}

// Fields lists the fields that a learner can consent to.
func Fields() []Field {
	return []Field{FieldProfile, FieldBalance, FieldOutcomes, FieldConversions, FieldCertificates}
}

// disclosable lists the fields that can be told.
func disclosable() []Field { return append(Fields(), FieldEvidence) }

// Text returns what f is called.
func (f Field) Text() Text { return textOf(fieldTexts, f) }

// ParseField parses the code of a field.
func ParseField(s string) (Field, error) {
	if !slices.Contains(disclosable(), Field(s)) {
		return "", Invalid(CodeMalformed, "fields", "不是可以提供的信息项", "is none of PROFILE, BALANCE, OUTCOMES, CONVERSIONS, CERTIFICATES")
	}
	return Field(s), nil
}

// FormatFields writes fields in the form [ParseFields] reads, such as
// "PROFILE,BALANCE"; none are "".
func FormatFields(fs []Field) string {
	codes := make([]string, len(fs))
	for i, f := range fs {
		codes[i] = string(f)
	}
	return strings.Join(codes, ",")
}

// ParseFields parses what [FormatFields] wrote.
func ParseFields(s string) ([]Field, error) {
	if s == "" {
		return nil, nil
	}
	var fs []Field
	for code := range strings.SplitSeq(s, ",") {
		f, err := ParseField(code)
		if err != nil {
			return nil, err
		}
		fs = append(fs, f)
	}
	return fs, nil
}

// sortFields checks fields and returns the set of them in order.
func sortFields(fs []Field) ([]Field, error) {
	if len(fs) == 0 {
		return nil, Invalid(CodeMissing, "fields", "至少要指定一项信息", "name at least one field")
	}
	for _, f := range fs {
		if _, err := ParseField(string(f)); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(disclosable(), func(f Field) bool { return !slices.Contains(fs, f) }), nil
}

// A Consent (同意) is what a learner agrees to: that the recipient is told these
// fields for this purpose until that day. It was given on a text that the
// learner was shown ([ConsentText]). The fields of the struct stand in
// alphabetical order, since they are stored so.
type Consent struct {
	Fields      []Field       `json:"fields"`
	Purpose     Purpose       `json:"purpose"`
	Recipient   InstitutionID `json:"recipient"`
	TextVersion string        `json:"text_version"`
	Until       Date          `json:"until"` // the last day
}

// A GivenConsent is a consent on record and what became of it.
type GivenConsent struct {
	Consent
	Seq         int64 // the act that gave it; names the consent for ever
	On          Date
	WithdrawnOn Date // zero while it stands
}

// consentPeriod is how long a consent can last.
var consentPeriod = Period{Years: 5}

// checked returns c with its fields in order, or what is wrong with it.
func (c Consent) checked(cat *Catalogue, today Date) (Consent, error) {
	fields, err := sortFields(c.Fields)
	if err != nil {
		return c, err
	}
	if slices.Contains(fields, FieldEvidence) {
		return c, Invalid(CodeMalformed, "fields", "证明材料只供认定机构审核，不能授权提供", "evidence is for those who decide on it: nobody can be let see it")
	}
	c.Fields = fields
	if _, err := ParsePurpose(string(c.Purpose)); err != nil {
		return c, err
	}
	if _, ok := cat.Institutions[c.Recipient]; !ok {
		return c, NotFound(CodeUnknownInstitution, "recipient", "接收方机构不存在", "the recipient does not exist")
	}
	if _, ok := ConsentText(c.TextVersion); !ok {
		return c, Invalid(CodeMalformed, "text_version", "没有此版本的同意书", "there is no such version of the consent text")
	}
	if last := consentPeriod.After(today); c.Until <= today || c.Until > last {
		return c, Invalid(CodeMalformed, "until", fmt.Sprintf("截止日期应在今天之后、%s及以前", last), fmt.Sprintf("is a day after today and not after %s", last))
	}
	return c, nil
}

// covers reports whether c lets one of who be told all the fields on a day.
func (c *GivenConsent) covers(who []InstitutionID, fields []Field, purpose Purpose, day Date) bool {
	other := func(f Field) bool { return !slices.Contains(c.Fields, f) }
	return slices.Contains(who, c.Recipient) && !slices.ContainsFunc(fields, other) &&
		(purpose == "" || purpose == c.Purpose) && day <= c.Until && c.WithdrawnOn == 0
}

// GivenConsent returns the consent that version seq gave, or nil.
func (a *Account) GivenConsent(seq int64) *GivenConsent {
	return bySeq(a.Consents, seq, func(c *GivenConsent) int64 { return c.Seq })
}

// applyConsent moves a on by an act about a consent.
func (a *Account) applyConsent(act Act) error {
	if act.Kind == ActConsented {
		if act.Body.Consent == nil {
			return fmt.Errorf("no consent")
		}
		a.Consents = append(a.Consents, &GivenConsent{Consent: *act.Body.Consent, Seq: act.Seq, On: act.Day})
		return nil
	}
	c := a.GivenConsent(act.Body.Of)
	if c == nil || c.WithdrawnOn != 0 {
		return fmt.Errorf("no standing consent %d", act.Body.Of)
	}
	c.WithdrawnOn = act.Day
	return nil
}

// Consent puts on record that the learner consents. Whoever calls has made sure
// that it is the learner who does, and that the text was shown.
func (b *Bank) Consent(ctx context.Context, c Change, consent Consent) (Act, error) {
	// Asked again it must be the same request, whatever day it is: the list of
	// fields is put in order first, the rest is checked on the day.
	if fields, err := sortFields(consent.Fields); err == nil {
		consent.Fields = fields
	}
	return b.changeOne(ctx, c, "consent "+string(canonical(consent)), func(d *draft, _ History) error {
		checked, err := consent.checked(b.Catalogue(), d.day)
		if err != nil {
			return err
		}
		_, err = d.act(ActConsented, ActBody{Consent: &checked})
		return err
	})
}

// WithdrawConsent withdraws the consent that version seq gave: from now on
// nobody is told anything on it. What was told before stays on record.
func (b *Bank) WithdrawConsent(ctx context.Context, c Change, seq int64) (Act, error) {
	return b.changeOne(ctx, c, fmt.Sprint("withdraw consent ", seq), func(d *draft, _ History) error {
		switch given := d.account.GivenConsent(seq); {
		case given == nil:
			return NotFound(CodeUnknownConsent, "consent", "没有这项同意", "there is no such consent")
		case given.WithdrawnOn != 0:
			return Conflict(CodeState, "consent", fmt.Sprintf("该同意已于%s撤回", given.WithdrawnOn), fmt.Sprintf("the consent was withdrawn on %s", given.WithdrawnOn))
		}
		_, err := d.act(ActWithdrawn, ActBody{Of: seq})
		return err
	})
}

// consentTexts are the texts that consents were given on. A text that was
// published is never edited: its consents name it.
var consentTexts = map[string]Text{
	"2026-1": {
		ZH: `个人信息提供同意书（2026-1版）

一、由谁提供。管理您学习账户的学分银行。名称和联系方式见本服务首页，您可以通过它们行使下列权利。
二、提供给谁。您在本页选定的接收方。接收方的名称和联系方式与本同意书一并显示。
三、提供什么。只提供您在本页勾选的信息项：姓名和所在地区；学分余额；学习成果（课程、成绩、学时、日期、颁发机构）；学分转换记录；证书。成绩和学习经历可能影响他人对您的评价，请只勾选确有必要的项目。身份证号不在其中，不会提供。
四、为什么提供、怎样处理。只用于您在本页选定的用途。接收方通过本服务查询，每次查询都留有记录。接收方改变用途或处理方式的，须重新取得您的同意。
五、提供多久。自您同意之日起，至您在本页选定的截止日期止，最长五年；到期自动失效。
六、您可以不同意。不同意或撤回同意，不影响您的学习账户、已有学分和已出具的证书，也不影响您自行查询、下载和出示；只是接收方不能通过本服务查询您的信息。
七、怎样撤回。您可以随时在“我的同意”中撤回，或到开户机构办理，与同意一样方便，无需说明理由，撤回即时生效。撤回前依据本同意已进行的提供仍然有效；您可以要求接收方删除已得到的信息。
八、您的其他权利。您可以在“谁看过我的信息”中查阅每次提供的时间、接收方、用途和信息项，并可以查阅、复制、更正您的信息，或向学分银行、履行个人信息保护职责的部门投诉。
九、不满十四周岁的，应由父母或者其他监护人同意。

这是一项单独的同意，不与其他事项一并作出。依据《中华人民共和国个人信息保护法》第十四条至第十七条、第二十三条、第二十九条。`,
		EN: `Consent to the provision of personal information (version 2026-1)

1. Who provides it. The credit bank that keeps your learning account. Its name and how to reach it are on the first page of this service; use them to exercise the rights below.
2. To whom. The recipient that you choose on this page, whose name and contact are shown together with this text.
3. What. Only what you tick on this page: name and region; balance of credits; learning outcomes (course, score, hours, date, institution); conversions; certificates. Scores and what you studied can affect how others judge you: tick only what is needed. Your identity number is not among it and is not provided.
4. What for, and how. Only for the purpose that you choose on this page. The recipient looks it up through this service, and each look-up is recorded. For another purpose or another way of handling it the recipient must ask you again.
5. For how long. From today until the day that you choose on this page, five years at most. It then ends by itself.
6. You may say no. If you do not consent, or withdraw, your account, your credits and your certificates stay as they are, and you can read, download and show them as before; the recipient just cannot look you up here.
7. How to withdraw. At any time under "My consents", or where your account was opened: as easily as you consented, without giving a reason, with effect at once. What was provided before on this consent was lawful; you may ask the recipient to delete what it received.
8. Your other rights. Under "Who has seen my data" you find when, to whom, what for and what was provided. You may read, copy and correct your information, and complain to the credit bank or to the authorities in charge of personal information.
9. For anybody under fourteen a parent or guardian must consent.

This is a separate consent, not given together with anything else. Personal Information Protection Law of the People's Republic of China, articles 14 to 17, 23 and 29.`,
	},
}

// ConsentText returns the text of a version that consents are given on. It says
// what articles 17, 23 and 29 of the Personal Information Protection Law ask
// for; the recipient, the purpose, the fields and the last day that it speaks of
// are those of the consent, to be shown together with it.
func ConsentText(version string) (Text, bool) {
	t, ok := consentTexts[version]
	return t, ok
}

// ConsentTextVersion is the version of the text that is shown today.
const ConsentTextVersion = "2026-1"
