package rule

import (
	"slices"
	"strings"

	"creditbank/creditbank"
)

// barred lists what keeps l out of any conversion by the rule, however it would
// be used: it is on a negative list, its subject counts already, or it is too
// old for the rule.
func (e *evaluation) barred(l *creditbank.Lot) []creditbank.Finding {
	var fs []creditbank.Finding
	for _, x := range []*creditbank.Exclusion{e.set.everyday, e.programme.Exclude, e.conv.Exclude} {
		if why, ok := e.excludes(x, l); ok {
			fs = append(fs, creditbank.Finding{Code: creditbank.ExcludedSource, Subject: string(l.Course), Have: why})
			break
		}
	}
	fs = append(fs, e.duplicate(l)...)
	fs = append(fs, e.tooOld(l)...)
	return append(fs, e.outsideWindow(l)...)
}

// excludes reports whether a negative list names l, and by what. Of a course
// that was added after the rules were published nobody has said what it is called
// and tagged: where that decides, it waits until they are published again.
func (e *evaluation) excludes(x *creditbank.Exclusion, l *creditbank.Lot) (string, bool) {
	if x == nil {
		return "", false
	}
	facts, known := e.set.courses[l.Course]
	has := func(tag string) bool { return slices.Contains(facts.Tags, tag) }
	within := func(name string) bool { return strings.Contains(e.set.subjectOf[l.Course], e.set.subjects.plain(name)) }
	switch {
	case slices.Contains(x.Courses, l.Course):
		return "course " + string(l.Course), true
	case slices.Contains(x.Categories, l.Category):
		return "category " + string(l.Category), true
	case slices.Contains(x.Institutions, l.Institution):
		return "institution " + string(l.Institution), true
	case l.Family != "" && slices.Contains(x.Families, l.Family):
		return "family " + l.Family, true
	case len(x.Tags)+len(x.Names) > 0 && !known:
		return "unknown", true
	case slices.ContainsFunc(x.Tags, has):
		return "tag " + x.Tags[slices.IndexFunc(x.Tags, has)], true
	case slices.ContainsFunc(x.Names, within):
		return "name " + x.Names[slices.IndexFunc(x.Names, within)], true
	}
	return "", false
}

// closed reports whether conversions may not fill the slot.
func (e *evaluation) closed(slot creditbank.Slot) bool {
	for _, x := range []*creditbank.Exclusion{e.programme.Exclude, e.conv.Exclude} {
		if x != nil && slices.Contains(x.Targets, slot.ID) {
			return true
		}
	}
	return slot.Closed
}
