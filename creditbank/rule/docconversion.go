// # The language of conversions
//
// A conversion rule with every key there is; only those of the first lines and
// source and grant are needed:
//
//	timezone: Asia/Shanghai
//	exclude: {names: [驾驶证], tags: [driving]}     # what no conversion takes
//	subjects:                                      # see Subjects
//	  abbreviations: {高数: 高等数学}
//	  substitutes: [[高等数学, 工程数学]]
//	rules:
//	  - id: R20
//	    kind: conversion
//	    title: {zh: 数学基础转换, en: Mathematics}
//	    programme: P1
//	    effective: {from: 2024-09-01, to: 2027-08-31}
//	    version: 2                                 # rules of one id are its versions
//	    owner: I01
//	    legal_basis: [教改〔2016〕3号]
//	    priority: 1
//	    rule_time: enrolment                       # application (default), outcome, enrolment
//	    source:                                    # see Tree
//	      all:
//	        - {course: M1, min_grade: "60"}
//	        - any:
//	            - {course: M3, family_highest: true}
//	            - at_least: {n: 2, of: [{course: S1}, {course: S2}, {course: S4}]}
//	    match:                                     # see Match
//	      level: {relation: ge, below: 1, min: 3, framework: CN}
//	      overlap: "0.85"
//	      overlap_min: "0.80"
//	      evidence: [{course: M1, version: 1, overlap: "0.90", reviewer: 专家组, on: 2024-05-20, document: EV-1, outcomes: [{source: 极限, target: 微积分}]}]
//	    validity: {source_max_age: P7Y, honour_source_expiry: true}
//	    exclude: {courses: [H1], families: [CARE], categories: [INFORMAL], institutions: [I02], targets: [C]}
//	    require:                                   # see Requirement
//	      - account: active
//	      - real_name: true
//	      - not_after: 2026-12-31
//	      - no_lines: {programme: P1, from_level: 5}
//	    when:                                      # see Condition
//	      - if: credits(held) >= 1000
//	        message: {zh: 学分不足10, en: fewer than 10 credits}
//	    grant:
//	      - {slot: A, credits: "4", grade: exempt, shortfall: make_up}
//	      - {slot: B, credits: "0", grade: exempt, exceed: truncate}
//	    exceed: deny
//	    shortfall: partial                         # of lines that say nothing themselves
//	    excess: {slot: E, grade: exempt}           # or forfeit (default), keep
//	    approval: reviewer
//	    fee: payable                               # flags decide nothing here
//	    transferable: false
//	    initiator: learner
//
// And a programme with everything that bounds conversions into it:
//
//	programmes:
//	  - id: P1
//	    institution: I01
//	    title: {zh: 本科, en: bachelor}
//	    credits: "80"
//	    unique_subjects: true
//	    exclude: {tags: [driving], targets: [C]}
//	    caps:
//	      - {of: all, share: "0.50", round: {mode: half_up, step: "0.5"}}
//	      - {of: {category: CERTIFICATE}, per: source, credits: "8"}
//	      - {of: {categories: [CERTIFICATE, INFORMAL]}, sources: 3}
//	      - {of: {compulsory: true}, share: "0.35", share_of: compulsory}
//	      - {of: {tag: online}, share: "0.25"}
//	      - {of: {slots: [A, B]}, share: "0.40", share_of: slots}
//	      - {of: {institution: I02}, lines: 8}
//	      - {of: all, per: institution, credits: "105"}
//	      - {of: all, credits: "42", period: {calendar: calendar_year, by: issued_on}}
//	      - {of: all, credits: "40", period: {calendar: institution, per: year}}
//	    floors:
//	      - {of: own, credits: "18"}
//	    slots:
//	      - {id: A, title: {zh: 高等数学, en: A}, credits: "4", level: 5}
//	      - {id: B, title: {zh: 乙, en: B}, credits: "6", level: 3}
//	      - {id: C, title: {zh: 丙, en: C}, credits: "6"}
//	      - {id: E, title: {zh: 选修, en: electives}, credits: "40", elective: true}
//
// # How conversions are read
//
//   - Caps on lines, on sources and of a scope that looks at sources count a line
//     once any of its sources is in the scope, and whole: credits are not split
//     among sources. A cap per institution or period counts it in each of theirs.
//     A floor counts a line as within its scope only if all its sources are.
//   - A cap of a tag counts a course that was added after the rules were published,
//     since it may have the tag; a floor does not.
//   - A cap by period counts an outcome by its day of issue, in the years or
//     semesters of everybody's calendar, of one of the file's (see Calendar), or of
//     that which its institution follows.
//   - A floor leaves the programme's credits less the floor for conversions of
//     anything else. Beyond them a line does not fit, RESIDENCY_UNMET, and exceed
//     says whether it is denied or cut.
//   - A negative list leaves outcomes out of pools and blocks; a course that a rule
//     names is denied, EXCLUDED_SOURCE. A pool or block that falls short lists the
//     reasons of the outcomes it had to leave.
//   - A negative list of names or tags holds back a course that was added after the
//     rules were published, until they are published again.
//   - shortfall compares a line's number with what earlier lines have left of the
//     source: deny (CREDITS_BELOW_TARGET); partial grants what there is and leaves
//     the rest of the slot open; make_up grants what there is and fills the slot,
//     with what is owed outside the bank on the line. Where nothing is said, a rule
//     may grant more than its source has.
//   - credits "0" waives a slot: a line of no credits fills it. It passes no cap on
//     credits, and counts as a line where lines are counted.
//   - excess: keep gives back what the lines did not need, of the outcome that
//     expires last first. An outcome of which a rest is left serves pools that may
//     split, and no course of a rule.
//   - Versions of a rule have windows that do not overlap. By the day of the outcome
//     the newest version applies that finds outcomes of its window.
//   - priority orders rules for people; a plan looks at what rules come to.
//   - A condition is asked once the source is chosen. It chooses no branch.
package rule
