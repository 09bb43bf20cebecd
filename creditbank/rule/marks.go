package rule

import (
	"fmt"
	"slices"
	"strings"

	"creditbank/creditbank"
)

// CheckScore implements [creditbank.Rules].
func (s *Set) CheckScore(score creditbank.Score) error {
	for _, m := range score.Marks() {
		scale := s.scale(m.Scale)
		if scale == nil {
			return creditbank.Invalid(creditbank.CodeUnknownScale, "score", fmt.Sprintf("规则没有定义等级制 %s", m.Scale), fmt.Sprintf("the rules define no scale %s", m.Scale))
		}
		if err := scale.check(m.Value); err != nil {
			return err
		}
	}
	return nil
}

// scale returns the named scale, or nil.
func (s *Set) scale(id string) *Scale {
	i := slices.IndexFunc(s.scales, func(sc Scale) bool { return sc.ID == id })
	if i < 0 {
		return nil
	}
	return &s.scales[i]
}

// scaleOf returns the scale on which an institution's bare numbers are marks, or
// nil where they are what they seem.
func (s *Set) scaleOf(i creditbank.InstitutionID) *Scale {
	for k := range s.scales {
		if slices.Contains(s.scales[k].Institutions, i) {
			return &s.scales[k]
		}
	}
	return nil
}

func (s *Set) distribution(id string) *Distribution {
	i := slices.IndexFunc(s.distributions, func(d Distribution) bool { return d.ID == id })
	if i < 0 {
		return nil
	}
	return &s.distributions[i]
}

// rank orders the marks on a scale, pct included: the higher the better.
func (s *Set) rank(scale, mark string) (int64, bool) {
	if scale == creditbank.Percentage {
		score, err := creditbank.ParseScore(mark)
		points, graded := score.Points()
		return points, err == nil && graded && len(score.Marks()) == 0
	}
	if sc := s.scale(scale); sc != nil {
		return sc.rank(mark)
	}
	return 0, false
}

// A result is a score with what the scales of a set say of it.
type result struct {
	score creditbank.Score
	own   *Scale // on which its bare number is a mark; nil if it is what it seems
	set   *Set
}

func (s *Set) result(score creditbank.Score, by creditbank.InstitutionID) result {
	return result{score, s.scaleOf(by), s}
}

// word reports whether the score is a word rather than a number.
func (r result) word() bool {
	_, err := creditbank.ParsePoints(r.score.Plain())
	return r.score.Plain() != "" && err != nil
}

// points returns what the result counts as, in hundredths of a point: its number
// or word does, or else the first of its marks on a scale that is defined.
func (r result) points() (int64, bool) {
	if points, ok := r.score.Points(); ok {
		if r.own != nil && !r.word() {
			return r.own.points(r.score.Plain())
		}
		return points, true
	}
	for _, m := range r.score.Marks() {
		if scale := r.set.scale(m.Scale); scale != nil {
			if points, ok := scale.points(m.Value); ok {
				return points, true
			}
		}
	}
	return 0, false
}

// failWord reports the word for failure, which no scale makes good.
func (r result) failWord() bool { return r.score.Plain() == creditbank.FailWord }

// on returns the mark on a scale: as it was posted, or a bare number of an
// institution whose scale it is.
func (r result) on(scale string) (string, bool) {
	if r.own != nil && r.own.ID == scale && r.score.Plain() != "" && !r.word() {
		return r.score.Plain(), true
	}
	return r.score.On(scale)
}

// failed reports a result below the pass mark, given in hundredths of a point. A
// word other than 不合格 passes every pass mark, and no result is no failure.
func (r result) failed(passMark int64) bool {
	if r.failWord() {
		return true
	}
	points, ok := r.points()
	return ok && !r.word() && points < passMark
}

// failedAtOrigin reports a result below the pass mark of any scale it was posted
// on: what the institution that posted it calls a failure. A bare number passes at
// 60 where no scale says otherwise.
func (r result) failedAtOrigin() bool {
	if r.failWord() {
		return true
	}
	if plain := r.score.Plain(); plain != "" && !r.word() {
		if r.own == nil && r.score.Failed(defaultPass) || r.own != nil && !r.own.passed(plain) {
			return true
		}
	}
	return slices.ContainsFunc(r.score.Marks(), func(m creditbank.Mark) bool {
		scale := r.set.scale(m.Scale)
		return scale != nil && !scale.passed(m.Value)
	})
}

// defaultPass is the pass mark of the scale of 0 to 100, in hundredths.
const defaultPass = 60_00

// A Bound is a least or greatest grade on a scale. A result without a mark on it
// is measured by what the bound counts as.
type Bound struct {
	Scale string
	Value string
}

// compare tells on which side of b the result lies: -1 below it, 0 at it, 1 above
// it; it is false where there is nothing to compare. shown is what was compared.
func (r result) compare(b Bound) (side int, shown string, ok bool) {
	if mark, posted := r.on(b.Scale); posted && b.Scale != creditbank.Percentage {
		got, known := r.set.rank(b.Scale, mark)
		least, _ := r.set.rank(b.Scale, b.Value)
		if known {
			return sign(got - least), r.set.shown(b.Scale, mark), true
		}
	}
	points, graded := r.points()
	if !graded {
		return 0, r.score.String(), false
	}
	return sign(points - r.set.boundPoints(b)), r.score.String(), true
}

func sign(n int64) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// boundPoints returns what a bound counts as.
func (s *Set) boundPoints(b Bound) int64 {
	if scale := s.scale(b.Scale); scale != nil {
		points, _ := scale.points(b.Value)
		return points
	}
	points, _ := creditbank.ParsePoints(b.Value)
	return points
}

// below reports a result that does not reach b. No result reaches nothing.
func (r result) below(b Bound) (shown string, below bool) {
	side, shown, ok := r.compare(b)
	return shown, !ok || side < 0 || r.failWord()
}

// above reports a result that passes b. No result passes nothing.
func (r result) above(b Bound) (shown string, above bool) {
	side, shown, ok := r.compare(b)
	return shown, ok && side > 0
}

// shown writes a mark with what it counts as: "letter:B (75)".
func (s *Set) shown(scale, mark string) string {
	if scale == creditbank.Percentage {
		return mark
	}
	text := creditbank.Mark{Scale: scale, Value: mark}.String()
	if sc := s.scale(scale); sc != nil {
		if points, ok := sc.points(mark); ok {
			return text + " (" + creditbank.FormatPoints(points) + ")"
		}
	}
	return text
}

// bound returns what b asks for, in the form of [Set.shown].
func (s *Set) bound(b Bound) string { return s.shown(b.Scale, b.Value) }

// gradeFaults lists why the result of l is not what p asks for.
func (e *evaluation) gradeFaults(l *creditbank.Lot, p Part) []creditbank.Finding {
	if p.MinGrade == nil && p.MinOn == nil && p.MaxGrade == nil {
		return nil
	}
	var fs []creditbank.Finding
	r := e.result(l)
	course := string(p.Course)
	if p.MinGrade != nil {
		if points, graded := r.points(); !graded || r.failWord() || points < *p.MinGrade {
			fs = append(fs, creditbank.Finding{Code: creditbank.GradeBelowMin, Subject: course, Have: l.Score.String(), Need: creditbank.FormatPoints(*p.MinGrade)})
		}
	}
	if p.MinOn != nil {
		if shown, below := r.below(*p.MinOn); below {
			fs = append(fs, creditbank.Finding{Code: creditbank.GradeBelowMin, Subject: course, Have: shown, Need: e.set.bound(*p.MinOn)})
		}
	}
	if p.MaxGrade != nil {
		if shown, above := r.above(*p.MaxGrade); above {
			fs = append(fs, creditbank.Finding{Code: creditbank.GradeAboveMax, Subject: course, Have: shown, Need: e.set.bound(*p.MaxGrade)})
		}
	}
	return fs
}

// failedOn reports a result that is posted on b's scale and below b there, or
// else counts as less than b does. Words and no result are as in [result.failed].
func (r result) failedOn(b Bound) bool {
	if r.failWord() {
		return true
	}
	if _, posted := r.on(b.Scale); !posted && r.word() {
		return false
	}
	side, _, ok := r.compare(b)
	return ok && side < 0
}

// originPass names the pass marks of the scales the result was posted on.
func (r result) originPass() string {
	var all []string
	if plain := r.score.Plain(); plain != "" {
		pass := creditbank.FormatPoints(defaultPass)
		if r.own != nil && !r.word() {
			pass = r.set.shown(r.own.ID, r.own.Pass)
		}
		all = append(all, pass)
	}
	for _, m := range r.score.Marks() {
		if scale := r.set.scale(m.Scale); scale != nil && scale.Pass != "" {
			all = append(all, r.set.shown(scale.ID, scale.Pass))
		}
	}
	return strings.Join(all, ", ")
}
