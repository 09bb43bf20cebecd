package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorilla/mux"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/creditbank/postgres"
	"creditbank/creditbank/postgres/pgtest"
)

// benchClients are how many callers a benchmark has.
const benchClients = 64

// benchWorld is a service on PostgreSQL, durable, without the checking client.
func benchWorld(b *testing.B) *apitest.World {
	b.Helper()
	pgtest.Require(b)
	server := pgtest.New(b, pgtest.Options{Durable: true})
	store, err := postgres.Open(b.Context(), server.Database(b, ""))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	return apitest.New(b, apitest.Options{Ledger: store})
}

// bare answers as fast as the router and the socket let it: the limit beside
// which the others stand.
func bare(b *testing.B) string {
	r := mux.NewRouter()
	r.HandleFunc("/v1/learners/{learner}/balance", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"available":{}}`)
	})
	s := httptest.NewServer(r)
	b.Cleanup(s.Close)
	return s.URL + "/v1/learners/x/balance"
}

// parallel sends requests from many callers over kept connections.
func parallel(b *testing.B, request func(n int64) *http.Request, want ...int) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchClients}}
	var n atomic.Int64
	b.SetParallelism(benchClients / 2) // for each of two processors
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			resp, err := client.Do(request(n.Add(1)))
			if err != nil {
				b.Error(err)
				return
			}
			var body json.RawMessage
			err = json.NewDecoder(resp.Body).Decode(&body)
			resp.Body.Close()
			ok := false
			for _, w := range want {
				ok = ok || resp.StatusCode == w
			}
			if err != nil || !ok {
				b.Errorf("%s %v %s", resp.Status, err, body)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}

func BenchmarkBareRouter(b *testing.B) {
	url := bare(b)
	parallel(b, func(int64) *http.Request { return newRequest(b, http.MethodGet, url, "", "") }, http.StatusOK)
}

func BenchmarkBalance(b *testing.B) {
	w := benchWorld(b)
	id := w.Open()["L2"]
	token := w.LearnerToken(id)
	url := w.URL + "/v1/learners/" + string(id) + "/balance"
	parallel(b, func(int64) *http.Request { return newRequest(b, http.MethodGet, url, token, "") }, http.StatusOK)
}

func BenchmarkPostOutcome(b *testing.B) {
	w := benchWorld(b)
	var ids []string
	for _, id := range w.Open() {
		ids = append(ids, string(id))
	}
	token := w.Token("I06", "poster institution:I06")
	parallel(b, func(n int64) *http.Request {
		body, err := json.Marshal(contract.Posting{
			ExternalId: fmt.Sprintf("B%d", n), Institution: "I06", Learner: &ids[n%int64(len(ids))], Course: "S01", IssuedOn: "2024-01-02",
		})
		if err != nil {
			b.Fatal(err)
		}
		return newRequest(b, http.MethodPost, w.URL+"/v1/outcomes", token, string(body))
	}, http.StatusCreated)
}

func newRequest(b *testing.B, method, url, token, body string) *http.Request {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}
