package rule

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"creditbank/creditbank"
)

// Subjects say which courses are of one subject, for programmes in which one
// outcome of a subject counts (unique_subjects), and which subjects are
// substitutes for each other.
//
//	subjects:
//	  abbreviations: {马原: 马克思主义基本原理, 高数: 高等数学}
//	  substitutes: [[高等数学, 工程数学, 经济数学]]
//
// Two titles are of one subject if they are written alike once width and case,
// spaces, punctuation and brackets, the words 和, 与, 及, 以及, and, "&", 之, 的 and
// a first ordinal at the end (1, Ⅰ, 一) are left aside, later ordinals are written
// as digits, and abbreviations are written out. 大学英语（一） is 大学英语Ⅰ and 大学英语;
// 大学英语Ⅱ is another subject, and so is 高等数学（上） beside 高等数学.
//
// Of substitutes each counts, but only one in a slot that is not elective.
//
// The programme's subjects are those of the outcomes its standing conversions
// took; a rest of one outcome that a pool has split is no second one.
type Subjects struct {
	Abbreviations []Abbreviation `json:",omitempty"` // sorted, longest first
	Substitutes   [][]string     `json:",omitempty"` // as in the file
}

// An Abbreviation and what it stands for.
type Abbreviation struct{ Short, Full string }

// particles are words that list or link, and change no subject.
var particles = []string{"以及", "和", "与", "及", "之", "的"}

// plain returns a title as it is compared. Subjects may be nil.
func (s *Subjects) plain(title string) string {
	t := strings.ToLower(norm.NFKC.String(title))
	if s != nil {
		for _, a := range s.Abbreviations {
			if full := strings.ToLower(norm.NFKC.String(a.Full)); !strings.Contains(t, full) {
				t = strings.ReplaceAll(t, strings.ToLower(norm.NFKC.String(a.Short)), full)
			}
		}
	}
	t = ordinal(t)
	t = strings.ReplaceAll(t, " and ", " ")
	t = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return r
		}
		return -1
	}, t)
	for _, p := range particles {
		t = strings.ReplaceAll(t, p, "")
	}
	return t
}

// ordinals are how parts of a course are counted at the end of its title.
var ordinals = []struct{ written, digit string }{
	{"viii", "8"}, {"vii", "7"}, {"iii", "3"}, {"iv", "4"}, {"vi", "6"}, {"ii", "2"}, {"v", "5"}, {"i", ""},
	{"一", ""}, {"二", "2"}, {"三", "3"}, {"四", "4"}, {"五", "5"}, {"六", "6"}, {"七", "7"}, {"八", "8"}, {"1", ""},
}

// ordinal writes an ordinal at the end of a title as a digit, and leaves the first
// one out. A Roman one is none behind a letter of the same script, nor a digit
// behind a digit.
func ordinal(t string) string {
	aside := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }
	t = strings.TrimFunc(t, aside)
	for _, o := range ordinals {
		rest, ok := strings.CutSuffix(t, o.written)
		if !ok || rest == "" {
			continue
		}
		last := []rune(rest)[len([]rune(rest))-1]
		if o.written[0] < 0x80 && last < 0x80 && (unicode.IsLetter(last) || unicode.IsDigit(last)) {
			continue
		}
		return strings.TrimRightFunc(rest, aside) + o.digit
	}
	return t
}

// subject returns the subject of a course; a course that was added after the
// rules were published is a subject of its own.
func (e *evaluation) subject(c creditbank.CourseCode) string {
	if subject := e.set.subjectOf[c]; subject != "" {
		return subject
	}
	return "\x00" + string(c)
}

// nameSubjects finds the subject of each course, once.
func (s *Set) nameSubjects() {
	s.subjectOf = make(map[creditbank.CourseCode]string, len(s.courses))
	for code, facts := range s.courses {
		if facts.Title != "" {
			s.subjectOf[code] = s.subjects.plain(facts.Title)
		}
	}
}

// duplicate says which outcome of l's subject counts in the programme already.
func (e *evaluation) duplicate(l *creditbank.Lot) []creditbank.Finding {
	if !e.programme.UniqueSubjects {
		return nil
	}
	subject := e.subject(l.Course)
	for _, c := range e.account.Conversions {
		if !c.Stands() || c.Decision.Programme != e.programme.ID {
			continue
		}
		for _, s := range c.Decision.Sources {
			if s.Lot != l.Seq && e.subject(s.Course) == subject {
				return []creditbank.Finding{{Code: creditbank.DuplicateSubject, Subject: string(l.Course), Have: string(s.Course)}}
			}
		}
	}
	return nil
}

// twin returns another outcome of l's subject that is taken by s.
func (e *evaluation) twin(s *selection, l *creditbank.Lot) (creditbank.CourseCode, bool) {
	if !e.programme.UniqueSubjects {
		return "", false
	}
	subject := e.subject(l.Course)
	i := slices.IndexFunc(s.sources, func(c creditbank.Consumption) bool {
		return c.Lot != l.Seq && e.subject(c.Course) == subject
	})
	if i < 0 {
		return "", false
	}
	return s.sources[i].Course, true
}

// twins denies what takes two outcomes of one subject at once. Pools and blocks
// leave the second one where it is.
func (e *evaluation) twins() {
	var before selection
	for _, l := range e.lots {
		if other, ok := e.twin(&before, l); ok {
			e.denyOnce(creditbank.Finding{Code: creditbank.DuplicateSubject, Subject: string(l.Course), Have: string(other)})
		}
		before.consume(l, l.Credits)
	}
}

// group returns which group of substitutes a course is of, -1 for none.
func (e *evaluation) group(c creditbank.CourseCode) int {
	if e.set.subjects == nil {
		return -1
	}
	subject := e.subject(c)
	return slices.IndexFunc(e.set.subjects.Substitutes, func(g []string) bool {
		return slices.ContainsFunc(g, func(name string) bool { return e.set.subjects.plain(name) == subject })
	})
}

// substituted returns a substitute of one of the sources that fills a compulsory
// slot already, if the slot is one.
func (e *evaluation) substituted(slot creditbank.Slot) (creditbank.Finding, bool) {
	if slot.Elective || !e.programme.UniqueSubjects || e.set.subjects == nil {
		return creditbank.Finding{}, false
	}
	for _, source := range e.d.Sources {
		group := e.group(source.Course)
		if group < 0 {
			continue
		}
		if other, ok := e.compulsory(group, source.Course); ok {
			return creditbank.Finding{Code: creditbank.DuplicateSubject, Subject: string(source.Course), Have: string(other), Need: "elective"}, true
		}
	}
	return creditbank.Finding{}, false
}

// compulsory returns a course of the group, of another subject than c, that
// fills a compulsory slot.
func (e *evaluation) compulsory(group int, c creditbank.CourseCode) (found creditbank.CourseCode, ok bool) {
	e.eachLine(func(l creditbank.Line, d *creditbank.Decision) {
		if slot, _ := e.programme.Slot(l.Slot); slot.Elective {
			return
		}
		for _, s := range d.Sources {
			if !ok && e.group(s.Course) == group && e.subject(s.Course) != e.subject(c) {
				found, ok = s.Course, true
			}
		}
	})
	return found, ok
}
