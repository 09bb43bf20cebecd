package access

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// sessionNoted is how often the use of a session is put on record, at most.
const sessionNoted = time.Minute

// Sessions bound the sessions of browsers. Zero values mean the defaults.
type Sessions struct {
	Idle    time.Duration // without use; half an hour
	Longest time.Duration // in any case; twelve hours
}

// longest returns how long any session lasts.
func (b Sessions) longest() time.Duration { return cmp.Or(b.Longest, 12*time.Hour) }

// LongestSession returns how long a session can last, which is as long as a browser
// is to keep its token.
func (r *Registry) LongestSession() time.Duration { return r.sessions.longest() }

// A Session is a browser in which somebody is logged in.
type Session struct {
	Account AccountID
	Started time.Time
	Seen    time.Time // when its use was last put on record
	Expires time.Time // unless it is used
}

// sessionBody is what the record of a session says, whose id is the SHA-256 of
// the token (see secretSize).
type sessionBody struct {
	Account AccountID `json:"account"`
	Epoch   int       `json:"epoch"`
	Started time.Time `json:"started"`
	Ended   bool      `json:"ended,omitempty"`
}

func (b sessionBody) session(rec Record) Session {
	return Session{b.Account, b.Started, rec.At, rec.Expires}
}

// draft drafts a session in use at d.at.
func (b sessionBody) draft(d *drafter, rec Record, bounds Sessions) {
	expires := d.at.Add(cmp.Or(bounds.Idle, 30*time.Minute))
	if end := b.Started.Add(bounds.longest()); end.Before(expires) {
		expires = end
	}
	d.add(rec, b, expires)
}

func sessionID(token string) string {
	hash := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

// NewSession begins a session of somebody who has just logged in as a. It ends
// after a while without use, after a day's work ([Sessions]), and when the account is
// disabled or its password replaced: since the login, too.
func (r *Registry) NewSession(ctx context.Context, a Account) (token string, s Session, err error) {
	token, _, err = r.drawSecret()
	if err != nil {
		return "", Session{}, err
	}
	d := drafter{what: "started", at: r.now(), by: a.Principal().Caller()}
	body := sessionBody{Account: a.ID, Epoch: a.Epoch, Started: d.at}
	body.draft(&d, Record{Kind: KindSession, ID: sessionID(token)}, r.sessions)
	done, err := r.put(ctx, d)
	if err != nil {
		return "", Session{}, err
	}
	if !done {
		return "", Session{}, busy() // another drew the same 256 bits
	}
	return token, body.session(d.records[0]), nil
}

// Session returns the session of a token and who is logged in, with what they
// are granted now.
func (r *Registry) Session(ctx context.Context, token string) (Session, Principal, error) {
	rec, body, err := load[sessionBody](ctx, r, KindSession, sessionID(token))
	if err != nil {
		return Session{}, Principal{}, err
	}
	at := r.now()
	if rec.Version == 0 || body.Ended || !rec.Expires.After(at) {
		return Session{}, Principal{}, sessionEnded()
	}
	a, err := r.Account(ctx, body.Account)
	if err != nil {
		return Session{}, Principal{}, err
	}
	if a.Disabled {
		return Session{}, Principal{}, disabled()
	}
	if a.Epoch != body.Epoch {
		return Session{}, Principal{}, sessionEnded()
	}
	if at.Sub(rec.At) >= sessionNoted {
		rec = r.noteUse(ctx, rec, body, a, at)
	}
	return body.session(rec), a.Principal(), nil
}

// noteUse puts the use of a session on record and returns the newest record
// that is known. If that fails, or another request was first, the session is no
// worse for it: the next request tries again.
func (r *Registry) noteUse(ctx context.Context, rec Record, body sessionBody, a Account, at time.Time) Record {
	d := drafter{what: "used", at: at, by: a.Principal().Caller()}
	body.draft(&d, rec, r.sessions)
	if done, err := r.put(ctx, d); err != nil || !done {
		return rec
	}
	return d.records[0]
}

// EndSession ends the session of a token, if there is one.
func (r *Registry) EndSession(ctx context.Context, token string) error {
	for range maxTries {
		rec, body, err := load[sessionBody](ctx, r, KindSession, sessionID(token))
		if err != nil {
			return err
		}
		if rec.Version == 0 || body.Ended {
			return r.store.Confirm(ctx)
		}
		body.Ended = true
		d := drafter{what: "ended", at: r.now(), by: rec.By}
		d.add(rec, body, rec.Expires)
		if done, err := r.put(ctx, d); done || err != nil {
			return err
		}
	}
	return busy()
}
