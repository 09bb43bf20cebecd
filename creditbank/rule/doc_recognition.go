// # Grading scales
//
// A score is a number of 0 to 100 or one of 优秀, 良好, 合格, 不合格, and may stand on
// named scales beside it: 85|letter:A-|ects:B. The file defines them under scales. A
// scale has labels, best first, or numbers between two ends, with the lowest as the
// best where best is low. points says what a mark counts as on the scale of 0 to 100,
// called pct: at each label, or at some numbers, between which it lies on a line and
// is rounded down; without any from 0 at the worst to 100 at the best. from and to
// are the band of points that a label stands for. pass is the least mark that passes.
// A scale of 0 to 100 may be that of institutions: the bare numbers they post are
// marks on it. A mark on a scale that is not defined is refused when it is posted.
//
//	scales:
//	  - id: letter
//	    title: {zh: 等级制, en: letters}
//	    labels:
//	      - {label: A, points: "95", from: "90", to: "100"}
//	      - {label: B, points: "85", from: "80", to: "89"}
//	      - {label: C, points: "65", from: "60", to: "79"}
//	      - {label: F, points: "30", from: "0", to: "59"}
//	    pass: C
//	  - id: five
//	    labels:
//	      - {label: 优, points: "95", from: "90"}
//	      - {label: 良, points: "85", from: "80"}
//	      - {label: 中, points: "75", from: "70"}
//	      - {label: 及格, points: "65", from: "60"}
//	      - {label: 不及格, points: "55", from: "0"}
//	  - id: de
//	    min: "1.0"
//	    max: "5.0"
//	    best: low
//	    points: [{at: "5.0", points: "0"}, {at: "4.0", points: "60"}, {at: "1.0", points: "100"}]
//	    pass: "4.0"
//	  - {id: fifty, min: "0", max: "100", pass: "50", institutions: [I02]}
//
// # Grade distributions
//
// A distribution says how often each grade was given in a programme (ECTS Users'
// Guide 2015, 4.3), best first, as shares or as counts: only their proportions matter.
// A grade is converted to those of another table whose bands overlap its own: the
// worst (min), the best (max), or the one that holds its middle (avg; between two,
// the worse). A mark belongs to the best grade that it reaches.
//
//	distributions:
//	  - id: HOME
//	    scale: letter
//	    grades: [{grade: A, share: "10"}, {grade: B, share: "30"}, {grade: C, share: "60"}]
//	  - id: BERLIN
//	    scale: de
//	    grades: [{grade: "1.0", share: "12"}, {grade: "2.0", share: "55"}, {grade: "3.0", share: "80"}, {grade: "4.0", share: "33"}]
//
// # Calendars
//
// A calendar says on which days of every year the years and semesters of institutions
// begin; a semester lasts until the next, the last one until the year ends. An
// institution that follows none follows the default.
//
//	calendars:
//	  - {id: korea, year: 03-01, semesters: [03-01, 09-01], institutions: [I02]}
//	  - {id: city, year: 09-01, semesters: [09-01, 02-20], default: true}
//
// # Excluded sources
//
// What stands on the negative list of the file is not recognised by any rule, what
// stands under a rule's own deny_sources not by that rule: EXCLUDED_SOURCE. An entry
// applies to outcomes that are all it says: category, course, family, tag,
// institution (that posted them), level; and were issued in its window.
//
//	deny_sources:
//	  - {family: DRIVING, why: {zh: 驾驶证不予认定, en: driving licences are not recognised}}
//	  - {tag: party_school, effective: {to: 2024-12-31}}
//
// # Recognition rules
//
// The source picks outcomes by category, and by tag, without_tag, course, family,
// institution and level where they are given. pass_mark is a number of points, a mark
// on a scale, or origin: the pass mark of every scale that the result was posted on
// (60 for a bare number, unless its institution has a scale of its own). A mark on
// another scale than the one asked for is measured by its points.
//
// credits are the ones the course states; or by hours (scheduled, attended, or
// notional: all learning time that the course states, at least its scheduled hours),
// at so many hours a credit or at an exact ratio; or by a table, whose first row that
// fits decides: no row, OUTCOME_NOT_RECOGNISED. most bounds the worth of one outcome.
// A range of hours per credit, as in ECTS, bounds the stated credits by the hours at
// its beginning; a course that states no credits is worth its hours at the end of the
// range. With carry_remainder the hours that rounding leaves count with the next
// outcome of the same rule, and what it rounded up is taken off: never a whole step
// of rounding either way, so that a rule whose rate changes does not settle the past.
//
// valid_for is a period from the day of issue, or the least of one and of what the
// issuer says: the valid_for of the course. A certificate that names its own last
// day (valid_until of the posting) ends on it whatever the rule says, and with no
// valid_for at all: a rule can make an outcome end sooner than its issuer does,
// never later. What the accepting side allows is for conversion rules to say.
//
//	rules:
//	  - id: C1
//	    kind: recognition
//	    title: {zh: 社区学习, en: community learning}
//	    effective: {from: 2020-01-01}
//	    source: {category: NON_FORMAL, without_tag: leisure}
//	    deny_sources: [{tag: sales}]
//	    require: {pass_mark: origin, min_attendance: "0.80"}
//	    credits: {ratio: {credits: "1", hours: "16"}, hours: attended, round: {mode: down, step: "1"}, carry_remainder: true}
//	    valid_for: {min: [P5Y, issuer]}
//	  - id: C2
//	    kind: recognition
//	    title: {zh: 欧洲学分, en: ECTS}
//	    effective: {from: 2020-01-01}
//	    source: {category: FORMAL, tag: ects}
//	    require: {pass_mark: {scale: letter, value: C}}
//	    credits: {hours_per_credit: {from: "25", to: "30"}, hours: notional, round: {mode: down, step: "0.5"}}
//	  - id: C3
//	    kind: recognition
//	    title: {zh: 证书目录, en: table of certificates}
//	    effective: {from: 2020-01-01}
//	    source: {category: CERTIFICATE}
//	    credits:
//	      table:
//	        - {family: CARE, level: 5, effective: {from: 2025-01-01, to: 2025-12-31}, credits: "12"}
//	        - {family: CARE, credits: "6"}
//	        - {level: 4, credits: "4"}
//	      most: "8"
//	    valid_for: {min: [issuer]}
//
// # Caps of recognition
//
// A cap counts the credits recognised of a category, by whichever rule, in the period
// that holds the day of issue: a calendar_year, a year or semester of the calendar it
// names or else of the calendar of the institution that posts, or ever. Institutions
// post the last day of class as the day of issue where that is the day that counts.
// course, family, tag, institution and level narrow what it counts, each counts apart what comes from one
// institution, is of one family (or, without a family, of one course), or of one
// course. Several caps are a list; the least that any of them leaves is granted. exceed
// is truncate (PERIOD_CAP_TRUNCATED, the rest is lost and shown) or deny (CAP_REACHED,
// the default). Here Korea's: 42 credits a year, 24 a semester; 105 from one
// institution. Certificates and credits of earlier study are outside the first two.
//
//	# under rules, as above
//	  - id: C4
//	    kind: recognition
//	    title: {zh: 学历课程, en: formal courses}
//	    effective: {from: 2020-01-01}
//	    source: {category: FORMAL}
//	    require: {pass_mark: "60"}
//	    credits: stated
//	    cap:
//	      - {of: {category: FORMAL, tag: accredited}, credits: "42", per: year, calendar: korea, by: issued_on, exceed: truncate}
//	      - {of: {category: FORMAL, tag: accredited}, credits: "24", per: semester, by: issued_on, exceed: truncate}
//	      - {of: {category: FORMAL, each: institution}, credits: "105", per: ever, exceed: deny}
//
// Totals by category and month are kept with the account, and tell what most caps
// leave. Those that count apart, or by periods that begin within a month, and rules
// that carry remainders read the learner's history for each posting ([Set.Recalls]).
// On SQLite a posting then took 2.8 ms instead of 0.7 with fifty outcomes on record and
// 8 instead of 1.4 with five hundred; posted together, 0.07 and 0.3 ms each.
//
// # Grades
//
// min_grade and max_grade of a source are numbers of points or marks on a scale,
// {scale: letter, value: B}. A result posted on that scale is compared on it, any other
// by points. GRADE_BELOW_MIN and GRADE_ABOVE_MAX say both. No result reaches a minimum
// or passes a maximum; 不合格 reaches none.
//
// The grade of a line is carry, exempt, or
//
//   - fixed: always the same;
//   - table: the first row that fits, by least points (from) or by what was posted (is);
//   - scale: the label of the result on a scale, as posted there or by the band that
//     holds its points; take says whether the line carries the label, its points, or
//     the top or bottom of its band;
//   - distribution: the grade of another table that corresponds to it;
//   - weighted_by hours or credits, with round: the mean of several results, by itself
//     or looked up in a table or on a scale.
//
// Where there is no result, or the policy has no grade for it, the line is exempt.
//
//	# under rules, as above
//	  - id: G1
//	    kind: conversion
//	    title: {zh: 课程转换, en: a course}
//	    programme: P1
//	    effective: {from: 2020-01-01}
//	    source: {course: S1, min_grade: {scale: letter, value: B}, max_grade: "95"}
//	    grant:
//	      - {slot: E, credits: "0.5", grade: {fixed: "90"}}
//	      - {slot: E, credits: "0.5", grade: {table: [{is: 合格, grade: "60"}, {is: 良好, grade: "80"}, {from: "90", grade: 优秀}, {from: "0", grade: 合格}]}}
//	      - {slot: E, credits: "0.5", grade: {scale: letter, take: top}}
//	      - {slot: E, credits: "0.5", grade: {scale: five, take: points}}
//	      - {slot: E, credits: "0.5", grade: {distribution: {from: HOME, to: BERLIN, take: avg}}}
//	  - id: G2
//	    kind: conversion
//	    title: {zh: 系列转换, en: a series}
//	    programme: P1
//	    effective: {from: 2020-01-01}
//	    source: {all: [{course: S1}, {course: S2}]}
//	    grant:
//	      - {slot: E, credits: "0.5", grade: {weighted_by: credits, round: "0.1"}}
//	      - {slot: E, credits: "0.5", grade: {weighted_by: hours, round: "1", scale: five}}
package rule
