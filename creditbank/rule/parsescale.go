package rule

import (
	"fmt"
	"slices"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// scales reads the named grading scales of a file.
func (p *parser) scales(n strictyaml.Node) {
	for _, item := range n.List() {
		f := item.Map("id", "title", "min", "max", "best", "points", "labels", "pass", "institutions")
		s := Scale{ID: strictyaml.Value(f.Need("id"), creditbank.ParseScaleName)}
		if f.Has("title") {
			s.Title = title(f.Get("title"))
		}
		if f.Has("labels") {
			p.labels(f, &s)
		} else {
			s.Numbers = numbers(f)
		}
		if pass := f.Get("pass"); pass.Exists() {
			s.Pass = pass.Text()
			failMark(pass, s.check(s.Pass))
		}
		s.Institutions = p.institutions(f.Get("institutions"))
		p.assigned(f.Get("institutions"), &s)
		switch {
		case s.ID == creditbank.Percentage:
			f.Get("id").Fail("pct是百分制，不必定义", "pct is the scale of bare numbers and needs no definition")
		case p.set.scale(s.ID) != nil:
			f.Get("id").FailWith(creditbank.CodeDuplicate, fmt.Sprintf("等级制 %s 重复", s.ID), fmt.Sprintf("scale %s stands here twice", s.ID))
		case s.ID != "":
			p.set.scales = append(p.set.scales, s)
		}
	}
}

// assigned checks that bare numbers, which are of 0 to 100, can be marks on s.
func (p *parser) assigned(n strictyaml.Node, s *Scale) {
	if len(s.Institutions) == 0 {
		return
	}
	if s.Numbers == nil || s.Numbers.Min != 0 || s.Numbers.Max != topPoints {
		n.Fail("只有0至100的等级制可以指定机构：机构登记的数即为其上的成绩", "only a scale of 0 to 100 is assigned to institutions: the bare numbers they post are marks on it")
	}
	for _, other := range p.set.scales {
		for _, id := range s.Institutions {
			if slices.Contains(other.Institutions, id) {
				n.FailWith(creditbank.CodeDuplicate, fmt.Sprintf("机构 %s 已属于等级制 %s", id, other.ID), fmt.Sprintf("institution %s has scale %s already", id, other.ID))
			}
		}
	}
}

// topPoints is the top of the scale of 0 to 100, in hundredths.
const topPoints = 100_00

// numbers reads a numeric scale.
func numbers(f strictyaml.Fields) *Numbers {
	n := &Numbers{Min: mark(f.Need("min")), Max: mark(f.Need("max"))}
	n.BestLow = f.Get("best").Choice("high", "low") == "low"
	if n.Max <= n.Min {
		if f.Has("max") {
			f.Get("max").Fail("最高分应大于最低分", "the greatest mark is above the least")
		}
		n.Max = n.Min + 1
	}
	worst, best := n.Min, n.Max
	if n.BestLow {
		worst, best = best, worst
	}
	if !f.Has("points") {
		n.Anchors = []Anchor{{worst, 0}, {best, topPoints}}
		return n
	}
	for _, item := range f.Get("points").List() {
		at := item.Map("at", "points")
		a := Anchor{mark(at.Need("at")), markPoints(at.Need("points"))}
		if last := len(n.Anchors) - 1; last >= 0 && (n.rank(n.Anchors[last].At) >= n.rank(a.At) || n.Anchors[last].Points > a.Points) {
			item.Fail("应从最差到最好排列，点数不减", "anchors stand from the worst mark to the best, and points do not fall")
			return &Numbers{Min: n.Min, Max: n.Max, BestLow: n.BestLow, Anchors: []Anchor{{worst, 0}, {best, topPoints}}}
		}
		n.Anchors = append(n.Anchors, a)
	}
	if ends := len(n.Anchors); ends < 2 || n.Anchors[0].At != worst || n.Anchors[ends-1].At != best {
		f.Get("points").Fail("应从最差的成绩排到最好的成绩", "the anchors begin with the worst mark and end with the best")
		n.Anchors = []Anchor{{worst, 0}, {best, topPoints}}
	}
	return n
}

// labels reads a scale of labels, best first.
func (p *parser) labels(f strictyaml.Fields, s *Scale) {
	for _, key := range []string{"min", "max", "best", "points"} {
		if f.Has(key) {
			f.Get(key).Fail(fmt.Sprintf("“%s”不能与“labels”同时出现", key), fmt.Sprintf("%q and \"labels\" exclude each other", key))
		}
	}
	for _, item := range f.Get("labels").List() {
		l := item.Map("label", "points", "from", "to")
		label := Label{Label: strictyaml.Value(l.Need("label"), markText), Points: markPoints(l.Need("points"))}
		label.From, label.To = label.Points, label.Points
		if l.Has("from") {
			label.From = markPoints(l.Get("from"))
		}
		if l.Has("to") {
			label.To = markPoints(l.Get("to"))
		}
		last := len(s.Labels) - 1
		switch {
		case label.Label == "":
			continue
		case s.index(label.Label) >= 0:
			item.FailWith(creditbank.CodeDuplicate, fmt.Sprintf("等级 %s 重复", label.Label), fmt.Sprintf("label %s stands here twice", label.Label))
		case label.From > label.Points || label.Points > label.To:
			item.Fail("点数应在from与to之间", "the points lie between from and to")
		case last >= 0 && (s.Labels[last].From <= label.From || s.Labels[last].To <= label.To || s.Labels[last].Points <= label.Points):
			item.Fail("应从最好到最差排列", "labels stand from the best to the worst")
		}
		s.Labels = append(s.Labels, label)
	}
	if len(s.Labels) == 0 {
		f.Get("labels").Fail("至少要有一个等级", "a scale has at least one label")
	}
}

// markText checks that a text can be a mark on a named scale.
func markText(s string) (string, error) {
	score, err := creditbank.ParseScore("x:" + s)
	if err != nil {
		return "", err
	}
	v, ok := score.On("x")
	if !ok || v != s {
		return "", creditbank.Invalid(creditbank.CodeMalformed, "", fmt.Sprintf("“%s”不能用作成绩", s), fmt.Sprintf("%q cannot be a mark", s))
	}
	return v, nil
}

// failMark reports err at n, if there is one.
func failMark(n strictyaml.Node, err error) {
	if err == nil {
		return
	}
	strictyaml.Value(n, func(string) (struct{}, error) { return struct{}{}, err })
}

func mark(n strictyaml.Node) int64 { return strictyaml.Value(n, creditbank.ParseMark) }

// markPoints reads a number of points, 0 to 100.
func markPoints(n strictyaml.Node) int64 { return strictyaml.Value(n, creditbank.ParsePoints) }

// institutions reads a list of institutions.
func (p *parser) institutions(n strictyaml.Node) []creditbank.InstitutionID {
	var all []creditbank.InstitutionID
	for _, item := range n.List() {
		id := creditbank.InstitutionID(item.Text())
		if slices.Contains(all, id) {
			item.FailWith(creditbank.CodeDuplicate, fmt.Sprintf("机构 %s 重复", id), fmt.Sprintf("institution %s stands here twice", id))
			continue
		}
		p.references = append(p.references, reference{at: item, institution: id})
		all = append(all, id)
	}
	return all
}
