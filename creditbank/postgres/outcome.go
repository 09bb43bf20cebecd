package postgres

import (
	"bytes"
	"database/sql"
	"fmt"
	"time"

	"github.com/lib/pq"

	"creditbank/creditbank"
	"creditbank/creditbank/column"
)

// outcomeArrays are the columns of rows of outcome, in the order of the
// arguments of appendQuery.
type outcomeArrays struct {
	learner, institution, externalID, course, score []string
	rule, reasons, category, family, postedAt       []string
	caller, request                                 []string
	seq, attended, credits, lost, scheduled         []int64
	revision, issuedOn, ruleSet, expiresOn          []int32
	courseVersion, level, validUntil                []int32
	granted                                         []bool
	digest                                          [][]byte
}

// newOutcomeArrays makes room for n rows.
func newOutcomeArrays(n int) *outcomeArrays {
	a := &outcomeArrays{granted: make([]bool, 0, n), digest: make([][]byte, 0, n)}
	for _, s := range []*[]string{
		&a.learner, &a.institution, &a.externalID, &a.course, &a.score, &a.rule, &a.reasons, &a.category, &a.family,
		&a.postedAt, &a.caller, &a.request,
	} {
		*s = make([]string, 0, n)
	}
	for _, s := range []*[]int64{&a.seq, &a.attended, &a.credits, &a.lost, &a.scheduled} {
		*s = make([]int64, 0, n)
	}
	for _, s := range []*[]int32{
		&a.revision, &a.issuedOn, &a.ruleSet, &a.expiresOn, &a.courseVersion, &a.level, &a.validUntil,
	} {
		*s = make([]int32, 0, n)
	}
	return a
}

func (a *outcomeArrays) add(o creditbank.Outcome) {
	digest := o.Digest()
	a.learner = append(a.learner, string(o.Learner))
	a.seq = append(a.seq, o.Seq)
	a.institution = append(a.institution, string(o.Institution))
	a.externalID = append(a.externalID, o.ExternalID)
	a.revision = append(a.revision, int32(o.Revision))
	a.course = append(a.course, string(o.Course))
	a.issuedOn = append(a.issuedOn, int32(o.IssuedOn))
	a.score = append(a.score, o.Score.String())
	a.attended = append(a.attended, int64(o.Attended))
	a.validUntil = append(a.validUntil, int32(o.ValidUntil))
	a.rule = append(a.rule, string(o.Rule))
	a.ruleSet = append(a.ruleSet, int32(o.RuleSet))
	a.granted = append(a.granted, o.Granted)
	a.credits = append(a.credits, int64(o.Credits))
	a.lost = append(a.lost, int64(o.Lost))
	a.expiresOn = append(a.expiresOn, int32(o.ExpiresOn))
	a.reasons = append(a.reasons, creditbank.FormatReasons(o.Reasons))
	a.courseVersion = append(a.courseVersion, int32(o.CourseVersion))
	a.category = append(a.category, string(o.Category))
	a.level = append(a.level, int32(o.Level))
	a.scheduled = append(a.scheduled, int64(o.Scheduled))
	a.family = append(a.family, o.Family)
	a.postedAt = append(a.postedAt, timestamp(o.PostedAt))
	a.caller = append(a.caller, o.By.ID)
	a.request = append(a.request, o.Request)
	a.digest = append(a.digest, digest[:])
}

func (a *outcomeArrays) args() []any {
	return []any{
		pq.StringArray(a.learner), pq.Int64Array(a.seq), pq.StringArray(a.institution),
		pq.StringArray(a.externalID), pq.Int32Array(a.revision),
		pq.StringArray(a.course), pq.Int32Array(a.issuedOn), pq.StringArray(a.score), pq.Int64Array(a.attended), pq.Int32Array(a.validUntil),
		pq.StringArray(a.rule), pq.Int32Array(a.ruleSet), pq.BoolArray(a.granted), pq.Int64Array(a.credits),
		pq.Int64Array(a.lost), pq.Int32Array(a.expiresOn), pq.StringArray(a.reasons),
		pq.Int32Array(a.courseVersion), pq.StringArray(a.category), pq.Int32Array(a.level),
		pq.Int64Array(a.scheduled), pq.StringArray(a.family),
		pq.StringArray(a.postedAt), pq.StringArray(a.caller), pq.StringArray(a.request), pq.ByteaArray(a.digest),
	}
}

// An outcomeRow is a row of outcome as it was read: nothing about it is
// trusted yet.
type outcomeRow struct {
	posting     creditbank.Posting // without the score
	course      creditbank.Course
	recognition creditbank.Recognition // without the reasons
	score       string
	reasons     string
	seq         int64
	postedAt    time.Time
	caller      string
	request     string
	digest      []byte
}

// fields returns where to scan the columns of an outcome, in the order in
// which every query of this package names them:
//
//	learner_id, seq, institution, external_id, revision, course, issued_on,
//	score, attended, valid_until, rule, rule_set, granted, credits, lost,
//	expires_on, reasons, course_version, category, level, scheduled, family,
//	posted_at, caller, request, digest
func (r *outcomeRow) fields() []any {
	return []any{
		column.Text(&r.posting.Learner), &r.seq, column.Text(&r.posting.Institution), &r.posting.ExternalID, column.Whole(&r.posting.Revision),
		column.Text(&r.posting.Course), column.Whole(&r.posting.IssuedOn), &r.score, column.Whole(&r.posting.Attended), column.Whole(&r.posting.ValidUntil),
		column.Text(&r.recognition.Rule), column.Whole(&r.recognition.RuleSet), &r.recognition.Granted, column.Whole(&r.recognition.Credits),
		column.Whole(&r.recognition.Lost), column.Whole(&r.recognition.ExpiresOn), &r.reasons,
		column.Whole(&r.course.Version), column.Text(&r.course.Category), column.Whole(&r.course.Level), column.Whole(&r.course.Hours), &r.course.Family,
		&r.postedAt, &r.caller, &r.request, &r.digest,
	}
}

// outcome makes the outcome that r holds, or tells of damage.
func (r *outcomeRow) outcome() (creditbank.Outcome, error) {
	damaged := func(err error) (creditbank.Outcome, error) {
		return creditbank.Outcome{}, fmt.Errorf("damaged outcome %d of %s: %v", r.seq, r.posting.Learner, err)
	}
	var err error
	if r.posting.Score, err = creditbank.ParseScore(r.score); err != nil {
		return damaged(err)
	}
	if r.recognition.Reasons, err = creditbank.ParseReasons(r.reasons); err != nil {
		return damaged(err)
	}
	o := creditbank.NewOutcome(r.posting, r.course, r.recognition, r.seq, r.postedAt, creditbank.Caller{ID: r.caller}, r.request)
	if err := o.Validate(); err != nil {
		return damaged(err)
	}
	if digest := o.Digest(); !bytes.Equal(digest[:], r.digest) {
		return damaged(errDigest)
	}
	return o, nil
}

// scanOutcome reads an outcome from a row that holds nothing else.
func scanOutcome(rows *sql.Rows) (creditbank.Outcome, error) {
	var r outcomeRow
	if err := rows.Scan(r.fields()...); err != nil {
		return creditbank.Outcome{}, err
	}
	return r.outcome()
}
