package access

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"creditbank/creditbank"
)

const (
	// maxTries bounds the retries of a write that lost a race. Whoever counts
	// failures loses to others who count, and these come to an end before.
	maxTries = 16

	// answerLife is how long a request can be repeated.
	answerLife = 30 * 24 * time.Hour
)

// now returns the instant in the precision that stores keep.
func (r *Registry) now() time.Time { return r.clock().UTC().Truncate(time.Microsecond) }

// change writes what decide drafts, again and again while others win the race,
// and returns the first record. If the key was used before, it returns the
// record of then, and that this is a repetition. What was asked, method and
// arguments, tells whether it is the same request.
func (r *Registry) change(ctx context.Context, by By, asked []any, decide func(at time.Time) ([]Record, error)) (first Record, again bool, err error) {
	request, err := r.request(by, asked)
	if err != nil {
		return Record{}, false, err
	}
	for range maxTries {
		if first, again, err := r.repeated(ctx, request); again || err != nil {
			return first, again, err
		}
		at := r.now()
		records, err := decide(at)
		if err != nil {
			return Record{}, false, err
		}
		done, err := r.store.Put(ctx, records, request.answer(records[0]))
		if err != nil {
			return Record{}, false, fmt.Errorf("write %s %s: %w", records[0].Kind, records[0].ID, err)
		}
		if done {
			return records[0], false, nil
		}
	}
	return Record{}, false, busy()
}

func busy() error { return fmt.Errorf("access: %w: others keep changing it", creditbank.ErrBusy) }

// request returns the request for what was asked. The hash is keyed: what is
// asked may hold a name, and the hash stands in the clear.
func (r *Registry) request(by By, asked []any) (Request, error) {
	if _, err := creditbank.NewCaller(by.Caller().ID); err != nil {
		return Request{}, err
	}
	if by.Key != "" {
		if err := checkText("idempotency_key", by.Key, 128); err != nil {
			return Request{}, err
		}
	}
	what, err := json.Marshal(asked)
	if err != nil {
		return Request{}, fmt.Errorf("hash a request: %w", err)
	}
	return Request{by.Caller(), by.Key, sha256.Sum256([]byte(r.vault.Hash("access_request", string(what))))}, nil
}

// answer returns what is kept of a request, or nil if it cannot be repeated.
func (q Request) answer(first Record) *Answer {
	if q.Key == "" {
		return nil
	}
	return &Answer{q, first.At, first.At.Add(answerLife), first.Kind, first.ID, first.Version}
}

// repeated returns what the same request came to before, if it did.
func (r *Registry) repeated(ctx context.Context, q Request) (Record, bool, error) {
	if q.Key == "" {
		return Record{}, false, nil
	}
	a, err := r.store.Answer(ctx, q.By, q.Key)
	if errors.Is(err, creditbank.ErrNotFound) || err == nil && !a.Expires.After(r.now()) {
		return Record{}, false, nil
	}
	if err != nil {
		return Record{}, false, err
	}
	if a.Hash != q.Hash {
		return Record{}, false, creditbank.Conflict(creditbank.CodeKeyReused, "idempotency_key", "该请求号已用于其他请求", "this request key was used for another request")
	}
	rec, err := r.store.Get(ctx, a.Kind, a.ID, a.Version)
	if err != nil {
		return Record{}, false, fmt.Errorf("record of a repeated request: %v", err)
	}
	return rec, true, r.store.Confirm(ctx)
}

// load reads the newest version of a record and what it says. If there is none
// it returns the version 0, on which the first follows.
func load[T any](ctx context.Context, r *Registry, kind Kind, id string) (Record, T, error) {
	var body T
	rec, err := r.store.Get(ctx, kind, id, 0)
	if errors.Is(err, creditbank.ErrNotFound) {
		return Record{Kind: kind, ID: id}, body, nil
	}
	if err != nil {
		return Record{}, body, err
	}
	body, err = decode[T](rec)
	return rec, body, err
}

// decode returns what a record says. The error tells of damage.
func decode[T any](rec Record) (T, error) {
	var body T
	dec := json.NewDecoder(bytes.NewReader(rec.Body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); err != nil {
		return body, fmt.Errorf("record %s %s: %v", rec.Kind, rec.ID, err)
	}
	return body, nil
}

// next returns the version after rec, which says body.
func (rec Record) next(what string, at time.Time, by creditbank.Caller, body any) (Record, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return Record{}, fmt.Errorf("record %s %s: %w", rec.Kind, rec.ID, err)
	}
	return Record{Kind: rec.Kind, ID: rec.ID, Version: rec.Version + 1, What: what, At: at, By: by, Body: data}, nil
}

// until returns rec with an expiry.
func (rec Record) until(expires time.Time) Record {
	rec.Expires = expires
	return rec
}

// A drafter makes the records of one write and remembers the first error.
type drafter struct {
	what    string
	at      time.Time
	by      creditbank.Caller
	records []Record
	err     error
}

// add drafts the version after rec; a zero expires is never.
func (d *drafter) add(rec Record, body any, expires time.Time) {
	next, err := rec.next(d.what, d.at, d.by, body)
	d.err = errors.Join(d.err, err)
	d.records = append(d.records, next.until(expires))
}

func (d *drafter) done() ([]Record, error) { return d.records, d.err }

// draw returns n random bytes.
func (r *Registry) draw(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(r.random, b); err != nil {
		return nil, fmt.Errorf("draw %d bytes: %w", n, err)
	}
	return b, nil
}

// secretSize is the size of what is drawn for secrets and session tokens. Of so
// many random bytes a plain hash is enough: there is nothing to guess, which is
// all that a slow hash makes harder.
const secretSize = 32

// drawSecret returns a random text and what is stored of it.
func (r *Registry) drawSecret() (secret string, hash [sha256.Size]byte, err error) {
	b, err := r.draw(secretSize)
	if err != nil {
		return "", hash, err
	}
	secret = base64.RawURLEncoding.EncodeToString(b)
	return secret, sha256.Sum256([]byte(secret)), nil
}

// checkText reports whether s is printable text of at most so many bytes,
// without blanks at its ends. What is wrong with it is not repeated: it may be
// personal data or a secret.
func checkText(field, s string, most int) error {
	if s == "" {
		return creditbank.Invalid(creditbank.CodeMissing, field, "不能为空", "is empty")
	}
	if len(s) > most || !utf8.ValidString(s) || strings.TrimSpace(s) != s ||
		strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) || c == utf8.RuneError }) {
		return creditbank.Invalid(creditbank.CodeMalformed, field, fmt.Sprintf("应为不超过%d字节的可见文字，首尾无空格", most),
			fmt.Sprintf("is at most %d bytes of printable text without blanks at its ends", most))
	}
	return nil
}
