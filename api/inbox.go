package api

import (
	"context"
	"strconv"
	"time"

	"creditbank/api/contract"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// ListNotices implements [contract.StrictServerInterface].
func (s *Server) ListNotices(ctx context.Context, r contract.ListNoticesRequestObject) (contract.ListNoticesResponseObject, error) {
	before, err := afterNumber(r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	if err := s.onlySelf(ctx, r.Learner); err != nil {
		return nil, err
	}
	in, err := s.c.Bank.Inbox(ctx, creditbank.LearnerID(r.Learner), before, pageSize(r.Params.Limit))
	if err != nil {
		return nil, err
	}
	w := contract.NoticePage{Learner: r.Learner, Version: in.Version, Read: in.Read, Unread: in.Unread}
	w.Notices = mapped(in.Notices, func(n creditbank.Notice) contract.Notice {
		return contract.Notice{
			Seq: n.Seq, At: n.At, Kind: n.Kind, Of: optional(n.Of), Text: wireText(n.Text), Details: mapped(n.Details, wireText),
			Note: optional(n.Note), Unread: n.Seq > in.Read,
		}
	})
	if in.Next != 0 {
		w.Next = cursor(strconv.FormatInt(in.Next, 10))
	}
	return contract.ListNotices200JSONResponse{Body: w, Headers: contract.ListNotices200ResponseHeaders{ETag: etag(in.Version, strconv.FormatInt(in.Read, 10))}}, nil
}

// MarkNoticesRead implements [contract.StrictServerInterface].
func (s *Server) MarkNoticesRead(ctx context.Context, r contract.MarkNoticesReadRequestObject) (contract.MarkNoticesReadResponseObject, error) {
	if err := s.onlySelf(ctx, r.Learner); err != nil {
		return nil, err
	}
	if err := s.c.Bank.MarkRead(ctx, creditbank.LearnerID(r.Learner), r.Body.Through); err != nil {
		return nil, inBody(err)
	}
	return contract.MarkNoticesRead204Response{}, nil
}

// ListConcerns implements [contract.StrictServerInterface]. As an event does, it
// says that something happened and not to whom: reading the account is what is
// recorded.
func (s *Server) ListConcerns(ctx context.Context, r contract.ListConcernsRequestObject) (contract.ListConcernsResponseObject, error) {
	institution := creditbank.InstitutionID(r.Institution)
	before, err := afterConcern(r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	if _, ok := s.c.Bank.Catalogue().Institutions[institution]; !ok {
		return nil, creditbank.NotFound(creditbank.CodeUnknownInstitution, "institution", "没有这个机构", "there is no such institution")
	}
	if err := s.may(ctx, access.OnInstitution(institution)); err != nil {
		return nil, err
	}
	n := pageSize(r.Params.Limit)
	all, err := s.c.Bank.Concerns(ctx, institution, before, n+1)
	if err != nil {
		return nil, err
	}
	w := contract.ListConcerns200JSONResponse{Institution: r.Institution}
	if len(all) > n {
		all = all[:n]
		last := all[n-1]
		w.Next = cursor(strconv.FormatInt(last.At.UnixMicro(), 10), string(last.Learner), strconv.FormatInt(last.Seq, 10))
	}
	w.Concerns = mapped(all, func(c creditbank.Concern) contract.Concern {
		return contract.Concern{
			Learner: string(c.Learner), Seq: c.Seq, Kind: string(c.Kind), Title: wireText(c.Kind.Text()), At: c.At, Date: c.Day.String(),
			Of: optional(c.Of), Since: optional(c.Since), Programme: optional(string(c.Programme)),
			PostedBy: optional(string(c.Source)), ExternalId: optional(c.ExternalID),
		}
	})
	return w, nil
}

// lastInstant is the last microsecond of the year 9999.
const lastInstant = 253402300799_999999

func afterConcern(c *string) (creditbank.ConcernRef, error) {
	parts, err := after(c, 3)
	if err != nil || parts[0] == "" {
		return creditbank.ConcernRef{}, err
	}
	at, err := strconv.ParseInt(parts[0], 10, 64)
	seq, err2 := strconv.ParseInt(parts[2], 10, 64)
	// Beyond these years no database has an instant.
	if err != nil || err2 != nil || !isUUID(parts[1]) || at < 0 || at > lastInstant {
		return creditbank.ConcernRef{}, badCursor()
	}
	return creditbank.ConcernRef{At: time.UnixMicro(at).UTC(), Learner: creditbank.LearnerID(parts[1]), Seq: seq}, nil
}
