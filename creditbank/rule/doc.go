// Package rule is the rule language of the credit bank: what outcomes are worth
// (recognition, 认定) and what they may become in a programme (conversion, 转换).
//
// A city writes two YAML files, rules.yaml and programmes.yaml; [Compile] reads
// and checks them against the catalogue and returns the document to publish;
// [Load] makes [creditbank.Rules] of it. Evaluation is pure: an account and a
// day in, a decision out, the same for ever.
//
//   - id: R04
//     kind: conversion
//     title: {zh: 社区治理研修班转换社区管理概论, en: Governance class to Community Management}
//     programme: P1
//     effective: {from: 2024-09-01, to: 2027-08-31}
//     source: {course: S06, min_grade: "70"}
//     grant: [{slot: T-A1, credits: "4", grade: carry}]
//     exceed: deny
//
// # What the files leave open, and how it is read here
//
//   - Several recognition rules match: the first of the file applies.
//   - No score is no failure of a pass mark, but satisfies no minimum grade. A word
//     other than 不合格 passes every pass mark.
//   - More hours attended than the course has are bad input, not a recognition.
//   - Hours attended that are missing count as none.
//   - Rounding left out keeps the hundredth of a credit and drops the rest.
//   - Several outcomes of one course, none of which satisfies: the reasons of all
//     that were recognised; refused ones speak only where there is no other. One
//     that was refused and then revoked is revoked.
//   - A refused, revoked or missing source says nothing about levels or families,
//     and lines that depend on its credits are not measured. Lines of a fixed
//     amount are: a cap that is full is a reason in any case.
//   - A slot that takes no conversions is measured all the same: each reason that
//     applies is listed.
//   - A line that is denied counts as having taken what it asked for, when a later
//     line takes the excess.
//   - An elective slot is filled by several lines until nothing is left. Any other
//     slot is filled by one line, unless the line is partial.
//   - A line's source categories are those of all its sources; it counts towards
//     the cap of each. A cap per source counts the lines of the conversions that
//     share an outcome with this one.
//   - A block consumes the outcomes that are available whole, those of zero credits
//     too; what a pool has split stays with pools. One that falls short says nothing
//     of lines that depend on its credits.
//   - A grade is carried as it was posted; where no score was posted the line is
//     exempt.
//   - CAP_TRUNCATED accompanies an approval and is no reason to deny.
//   - Weighted grades leave out outcomes without a score, and print with the
//     decimals of the step they are rounded to.
//   - A plan uses each rule at most once.
//
// # Rules that are suspended, or have been given an end
//
// A published document may say so beside the files ([creditbank.RuleStanding]). A
// suspended conversion rule is denied with RULE_SUSPENDED, whatever the day; the
// planner passes it over. Recognition is never suspended. An end narrows the window
// of a rule, as if its file said so: RULE_EXPIRED afterwards, and no recognition of
// what is issued later. [Maker.Changes] compares two documents in the words of their
// files, rule by rule.
//
// # Lines of another programme as sources
//
// A leaf "line: {programme: P1, slot: T-A1, min_grade: "60"}" takes what a
// conversion put into a slot of another programme. The line stays where it is and
// counts there as before; it is carried on whole, and once: a second conversion
// is told OUTCOME_ALREADY_CONSUMED. It never comes back into a programme that it
// went through (EXCLUDED_SOURCE). One that was reversed is OUTCOME_REVOKED, one in
// doubt OUTCOME_UNDER_REVIEW until its case is decided. Several lines in the slot:
// the one that stands longest and satisfies. A line has no course, and so no tag,
// name, subject or family; everything else sees it as an outcome ([Line]). What is
// granted beyond the line's credits or short of them is the rule's, as for
// outcomes: "forfeited" are the credits that can be carried on no more.
//
// # Examples
//
// A rule brings its own examples under tests:. Each is a learner made up for it,
// enrolled in the rule's programme unless enrolled says otherwise, who holds what
// given lists, in the order of posting:
//
//	tests:
//	  - {name: missing piece, given: [S01, S02], expect: {decision: deny, reason: MISSING_COMPONENT, missing: [S03]}}
//	  - name: weighted by hours
//	    day: 2026-03-15
//	    given:
//	      - {course: S01, score: "85", issued_on: 2023-06-10}
//	      - {course: S02, score: "78", attended_hours: "20"}
//	      - S03
//	    expect: {decision: approve, lines: [{slot: T-A3, credits: "4", grade: "81.2"}], forfeited: "0"}
//
// A bare course is an outcome with 100 points and all its hours, issued on the
// first day that the example speaks of, that names no last day (valid_until) of its
// own. The day of an example is the first of
// its rule unless it says another. Outcomes are recognised by the recognition
// rules of the same files; earlier lists conversions made before, each of which
// must be possible (one that a reviewer decides counts as approved). What expect
// does not name is not compared. The example of a recognition rule is about the
// outcome given last, and expects that its rule is the one that applies.
//
// Examples run whenever rules are compiled ([Compile], [Check]); those of a set
// that was published are not run again when it is loaded. A rule's hash does not
// depend on them.
//
// # What is checked before rules are published
//
// Beyond the form, [Check] looks at what takes two to be wrong, and names both
// places. An error refuses publishing, a warning is shown. Errors: conditions of a
// rule that exclude each other, a line that no slot or cap can hold, a closed
// slot, a pool larger than anybody can hold, a source on a negative list, versions
// of a rule that overlap, rules of one source and priority that grant differently
// into one slot at the same time, rules that feed each other, a course that was
// retired before its rule took effect, an example that comes otherwise. What
// concerns one of several ways to satisfy a source is a warning. So are: a rule
// that earlier ones leave nothing to, a source that no rule recognises in time
// (the record may hold it from before), a cap that can never matter, two rules that say the same, a
// course that is retired while its rule is in force. What the catalogue says of
// courses is what it says today: an outcome posted earlier may differ.
//
// # Conversions that a reviewer decides
//
// A conversion rule with "approval: reviewer" grants nothing by itself. Where it
// would be approved the decision is pending: APPROVAL_PENDING is its only reason,
// and its lines and sources are those that approval would bring. The bank puts it
// on record as an application. [Set.Review] decides it once a reviewer has spoken:
// by the rule set and as of the day of the application (rule_time: application),
// on what the account has by then, with what the application holds of it: nobody
// else gets that in between (OUTCOME_ALREADY_CONSUMED, INSUFFICIENT_POOL). A
// rejection has the one reason APPROVAL_REJECTED. A rule may say more of how its
// applications are decided (办理程序):
//
//	approval: {reviewers: 3, template: new, supplement_within: P15D}
//	decide_within: {days: 20, working: true}
//	publicity: {days: 5, working: true}
//	appeal: {file_within: P15D, decide_within: P30D, levels: 2}
//
// Reviewers are 1, 3 or 5; a template stands for at least so many (catalogue 1,
// new 3, standard 5). Every vote is cast, and the majority decides. Terms are
// periods, or days that count on the calendar of working days. An application
// keeps the process it was made under. What was reviewed once is not
// reviewed again when a source is revised. The planner takes such rules as
// approved, and says which they are.
package rule
