package rule_test

import (
	"fmt"
	"strings"
	"testing"

	"creditbank/creditbank"
)

const scales = `scales:
  - {id: letter, labels: [{label: A, points: "95", from: "90", to: "100"}, {label: B, points: "85", from: "80", to: "89"}, {label: C, points: "65", from: "60", to: "79"}, {label: F, points: "30", from: "0", to: "59"}], pass: C}
  - {id: five, labels: [{label: 优, points: "95", from: "90"}, {label: 良, points: "85", from: "80"}, {label: 中, points: "75", from: "70"}, {label: 及格, points: "65", from: "60"}, {label: 不及格, points: "55", from: "0"}]}
  - {id: de, min: "1.0", max: "5.0", best: low, points: [{at: "5.0", points: "0"}, {at: "4.0", points: "60"}, {at: "1.0", points: "100"}], pass: "4.0"}
  - {id: gpa, min: "0", max: "4"}
  - {id: fifty, min: "0", max: "100", points: [{at: "0", points: "0"}, {at: "50", points: "60"}, {at: "100", points: "100"}], pass: "50", institutions: [I01]}
distributions:
  - {id: IT, scale: letter, grades: [{grade: A, share: "10"}, {grade: B, share: "30"}, {grade: C, share: "60"}]}
  - {id: DE, scale: de, grades: [{grade: "1.0", share: "5"}, {grade: "2.0", share: "20"}, {grade: "3.0", share: "50"}, {grade: "4.0", share: "25"}]}
  - {id: PCT, grades: [{grade: "90", share: "3"}, {grade: "80", share: "3"}, {grade: "70", share: "3"}, {grade: "60", share: "3"}]}
`

// scaled returns a book whose only conversion has the given part and grade.
func scaledBook(t *testing.T, part, grade string) *book {
	t.Helper()
	cat := catalogue(t, "S1 FORMAL 5 32 3", "S2 FORMAL 5 64 6")
	rules := strings.Replace(recognise, `require: {pass_mark: "60"}, `, "", 1)
	b := newBook(t, cat, scales+rules+conversion("R", "source: "+part+", grant: [{slot: A, credits: \"1\", grade: "+grade+"}]"), programmes)
	b.enrol("P1")
	return b
}

func TestGradePolicies(t *testing.T) {
	five := `{table: [{from: "90", grade: "95"}, {is: "良好", grade: "85"}, {is: "letter:C", grade: "66"}, {from: "60", grade: "65"}, {from: "0", grade: "55"}]}`
	for _, tt := range []struct{ grade, score, want string }{
		{"carry", "85|letter:A-", "?"}, // not on the scale: refused when it is posted
		{"carry", "85|letter:B", "85|letter:B"},
		{"carry", "", "exempt"},
		{"exempt", "85", "exempt"},
		{`{fixed: "90"}`, "61", "90"},
		{`{fixed: "免考"}`, "", "免考"},
		{five, "90", "95"}, {five, "89.99", "65"}, {five, "良好", "85"}, {five, "优秀", "95"}, {five, "letter:C", "66"},
		{five, "letter:A", "95"}, {five, "不合格", "55"}, {five, "", "exempt"},
		{"{scale: five}", "85", "良"}, {"{scale: five, take: points}", "85", "85"}, {"{scale: five, take: points}", "合格", "65"},
		{"{scale: letter, take: top}", "letter:B", "89"}, {"{scale: letter, take: top}", "85", "89"}, {"{scale: letter, take: bottom}", "85", "80"},
		{"{scale: letter, take: top}", "99|letter:B", "89"}, // what was given counts, not what it would be
		{"{scale: letter, take: label}", "de:1.0", "A"},
		{"{scale: letter}", "", "exempt"},
		{"{distribution: {from: IT, to: DE, take: max}}", "letter:A", "1.0"},
		{"{distribution: {from: IT, to: DE, take: min}}", "letter:A", "2.0"},
		{"{distribution: {from: IT, to: DE, take: avg}}", "letter:A", "2.0"}, // the middle, 5 %, lies between two: the worse
		{"{distribution: {from: IT, to: DE, take: avg}}", "letter:B", "3.0"}, // 25 %
		{"{distribution: {from: IT, to: DE, take: max}}", "letter:B", "2.0"},
		{"{distribution: {from: IT, to: DE, take: min}}", "letter:C", "4.0"},
		{"{distribution: {from: IT, to: DE, take: avg}}", "letter:C", "3.0"},
		{"{distribution: {from: IT, to: DE, take: avg}}", "85", "3.0"},          // B by its points
		{"{distribution: {from: IT, to: DE, take: avg}}", "letter:F", "exempt"}, // nobody who failed is in the table
		{"{distribution: {from: PCT, to: IT, take: max}}", "91", "A"}, {"{distribution: {from: PCT, to: IT, take: avg}}", "91", "B"},
		{"{distribution: {from: PCT, to: IT, take: max}}", "79", "C"}, {"{distribution: {from: PCT, to: IT, take: max}}", "80", "B"},
		{"{distribution: {from: DE, to: PCT, take: max}}", "de:2.7", "80"}, // reaches 3.0: 25–75 %
		{"{distribution: {from: DE, to: PCT, take: min}}", "de:2.7", "70"},
	} {
		b := scaledBook(t, "{course: S1}", tt.grade)
		score, err := creditbank.ParseScore(tt.score)
		must(t, err)
		if tt.want == "?" {
			if err := b.set.CheckScore(score); err == nil {
				t.Errorf("%q is on scale", tt.score)
			}
			continue
		}
		must(t, b.set.CheckScore(score))
		b.post("S1", "2025-01-01", tt.score, "")
		d := b.decide("R", today)
		if !d.Approved || d.Lines[0].Grade != tt.want {
			t.Errorf("%s of %q: %+v, want %s", tt.grade, tt.score, d.Lines, tt.want)
		}
	}
}

func TestGradesOfMeans(t *testing.T) {
	for grade, want := range map[string]string{
		`{weighted_by: hours, round: "0.1"}`:                                            "80.0", // (60*32 + 90*64)/96
		`{weighted_by: credits, round: "1"}`:                                            "80",
		`{weighted_by: hours, round: "1", scale: five}`:                                 "良",
		`{weighted_by: hours, round: "1", table: [{from: "80", grade: "良"}]}`:           "良",
		`{weighted_by: hours, round: "1", scale: letter, take: top}`:                    "89",
		`{weighted_by: hours, round: "1", table: [{from: "81", grade: "unreachable"}]}`: "exempt",
	} {
		b := scaledBook(t, "{all: [{course: S1}, {course: S2}]}", grade)
		b.post("S1", "2025-01-01", "de:4.0", "") // 60 points
		b.post("S2", "2025-01-01", "90", "")
		if d := b.decide("R", today); !d.Approved || d.Lines[0].Grade != want {
			t.Errorf("%s: %+v, want %s", grade, d.Lines, want)
		}
	}
}

func TestBoundsOnScales(t *testing.T) {
	minB, maxB := "{course: S1, min_grade: {scale: letter, value: B}}", "{course: S1, max_grade: {scale: letter, value: B}}"
	for _, tt := range []struct {
		by                creditbank.InstitutionID
		part, score, want string
	}{
		{"I02", minB, "letter:B", ""},
		{"I02", minB, "letter:A", ""},
		{"I02", minB, "letter:C", "GRADE_BELOW_MIN letter:C (65) < letter:B (85)"},
		{"I02", minB, "99|letter:C", "GRADE_BELOW_MIN letter:C (65) < letter:B (85)"}, // on that scale
		{"I02", minB, "84.99", "GRADE_BELOW_MIN 84.99 < letter:B (85)"},               // through points
		{"I02", minB, "85", ""},
		{"I02", minB, "合格", "GRADE_BELOW_MIN 合格 < letter:B (85)"},
		{"I02", minB, "优秀", ""},
		{"I02", minB, "不合格|letter:A", "GRADE_BELOW_MIN letter:A (95) < letter:B (85)"}, // failed is failed
		{"I02", minB, "", "GRADE_BELOW_MIN  < letter:B (85)"},
		{"I02", minB, "de:2.2", "GRADE_BELOW_MIN de:2.2 < letter:B (85)"}, // 84 points
		{"I02", minB, "de:2.1", ""},                                       // 85.33
		{"I02", `{course: S1, min_grade: {scale: de, value: "2.0"}}`, "de:2.1", "GRADE_BELOW_MIN de:2.1 (85.33) < de:2.0 (86.66)"},
		{"I02", `{course: S1, min_grade: {scale: de, value: "2.0"}}`, "de:1.3", ""},
		{"I02", `{course: S1, min_grade: {scale: pct, value: "70"}}`, "69", "GRADE_BELOW_MIN 69 < 70"},
		{"I02", `{course: S1, min_grade: "70"}`, "letter:B", ""},
		{"I02", `{course: S1, min_grade: "70"}`, "letter:C", "GRADE_BELOW_MIN letter:C < 70"},
		{"I02", `{course: S1, min_grade: "70"}`, "gpa:2.8", ""},
		{"I02", `{course: S1, min_grade: "70"}`, "gpa:2.79", "GRADE_BELOW_MIN gpa:2.79 < 70"},
		{"I01", `{course: S1, min_grade: {scale: fifty, value: "50"}}`, "49", "GRADE_BELOW_MIN fifty:49 (58.80) < fifty:50 (60)"},
		{"I01", `{course: S1, min_grade: "60"}`, "50", ""}, // 50 of 100 there are 60 points
		{"I02", `{course: S1, min_grade: "60"}`, "50", "GRADE_BELOW_MIN 50 < 60"},
		{"I02", maxB, "letter:A", "GRADE_ABOVE_MAX letter:A (95) < letter:B (85)"},
		{"I02", maxB, "85", ""},
		{"I02", maxB, "85.01", "GRADE_ABOVE_MAX 85.01 < letter:B (85)"},
		{"I02", maxB, "", ""},
		{"I02", `{course: S1, max_grade: "79"}`, "80", "GRADE_ABOVE_MAX 80 < 79"},
	} {
		b := scaledBook(t, tt.part, "exempt")
		b.postBy(tt.by, "S1", "2025-01-01", tt.score, "")
		got := ""
		for _, f := range b.decide("R", today).Findings {
			got += fmt.Sprintf("%s %s < %s", f.Code, f.Have, f.Need)
		}
		if got != strings.Replace(tt.want, "58.80", "58.8", 1) {
			t.Errorf("%s, %q of %s: %q, want %q", tt.part, tt.score, tt.by, got, tt.want)
		}
	}
}

func TestPassMarks(t *testing.T) {
	for _, tt := range []struct {
		by                creditbank.InstitutionID
		mark, score, want string
	}{
		{"I02", "origin", "59", "GRADE_BELOW_PASS 59 60"},
		{"I02", "origin", "60", ""},
		{"I01", "origin", "50", ""}, // the origin's own
		{"I01", "origin", "49.5", "GRADE_BELOW_PASS 49.5 fifty:50 (60)"},
		{"I02", "origin", "de:4.1", "GRADE_BELOW_PASS de:4.1 de:4.0 (60)"},
		{"I02", "origin", "de:4.0", ""},
		{"I02", "origin", "80|letter:F", "GRADE_BELOW_PASS 80|letter:F 60, letter:C (65)"},
		{"I02", "origin", "gpa:0", ""}, // no pass mark
		{"I02", "origin", "合格", ""},
		{"I01", "origin", "合格", ""},
		{"I02", "origin", "不合格", "GRADE_BELOW_PASS 不合格 60"},
		{"I02", "origin", "", ""},
		{"I02", "{scale: letter, value: C}", "letter:F", "GRADE_BELOW_PASS letter:F letter:C (65)"},
		{"I02", "{scale: letter, value: C}", "letter:C", ""},
		{"I02", "{scale: letter, value: C}", "64", "GRADE_BELOW_PASS 64 letter:C (65)"},
		{"I02", "{scale: letter, value: C}", "合格", ""}, // passed where it was earned
		{"I02", "{scale: letter, value: C}", "", ""},
		{"I02", `"60"`, "letter:F", "GRADE_BELOW_PASS letter:F 60"},
		{"I01", `"60"`, "50", ""},
	} {
		cat := catalogue(t, "S1 FORMAL 5 0 3")
		b := newBook(t, cat, scales+recognition("FORMAL", "require: {pass_mark: "+tt.mark+"}, credits: stated"), noProgramme)
		o := b.postBy(tt.by, "S1", "2025-01-01", tt.score, "")
		got := ""
		for _, f := range b.set.Grounds(o, cat.Courses["S1"]) {
			got += fmt.Sprintf("%s %s %s", f.Code, f.Have, f.Need)
		}
		if got != tt.want || o.Granted != (tt.want == "") {
			t.Errorf("pass mark %s, %q of %s: %q, granted %v; want %q", tt.mark, tt.score, tt.by, got, o.Granted, tt.want)
		}
	}
}

func TestCheckScore(t *testing.T) {
	b := scaledBook(t, "{course: S1}", "carry")
	for text, want := range map[string]string{
		"85":           "",
		"letter:A":     "",
		"de:1.3":       "",
		"letter:A+":    "score: a mark on scale letter is one of A, B, C, F (MALFORMED)",
		"de:5.1":       "score: a mark on scale de is a number of 1 to 5 (MALFORMED)",
		"de:x":         "score: a mark on scale de is a number of 1 to 5 (MALFORMED)",
		"85|leter:A":   "score: the rules define no scale leter (UNKNOWN_SCALE)",
		"85|de:1|us:A": "score: the rules define no scale us (UNKNOWN_SCALE)",
	} {
		score, err := creditbank.ParseScore(text)
		must(t, err)
		got := ""
		if err := b.set.CheckScore(score); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("CheckScore(%q) = %q, want %q", text, got, want)
		}
	}
}
