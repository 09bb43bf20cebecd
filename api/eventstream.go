package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// StreamEvents implements [contract.StrictServerInterface].
func (s *Server) StreamEvents(ctx context.Context, r contract.StreamEventsRequestObject) (contract.StreamEventsResponseObject, error) {
	c := s.scoped(ctx) // what is told is within the scope
	after, err := s.from(ctx, r.Params)
	if err != nil {
		return nil, err
	}
	if err := s.events.enter(c.by().ID); err != nil {
		return nil, err
	}
	return eventStream{s: s, ctx: ctx, c: c, after: after}, nil
}

// from returns where a stream begins: after what the caller has seen, or else
// now.
func (s *Server) from(ctx context.Context, p contract.StreamEventsParams) (int64, error) {
	if p.LastEventID != nil {
		return strconv.ParseInt(*p.LastEventID, 10, 64) // the contract lets digits pass only
	}
	if p.After != nil {
		return *p.After, nil
	}
	return s.c.Feed.Number(ctx)
}

// eventStream answers with events until the caller goes away, the service stops,
// or what the caller may do has changed.
type eventStream struct {
	s     *Server
	ctx   context.Context // of the request
	c     *call
	after int64
	wrote time.Time // when anything was sent last
}

// errStreamOver ends a stream: the caller is to connect anew.
var errStreamOver = errors.New("the stream is over")

// VisitStreamEventsResponse implements [contract.StreamEventsResponseObject].
func (e eventStream) VisitStreamEventsResponse(w http.ResponseWriter) error {
	defer e.s.events.leave(e.c.by().ID)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.WriteHeader(http.StatusOK)
	if e.c.head {
		return nil
	}
	e.c.leave() // streams are counted for themselves
	err := e.write(w, "retry: 2000\n\n")
	for err == nil {
		err = e.step(w)
	}
	if !errors.Is(err, errStreamOver) && e.ctx.Err() == nil {
		e.s.c.Log.WarnContext(e.ctx, "event stream broke off", "request", e.c.id, "err", err)
	}
	return nil // the answer has begun long ago
}

// write writes and flushes a piece.
func (e *eventStream) write(w http.ResponseWriter, text string) error {
	e.wrote = time.Now()
	e.s.progress(w)
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}

// step waits for the feed to grow and tells what of it concerns the caller.
func (e *eventStream) step(w http.ResponseWriter) error {
	last := e.s.events.wait(e.ctx, e.after, e.s.events.beat)
	select {
	case <-e.ctx.Done():
		return e.ctx.Err()
	case <-e.s.events.closed:
		return errStreamOver
	default:
	}
	if err := e.current(); err != nil {
		return err
	}
	if last > e.after {
		entries, err := e.s.c.Feed.Feed(e.ctx, e.after, feedPage)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if err := e.tell(w, entry); err != nil {
				return err
			}
			e.after = entry.Seq
		}
	}
	if time.Since(e.wrote) < e.s.events.beat {
		return nil
	}
	// However much happens elsewhere, the connection is kept alive; and who
	// connects anew need not be read all that happened meanwhile. An id without
	// data is no event.
	return e.write(w, fmt.Sprintf("id: %d\n\n", e.after))
}

// current ends the stream of somebody whose token has expired or was revoked,
// whose session has ended, or who was disabled; who may do less hears less.
func (e eventStream) current() error {
	if exp := e.c.claims.Expires; !exp.IsZero() && e.s.c.Clock().After(exp) || e.s.c.Shared.Denied.Denied(e.c.claims.ID) {
		return errStreamOver
	}
	var p access.Principal
	var err error
	if e.c.session != "" {
		p, err = e.s.session(e.ctx, e.c.session)
	} else {
		p, err = e.s.principals.get(e.ctx, e.c.by().ID)
	}
	if gone(err) {
		return errStreamOver
	}
	if err != nil {
		return err
	}
	e.c.principal = narrowed(p, e.c.claims.Scope)
	return nil
}

// tell writes the rows of an entry that concern the caller.
func (e *eventStream) tell(w http.ResponseWriter, entry creditbank.FeedEntry) error {
	var rows []creditbank.RowRef
	for _, row := range entry.Rows {
		ok, err := e.concerns(row)
		if err != nil {
			return err
		}
		if ok {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	var text []byte
	for i, row := range rows {
		kind := string(row.Kind)
		if kind == "" {
			kind = "posted"
		}
		data, err := json.Marshal(contract.Event{Learner: string(row.Learner), Seq: row.Seq, Kind: kind})
		if err != nil {
			return err
		}
		text = fmt.Appendf(text, "event: %s\ndata: %s\n", kind, data)
		// The id stands with the last row that is told of an entry: what was told
		// in part is told again, what was told whole is not.
		if i == len(rows)-1 {
			text = fmt.Appendf(text, "id: %d\n", entry.Seq)
		}
		text = append(text, '\n')
	}
	return e.write(w, string(text))
}

// concerns reports whether a row of the feed concerns the caller.
func (e eventStream) concerns(row creditbank.RowRef) (bool, error) {
	p, cat := e.c.principal, e.s.c.Bank.Catalogue()
	roles := permissions[e.c.op.id]
	if p.May(cat, []access.Role{access.Learner}, access.OnLearner(row.Learner, "")) {
		return true, nil
	}
	if len(p.Regions(roles)) > 0 {
		l, err := e.s.c.Bank.Learner(e.ctx, row.Learner)
		if err != nil {
			return false, err
		}
		if p.May(cat, roles, access.OnLearner(row.Learner, l.Region)) {
			return true, nil
		}
	}
	if len(p.Institutions(cat, roles)) == 0 {
		return false, nil
	}
	of, err := e.institutions(row)
	return slices.ContainsFunc(of, func(i creditbank.InstitutionID) bool {
		return i != "" && p.May(cat, roles, access.OnInstitution(i))
	}), err
}

// institutions returns the institutions that a row is about: whose outcome, whose
// programme; and of what undoes something, everybody who is told of it
// ([creditbank.Concern]).
func (e eventStream) institutions(row creditbank.RowRef) ([]creditbank.InstitutionID, error) {
	a, err := e.s.c.Bank.Account(e.ctx, row.Learner)
	if err != nil {
		return nil, err
	}
	if row.Kind == "" {
		if l := a.Lot(row.Seq); l != nil {
			return []creditbank.InstitutionID{l.Institution}, nil
		}
		return nil, nil
	}
	h, err := e.s.c.Bank.History(e.ctx, row.Learner)
	if err != nil {
		return nil, err
	}
	for _, act := range h.Acts {
		if act.Seq == row.Seq {
			told := creditbank.Told(e.s.c.Bank.Catalogue(), a, act)
			return append(told, e.about(a, act)), nil
		}
	}
	return nil, nil
}

func (e eventStream) about(a *creditbank.Account, act creditbank.Act) creditbank.InstitutionID {
	switch {
	case act.Body.Decision != nil:
		return e.s.institutionOf(act.Body.Decision.Programme)
	case act.Body.Programme != "":
		return e.s.institutionOf(act.Body.Programme)
	case act.Body.Consent != nil:
		return act.Body.Consent.Recipient
	}
	if given := a.GivenConsent(act.Body.Of); given != nil {
		return given.Recipient // who is told no more
	}
	if l := a.Lot(act.Body.Of); l != nil {
		return l.Institution
	}
	if c := a.Conversion(act.Body.Of); c != nil {
		return e.s.institutionOf(c.Decision.Programme)
	}
	return ""
}
