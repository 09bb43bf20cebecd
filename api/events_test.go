package api_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/creditbank"
)

// listen opens an event stream and passes on its lines until the test ends.
func listen(t *testing.T, w *apitest.World, token, after string) <-chan string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", w.URL+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	resp, err := w.Client.Do(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", err, resp)
	}
	t.Cleanup(func() { resp.Body.Close() })
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(resp.Body); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return lines
}

// until returns the first line that begins so.
func until(t *testing.T, lines <-chan string, begins string) string {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case line, open := <-lines:
			if !open {
				t.Fatalf("the stream ended before %q", begins)
			}
			if strings.HasPrefix(line, begins) {
				return line
			}
		case <-late:
			t.Fatalf("no %q came", begins)
		}
	}
}

// A learner hears of the own account and no other, and goes on from what the
// stream said last: also where all that happened concerns others, and does not
// stop happening.
func TestEventsOfALearner(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	w.Server.SetHeartbeat(300 * time.Millisecond)
	ids := w.Open()
	poster, self := w.As(w.Token("I15", "poster institution:I15")), w.LearnerToken(ids["L2"])
	n := 0
	post := func(id creditbank.LearnerID) {
		n++
		learner, score := string(id), "72"
		r, err := poster.PostOutcomeWithResponse(context.WithoutCancel(t.Context()), contract.Posting{
			ExternalId: fmt.Sprint("E", n), Institution: "I15", Learner: &learner, Course: "S07", IssuedOn: "2024-01-02", Score: &score,
		})
		if err != nil || r.JSON201 == nil {
			t.Errorf("%v %s", err, r.Body)
		}
	}
	lines := listen(t, w, self, "")
	busy, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-busy:
				return
			default:
				post(ids["L3"])
			}
		}
	}()
	first := until(t, lines, "id: ")
	second := until(t, lines, "id: ")
	close(busy)
	<-done
	if first == second {
		t.Errorf("%s twice, while much happened", first)
	}
	post(ids["L2"])
	if got := until(t, lines, "data: "); !strings.Contains(got, string(ids["L2"])) {
		t.Errorf("told %s", got)
	}
	again := listen(t, w, self, strings.TrimPrefix(second, "id: "))
	if got := until(t, again, "data: "); !strings.Contains(got, string(ids["L2"])) {
		t.Errorf("told again %s", got)
	}
}

// No caller takes all the event streams there are.
func TestEventStreamsOfOneCaller(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	greedy, other := w.Token("", "auditor region:9901"), w.Token("", "auditor region:9901")
	for range 32 {
		listen(t, w, greedy, "")
	}
	open := func(token string) int {
		ctx, hangUp := context.WithCancel(t.Context())
		defer hangUp()
		r, err := http.NewRequestWithContext(ctx, "GET", w.URL+"/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := w.Client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if got := open(greedy); got != http.StatusTooManyRequests {
		t.Errorf("one more: %d", got)
	}
	if got := open(other); got != http.StatusOK {
		t.Errorf("another caller: %d", got)
	}
}
