package issuance

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"creditbank/certify"
	"creditbank/creditbank"
)

// A holder is whose certificate it is, as the certificate shows them.
type holder struct {
	name    string
	account creditbank.AccountNumber
}

// check refuses a name that no credential can hold. The error does not say the
// name.
func (h holder) check() error {
	bad := func(r rune) bool { return r < ' ' || r == 0x7f || r == utf8.RuneError }
	if h.name == "" || !utf8.ValidString(h.name) || strings.ContainsFunc(h.name, bad) {
		return fmt.Errorf("the holder's name is empty, or has characters that a certificate cannot hold")
	}
	return nil
}

// An envelope is what certificates of all kinds have in common: what was drawn
// for one, and when.
type envelope struct {
	id, subject string // urn:uuid
	place       Place
	at          time.Time
	holder      holder
}

// compose writes what a certificate says, and names who issues it.
func (o *Office) compose(or order, e envelope) (certify.Certificate, creditbank.InstitutionID, error) {
	if err := e.holder.check(); err != nil {
		return certify.Certificate{}, "", err
	}
	var c certify.Certificate
	var by creditbank.InstitutionID
	var err error
	if or.conversion != nil {
		c, by, err = o.composeConversion(or)
	} else {
		c, by, err = o.composeOutcome(or)
	}
	if err != nil {
		return certify.Certificate{}, "", err
	}
	issuer, err := o.institution(by)
	if err != nil {
		return certify.Certificate{}, "", err
	}
	c.ID, c.ValidFrom = e.id, e.at
	c.Issuer = certify.Issuer{DID: issuer.ID, Name: issuer.Name, URL: o.page("issuers", slug(by))}
	c.Source = issuer
	c.Subject = certify.Subject{ID: e.subject, Name: e.holder.name, AccountNumber: string(e.holder.account)}
	c.Status = certify.StatusEntry{List: o.StatusListAddress(by, e.place.List), Index: int64(e.place.Index)}
	return c, by, nil
}

// institution returns an institution as certificates name it: by its DID.
func (o *Office) institution(id creditbank.InstitutionID) (certify.Institution, error) {
	i, err := o.reference.institution(id)
	if err != nil {
		return certify.Institution{}, err
	}
	did, err := o.DID(id)
	return certify.Institution{ID: did, Name: i.Name, USCC: i.USCC}, err
}

// composeOutcome certifies one recognised outcome: by the institution that
// posted it.
func (o *Office) composeOutcome(or order) (certify.Certificate, creditbank.InstitutionID, error) {
	lot := or.lot
	course, err := o.reference.course(lot.Course, lot.CourseVersion)
	if err != nil {
		return certify.Certificate{}, "", err
	}
	creator, err := o.institution(course.Institution)
	if err != nil {
		return certify.Certificate{}, "", err
	}
	rules, err := o.reference.ruleSet(lot.RuleSet)
	if err != nil {
		return certify.Certificate{}, "", err
	}
	title, _, _ := rules.RuleTitle(lot.Rule)
	zh := fmt.Sprintf("经认定规则 %s“%s”认定为 %s 学分", lot.Rule, title.ZH, lot.Credits)
	en := fmt.Sprintf("Recognised as %s credits by rule %s", lot.Credits, lot.Rule)
	if lot.ExpiresOn != 0 {
		zh += fmt.Sprintf("，可用至 %s", lot.ExpiresOn)
		en += fmt.Sprintf("; they can be used until %s", lot.ExpiresOn)
	}
	return certify.Certificate{
		Kind:        certify.KindOutcome,
		Name:        "学习成果证书：" + course.Title,
		Description: zh + "。" + en + ".",
		Awarded:     lot.PostedAt,
		Credits:     certify.Decimal(lot.Credits.String()),
		Ended:       lot.IssuedOn.Time(time.UTC), // a day, which must read as itself
		Grade:       lot.Score.String(),
		Hours:       hours(lot.Attended),
		Achievement: certify.Achievement{
			ID: o.page("courses", string(course.Code), strconv.Itoa(course.Version)), Name: course.Title,
			Description: fmt.Sprintf("%s（%s）", course.Title, categoryName(lot.Category)),
			Criteria:    "完成学习并达到认定规则的要求。Complete the course and meet the recognition rule.",
			Type:        achievementType(lot.Category), Creator: creator, Code: string(course.Code),
			Credits: certify.Decimal(lot.Credits.String()), Alignments: o.alignments(lot.Category, lot.Level),
		},
	}, lot.Institution, nil
}

// composeConversion certifies an approved conversion: by the institution whose
// programme the credits were granted in.
func (o *Office) composeConversion(or order) (certify.Certificate, creditbank.InstitutionID, error) {
	d := or.conversion.Decision
	rules, err := o.reference.ruleSet(d.RuleSet)
	if err != nil {
		return certify.Certificate{}, "", err
	}
	programme, ok := rules.Programme(d.Programme)
	if !ok {
		return certify.Certificate{}, "", fmt.Errorf("programme %s is not in rule set %d", d.Programme, d.RuleSet)
	}
	creator, err := o.institution(programme.Institution)
	if err != nil {
		return certify.Certificate{}, "", err
	}
	sources, err := o.sources(or)
	if err != nil {
		return certify.Certificate{}, "", err
	}
	title, _, _ := rules.RuleTitle(d.Rule)
	return certify.Certificate{
		Kind: certify.KindConversion,
		Name: "学分转换证书：" + programme.Title.ZH,
		Description: fmt.Sprintf("依据转换规则 %s“%s”（规则集第 %d 版）。转换决定的 SHA-256 Hash of the decision: %s",
			d.Rule, title.ZH, d.RuleSet, d.Hash()),
		Awarded: d.At,
		Credits: certify.Decimal(d.Granted().String()),
		Achievement: certify.Achievement{
			ID: o.page("programmes", string(d.Programme), strconv.Itoa(d.RuleSet)), Name: programme.Title.ZH,
			Description: strings.TrimSpace(programme.Title.ZH + " " + programme.Title.EN),
			Criteria:    strings.TrimSpace(title.ZH + " " + title.EN),
			Type:        "LearningProgram", Creator: creator, Code: string(d.Programme),
			Credits: certify.Decimal(programme.Credits.String()),
		},
		Lines:   lines(programme, d),
		Sources: sources,
	}, programme.Institution, nil
}

// lines returns what a conversion granted, slot by slot.
func lines(p creditbank.Programme, d *creditbank.Decision) []certify.Line {
	var all []certify.Line
	for _, l := range d.Lines {
		name := string(l.Slot)
		if slot, ok := p.Slot(l.Slot); ok {
			name = slot.Title.ZH
			if slot.Level != 0 {
				name += fmt.Sprintf("（%d 级）", slot.Level)
			}
		}
		grade := l.Grade
		if grade == creditbank.Exempt {
			grade = "免考 exempt"
		}
		all = append(all, certify.Line{Slot: string(l.Slot), Name: name, Credits: certify.Decimal(l.Credits.String()), Grade: grade})
	}
	return all
}

// sources returns what a conversion was granted for.
func (o *Office) sources(or order) ([]certify.Source, error) {
	var all []certify.Source
	for _, u := range or.conversion.Decision.Sources {
		if ref, ok := u.Line(); ok {
			s, err := o.lineSource(or.account, ref, u)
			if err != nil {
				return nil, fmt.Errorf("conversion %d: %w", or.conversion.Seq, err)
			}
			all = append(all, s)
			continue
		}
		lot := or.account.Lot(u.Lot)
		if lot == nil {
			return nil, fmt.Errorf("conversion %d consumes row %d, which is no outcome", or.conversion.Seq, u.Lot)
		}
		course, err := o.reference.course(lot.Course, lot.CourseVersion)
		if err != nil {
			return nil, err
		}
		at, err := o.reference.institution(lot.Institution)
		if err != nil {
			return nil, err
		}
		all = append(all, certify.Source{
			Name: course.Title, Institution: at.Name, Credits: certify.Decimal(u.Credits.String()),
			Hours: hours(lot.Attended), Grade: lot.Score.String(), Date: lot.IssuedOn.Time(time.UTC),
		})
	}
	return all, nil
}

// lineSource returns a line of another programme as what a conversion was
// granted for.
func (o *Office) lineSource(a *creditbank.Account, ref creditbank.LineRef, u creditbank.Consumption) (certify.Source, error) {
	from := a.Conversion(ref.Conversion)
	if from == nil {
		return certify.Source{}, fmt.Errorf("it carries on a line of row %d, which is no conversion", ref.Conversion)
	}
	rules, err := o.reference.ruleSet(from.Decision.RuleSet)
	if err != nil {
		return certify.Source{}, err
	}
	programme, ok := rules.Programme(u.Programme)
	if !ok {
		return certify.Source{}, fmt.Errorf("programme %s is not in rule set %d", u.Programme, from.Decision.RuleSet)
	}
	at, err := o.reference.institution(programme.Institution)
	if err != nil {
		return certify.Source{}, err
	}
	s := certify.Source{
		Name: programme.Title.ZH + "：" + string(ref.Slot), Institution: at.Name,
		Credits: certify.Decimal(u.Credits.String()), Date: from.Decision.Day.Time(time.UTC),
	}
	for _, l := range lines(programme, from.Decision) {
		if l.Slot == string(ref.Slot) {
			s.Name, s.Grade = programme.Title.ZH+"："+l.Name, l.Grade
			break
		}
	}
	return s, nil
}

// hours writes learning hours; none where none are on record.
func hours(h creditbank.Hours) certify.Decimal {
	if h == 0 {
		return ""
	}
	return certify.Decimal(h.String())
}

// alignments places an outcome in the frameworks of the bank.
func (o *Office) alignments(c creditbank.Category, l creditbank.Level) []certify.Alignment {
	all := []certify.Alignment{{
		Name: categoryName(c), URL: o.page("frameworks", "category", string(c)), Framework: "学习类别", Code: string(c),
	}}
	if l != 0 {
		n := strconv.Itoa(int(l))
		all = append(all, certify.Alignment{
			Name: n + " 级 Level " + n, URL: o.page("frameworks", "level", n), Framework: "学习成果框架", Code: n,
		})
	}
	return all
}

func categoryName(c creditbank.Category) string {
	t := c.Text()
	return t.ZH + " " + t.EN
}

// achievementType returns the type of Open Badges 3.0 for a category.
func achievementType(c creditbank.Category) string {
	switch c {
	case creditbank.Certificate:
		return "Certification"
	case creditbank.Informal:
		return "Achievement"
	}
	return "Course"
}
