package play

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// What cannot be answered at the moment is asked again: after 100 ms, then twice
// as long each time.
const (
	firstPause = 100 * time.Millisecond
	tries      = 9
)

// ask sends a request as a party with the grants, again while the service is not
// there or says that it is not able to. An answer that is a problem is a
// [contract.Refusal].
func ask[A contract.Answer](ctx context.Context, p *player, send func(*contract.ClientWithResponses) (A, error), grants ...access.Grant) (a A, err error) {
	pause := firstPause
	for try := 1; ; try++ {
		client, err := p.Parties.As(ctx, grants...)
		if err != nil {
			return a, fmt.Errorf("act as %v: %w", grants, err)
		}
		if a, err = send(client); err == nil {
			err = contract.RefusalOf(a)
		}
		if try == tries || !passing(err) {
			return a, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return a, ctx.Err()
		case <-timer.C:
		}
		pause *= 2
	}
}

// passing reports whether the same request may succeed later.
func passing(err error) bool {
	var r *contract.Refusal
	if errors.As(err, &r) {
		return r.Status == http.StatusServiceUnavailable || r.Status == http.StatusTooManyRequests
	}
	var away *url.Error // the connection could not be made, or broke
	return errors.As(err, &away) || errors.Is(err, errBrokeOff)
}

// errBrokeOff: an answer of many rows ended before its last.
var errBrokeOff = errors.New("the answer broke off")

// refused takes an answer that the input is wrong in as a problem, and returns
// any other error.
func (p *player) refused(at creditbank.Place, err error) error {
	if err == nil {
		return nil
	}
	var r *contract.Refusal
	if !errors.As(err, &r) {
		return fmt.Errorf("%v: %w", at, err)
	}
	kinds := map[int]error{
		http.StatusBadRequest: creditbank.ErrInvalid, http.StatusNotFound: creditbank.ErrNotFound,
		http.StatusConflict: creditbank.ErrConflict, http.StatusUnprocessableEntity: creditbank.ErrInvalid,
	}
	kind, ok := kinds[r.Status]
	if !ok {
		return fmt.Errorf("%v: %w", at, err)
	}
	parts := []contract.ProblemPart{{Code: r.Problem.Code, Message: r.Problem.Message}}
	if r.Problem.Errors != nil {
		parts = *r.Problem.Errors
	}
	for _, part := range parts {
		field := ""
		if part.Pointer != nil {
			field = strings.ReplaceAll(strings.TrimPrefix(*part.Pointer, "/"), "/", ".")
		}
		p.problem(at, &creditbank.InputError{Kind: kind, Code: creditbank.Code(part.Code), Field: field, Reason: said(part.Message)})
	}
	return nil
}

// problem notes something wrong with the files.
func (p *player) problem(at creditbank.Place, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems.Add(at, err)
}

func said(t contract.Text) creditbank.Text { return creditbank.Text{ZH: t.Zh, EN: t.En} }

// key returns the idempotency key of what a place in the files asks for, so that
// a city played again changes nothing. What it may not hold is escaped.
func key(at creditbank.Place, detail string) string {
	return "play-" + url.QueryEscape(at.String()+" "+detail)
}
