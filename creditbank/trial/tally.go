package trial

import (
	"cmp"
	"maps"
	"slices"

	"creditbank/creditbank"
)

// A tally counts. Learners are counted once, however many cases they have: a
// learner's cases come one after the other.
type tally struct {
	Tally
	serial  int64 // of the learner who was counted last
	changed int64 // of the learner whose change was counted last
	net     creditbank.Credits
}

// A tabulating is a report as far as it is counted.
type tabulating struct {
	serial  int64
	report  Report
	areas   [areas]*areaTally // by the order of areas; nil where nothing was counted
	touched []*tally          // whose net of the learner is still to be counted
}

// An areaTally is an area as far as it is counted.
type areaTally struct {
	all       tally
	tables    map[Table]map[string]*tally
	reasons   map[reasonKey]*reasonTally
	histogram []int
}

type reasonKey struct {
	rule   creditbank.RuleID
	reason creditbank.Reason
}

type reasonTally struct {
	ReasonRow
	serial int64
}

func newTabulating() *tabulating { return &tabulating{} }

func (t *tabulating) area(a Area) *areaTally {
	at := t.areas[a.order()]
	if at == nil {
		at = &areaTally{tables: map[Table]map[string]*tally{}, reasons: map[reasonKey]*reasonTally{}, histogram: make([]int, len(bounds)+1)}
		for _, table := range Tables() {
			at.tables[table] = map[string]*tally{}
		}
		t.areas[a.order()] = at
	}
	return at
}

// row returns a row of a table; nil where the row has no name.
func (at *areaTally) row(table Table, key string) *tally {
	if key == "" {
		return nil
	}
	row := at.tables[table][key]
	if row == nil {
		row = &tally{}
		at.tables[table][key] = row
	}
	return row
}

// add counts a learner.
func (t *tabulating) add(set programmes, region creditbank.RegionCode, cases []Change, l Learner) {
	t.serial++
	t.report.Learners++
	t.report.count(l.Verdict)
	var seen [areas]bool
	for i := range cases {
		c := &cases[i]
		at := t.area(c.Area)
		seen[c.Area.order()] = true
		t.one(at, set, region, c)
	}
	for _, x := range t.touched {
		switch {
		case x.net > 0:
			x.Gainers++
		case x.net < 0:
			x.Losers++
		}
		x.net = 0
	}
	t.touched = t.touched[:0]
	for i, a := range Areas() {
		if seen[i] {
			t.areas[i].histogram[bucket(l.Gain(a))]++
		}
	}
}

// programmes tells which institution's a programme is.
type programmes func(creditbank.ProgrammeID) creditbank.InstitutionID

// one counts a case.
func (t *tabulating) one(at *areaTally, set programmes, region creditbank.RegionCode, c *Change) {
	same := c.Before.same(&c.After)
	institution := c.Institution
	if c.Programme != "" {
		institution = set(c.Programme)
	}
	for _, x := range []*tally{&at.all, at.row(ByProgramme, string(c.Programme)), at.row(ByInstitution, string(institution)), at.row(ByRegion, string(region))} {
		t.count(x, c.Before.Credits, c.After.Credits, same)
	}
	before, after := cmp.Or(c.Rule, c.Before.Rule), cmp.Or(c.Rule, c.After.Rule)
	if before == after {
		t.count(at.row(ByRule, string(before)), c.Before.Credits, c.After.Credits, same)
	} else { // the outcome goes from one rule to another
		t.count(at.row(ByRule, string(before)), c.Before.Credits, 0, false)
		t.count(at.row(ByRule, string(after)), 0, c.After.Credits, false)
	}
	if !same {
		t.reasons(at, before, after, c)
	}
}

// count counts a case in a row.
func (t *tabulating) count(x *tally, before, after creditbank.Credits, same bool) {
	if x == nil {
		return
	}
	x.Cases++
	x.Before += before
	x.After += after
	if x.serial != t.serial {
		x.serial = t.serial
		x.Of++
	}
	if same {
		return
	}
	x.Changed++
	if after > before {
		x.Gained += after - before
	} else {
		x.Lost += before - after
	}
	if x.changed != t.serial {
		x.changed = t.serial
		x.Learners++
		t.touched = append(t.touched, x)
	}
	x.net += after - before
}

// reasons counts the reasons that come and go.
func (t *tabulating) reasons(at *areaTally, before, after creditbank.RuleID, c *Change) {
	note := func(rule creditbank.RuleID, reason creditbank.Reason, appears, vanishes int) {
		key := reasonKey{rule, reason}
		row := at.reasons[key]
		if row == nil {
			row = &reasonTally{ReasonRow: ReasonRow{Rule: rule, Reason: reason}}
			at.reasons[key] = row
		}
		row.Appears += appears
		row.Vanishes += vanishes
		if row.serial != t.serial {
			row.serial = t.serial
			row.Learners++
		}
	}
	for _, r := range c.Before.Reasons {
		if !slices.Contains(c.After.Reasons, r) {
			note(before, r, 0, 1)
		}
	}
	for _, r := range c.After.Reasons {
		if !slices.Contains(c.Before.Reasons, r) {
			note(after, r, 1, 0)
		}
	}
}

// merge adds what another counted of other learners.
func (t *tabulating) merge(o *tabulating) {
	t.report.add(o.report)
	for i, theirs := range o.areas {
		if theirs == nil {
			continue
		}
		ours := t.area(Areas()[i])
		ours.all.Tally.add(theirs.all.Tally)
		for table, rows := range theirs.tables {
			for key, row := range rows {
				ours.row(table, key).Tally.add(row.Tally)
			}
		}
		for key, row := range theirs.reasons {
			own := ours.reasons[key]
			if own == nil {
				own = &reasonTally{ReasonRow: ReasonRow{Rule: key.rule, Reason: key.reason}}
				ours.reasons[key] = own
			}
			own.Appears += row.Appears
			own.Vanishes += row.Vanishes
			own.Learners += row.Learners
		}
		for n, learners := range theirs.histogram {
			ours.histogram[n] += learners
		}
	}
}

// finish returns the report.
func (t *tabulating) finish() *Report {
	r := t.report
	for _, a := range Areas() {
		at := t.areas[a.order()]
		if at == nil {
			continue
		}
		area := AreaReport{Area: a, All: at.all.Tally}
		for _, table := range Tables() {
			rows := at.tables[table]
			for _, key := range slices.Sorted(maps.Keys(rows)) {
				area.Rows = append(area.Rows, Row{Table: table, Key: key, Tally: rows[key].Tally})
			}
		}
		for _, row := range at.reasons {
			area.Reasons = append(area.Reasons, row.ReasonRow)
		}
		slices.SortFunc(area.Reasons, func(x, y ReasonRow) int { return cmp.Or(cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.Reason, y.Reason)) })
		for i, n := range at.histogram {
			b := Bucket{Learners: n}
			if i > 0 {
				b.Above = &bounds[i-1]
			}
			if i < len(bounds) {
				b.Through = &bounds[i]
			}
			area.Histogram = append(area.Histogram, b)
		}
		r.Areas = append(r.Areas, area)
	}
	return &r
}

// bounds part the gains of learners: a bucket holds those above one bound,
// through the next.
var bounds = [...]creditbank.Credits{-1000, -400, -200, -100, -1, 0, 99, 199, 399, 999}

// bucket returns the index of the bucket of a gain.
func bucket(gain creditbank.Credits) int {
	for i, b := range bounds {
		if gain <= b {
			return i
		}
	}
	return len(bounds)
}
