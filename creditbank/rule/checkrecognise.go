package rule

import (
	"slices"
	"strings"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

// shadowed finds a recognition rule that earlier ones leave nothing to: whatever
// course it matches, on every day of its window an earlier rule matches too.
func (c *inspection) shadowed(i int, r *Rule) {
	var by []int
	for _, course := range c.probes() {
		if !r.Recognition.matches(course) {
			continue
		}
		var windows []window
		for j, earlier := range c.set.rules[:i] {
			if earlier.Recognition != nil && earlier.Recognition.matches(course) && earlier.window().meets(r.window()) {
				windows = append(windows, earlier.window())
				if !slices.Contains(by, j) {
					by = append(by, j)
				}
			}
		}
		if !r.window().covered(windows) {
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

// probes returns the courses of the catalogue, and courses that might be: of
// each category, without tags, and with those that rules tell apart.
func (c *inspection) probes() []creditbank.Course {
	var all []creditbank.Course
	tags := [][]string{nil}
	for _, r := range c.set.rules {
		if r.Recognition == nil {
			continue
		}
		for _, tag := range []string{r.Recognition.Tag, r.Recognition.WithoutTag} {
			if tag != "" {
				tags = append(tags, []string{tag})
			}
		}
	}
	for _, category := range creditbank.Categories() {
		for _, t := range tags {
			all = append(all, creditbank.Course{Category: category, Tags: t})
		}
	}
	for _, code := range sortedKeys(c.cat.Courses) {
		all = append(all, c.cat.Courses[code])
	}
	return all
}

// recognisable reports whether an outcome of the course may be recognised by
// some rule so that it can be used in the window. Where none is, why is the
// recognition rule that comes nearest, if any matches at all.
func (c *inspection) recognisable(course creditbank.Course, use window) (ok bool, nearest int) {
	nearest = -1
	for i, r := range c.set.rules {
		if r.Recognition == nil || !r.Recognition.matches(course) {
			continue
		}
		latest := min(r.window().last(), use.last()) // the last day of issue that can serve
		if latest >= r.From && (r.Recognition.ValidFor == (creditbank.Period{}) || latest == never || r.Recognition.ValidFor.After(latest) >= use.from) {
			return true, i
		}
		nearest = i
	}
	return false, nearest
}

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
