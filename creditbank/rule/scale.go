package rule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"creditbank/creditbank"
)

// A Scale is a named grading scale: numbers between two ends, or labels in
// order. Scores name it: "letter:A-". What a mark on it counts as on the scale of
// 0 to 100, its points, is what minimum grades and means compare.
type Scale struct {
	ID           string
	Title        creditbank.Text            `json:",omitzero"`
	Numbers      *Numbers                   `json:",omitempty"`
	Labels       []Label                    `json:",omitempty"` // best first
	Pass         string                     `json:",omitempty"` // the least mark that passes, where earned
	Institutions []creditbank.InstitutionID `json:",omitempty"` // whose bare numbers are marks on it
}

// Numbers are the marks of a numeric scale, in hundredths.
type Numbers struct {
	Min, Max int64
	BestLow  bool     `json:",omitempty"` // the lowest number is the best, as in Germany
	Anchors  []Anchor `json:",omitempty"` // from the worst mark to the best; between them points lie on a line
}

// An Anchor says how many points a mark counts as, both in hundredths.
type Anchor struct{ At, Points int64 }

// A Label is a mark of a scale of labels. It stands for the band of points From
// to To, all in hundredths of a point.
type Label struct {
	Label    string
	Points   int64 // what it counts as
	From, To int64
}

// check returns the mark as the scale writes it, or what is wrong with it. The
// mark itself is not repeated: it may be anything.
func (s *Scale) check(mark string) error {
	if s.Numbers != nil {
		n, err := creditbank.ParseMark(mark)
		if err != nil || n < s.Numbers.Min || n > s.Numbers.Max {
			least, most := creditbank.FormatPoints(s.Numbers.Min), creditbank.FormatPoints(s.Numbers.Max)
			return creditbank.Invalid(creditbank.CodeMalformed, "score", fmt.Sprintf("等级制 %s 的成绩应为%s至%s的数", s.ID, least, most),
				fmt.Sprintf("a mark on scale %s is a number of %s to %s", s.ID, least, most))
		}
		return nil
	}
	if s.index(mark) < 0 {
		labels := make([]string, len(s.Labels))
		for i, l := range s.Labels {
			labels[i] = l.Label
		}
		return creditbank.Invalid(creditbank.CodeMalformed, "score", fmt.Sprintf("等级制 %s 的成绩应为以下之一：%s", s.ID, strings.Join(labels, "、")),
			fmt.Sprintf("a mark on scale %s is one of %s", s.ID, strings.Join(labels, ", ")))
	}
	return nil
}

func (s *Scale) index(label string) int {
	return slices.IndexFunc(s.Labels, func(l Label) bool { return l.Label == label })
}

// rank orders marks: the higher the better. It is false for what is no mark of
// the scale.
func (s *Scale) rank(mark string) (int64, bool) {
	if s.Numbers == nil {
		i := s.index(mark)
		return -int64(i), i >= 0
	}
	n, err := creditbank.ParseMark(mark)
	if err != nil || n < s.Numbers.Min || n > s.Numbers.Max {
		return 0, false
	}
	return s.Numbers.rank(n), true
}

func (n *Numbers) rank(mark int64) int64 {
	if n.BestLow {
		return -mark
	}
	return mark
}

// passed reports whether a mark passes where it was earned; every mark does on a
// scale without a pass mark.
func (s *Scale) passed(mark string) bool {
	if s.Pass == "" {
		return true
	}
	got, ok := s.rank(mark)
	least, _ := s.rank(s.Pass)
	return ok && got >= least
}

// points returns what a mark counts as, in hundredths of a point.
func (s *Scale) points(mark string) (int64, bool) {
	if s.Numbers == nil {
		i := s.index(mark)
		if i < 0 {
			return 0, false
		}
		return s.Labels[i].Points, true
	}
	if _, ok := s.rank(mark); !ok {
		return 0, false
	}
	n, _ := creditbank.ParseMark(mark)
	return s.Numbers.points(n), true
}

// points returns what lies on the line between the two anchors around a mark,
// rounded down.
func (n *Numbers) points(mark int64) int64 {
	at := n.rank(mark)
	i, found := slices.BinarySearchFunc(n.Anchors, at, func(a Anchor, at int64) int { return cmp.Compare(n.rank(a.At), at) })
	if found {
		return n.Anchors[i].Points
	}
	below, above := n.Anchors[i-1], n.Anchors[i] // the ends are anchors
	from, to := n.rank(below.At), n.rank(above.At)
	return below.Points + (at-from)*(above.Points-below.Points)/(to-from)
}

// band returns the label whose band holds that many points: the best one that
// does not begin above them.
func (s *Scale) band(points int64) (Label, bool) {
	i := slices.IndexFunc(s.Labels, func(l Label) bool { return l.From <= points })
	if i < 0 {
		return Label{}, false
	}
	return s.Labels[i], true
}
