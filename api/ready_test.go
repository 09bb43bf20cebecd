package api_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"

	"creditbank/api/apitest"
	"creditbank/api/host"
)

// counted is a ledger that counts how often its feed is numbered.
type counted struct {
	host.Ledger
	n atomic.Int64
}

// Number implements [creditbank.Store].
func (c *counted) Number(ctx context.Context) (int64, error) {
	c.n.Add(1)
	return c.Ledger.Number(ctx)
}

// Anybody may ask whether the service is ready, as often as they like: that
// must not keep the database busy.
func TestReadinessAsksSeldom(t *testing.T) {
	ledger := &counted{Ledger: apitest.Ledger(t)}
	w := apitest.New(t, apitest.Options{Ledger: ledger})
	before := ledger.n.Load()
	const often = 300
	for range often {
		r, err := w.As("").GetReadinessWithResponse(t.Context())
		if err != nil || r.StatusCode() != http.StatusOK {
			t.Fatalf("%v %s", err, r.Body)
		}
	}
	if asked := ledger.n.Load() - before; asked > often/3 {
		t.Errorf("the database was asked %d times for %d answers", asked, often)
	}
}
