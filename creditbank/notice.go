package creditbank

import (
	"context"
	"slices"
	"strings"
	"time"
)

// A Notice (通知) tells a learner what happened to their account: one for each
// row of the history that concerns them. Notices are no rows of their own but
// what the history says in words, so that none can be missing.
type Notice struct {
	Seq     int64 // the row it tells of
	At      time.Time
	Day     Date   // of the entry, in the time zone of the rules
	Kind    string // of the act; "posted", "refused" or "revised" for an outcome
	Of      int64  // the row that it is about: an outcome, a conversion, an application, …
	Text    Text
	Details []Text // reasons and what to do
	Note    string // what who decided wrote
}

// Notices returns the notices of h below row before, the newest first, up to
// limit; all rows if before is zero. The words are those of the catalogue.
func (h History) Notices(cat *Catalogue, before int64, limit int) ([]Notice, error) {
	account, err := NewAccount(h)
	if err != nil {
		return nil, err
	}
	x := noticer{cat: cat, h: h, a: account}
	var all []Notice
	err = h.walk(h.Version(), func(o *Outcome, act *Act) error {
		n, ok := x.notice(o, act)
		if ok && (before == 0 || n.Seq < before) {
			all = append(all, n)
		}
		return nil
	})
	slices.Reverse(all)
	return all[:min(limit, len(all))], err
}

// A noticer writes notices of one history.
type noticer struct {
	cat *Catalogue
	h   History
	a   *Account // as it is now
}

// notice returns the notice of a row, and false for one that another row tells
// of already.
func (x noticer) notice(o *Outcome, act *Act) (Notice, bool) {
	if o != nil {
		return x.outcome(*o), true
	}
	write, ok := noticeTexts[act.Kind]
	if !ok {
		write = plainNotice
	}
	n := Notice{Seq: act.Seq, At: act.At, Day: act.Day, Kind: string(act.Kind), Of: act.Body.Of, Note: act.Body.Reason}
	n.Text, n.Details = write(x, *act)
	return n, n.Text != Text{}
}

// plainNotice is for kinds of act that nobody has written words for: what they
// are called.
func plainNotice(_ noticer, act Act) (Text, []Text) { return act.Kind.Text(), nil }

// An Inbox (收件箱) is a page of a learner's notices.
type Inbox struct {
	Version int64 // of the account
	Read    int64 // every notice up to this row was read
	Unread  int   // how many notices there are above it
	Notices []Notice
	Next    int64 // before which the next page begins, zero if there is none
}

// Inbox returns up to limit of the learner's notices, the newest first: those
// below row before, if that is not zero.
//
// How far somebody has read is kept beside the ledger, not in it: it says nothing
// about credits, and an act would move the version that others make their
// changes conditional on, each time a page is looked at.
func (b *Bank) Inbox(ctx context.Context, id LearnerID, before int64, limit int) (Inbox, error) {
	h, err := b.History(ctx, id)
	if err != nil {
		return Inbox{}, err
	}
	read, err := b.store.ReadMark(ctx, id)
	if err != nil {
		return Inbox{}, err
	}
	all, err := h.Notices(b.Catalogue(), 0, int(h.Version()))
	if err != nil {
		return Inbox{}, err
	}
	in := Inbox{Version: h.Version(), Read: read}
	for _, n := range all {
		if n.Seq > read {
			in.Unread++
		}
		switch {
		case before != 0 && n.Seq >= before:
		case len(in.Notices) < limit:
			in.Notices = append(in.Notices, n)
		case in.Next == 0:
			in.Next = in.Notices[len(in.Notices)-1].Seq
		}
	}
	return in, nil
}

// MarkRead notes that the learner has read every notice up to row through. A
// mark never goes back, nor beyond what there is.
func (b *Bank) MarkRead(ctx context.Context, id LearnerID, through int64) error {
	version, err := b.Version(ctx, id)
	if err != nil {
		return err
	}
	if through < 0 {
		return Invalid(CodeMalformed, "through", "不能为负", "is not negative")
	}
	return b.store.MarkRead(ctx, id, min(through, version))
}

// An InboxStore keeps how far learners have read, and what institutions are
// told. It is no part of any account: it moves no version.
type InboxStore interface {
	// MarkRead keeps that a learner has read up to a row. One below what is kept
	// changes nothing.
	MarkRead(ctx context.Context, learner LearnerID, through int64) error

	// ReadMark returns how far a learner has read; zero if nothing is kept.
	ReadMark(ctx context.Context, learner LearnerID) (int64, error)

	// Concerns returns up to limit concerns of an institution, the newest first:
	// those that come before a place in that order, if it is not zero.
	Concerns(ctx context.Context, institution InstitutionID, before ConcernRef, limit int) ([]Concern, error)
}

// joinTexts joins clauses in either language.
func joinTexts(ts []Text, zh, en string) Text {
	var a, b []string
	for _, t := range ts {
		a, b = append(a, t.ZH), append(b, t.EN)
	}
	return Text{strings.Join(a, zh), strings.Join(b, en)}
}
