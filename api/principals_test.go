package api_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/api/host"
	"creditbank/creditbank/access"
)

// A slowLedger holds the first reading of a client, once it is armed, between
// the reading and the answer.
type slowLedger struct {
	host.Ledger
	armed   atomic.Bool
	reached chan struct{}
	release chan struct{}
}

// Access implements [host.Ledger].
func (l *slowLedger) Access() access.Store { return slowAccess{l.Ledger.Access(), l} }

type slowAccess struct {
	access.Store
	l *slowLedger
}

// Get implements [access.Store].
func (s slowAccess) Get(ctx context.Context, kind access.Kind, id string, version int) (access.Record, error) {
	r, err := s.Store.Get(ctx, kind, id, version)
	if kind == access.KindClient && s.l.armed.CompareAndSwap(true, false) {
		close(s.l.reached)
		<-s.l.release
	}
	return r, err
}

// What was read before grants were taken is not remembered after it.
func TestGrantsTakenWhileTheyAreRead(t *testing.T) {
	l := &slowLedger{Ledger: apitest.Ledger(t), reached: make(chan struct{}), release: make(chan struct{})}
	w := apitest.New(t, apitest.Options{Ledger: l})
	token := w.Token("I15", "poster institution:I15")
	operator := w.As(w.Token("", "operator region:9901"))
	me := func() int {
		r, err := w.As(token).GetMeWithResponse(t.Context())
		if err != nil {
			t.Error(err)
			return 0
		}
		return r.StatusCode()
	}
	who, err := operator.GetMeWithResponse(t.Context())
	if err != nil || who.JSON200 == nil {
		t.Fatalf("me: %v %s", err, who.Body)
	}
	clients, err := operator.ListClientsWithResponse(t.Context(), &contract.ListClientsParams{})
	if err != nil || clients.JSON200 == nil {
		t.Fatalf("clients: %v %s", err, clients.Body)
	}
	id := ""
	for _, c := range clients.JSON200.Clients {
		if len(c.Grants) == 1 && c.Grants[0].Role == "poster" {
			id = c.Id
		}
	}

	l.armed.Store(true)
	var wait sync.WaitGroup
	wait.Go(func() { me() })
	<-l.reached
	r, err := operator.SetClientGrantsWithResponse(t.Context(), id, &contract.SetClientGrantsParams{IdempotencyKey: apitest.Key(t)}, contract.SetClientGrantsJSONRequestBody{Grants: []contract.Grant{}})
	if err != nil || r.JSON200 == nil {
		t.Fatalf("taking the grants: %v %s", err, r.Body)
	}
	close(l.release)
	wait.Wait()
	if status := me(); status != http.StatusForbidden {
		t.Errorf("status %d after the grants were taken, want 403", status)
	}
}
