package main

import (
	"context"
	"errors"

	"creditbank/creditbank"
)

// certifyMeanwhile asks for conversions of one learner after the other, has the
// certificates follow and be anchored, and issues certificates of outcomes,
// until it is stopped: so that what is killed is killed in the midst of it.
func (s *session) certifyMeanwhile(ctx context.Context, ids []creditbank.LearnerID) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		var err error
		for n := 0; err == nil && ctx.Err() == nil; n++ {
			err = s.certifyOne(ctx, ids[n%len(ids)])
		}
		done <- err
	}()
	return func() error {
		cancel()
		err := <-done
		if errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	}
}

// certifyOne enrols a learner, converts what can be converted, and issues.
func (s *session) certifyOne(ctx context.Context, id creditbank.LearnerID) error {
	change := creditbank.Change{By: s.by, Learner: id}
	if err := s.Enrol(ctx, change, "P1"); err != nil && !again(err) {
		return err
	}
	if _, err := s.Convert(ctx, change, []creditbank.RuleID{"R10"}); err != nil && !again(err) {
		return err
	}
	office, err := s.Office(ctx)
	if err != nil {
		return err
	}
	account, err := s.Account(ctx, id)
	if err != nil {
		return err
	}
	for _, l := range account.Lots {
		if l.Granted {
			if _, err := office.IssueOutcome(ctx, id, l.Seq); err != nil {
				return err
			}
			break
		}
	}
	_, err = office.CatchUp(ctx)
	return err
}

// again reports whether a write may simply be tried another time: the postings
// under way keep the account busy.
func again(err error) bool {
	return errors.Is(err, creditbank.ErrBusy) || errors.Is(err, creditbank.ErrOutcomeUnknown)
}
