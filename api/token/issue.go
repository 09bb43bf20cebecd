package token

import (
	"context"
	"errors"
	"io"
	"time"
)

// IssuerConfig configures an [Issuer].
type IssuerConfig struct {
	Keys             *Keys
	Issuer, Audience string        // as the verifier has them
	TTL              time.Duration // of tokens where nothing else is said; default DefaultTTL
	Now              func() time.Time
	Random           io.Reader
}

// An Issuer issues tokens. It may be used by several goroutines if its source
// of randomness may.
type Issuer struct{}

// NewIssuer returns an Issuer.
func NewIssuer(c IssuerConfig) (*Issuer, error) { return nil, errors.ErrUnsupported }

// Issue returns a token for sub, narrowed to roles unless they are nil. A ttl
// of zero is the default; one above the maximum of the keys is an error.
func (i *Issuer) Issue(ctx context.Context, sub string, roles []string, ttl time.Duration) (string, Claims, error) {
	return "", Claims{}, errors.ErrUnsupported
}
