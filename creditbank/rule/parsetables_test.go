package rule_test

import (
	"strings"
	"testing"

	"creditbank/creditbank/rule"
)

// What tables and recognition rules cannot say is reported where it stands.
func TestParseReportsTables(t *testing.T) {
	cat := catalogue(t, "S1 FORMAL 5 0 6")
	tables := func(s string) string { return timezone + s + recognition("FORMAL", "credits: stated") }
	rule1 := func(rest string) string { return timezone + scales + calendars + recognition("FORMAL", rest) }
	grade := func(g string) string {
		return timezone + scales + "rules:\n" + conversion("R", `source: {course: S1}, grant: [{slot: A, credits: "1", grade: `+g+"}]")
	}
	for name, tt := range map[string]struct{ text, want string }{
		"scale named pct":           {tables("scales: [{id: pct, min: \"0\", max: \"100\"}]\n"), "rules.yaml:2:15: scales[0].id: pct is the scale of bare numbers and needs no definition"},
		"scale twice":               {tables("scales: [{id: a, min: \"0\", max: \"1\"}, {id: a, min: \"0\", max: \"1\"}]\n"), "scales[1].id: scale a stands here twice (DUPLICATE)"},
		"scale with a capital":      {tables("scales: [{id: A, min: \"0\", max: \"1\"}]\n"), `scales[0].id: "A" is no name of a grading scale`},
		"scale upside down":         {tables("scales: [{id: a, min: \"5\", max: \"1\"}]\n"), "scales[0].max: the greatest mark is above the least"},
		"scale of both kinds":       {tables("scales: [{id: a, min: \"5\", labels: [{label: A, points: \"90\"}]}]\n"), `scales[0].min: "min" and "labels" exclude each other`},
		"labels out of order":       {tables("scales: [{id: a, labels: [{label: B, points: \"80\"}, {label: A, points: \"90\"}]}]\n"), "scales[0].labels[1]: labels stand from the best to the worst"},
		"no labels":                 {tables("scales: [{id: a, labels: []}]\n"), "a scale has at least one label"},
		"label with a bar":          {tables("scales: [{id: a, labels: [{label: \"A|B\", points: \"80\"}]}]\n"), "scales[0].labels[0].label: "},
		"pass mark of another":      {tables("scales: [{id: a, labels: [{label: B, points: \"80\"}], pass: C}]\n"), "scales[0].pass: a mark on scale a is one of B"},
		"anchors out of order":      {tables("scales: [{id: a, min: \"1\", max: \"5\", best: low, points: [{at: \"1\", points: \"100\"}, {at: \"5\", points: \"0\"}]}]\n"), "scales[0].points[1]: anchors stand from the worst mark to the best"},
		"anchors without an end":    {tables("scales: [{id: a, min: \"1\", max: \"5\", points: [{at: \"1\", points: \"0\"}, {at: \"4\", points: \"100\"}]}]\n"), "the anchors begin with the worst mark and end with the best"},
		"scale of four assigned":    {tables("scales: [{id: a, min: \"0\", max: \"4\", institutions: [I01]}]\n"), "only a scale of 0 to 100 is assigned to institutions"},
		"institution with two":      {tables("scales: [{id: a, min: \"0\", max: \"100\", institutions: [I01]}, {id: b, min: \"0\", max: \"100\", institutions: [I01]}]\n"), "institution I01 has scale a already"},
		"unknown institution":       {tables("scales: [{id: a, min: \"0\", max: \"100\", institutions: [I99]}]\n"), "scales[0].institutions[0]: institution I99 does not exist (UNKNOWN_INSTITUTION)"},
		"distribution of no scale":  {tables("distributions: [{id: D, scale: x, grades: [{grade: \"60\", share: \"1\"}]}]\n"), "distributions[0].scale: scale x is not defined (UNKNOWN_SCALE)"},
		"distribution out of order": {tables("distributions: [{id: D, grades: [{grade: \"60\", share: \"1\"}, {grade: \"90\", share: \"1\"}]}]\n"), "distributions[0].grades[1].grade: grades stand from the best to the worst"},
		"distribution of nobody":    {tables("distributions: [{id: D, grades: [{grade: \"60\", share: \"0\"}]}]\n"), "at least one grade has a share above zero"},
		"distribution of nothing":   {tables("distributions: [{id: D, grades: [{grade: A, share: \"1\"}]}]\n"), "distributions[0].grades[0].grade: is no mark on scale pct"},
		"share too large":           {tables("distributions: [{id: D, grades: [{grade: \"60\", share: \"-0.01\"}]}]\n"), "distributions[0].grades[0].share: a share lies between 0 and 100000"},
		"29 February":               {tables("calendars: [{id: c, year: 02-29}]\n"), `calendars[0].year: "02-29" is no day of every year`},
		"semesters out of order":    {tables("calendars: [{id: c, year: 03-01, semesters: [03-01, 02-01, 09-01]}]\n"), "calendars[0].semesters: semesters stand in order"},
		"semesters later than year": {tables("calendars: [{id: c, year: 03-01, semesters: [04-01]}]\n"), "calendars[0].semesters: semesters stand in order"},
		"two defaults":              {tables("calendars: [{id: c, year: 03-01, default: true}, {id: d, year: 03-01, default: true}]\n"), "calendars[1].default: c is the default already"},
		"two calendars of one":      {tables("calendars: [{id: c, year: 03-01, institutions: [I01]}, {id: d, year: 03-01, institutions: [I01]}]\n"), "institution I01 follows calendar c already"},
		"empty exclusion":           {tables("deny_sources: [{why: {zh: 无, en: none}}]\n"), "deny_sources[0]: name a course, family, tag, category, institution or level"},
		"exclusion backwards":       {tables("deny_sources: [{tag: x, effective: {from: 2025-01-01, to: 2024-01-01}}]\n"), "the window ends on 2024-01-01, before it begins on 2025-01-01"},
		"unknown excluded course":   {tables("deny_sources: [{course: S9}]\n"), "deny_sources[0].course: course S9 does not exist"},
		"pass mark of no scale":     {rule1("require: {pass_mark: {scale: x, value: A}}, credits: stated"), "scale x is not defined"},
		"pass mark off the scale":   {rule1("require: {pass_mark: {scale: letter, value: E}}, credits: stated"), "require.pass_mark.value: a mark on scale letter is one of A, B, C, F"},
		"table twice":               {rule1(`credits: {table: [{level: 3, credits: "1"}, {level: 3, effective: {from: 2025-01-01}, credits: "2"}]}`), "credits.table[1]: row 1 holds the same outcomes at the same time (DUPLICATE)"},
		"empty table":               {rule1("credits: {table: []}"), "a table of credits has at least one row"},
		"two worths":                {rule1(`credits: {stated: true, table: [{credits: "1"}]}`), `"table" and "stated" exclude each other`},
		"rounding of a table":       {rule1(`credits: {table: [{credits: "1"}], round: {mode: down, step: "1"}}`), `"round" goes with credits by hours only`},
		"remainder of notional":     {rule1(`credits: {hours_per_credit: "16", hours: notional, carry_remainder: true}`), "a remainder is carried of scheduled or attended hours only"},
		"remainder beyond most":     {rule1(`credits: {hours_per_credit: "16", hours: attended, most: "2", carry_remainder: true}`), "a remainder is carried of scheduled or attended hours only"},
		"remainder of a range":      {rule1(`credits: {hours_per_credit: {from: "25", to: "30"}, hours: attended, carry_remainder: true}`), "a remainder is carried of scheduled or attended hours only"},
		"range backwards":           {rule1(`credits: {hours_per_credit: {from: "30", to: "25"}, hours: notional}`), "the range ends below its beginning"},
		"no hours at all":           {rule1(`credits: {ratio: {credits: "1", hours: "0"}, hours: scheduled}`), "hours per credit are above zero"},
		"two periods":               {rule1("credits: stated, valid_for: {min: [P5Y, P6Y]}"), "valid_for.min[1]: one period is enough"},
		"no term":                   {rule1("credits: stated, valid_for: {min: []}"), "min needs at least one term"},
		"unknown calendar":          {rule1(`credits: stated, cap: {of: {category: FORMAL}, credits: "1", per: year, calendar: x, by: issued_on}`), "cap.calendar: calendar x is not defined"},
		"calendar for a lifetime":   {rule1(`credits: stated, cap: {of: {category: FORMAL}, credits: "1", per: ever, calendar: korea}`), "a calendar goes with a year or a semester only"},
		"no semesters": {timezone + "calendars: [{id: c, year: 03-01, default: true}]\n" + recognition("FORMAL", `credits: stated, cap: {of: {category: FORMAL}, credits: "1", per: semester, by: issued_on}`),
			"cap.per: calendar c has no semesters"},
		"no default calendar": {timezone + recognition("FORMAL", `credits: stated, cap: {of: {category: FORMAL}, credits: "1", per: semester, by: issued_on}`),
			"cap.per: a cap per semester needs a calendar, or a default one"},
		"grade of nothing":          {grade("{}"), "one of fixed, table, scale, distribution is missing"},
		"two grades":                {grade(`{fixed: "90", scale: letter}`), `"fixed" and "scale" exclude each other`},
		"take without a scale":      {grade(`{fixed: "90", take: top}`), `"take" goes with "scale" only`},
		"mean of a fixed grade":     {grade(`{fixed: "90", weighted_by: hours, round: "1"}`), `"weighted_by" does not go with "fixed"`},
		"grade on a numeric scale":  {grade("{scale: de}"), "a grade is expressed on a scale of labels"},
		"grade table out of order":  {grade(`{table: [{from: "60", grade: A}, {from: "90", grade: B}]}`), "a row above holds these results already"},
		"grade table off the scale": {grade(`{table: [{is: "letter:E", grade: A}]}`), "a mark on scale letter is one of"},
		"unknown distribution":      {grade("{distribution: {from: IT, to: FR, take: avg}}"), "distribution FR is not defined"},
	} {
		_, _, problems := rule.Compile(rule.Files{Rules: []byte(tt.text), Programmes: []byte(programmes)}, cat)
		if err := problems.Err(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: reports\n  %v\nwant\n  %s", name, err, tt.want)
		}
		for _, p := range problems.List() {
			if p.Reason.ZH == "" || p.Line == 0 {
				t.Errorf("%s: %v has no Chinese text or no line", name, p)
			}
		}
	}
}

// A rule that reads no table keeps its hash whatever tables stand in the file;
// one that does has another where they change.
func TestHashesTakeInTables(t *testing.T) {
	cat := catalogue(t, "S1 FORMAL 5 0 6")
	hash := func(tables, rest string) string {
		t.Helper()
		body, set, problems := rule.Compile(rule.Files{Rules: []byte(timezone + tables + recognition("FORMAL", rest)), Programmes: []byte(noProgramme)}, cat)
		if body == nil {
			t.Fatal(problems.Err())
		}
		return set.Rules()[0].Hash().String()
	}
	const plain, passed = "credits: stated", `require: {pass_mark: "60"}, credits: stated`
	const yearly = `credits: stated, cap: {of: {category: FORMAL}, credits: "1", per: year, by: issued_on}`
	changed := strings.Replace(scales, `points: "85", from: "80"`, `points: "84", from: "80"`, 1)
	if hash("", plain) != hash(scales+calendars, plain) {
		t.Error("a rule that looks at no result depends on scales")
	}
	if hash("", passed) == hash(scales, passed) || hash(scales, passed) == hash(changed, passed) {
		t.Error("a pass mark does not depend on what marks count as")
	}
	if hash(calendars, yearly) == hash(strings.Replace(calendars, "09-10", "09-11", 2), yearly) {
		t.Error("a yearly cap does not depend on the calendar")
	}
	if hash("", plain) == hash("deny_sources: [{tag: x}]\n", plain) {
		t.Error("a recognition does not depend on the city's negative list")
	}
}

// Rules have the hashes they had before there were tables: decisions on record
// name them.
func TestHashesOfOldRules(t *testing.T) {
	cat := catalogue(t, "S1 FORMAL 5 32 6", "N1 NON_FORMAL 5 32 6")
	const head = "  - {id: R1, kind: recognition, title: {zh: 认定, en: recognition}, effective: {from: 2015-01-01}, source: {category: FORMAL"
	for _, tt := range []struct{ rule, want string }{
		{head + "}, credits: stated}\n", "4dbafd73ea12c87174ae44351fcbfc7ed288f42615207946334aceda5739ddef"},
		{head + "}, require: {pass_mark: \"60\"}, credits: stated}\n", "d117406eac73f2453382e47652fce8317cfc856279de0665736c5c1d0db4b4c0"},
		{head + ", tag: a, without_tag: b}, require: {pass_mark: \"60\", min_attendance: \"0.8\"}, credits: {hours_per_credit: \"18\", hours: attended, round: {mode: down, step: \"0.5\"}}, valid_for: P5Y, cap: {of: {category: FORMAL}, credits: \"10\", per: calendar_year, by: issued_on, exceed: truncate}}\n",
			"106b734bbe27032f74286534bb1d4ea00640803d03e4bf5446b940c975e2ff7d"},
		{conversion("R1", `source: {course: S1, min_grade: "70", family_highest: true}, match: {level: equal}, grant: [{slot: A, credits: "4", grade: carry}, {slot: E, credits: excess, grade: exempt}]`),
			"7c9e3dafa1e7859f8bbf42db5d8e2d5855b16761e0b4df3203b75c33497787ee"},
		{conversion("R1", `source: {all: [{course: S1}, {course: N1}]}, grant: [{slot: A, credits: "4", grade: {weighted_by: hours, round: "0.1"}}]`),
			"51c6cea1a092035a3a142d14f84a1f2986a5b59413ca7d3e78cd34dbac0a0f1b"},
	} {
		_, set, problems := rule.Compile(rule.Files{Rules: []byte(timezone + "rules:\n" + tt.rule), Programmes: []byte(programmes)}, cat)
		if set == nil {
			t.Fatal(problems.Err())
		}
		if got := set.Rules()[0].Hash().String(); got != tt.want {
			t.Errorf("%s: hash %s, was %s", tt.rule, got, tt.want)
		}
	}
}
