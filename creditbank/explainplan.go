package creditbank

import "fmt"

// ExplainPlan says in words why no plan is better than p, or how much better one
// could be: first what follows, then what of the room that is left makes it follow,
// the largest part first. Rules, slots and courses are named as the catalogue names
// them.
func ExplainPlan(cat *Catalogue, p Plan) []Text {
	texts := []Text{p.conclusion()}
	programme, _ := cat.Rules.Programme(p.Programme)
	for _, part := range p.Proof.Parts {
		texts = append(texts, with(part.subject(cat, programme), "%s：至多%s学分", "%s: at most %s credits", part.Credits))
	}
	return texts
}

// conclusion says what the proof shows.
func (p Plan) conclusion() Text {
	switch proof := p.Proof; {
	case !proof.Exact && p.Gap() > 0:
		return say("未能在限定的搜索内证明最优：已找到%s学分，任何方案都不超过%s学分，相差至多%s学分",
			"not proven to be the best within the bounds of the search: %s credits were found, no plan grants more than %s, so at most %s are missing", p.Credits, proof.Bound, p.Gap())
	case !proof.Exact:
		return say("没有方案能得到多于%s学分；放弃的学分或次序是否最优，未能在限定的搜索内证明",
			"no plan grants more than %s credits; that none forfeits less or uses what expires sooner was not proven within the bounds of the search", p.Credits)
	case proof.Limit > p.Credits:
		return say("最优：按余量至多%s学分，其间的方案已全部排除，没有方案能得到多于%s学分",
			"the best there is: the room left is good for at most %s credits, all plans in between have been ruled out, and none grants more than %s", proof.Limit, p.Credits)
	}
	return say("最优：没有方案能得到多于%s学分", "the best there is: no plan grants more than %s credits", p.Credits)
}

// subject names what a part of a bound is.
func (b BoundPart) subject(cat *Catalogue, p Programme) Text {
	switch b.Kind {
	case BoundCap:
		return LimitText(cat, p, b.Name)
	case BoundSlot:
		slot, _ := p.Slot(SlotID(b.Name))
		return Text{fmt.Sprintf("%s（%s）余量", slot.Title.ZH, b.Name), fmt.Sprintf("what is left in %s (%s)", slot.Title.EN, b.Name)}
	case BoundOutcome:
		if course, ok := cat.Courses[CourseCode(b.Name)]; ok {
			return Text{fmt.Sprintf("《%s》只能使用一次", course.Title), fmt.Sprintf("%s, which serves once", course.Title)}
		}
		return Text{b.Name + "的转换学分只能使用一次", "the credits converted into " + b.Name + ", which serve once"}
	case BoundPool:
		category := Category(b.Name).Text()
		return Text{"可用的" + category.ZH + "学分", "the credits available of " + category.EN}
	}
	title, _, _ := cat.Rules.RuleTitle(RuleID(b.Name))
	return Text{fmt.Sprintf("规则 %s（%s）", b.Name, title.ZH), fmt.Sprintf("rule %s (%s)", b.Name, title.EN)}
}
