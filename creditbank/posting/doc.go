// Package posting reads the files in which institutions post what people
// learned, and answers them row by row.
//
// A [Table] reads CSV, XLSX or NDJSON as rows with named columns. It holds one
// row at a time, knows every column it accepts, and says of everything wrong
// where it stands and how to mend it, in Chinese and English. One bad row never
// stops the others.
//
// A [Submission] is a row of a posting file. The columns, of which Chinese
// names are understood as well:
//
//	external_id     编号      the institution's own key for the outcome
//	institution     机构      who posts it
//	account         账号      the learner, by account number
//	id_number       身份证号  or by resident identity number, with learner_name
//	learner         学员      or by a name of the caller's choosing
//	learner_name    姓名      checked against the account where given
//	course          课程
//	issued_on       取得日期  2026-03-15, 2026/3/15, 2026年3月15日 or 20260315
//	score           成绩      0 to 100, 优秀, 良好, 合格, 不合格 or nothing
//	attended_hours  出勤学时
//	valid_until     有效期至  the certificate's own last day, where it names one
//	revision        修订号    1 if left out; a correction is the next
//
// [Post] puts a file on record: rows of different learners at the same time,
// those of one learner in the order of the file, since that order decides what
// a yearly cap leaves of them. It gives one [Answer] a row, in file order:
//
//	ACCEPTED   on record, credits recognised
//	REJECTED   on record, recognition refused, with all reasons
//	DUPLICATE  was on record before, word for word
//	REFUSED    not on record: the row is wrong; mend it and send it again
//	UNKNOWN    whether it is on record is not known: send it again as it is
//
// Sending a whole file again is always safe.
package posting
