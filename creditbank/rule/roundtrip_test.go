package rule

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"creditbank/creditbank"
)

// A canonical form holds everything that the tables, recognition rules and grades
// of a file say: written out and read again they are the same.
func FuzzTablesRoundTrip(f *testing.F) {
	for _, s := range roundTripSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if fault := RoundTrip(text); fault != "" {
			t.Error(fault)
		}
	})
}

// RoundTrip says what is lost when a file is read, written out and read again;
// nothing of one that is no good file.
func RoundTrip(text string) string {
	set := parseText(text)
	if set == nil {
		return ""
	}
	written := fileOf(set)
	again := parseText(string(written))
	if again == nil {
		return fmt.Sprintf("what was written cannot be read:\n%s", written)
	}
	if a, b := canonicalOf(set), canonicalOf(again); a != b {
		return fmt.Sprintf("reads\n%s\nwritten and read again\n%s", a, b)
	}
	return ""
}

// The seeds are good files, so that the fuzzer begins with every construct.
func TestRoundTripSeedsAreRead(t *testing.T) {
	for _, s := range roundTripSeeds {
		if parseText(s) == nil {
			t.Errorf("is not read:\n%s", s)
		}
	}
}

const roundTripProgrammes = `
programmes:
  - {id: P1, institution: I01, title: {zh: 甲, en: A}, credits: "80", slots: [{id: A, title: {zh: 甲, en: A}, credits: "8"}]}
`

var roundTripSeeds = []string{
	`timezone: Asia/Shanghai
scales:
  - {id: letter, title: {zh: 等级, en: letters}, labels: [{label: A, points: "95", from: "90", to: "100"}, {label: C, points: "65", from: "60", to: "79"}], pass: C}
  - {id: de, min: "1.0", max: "5.0", best: low, points: [{at: "5.0", points: "0"}, {at: "4.0", points: "60"}, {at: "1.0", points: "100"}], pass: "4.0"}
  - {id: hundred, min: "0", max: "100", pass: "50", institutions: [I01]}
distributions:
  - {id: IT, title: {zh: 意, en: Italy}, scale: letter, grades: [{grade: A, share: "10.5"}, {grade: C, share: "60"}]}
  - {id: PCT, grades: [{grade: "90", share: "3"}, {grade: "60", share: "3"}]}
calendars:
  - {id: korea, title: {zh: 韩, en: Korea}, year: 03-01, semesters: [03-01, 09-01], institutions: [I01]}
  - {id: city, year: 09-10, default: true}
deny_sources:
  - {family: DRIVING, tag: x, category: FORMAL, course: S1, institution: I01, level: 3, effective: {from: 2024-01-01, to: 2024-12-31}, why: {zh: 驾, en: driving}}
  - {tag: y, effective: {to: 2024-12-31}}
rules:
  - {id: R1, kind: recognition, title: {zh: 认, en: r}, effective: {from: 2015-01-01, to: 2030-01-01}, source: {category: FORMAL, tag: a, without_tag: b, course: S1, family: F, institution: I01, level: 4}, deny_sources: [{level: 9}], require: {pass_mark: {scale: letter, value: C}, min_attendance: "0.8"}, credits: stated, valid_for: {min: [P5Y, issuer]}, cap: [{of: {category: FORMAL, institution: I01, family: F, each: course}, credits: "42", per: semester, calendar: korea, by: issued_on, exceed: truncate}, {of: {category: FORMAL}, credits: "8", per: ever}]}
  - {id: R2, kind: recognition, title: {zh: 认, en: r}, effective: {from: 2015-01-01}, source: {category: FORMAL}, require: {pass_mark: origin}, credits: {ratio: {credits: "3", hours: "50"}, hours: attended, round: {mode: half_up, step: "0.5"}, carry_remainder: true}, valid_for: P18M, cap: {of: {category: FORMAL}, credits: "10", per: calendar_year, by: issued_on}}
  - {id: R3, kind: recognition, title: {zh: 认, en: r}, effective: {from: 2015-01-01}, source: {category: FORMAL}, require: {pass_mark: "60"}, credits: {hours_per_credit: {from: "25", to: "30"}, hours: notional, most: "8"}, cap: {of: {category: FORMAL, each: institution}, credits: "10", per: year, by: issued_on}}
  - {id: R4, kind: recognition, title: {zh: 认, en: r}, effective: {from: 2015-01-01}, source: {category: CERTIFICATE}, credits: {table: [{level: 3, family: F, credits: "8"}, {effective: {from: 2025-01-01}, credits: "4"}], most: "7"}, valid_for: {min: [issuer]}}
  - {id: R5, kind: recognition, title: {zh: 认, en: r}, effective: {from: 2015-01-01}, source: {category: NON_FORMAL}, credits: {hours_per_credit: "17.5", hours: scheduled}}
  - {id: R6, kind: recognition, title: {zh: 认, en: r}, effective: {from: 2015-01-01}, source: {category: INFORMAL}, credits: {stated: true, most: "2"}}
`,
	`timezone: Asia/Shanghai
scales: [{id: letter, labels: [{label: A, points: "95"}, {label: C, points: "65"}]}]
distributions: [{id: IT, scale: letter, grades: [{grade: A, share: "10"}, {grade: C, share: "60"}]}]
rules:
  - {id: R1, kind: conversion, title: {zh: 转, en: c}, programme: P1, effective: {from: 2020-01-01}, source: {course: S1, min_grade: {scale: letter, value: A}, max_grade: "90", family_highest: true}, grant: [
      {slot: A, credits: "1", grade: carry}, {slot: A, credits: "1", grade: exempt}, {slot: A, credits: "1", grade: {fixed: "90"}},
      {slot: A, credits: "1", grade: {table: [{is: "letter:A", grade: "95"}, {from: "60.5", grade: 良}]}},
      {slot: A, credits: "1", grade: {scale: letter, take: top}}, {slot: A, credits: "1", grade: {distribution: {from: IT, to: IT, take: avg}}},
      {slot: A, credits: "1", grade: {weighted_by: credits, round: "0.1"}}, {slot: A, credits: "1", grade: {weighted_by: hours, round: "1.50", table: [{from: "60", grade: A}]}}]}
  - {id: R2, kind: conversion, title: {zh: 转, en: c}, programme: P1, effective: {from: 2020-01-01}, source: {all: [{course: S1, min_grade: "60"}, {course: S1, max_grade: {scale: letter, value: A}}]}, grant: [{slot: A, credits: "1", grade: exempt}]}
`,
}

// parseText compiles a file without a catalogue; nil if anything is wrong.
func parseText(text string) *Set {
	var problems creditbank.Problems
	set, _ := parse(Files{Rules: []byte(text), Programmes: []byte(roundTripProgrammes)}, &problems)
	if problems.Err() != nil {
		return nil
	}
	return set
}

// canonicalOf writes what the round trip is about.
func canonicalOf(s *Set) string {
	type grades struct {
		Parts  []Part
		Grades []Grade
	}
	form := struct {
		Uses        uses
		Recognition []*Recognition
		Windows     [][2]creditbank.Date
		Conversions []grades
	}{Uses: uses{s.scales, s.distributions, s.calendars, s.denied}}
	for _, r := range s.rules {
		form.Windows = append(form.Windows, [2]creditbank.Date{r.From, r.To})
		form.Recognition = append(form.Recognition, r.Recognition)
		if r.Conversion != nil && len(r.Conversion.Parts) > 0 {
			g := grades{Parts: r.Conversion.Parts}
			for _, line := range r.Conversion.Grants {
				g.Grades = append(g.Grades, line.Grade)
			}
			form.Conversions = append(form.Conversions, g)
		}
	}
	b, err := json.Marshal(form)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// object is a mapping of a file. JSON is YAML.
type object map[string]any

// put adds a key where there is something to say.
func (o object) put(key string, v any, say bool) {
	if say {
		o[key] = v
	}
}

// fileOf writes the tables, recognition rules and grades of a set as a file.
func fileOf(s *Set) []byte {
	list := func(o object, key string, items []object) { o.put(key, items, len(items) > 0) }
	o := object{"timezone": s.location.String()}
	list(o, "scales", each(s.scales, scaleOf))
	list(o, "distributions", each(s.distributions, distributionOf))
	list(o, "calendars", each(s.calendars, calendarOf))
	list(o, "deny_sources", each(s.denied, exclusionOf))
	rules := []object{}
	for _, r := range s.rules {
		w := windowOf(r.From, r.To)
		switch {
		case r.Recognition != nil:
			rules = append(rules, recognitionOf(r, w))
		case len(r.Conversion.Parts) > 0:
			rules = append(rules, conversionOf(r, w))
		default: // what pools and blocks say is not the round trip's matter
			rules = append(rules, object{"id": r.ID, "kind": kindConversion, "title": textOf(r.Title), "effective": w, "programme": "P1",
				"source": object{"pool": object{"category": "FORMAL", "credits": "1"}}, "grant": []object{{"slot": "A", "credits": "1", "grade": "exempt"}}})
		}
	}
	o["rules"] = rules
	b, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return b
}

func each[T any](items []T, write func(T) object) []object {
	all := make([]object, 0, len(items))
	for _, item := range items {
		all = append(all, write(item))
	}
	return all
}

func textOf(t creditbank.Text) object { return object{"zh": t.ZH, "en": t.EN} }

func windowOf(from, to creditbank.Date) object {
	w := object{}
	w.put("from", from.String(), from != 0)
	w.put("to", to.String(), to != 0)
	return w
}

func titled(o object, t creditbank.Text) object {
	o.put("title", textOf(t), t != creditbank.Text{})
	return o
}

func scaleOf(s Scale) object {
	o := titled(object{"id": s.ID}, s.Title)
	if n := s.Numbers; n != nil {
		o["min"], o["max"] = creditbank.FormatPoints(n.Min), creditbank.FormatPoints(n.Max)
		o.put("best", "low", n.BestLow)
		o["points"] = each(n.Anchors, func(a Anchor) object {
			return object{"at": creditbank.FormatPoints(a.At), "points": creditbank.FormatPoints(a.Points)}
		})
	} else {
		o["labels"] = each(s.Labels, func(l Label) object {
			return object{"label": l.Label, "points": creditbank.FormatPoints(l.Points), "from": creditbank.FormatPoints(l.From), "to": creditbank.FormatPoints(l.To)}
		})
	}
	o.put("pass", s.Pass, s.Pass != "")
	o.put("institutions", s.Institutions, len(s.Institutions) > 0)
	return o
}

func distributionOf(d Distribution) object {
	return titled(object{"id": d.ID, "scale": d.Scale, "grades": each(d.Grades, func(g GradeShare) object {
		return object{"grade": g.Grade, "share": creditbank.FormatPoints(g.Share)}
	})}, d.Title)
}

func calendarOf(c Calendar) object {
	o := titled(object{"id": c.ID, "year": c.Year.String()}, c.Title)
	var begins []string
	for _, s := range c.Semesters {
		begins = append(begins, s.String())
	}
	o.put("semesters", begins, len(begins) > 0)
	o.put("institutions", c.Institutions, len(c.Institutions) > 0)
	o.put("default", true, c.Default)
	return o
}

func filterOf(s Filter) object {
	o := object{}
	o.put("category", s.Category, s.Category != "")
	o.put("course", s.Course, s.Course != "")
	o.put("family", s.Family, s.Family != "")
	o.put("tag", s.Tag, s.Tag != "")
	o.put("institution", s.Institution, s.Institution != "")
	o.put("level", s.Level, s.Level != 0)
	return o
}

func exclusionOf(x Exclusion) object {
	o := filterOf(x.Filter)
	o.put("effective", windowOf(x.From, x.To), x.From != 0 || x.To != 0)
	o.put("why", textOf(x.Why), x.Why != creditbank.Text{})
	return o
}

func boundOf(b Bound) any {
	if b.Scale == creditbank.Percentage {
		return b.Value
	}
	return object{"scale": b.Scale, "value": b.Value}
}

func recognitionOf(r *Rule, window object) object {
	rec := r.Recognition
	source := filterOf(rec.Of)
	source["category"] = rec.Category
	source.put("tag", rec.Tag, rec.Tag != "")
	source.put("without_tag", rec.WithoutTag, rec.WithoutTag != "")
	o := object{"id": r.ID, "kind": kindRecognition, "title": textOf(r.Title), "effective": window, "source": source, "credits": creditsOf(rec)}
	o.put("deny_sources", each(rec.Denied, exclusionOf), len(rec.Denied) > 0)
	require := object{}
	switch {
	case rec.PassOrigin:
		require["pass_mark"] = "origin"
	case rec.PassMark != nil:
		require["pass_mark"] = creditbank.FormatPoints(*rec.PassMark)
	case rec.PassOn != nil:
		require["pass_mark"] = boundOf(*rec.PassOn)
	}
	require.put("min_attendance", rec.MinAttendance, rec.MinAttendance != 0)
	o.put("require", require, len(require) > 0)
	valid := []any{}
	if rec.ValidFor != (creditbank.Period{}) {
		valid = append(valid, rec.ValidFor.String())
	}
	if rec.IssuerTerm {
		valid = append(valid, "issuer")
	}
	o.put("valid_for", object{"min": valid}, len(valid) > 0)
	if rec.Cap != nil {
		o["cap"] = capOf(*rec.Cap)
	} else {
		o.put("cap", each(rec.Caps, capOf), rec.Caps != nil)
	}
	return o
}

func creditsOf(r *Recognition) object {
	o := object{}
	o.put("most", r.Most, r.Most != 0)
	switch {
	case r.Table != nil:
		o["table"] = each(r.Table, func(w Worth) object {
			row := filterOf(w.Filter)
			row["credits"] = w.Credits
			row.put("effective", windowOf(w.From, w.To), w.From != 0 || w.To != 0)
			return row
		})
		return o
	case r.Stated && r.HoursTo == 0:
		o["stated"] = true
		return o
	case r.Stated:
		o["hours_per_credit"] = object{"from": r.HoursPer, "to": r.HoursTo}
	case r.PerHours != nil:
		o["ratio"] = object{"credits": r.PerHours.Credits, "hours": r.PerHours.Hours}
	default:
		o["hours_per_credit"] = r.HoursPer
	}
	o["hours"] = "scheduled"
	o.put("hours", "attended", r.Attended)
	o.put("hours", "notional", r.Notional)
	o["round"] = object{"mode": r.Round.Mode, "step": r.Round.Step}
	o.put("carry_remainder", true, r.Carry)
	return o
}

func capOf(c PeriodCap) object {
	of := object{"category": c.Category}
	of.put("institution", c.Institution, c.Institution != "")
	of.put("family", c.Family, c.Family != "")
	of.put("each", c.Each, c.Each != "")
	o := object{"of": of, "credits": c.Credits, "per": perCalendarYear, "by": "issued_on", "exceed": c.Exceed}
	o.put("per", c.Per, c.Per != "")
	o.put("calendar", c.Calendar, c.Calendar != "")
	return o
}

func conversionOf(r *Rule, window object) object {
	parts := each(r.Conversion.Parts, func(p Part) object {
		o := object{"course": p.Course}
		o.put("family_highest", true, p.FamilyHighest)
		switch {
		case p.MinGrade != nil:
			o["min_grade"] = creditbank.FormatPoints(*p.MinGrade)
		case p.MinOn != nil:
			o["min_grade"] = boundOf(*p.MinOn)
		}
		if p.MaxGrade != nil {
			o["max_grade"] = boundOf(*p.MaxGrade)
		}
		return o
	})
	source := object{"all": parts}
	if len(parts) == 1 {
		source = parts[0]
	}
	return object{"id": r.ID, "kind": kindConversion, "title": textOf(r.Title), "effective": window, "programme": "P1", "source": source,
		"grant": each(r.Conversion.Grants, func(g Grant) object {
			return object{"slot": "A", "credits": "1", "grade": gradeOf(g.Grade)}
		})}
}

func gradeOf(g Grade) any {
	o := object{}
	if g.Step > 0 {
		o["weighted_by"] = "hours"
		o.put("weighted_by", g.By, g.By != "")
		o["round"] = creditbank.FormatPointsTo(g.Step, g.Decimals)
	}
	switch g.Mode {
	case gradeCarry, creditbank.Exempt:
		return g.Mode
	case gradeFixed:
		o["fixed"] = g.Fixed
	case gradeTable:
		o["table"] = each(g.Table, func(row GradeRow) object {
			out := object{"grade": row.Grade}
			if row.From != nil {
				out["from"] = creditbank.FormatPoints(*row.From)
			} else {
				out["is"] = row.Is
			}
			return out
		})
	case gradeScale:
		o["scale"], o["take"] = g.Scale, g.Take
	case gradeDistribution:
		o["distribution"] = object{"from": g.From, "to": g.To, "take": g.Take}
	}
	return o
}

// Whatever day and calendar: a period holds its day, begins on a boundary and is
// followed by the next without a gap.
func FuzzCalendar(f *testing.F) {
	f.Add(301, 901, 715, 20260228)
	f.Add(101, 701, 102, 20240229)
	f.Add(1231, 101, 630, 19991231)
	f.Fuzz(func(t *testing.T, year, second, third, day int) {
		boundary := func(n int) (MonthDay, bool) {
			_, err := time.Parse("20060102", time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006")+pad(n))
			return MonthDay(n), err == nil
		}
		y, ok1 := boundary(year)
		s2, ok2 := boundary(second)
		s3, ok3 := boundary(third)
		d, err := time.Parse("20060102", pad8(day))
		if !ok1 || !ok2 || !ok3 || err != nil || d.Year() < 2 || d.Year() > 9990 {
			return
		}
		c := Calendar{Year: y, Semesters: []MonthDay{y, s2, s3}}
		if !c.semestersInOrder() {
			c.Semesters = nil
		}
		at := creditbank.DateOf(d)
		for name, s := range map[string]span{"year": c.year(at), "semester": c.semester(at)} {
			if !s.holds(at) || s.last < s.first {
				t.Fatalf("%s %v of %v, year from %v, semesters %v", name, s, at, y, c.Semesters)
			}
			next, before := c.year(dayAfter(s.last)), c.year(dayBefore(s.first))
			if name == "semester" {
				next, before = c.semester(dayAfter(s.last)), c.semester(dayBefore(s.first))
			}
			if next.first != dayAfter(s.last) || before.last != dayBefore(s.first) {
				t.Errorf("%s %v lies between %v and %v", name, s, before, next)
			}
		}
		if s := c.semester(at); s.first < c.year(at).first || s.last > c.year(at).last {
			t.Errorf("semester %v is not within the year %v", s, c.year(at))
		}
	})
}

func pad(n int) string { return zeros(n, 4) }

func pad8(n int) string { return zeros(n, 8) }

func zeros(n, width int) string {
	b, _ := json.Marshal(n)
	return strings.Repeat("0", max(0, width-len(b))) + string(b)
}
