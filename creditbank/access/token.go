package access

import (
	"context"
	"time"

	"creditbank/creditbank"
)

// A RevokedToken is an access token that is refused although it has not expired.
type RevokedToken struct {
	JTI     string
	By      creditbank.Caller
	At      time.Time
	Expires time.Time // of the token: then it is refused anyway
}

// RevokeToken puts a token on the deny list until it expires. Doing so again
// changes nothing. Whose token it is, and so who may revoke it, is for who can
// read it.
func (r *Registry) RevokeToken(ctx context.Context, by creditbank.Caller, jti string, expires time.Time) error {
	if _, err := creditbank.NewCaller(by.ID); err != nil {
		return err
	}
	if err := checkText("jti", jti, 128); err != nil {
		return err
	}
	if expires.IsZero() {
		return creditbank.Invalid(creditbank.CodeMissing, "expires", "缺少令牌的有效期", "the expiry of the token is missing")
	}
	// Up to a whole microsecond, so that it is not forgotten too early.
	expires = expires.UTC().Add(time.Microsecond - time.Nanosecond).Truncate(time.Microsecond)
	d := drafter{what: "revoked", at: r.now(), by: by}
	d.add(Record{Kind: KindToken, ID: jti}, struct{}{}, expires)
	done, err := r.put(ctx, d)
	if err != nil || done {
		return err
	}
	return r.store.Confirm(ctx) // it stood there already
}

// Revoked returns the tokens revoked since an instant that have not expired.
// Whoever polls asks again for the last minute each time: clocks differ, and a
// write takes a while until it can be seen.
func (r *Registry) Revoked(ctx context.Context, since time.Time) ([]RevokedToken, error) {
	const page = 1000
	var all []RevokedToken
	at := r.now()
	for after := ""; ; {
		records, err := r.store.List(ctx, KindToken, after, page)
		if err != nil {
			return nil, err
		}
		for _, rec := range records {
			if !rec.At.Before(since) && rec.Expires.After(at) {
				all = append(all, RevokedToken{rec.ID, rec.By, rec.At, rec.Expires})
			}
			after = rec.ID
		}
		if len(records) < page {
			return all, nil
		}
	}
}
