// Package scenario reads a city from a folder of files and plays it on a bank:
// what it has, what people learned, and what happens then, day by day. A city
// tries its rules on its own data in this way before it goes live, and the
// tests of the bank are cities with answers worked out by hand.
//
//	regions.csv       code, name, level, parent
//	institutions.csv  id, name, kinds, tier, parent, region [, uscc]
//	courses.csv       code, title, institution, category, level, hours, credits, family, tags;
//	                  repeat (once, best, yearly, every), which may be left out
//	learners.csv      id, name, id_number, region, programmes            may be missing
//	outcomes.csv      external_id, institution, learner, course, issued_on, score, attended_hours
//	                  [, learner_name, valid_until, revision]            may be missing
//	programmes.yaml   what credits may be converted towards (package rule)
//	rules.yaml        the rules (package rule)
//	timeline.yaml     what happens after the outcomes were posted        may be missing
//
// Lists within a cell are separated by "|". Regions and institutions may stand
// in any order.
//
// # The timeline
//
//	events:
//	  - {at: 2026-03-15, learner: L1, convert: [R03, R05]}   # programme: P1 may stand beside it
//	  - {at: 2026-03-15, learner: L1, enrol: P1}             # or withdraw: P1
//	  - {at: 2026-03-16, post: {external_id: O9, institution: I1, learner: L1, course: S1, issued_on: 2026-03-01}}
//	  - {at: 2026-03-16, revise: {…the same…, revision: 2}}
//	  - {at: 2026-03-17, revoke: {external_id: O9, institution: I1, reason: …}}  # learner: L1 where several have O9
//	  - {at: 2026-03-17, freeze: L1}                         # or unfreeze: L1
//	  - {at: 2026-03-18, plan: {learner: L1, programme: P1}}
//
// Each event happens at noon of its day, in the time zone of the rules. The
// outcomes are posted on the day of the first event, or on the newest day of
// issue where there is none.
//
// # What is wrong
//
// Everything wrong is reported with its place. A row that is wrong is left out,
// with whatever depends on it, and the others go in; so is an event about
// something that does not exist. A row repeated word for word is no error. What
// cannot be read as a whole stops the run: rules, programmes, the form of the
// timeline, the header of a table.
//
// # What the result counts
//
//   - after_posting counts outcomes, each in its newest revision.
//   - conversions_approved and conversions_denied count decisions as they were
//     made; conversions_pending, those that wait for a reviewer, of whom there is
//     none here; conversions_reversed, how many of the approved no longer stand.
//   - credits_granted is what stands after the last event.
//   - hours are those of recognised outcomes, newest revision, not revoked,
//     whether expired or not, by category.
package scenario
