package contract

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// A Refusal is an answer that is a problem (RFC 9457), as an error of the
// client's caller.
type Refusal struct {
	Status  int
	Problem Problem
}

// Error implements error.
func (r *Refusal) Error() string {
	return fmt.Sprintf("%d %s: %s", r.Status, r.Problem.Code, r.Problem.Message.En)
}

// An Answer is what the generated client returns.
type Answer interface {
	StatusCode() int
	GetBody() []byte
}

// RefusalOf returns an answer that is a problem as a [*Refusal], nil if it is
// none.
func RefusalOf(a Answer) error {
	if a.StatusCode() < http.StatusBadRequest {
		return nil
	}
	r := &Refusal{Status: a.StatusCode()}
	if err := json.Unmarshal(a.GetBody(), &r.Problem); err != nil {
		return fmt.Errorf("an answer of status %d that is no problem: %w", r.Status, err)
	}
	return r
}
