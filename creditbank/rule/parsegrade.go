package rule

import (
	"strings"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

func (p *parser) grade(n strictyaml.Node, c *Conversion) Grade {
	if !n.IsMap() {
		mode := n.Choice("carry", creditbank.Exempt)
		if least, most := c.tree.courses(); mode == "carry" && (least != 1 || most != 1) {
			n.Fail("carry只适用于单门课程来源", "carry needs a source of one course")
		}
		return Grade{Mode: mode}
	}
	f := n.Map("weighted_by", "round")
	f.Need("weighted_by").Choice("hours")
	if !c.tree.has(isPart) {
		n.Fail("加权成绩需要课程来源", "a weighted grade needs courses as its source")
	}
	text := f.Need("round").Text()
	step := strictyaml.Value(f.Get("round"), creditbank.ParsePoints)
	if f.Has("round") && step <= 0 {
		f.Get("round").Fail("舍入步长应大于0", "the step of rounding is above zero")
	}
	_, decimals, _ := strings.Cut(text, ".")
	return Grade{Mode: "weighted", Step: max(step, 1), Decimals: len(decimals)}
}
