package trial

import (
	"cmp"
	"encoding/json"
	"slices"

	"creditbank/creditbank"
)

// A Table is what rows are counted by.
type Table string

// The tables. The institution is the one that posted the outcome or, for
// conversions, the one whose programme it is; the region is the learner's.
const (
	ByRule        Table = "rule"
	ByProgramme   Table = "programme"
	ByInstitution Table = "institution"
	ByRegion      Table = "region"
)

// Tables lists the tables.
func Tables() []Table { return []Table{ByRule, ByProgramme, ByInstitution, ByRegion} }

// Text returns what a table is called.
func (t Table) Text() creditbank.Text {
	switch t {
	case ByRule:
		return creditbank.Text{ZH: "按规则", EN: "by rule"}
	case ByProgramme:
		return creditbank.Text{ZH: "按专业", EN: "by programme"}
	case ByInstitution:
		return creditbank.Text{ZH: "按机构", EN: "by institution"}
	case ByRegion:
		return creditbank.Text{ZH: "按地区", EN: "by region"}
	}
	return creditbank.Text{ZH: string(t), EN: string(t)}
}

// A Report is what a draft changes for a population.
type Report struct {
	RuleSet  int             `json:"rule_set"` // the published one compared with
	Day      creditbank.Date `json:"date"`
	Learners int             `json:"learners"` // looked at
	Verdicts []VerdictRow    `json:"verdicts"`
	Areas    []AreaReport    `json:"areas"`
	Least    int             `json:"least,omitempty"` // rows with fewer learners say nothing
}

// A VerdictRow is how many learners fare so.
type VerdictRow struct {
	Verdict  Verdict `json:"verdict"`
	Learners int     `json:"-"`
	Hidden   bool    `json:"-"`
}

// Verdicts lists the verdicts.
func Verdicts() []Verdict { return []Verdict{Better, Worse, Mixed, Otherwise, Unchanged} }

// An AreaReport is what changes in one area.
type AreaReport struct {
	Area      Area        `json:"area"`
	All       Tally       `json:"all"`
	Rows      []Row       `json:"rows"`
	Reasons   []ReasonRow `json:"reasons"`
	Histogram []Bucket    `json:"histogram"` // of what learners gain in the area
}

// A Tally counts cases (outcomes, decisions, plans), the learners behind them,
// and credits.
type Tally struct {
	Cases    int
	Of       int // learners with a case
	Changed  int // cases that come out differently
	Learners int // with such a case
	Gainers  int // learners with more credits, taken together
	Losers   int
	Before   creditbank.Credits
	After    creditbank.Credits
	Gained   creditbank.Credits // by the cases that bring more
	Lost     creditbank.Credits // by those that bring less
	Hidden   Hiding             // what is not to be told
}

// A Hiding says what of a row is not told.
type Hiding int

// What is hidden.
const (
	Nothing Hiding = iota
	Split          // who gains and who loses, and how much
	All
)

// A Row is a row of a table.
type Row struct {
	Table Table
	Key   string // id of the rule, programme, institution or region
	Tally
}

// A ReasonRow is a reason that comes or goes, by the rule that gave it.
type ReasonRow struct {
	Rule     creditbank.RuleID
	Reason   creditbank.Reason
	Appears  int // cases in which the draft gives it and the published set does not
	Vanishes int
	Learners int
	Hidden   bool
}

// A Bucket is how many learners gain so much: more than Above, at most Through.
type Bucket struct {
	Above    *creditbank.Credits `json:"above,omitempty"`
	Through  *creditbank.Credits `json:"through,omitempty"`
	Learners int                 `json:"-"`
	Hidden   bool                `json:"-"`
}

// count counts a learner.
func (r *Report) count(v Verdict) {
	if r.Verdicts == nil {
		for _, each := range Verdicts() {
			r.Verdicts = append(r.Verdicts, VerdictRow{Verdict: each})
		}
	}
	r.Verdicts[slices.Index(Verdicts(), v)].Learners++
}

// add adds the learners of another report.
func (r *Report) add(o Report) {
	r.Learners += o.Learners
	for i, v := range o.Verdicts {
		if r.Verdicts == nil {
			r.Verdicts = slices.Clone(o.Verdicts)
			break
		}
		r.Verdicts[i].Learners += v.Learners
	}
}

// add adds the cases of other learners.
func (t *Tally) add(o Tally) {
	t.Cases += o.Cases
	t.Of += o.Of
	t.Changed += o.Changed
	t.Learners += o.Learners
	t.Gainers += o.Gainers
	t.Losers += o.Losers
	t.Before += o.Before
	t.After += o.After
	t.Gained += o.Gained
	t.Lost += o.Lost
}

// Area returns what changes in an area.
func (r *Report) Area(a Area) AreaReport {
	for _, area := range r.Areas {
		if area.Area == a {
			return area
		}
	}
	return AreaReport{Area: a}
}

// Row returns a row of a table; the zero Row where nothing was counted.
func (a AreaReport) Row(t Table, key string) Row {
	for _, row := range a.Rows {
		if row.Table == t && row.Key == key {
			return row
		}
	}
	return Row{Table: t, Key: key}
}

// Suppress hides what fewer than least learners stand behind: of a row with few
// learners, or with few whom something changes for, everything; of a row with
// few gainers or few losers, who gains and loses. Where a single row of a table is
// hidden, the next smallest is hidden too, since the sum is told.
func (r *Report) Suppress(least int) {
	if least <= 1 {
		return
	}
	few := func(n int) bool { return 0 < n && n < least }
	r.Least = least
	hideOne(r.Verdicts, func(v *VerdictRow) (int, *bool) { return v.Learners, &v.Hidden }, few)
	for i := range r.Areas {
		a := &r.Areas[i]
		a.All.suppress(few)
		for _, t := range Tables() {
			suppressTable(a.Rows, t, few)
		}
		for n := range a.Reasons {
			a.Reasons[n].Hidden = few(a.Reasons[n].Learners)
		}
		hideOne(a.Histogram, func(b *Bucket) (int, *bool) { return b.Learners, &b.Hidden }, few)
	}
}

func (t *Tally) suppress(few func(int) bool) {
	switch {
	case few(t.Of) || few(t.Learners):
		t.Hidden = All
	case few(t.Gainers) || few(t.Losers):
		t.Hidden = Split
	}
}

// suppressTable hides rows of one table.
func suppressTable(rows []Row, t Table, few func(int) bool) {
	var hidden int
	var next *Row
	for i := range rows {
		row := &rows[i]
		if row.Table != t {
			continue
		}
		if row.suppress(few); row.Hidden == All {
			hidden++
		} else if next == nil || row.Of < next.Of {
			next = row
		}
	}
	if hidden == 1 && next != nil {
		next.Hidden = All
	}
}

// hideOne hides the small ones of a list whose sum is told, and one more where
// there is one only.
func hideOne[T any](list []T, of func(*T) (int, *bool), few func(int) bool) {
	hidden := 0
	var next *bool
	least := 0
	for i := range list {
		n, hide := of(&list[i])
		switch {
		case few(n):
			*hide = true
			hidden++
		case n > 0 && (next == nil || n < least):
			next, least = hide, n
		}
	}
	if hidden == 1 && next != nil {
		*next = true
	}
}

// MarshalJSON implements [json.Marshaler]: what is hidden is null.
func (v VerdictRow) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Learners *int    `json:"learners"`
		Verdict  Verdict `json:"verdict"`
	}{unless(v.Hidden, v.Learners), v.Verdict})
}

// MarshalJSON implements [json.Marshaler]: what is hidden is null.
func (b Bucket) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Above    *creditbank.Credits `json:"above,omitempty"`
		Learners *int                `json:"learners"`
		Through  *creditbank.Credits `json:"through,omitempty"`
	}{b.Above, unless(b.Hidden, b.Learners), b.Through})
}

// MarshalJSON implements [json.Marshaler]: what is hidden is null.
func (r ReasonRow) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Appears  *int              `json:"appears"`
		Learners *int              `json:"learners"`
		Reason   creditbank.Reason `json:"reason"`
		Rule     creditbank.RuleID `json:"rule,omitempty"`
		Vanishes *int              `json:"vanishes"`
	}{unless(r.Hidden, r.Appears), unless(r.Hidden, r.Learners), r.Reason, r.Rule, unless(r.Hidden, r.Vanishes)})
}

// A tallyView is a tally as it is told.
type tallyView struct {
	After    *creditbank.Credits `json:"after"`
	Before   *creditbank.Credits `json:"before"`
	Cases    *int                `json:"cases"`
	Changed  *int                `json:"changed"`
	Gained   *creditbank.Credits `json:"gained"`
	Gainers  *int                `json:"gainers"`
	Learners *int                `json:"learners"`
	Losers   *int                `json:"losers"`
	Lost     *creditbank.Credits `json:"lost"`
	Of       *int                `json:"of"`
}

func (t Tally) view() tallyView {
	all, split := t.Hidden == All, t.Hidden != Nothing
	return tallyView{
		unless(all, t.After), unless(all, t.Before), unless(all, t.Cases), unless(all, t.Changed), unless(split, t.Gained),
		unless(split, t.Gainers), unless(all, t.Learners), unless(split, t.Losers), unless(split, t.Lost), unless(all, t.Of),
	}
}

// MarshalJSON implements [json.Marshaler]: what is hidden is null.
func (t Tally) MarshalJSON() ([]byte, error) { return json.Marshal(t.view()) }

// MarshalJSON implements [json.Marshaler]: what is hidden is null.
func (r Row) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Key   string `json:"key"`
		Table Table  `json:"table"`
		tallyView
	}{r.Key, r.Table, r.view()})
}

func unless[T any](hidden bool, v T) *T {
	if hidden {
		return nil
	}
	return &v
}

// Largest returns the rows of a table in which something changes and that are
// told of, those with the most learners first, and how many are not told of.
func Largest(rows []Row, t Table) (told []Row, untold int) {
	for _, r := range rows {
		switch {
		case r.Table != t:
		case r.Hidden == All:
			untold++
		case r.Learners > 0:
			told = append(told, r)
		}
	}
	slices.SortStableFunc(told, func(a, b Row) int { return cmp.Compare(b.Learners, a.Learners) })
	return told, untold
}
