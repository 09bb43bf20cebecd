package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"creditbank/creditbank"
	"creditbank/creditbank/column"
)

// Rows read back are made anew as they were made first, and compared with the
// digest stored beside them. What does not fit is damage. Errors are put in
// with %v, since whatever kind they may be of, the request is not at fault.

// errDigest means that a row does not say what it said when it was written.
var errDigest = errors.New("the row does not match its digest")

// outcomeArgs returns the values of outcomeColumns, and the feed's id.
func outcomeArgs(o creditbank.Outcome, feed string) []any {
	digest := o.Digest()
	return []any{
		o.Learner, o.Seq, o.Institution, o.ExternalID, o.Revision, o.Course, o.CourseVersion, o.IssuedOn, o.Score.String(), o.Attended, o.ValidUntil,
		o.Category, o.Level, o.Scheduled, o.Family, o.Rule, o.RuleSet, o.Granted, o.Credits, o.Lost, o.ExpiresOn, creditbank.FormatReasons(o.Reasons),
		o.PostedAt.UnixMicro(), o.By.ID, o.Request, digest[:], feed,
	}
}

// scanOutcome reads the columns outcomeColumns.
func scanOutcome(row scanner) (creditbank.Outcome, error) {
	var (
		p              creditbank.Posting
		c              creditbank.Course
		r              creditbank.Recognition
		seq, at        int64
		score, reasons string
		by             creditbank.Caller
		request        string
		digest         []byte
	)
	err := row.Scan(
		column.Text(&p.Learner), &seq, column.Text(&p.Institution), &p.ExternalID, column.Whole(&p.Revision), column.Text(&p.Course), column.Whole(&c.Version), column.Whole(&p.IssuedOn),
		&score, column.Whole(&p.Attended), column.Whole(&p.ValidUntil), column.Text(&c.Category), column.Whole(&c.Level), column.Whole(&c.Hours), &c.Family, column.Text(&r.Rule), column.Whole(&r.RuleSet),
		&r.Granted, column.Whole(&r.Credits), column.Whole(&r.Lost), column.Whole(&r.ExpiresOn), &reasons, &at, &by.ID, &request, &digest)
	if err != nil {
		return creditbank.Outcome{}, fmt.Errorf("read outcome: %w", err)
	}
	if p.Score, err = creditbank.ParseScore(score); err != nil {
		return creditbank.Outcome{}, fmt.Errorf("outcome %d of account %s: %v", seq, p.Learner, err)
	}
	if r.Reasons, err = creditbank.ParseReasons(reasons); err != nil {
		return creditbank.Outcome{}, fmt.Errorf("outcome %d of account %s: %v", seq, p.Learner, err)
	}
	o := creditbank.NewOutcome(p, c, r, seq, time.UnixMicro(at), by, request)
	if err := o.Validate(); err != nil {
		return creditbank.Outcome{}, fmt.Errorf("outcome %d of account %s: %v", seq, p.Learner, err)
	}
	if want := o.Digest(); !bytes.Equal(digest, want[:]) {
		return creditbank.Outcome{}, fmt.Errorf("outcome %d of account %s: %v", seq, p.Learner, errDigest)
	}
	return o, nil
}

// actArgs returns the values of actColumns, and the feed's id.
func actArgs(a creditbank.Act, feed string) []any {
	body := a.Body.Encode()
	digest := a.DigestAs(body)
	return []any{
		a.Learner, a.Seq, a.Kind, a.At.UnixMicro(), a.Day, a.By.ID, a.Request.Key, a.Request.Part, a.Request.Hash[:],
		body, digest[:], feed,
	}
}

// scanAct reads the columns actColumns.
func scanAct(row scanner) (creditbank.Act, error) {
	var (
		a                  creditbank.Act
		at                 int64
		hash, body, digest []byte
	)
	err := row.Scan(column.Text(&a.Learner), &a.Seq, column.Text(&a.Kind), &at, column.Whole(&a.Day), &a.By.ID, &a.Request.Key, column.Whole(&a.Request.Part), &hash, &body, &digest)
	if err != nil {
		return creditbank.Act{}, fmt.Errorf("read act: %w", err)
	}
	a.At = time.UnixMicro(at).UTC()
	if len(hash) != len(a.Request.Hash) {
		return creditbank.Act{}, fmt.Errorf("act %d of account %s: the request's hash has %d bytes", a.Seq, a.Learner, len(hash))
	}
	copy(a.Request.Hash[:], hash)
	if a.Body, err = creditbank.DecodeActBody(body); err != nil {
		return creditbank.Act{}, fmt.Errorf("act %d of account %s: %v", a.Seq, a.Learner, err)
	}
	if want := a.DigestAs(body); !bytes.Equal(digest, want[:]) {
		return creditbank.Act{}, fmt.Errorf("act %d of account %s: %v", a.Seq, a.Learner, errDigest)
	}
	return a, nil
}
