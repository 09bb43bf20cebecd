package rule

import (
	"cmp"
	"fmt"
	"slices"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// add takes a rule into the set. Rules of one id are its versions: each says
// which it is, their windows do not overlap, and they grant in one programme, by
// one day of reckoning.
func (p *parser) add(n strictyaml.Node, r *Rule) {
	for _, old := range p.set.versions[r.ID] {
		if code, zh, en := clash(old, r); en != "" {
			first := p.versions[old]
			n.FailWith(code, fmt.Sprintf("规则 %s %s，见%s", r.ID, zh, first), fmt.Sprintf("rule %s %s, first at %s", r.ID, en, first))
			return
		}
	}
	if _, known := p.places[r.ID]; !known {
		p.places[r.ID] = n.Place()
	}
	p.versions[r] = n.Place()
	p.set.rules = append(p.set.rules, r)
	versions := append(p.set.versions[r.ID], r)
	slices.SortFunc(versions, func(a, b *Rule) int { return cmp.Compare(b.From, a.From) })
	p.set.versions[r.ID], p.set.byID[r.ID] = versions, versions[0]
}

// clash says why two rules of one id cannot be versions of one rule.
func clash(a, b *Rule) (code creditbank.Code, zh, en string) {
	switch {
	case a.Version == b.Version:
		return creditbank.CodeDuplicate, "重复，首次出现", "stands here twice"
	case a.Version == 0 || b.Version == 0:
		return creditbank.CodeDuplicate, "有多个版本，每个都要写明version", "has several versions, and each needs its number"
	case a.Kind != b.Kind:
		return creditbank.CodeDuplicate, "的各版本种类不同", "has versions of different kinds"
	case a.Conversion != nil && b.Conversion != nil && (a.Conversion.Programme != b.Conversion.Programme || a.Conversion.RuleTime != b.Conversion.RuleTime):
		return creditbank.CodeDuplicate, "的各版本专业或rule_time不同", "has versions of different programmes or rule times"
	case (a.To == 0 || a.To >= b.From) && (b.To == 0 || b.To >= a.From):
		return CodeOverlap, "各版本的有效期重叠", "has versions whose windows overlap"
	}
	return "", "", ""
}
