package postgres

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lib/pq"

	"creditbank/creditbank"
	"creditbank/creditbank/column"
)

// errDigest means that a row does not say what it said when it was written.
var errDigest = errors.New("it does not match its digest")

// actArrays are the columns of rows of act, in the order of the arguments of
// appendQuery and openQuery.
type actArrays struct {
	learner, kind, at, caller, requestKey, body []string
	seq                                         []int64
	day, requestPart                            []int32
	requestHash, digest                         [][]byte
}

func (a *actArrays) add(act creditbank.Act) {
	digest := act.Digest()
	a.learner = append(a.learner, string(act.Learner))
	a.seq = append(a.seq, act.Seq)
	a.kind = append(a.kind, string(act.Kind))
	a.at = append(a.at, timestamp(act.At))
	a.day = append(a.day, int32(act.Day))
	a.caller = append(a.caller, act.By.ID)
	a.requestKey = append(a.requestKey, act.Request.Key)
	a.requestPart = append(a.requestPart, int32(act.Request.Part))
	a.requestHash = append(a.requestHash, act.Request.Hash[:])
	a.body = append(a.body, string(act.Body.Encode()))
	a.digest = append(a.digest, digest[:])
}

func (a *actArrays) args() []any {
	return []any{
		pq.StringArray(a.learner), pq.Int64Array(a.seq), pq.StringArray(a.kind), pq.StringArray(a.at),
		pq.Int32Array(a.day), pq.StringArray(a.caller),
		pq.StringArray(a.requestKey), pq.Int32Array(a.requestPart), pq.ByteaArray(a.requestHash),
		pq.StringArray(a.body), pq.ByteaArray(a.digest),
	}
}

// scanAct reads an act from a row, or tells of damage.
func scanAct(rows *sql.Rows) (creditbank.Act, error) {
	var (
		a                  creditbank.Act
		hash, body, digest []byte
	)
	err := rows.Scan(column.Text(&a.Learner), &a.Seq, column.Text(&a.Kind), &a.At, column.Whole(&a.Day), &a.By.ID,
		&a.Request.Key, column.Whole(&a.Request.Part), &hash, &body, &digest)
	if err != nil {
		return creditbank.Act{}, err
	}
	a.At = a.At.UTC()
	copy(a.Request.Hash[:], hash)
	if a.Body, err = creditbank.DecodeActBody(body); err != nil {
		return creditbank.Act{}, fmt.Errorf("damaged act %d of %s: %v", a.Seq, a.Learner, err)
	}
	if want := a.DigestAs(body); !bytes.Equal(want[:], digest) {
		return creditbank.Act{}, fmt.Errorf("damaged act %d of %s: %v", a.Seq, a.Learner, errDigest)
	}
	return a, nil
}
