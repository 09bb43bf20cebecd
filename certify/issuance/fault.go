package issuance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"creditbank/creditbank"
)

// ErrDamaged: a row about one learner is not what was written. It is the
// learner's trouble alone; damage of the log is [tlog.ErrDamaged], and
// everybody's.
var ErrDamaged = errors.New("damaged")

// errUnfit is wrapped by why no certificate can say what is on record about a
// learner.
var errUnfit = errors.New("no certificate can be made of it")

// parks reports whether err is a learner's own: the same however often it is
// tried, until somebody mends what is on record. Only then may others go on
// before them. Everything else (the store, the keyring, a context) may be gone
// the next moment, and whoever was passed over for it would go without.
func parks(err error) bool { return errors.Is(err, ErrDamaged) || errors.Is(err, errUnfit) }

// account reads a learner's account.
func (o *Office) account(ctx context.Context, id creditbank.LearnerID) (*creditbank.Account, error) {
	h, err := ask(ctx, o, func() (creditbank.History, error) { return o.c.Ledger.History(ctx, id) })
	if err != nil {
		return nil, err
	}
	a, err := creditbank.NewAccount(h)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrDamaged, err)
	}
	return a, nil
}

// ask reads something about a learner from the ledger, which does not mark
// damage: it is of no kind. What fails twice in the same words, while the
// ledger answers another question, is wrong with the rows and not with the way
// to them; it comes back as ErrDamaged.
func ask[T any](ctx context.Context, o *Office, read func() (T, error)) (T, error) {
	v, first := read()
	if first == nil || passing(first) || errors.Is(first, ErrDamaged) {
		return v, first
	}
	v, second := read()
	if second == nil || passing(second) || second.Error() != first.Error() || ctx.Err() != nil {
		return v, second
	}
	if err := o.reference.refresh(ctx, o.c); err != nil {
		return v, second
	}
	return v, fmt.Errorf("%w: %v", ErrDamaged, second)
}

// passing reports what is certainly no damage.
func passing(err error) bool {
	for _, e := range []error{
		creditbank.ErrInvalid, creditbank.ErrNotFound, creditbank.ErrConflict, creditbank.ErrForbidden, creditbank.ErrBusy, creditbank.ErrOutcomeUnknown,
		context.Canceled, context.DeadlineExceeded, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	var network net.Error
	return errors.As(err, &network)
}
