package rule

import (
	"cmp"
	"slices"
	"strings"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// shadowed finds a recognition rule that earlier ones leave nothing to: whatever
// course it matches, on every day of its window an earlier rule matches too.
func (c *inspection) shadowed(i int, r *Rule) {
	var by []int
	for _, one := range c.probes() {
		if !r.Recognition.matches(one.posting, one.course) {
			continue
		}
		var windows []days
		for j, earlier := range c.set.rules[:i] {
			if earlier.Recognition != nil && earlier.Recognition.matches(one.posting, one.course) && earlier.days().meets(r.days()) {
				windows = append(windows, earlier.days())
				if !slices.Contains(by, j) {
					by = append(by, j)
				}
			}
		}
		if !r.days().covered(windows) {
			return
		}
	}
	if len(by) == 0 {
		return
	}
	var ids []string
	for _, j := range by {
		ids = append(ids, string(c.set.rules[j].ID))
	}
	c.found(Warning, CodeShadowedRule, c.rule(i, "source"), c.rule(by[0], "source"), text(
		"规则 %[1]s 永远不会适用：它所匹配的课程在其整个有效期内都先由 %[2]s 认定",
		"rule %[1]s never applies: what it matches is recognised by %[2]s first, on every day of its window", r.ID, strings.Join(ids, ", ")))
}

// denied finds a recognition rule all of whose outcomes a negative list excludes.
func (c *inspection) denied(i int, r *Rule) {
	matched := false
	for _, one := range c.probes() {
		if !r.Recognition.matches(one.posting, one.course) {
			continue
		}
		if matched = true; !c.deniedFor(r, one) {
			return
		}
	}
	if !matched {
		return
	}
	list := c.root.At("deny_sources")
	if len(r.Recognition.Denied) > 0 {
		list = c.rule(i, "deny_sources")
	}
	c.found(Error, CodeExcludedSource, c.rule(i, "source"), list, text(
		"规则 %[1]s 所认定的都在不予认定之列", "all that rule %[1]s could recognise is on a negative list", r.ID))
}

// A probe is an outcome that somebody might post.
type probe struct {
	posting creditbank.Posting
	course  creditbank.Course
}

// probes returns an outcome of each course of the catalogue, as its institution
// and as those that rules name would post it, and of courses that might be: one
// as each rule asks for, and one of each category that has nothing particular.
func (c *inspection) probes() []probe {
	var all []probe
	institutions := map[creditbank.InstitutionID]bool{"": true}
	for _, r := range c.set.rules {
		if r.Recognition == nil {
			continue
		}
		of := r.Recognition.Of
		institutions[of.Institution] = true
		course := creditbank.Course{Code: of.Course, Category: r.Recognition.Category, Family: of.Family, Level: of.Level}
		if r.Recognition.Tag != "" {
			course.Tags = []string{r.Recognition.Tag}
		}
		if known, ok := c.cat.Courses[of.Course]; ok {
			course = known
		}
		all = append(all, probe{creditbank.Posting{OutcomeKey: creditbank.OutcomeKey{Institution: of.Institution}, Course: of.Course}, course})
	}
	for _, category := range creditbank.Categories() {
		all = append(all, probe{course: creditbank.Course{Category: category}})
	}
	for _, code := range sortedKeys(c.cat.Courses) {
		for _, i := range sortedKeys(institutions) {
			all = append(all, posted(c.cat.Courses[code], i))
		}
	}
	return all
}

// posted returns an outcome of a course as an institution would post it; the
// course's own where none is named.
func posted(course creditbank.Course, i creditbank.InstitutionID) probe {
	return probe{creditbank.Posting{OutcomeKey: creditbank.OutcomeKey{Institution: cmp.Or(i, course.Institution)}, Course: course.Code}, course}
}

// recognisable reports whether such an outcome may be recognised by some rule so
// that it can be used in the window. Where none is, nearest is the recognition
// rule that comes nearest, if any matches at all.
func (c *inspection) recognisable(one probe, use days) (ok bool, nearest int) {
	nearest = -1
	for i, r := range c.set.rules {
		if r.Recognition == nil || !r.Recognition.matches(one.posting, one.course) {
			continue
		}
		nearest = i
		latest := min(r.days().last(), use.last()) // the last day of issue that can serve
		if latest < r.From || c.deniedFor(r, one) {
			continue
		}
		one.posting.IssuedOn = latest
		if latest == never || !spent(r.Recognition.expiry(one.posting, one.course), use.from) {
			return true, i
		}
	}
	return false, nearest
}

// deniedFor reports whether a negative list keeps an outcome from recognition for
// ever.
func (c *inspection) deniedFor(r *Rule, one probe) bool {
	x := c.set.excluded(r.Recognition, one.posting, one.course)
	return x != nil && x.From == 0 && x.To == 0
}

// spent reports whether what can be used through last is of no use from a day on.
func spent(last, from creditbank.Date) bool { return last != 0 && last < from }

// unrecognised notes a source that no rule recognises in time.
func (c *inspection) unrecognised(at strictyaml.Node, what creditbank.Text, nearest int) {
	var other strictyaml.Node
	if nearest >= 0 {
		other = c.rule(nearest, "effective")
		what.ZH += "；最接近的认定规则是 " + string(c.set.rules[nearest].ID)
		what.EN += "; the nearest recognition rule is " + string(c.set.rules[nearest].ID)
	} else {
		other = c.rules
	}
	c.found(Warning, CodeSourceUnrecognised, at, other, what)
}
