//go:build unix

package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/creditbank"
)

// A row of a file: what is sent, and how it must be answered where that is not
// ACCEPTED.
type row struct {
	text         string
	status       contract.PostingAnswerStatus
	code, column string
}

// file returns the i-th row of a file of n about the learners in turn. Three are
// bad.
func file(n int, name string, ids []creditbank.LearnerID) func(int) row {
	return func(i int) row {
		course, score := "S07", "80"
		r := row{status: contract.ACCEPTED}
		if i%2 == 1 {
			score = "良好" // what is not ASCII is not waited for either
		}
		switch i {
		case n / 4:
			return row{`{"external_id": "broken`, contract.REFUSED, "MALFORMED", ""}
		case n / 2:
			course, r = "S99", row{status: contract.REFUSED, code: "UNKNOWN_COURSE", column: "course"}
		case n - 2:
			score, r = "185", row{status: contract.REFUSED, code: "MALFORMED", column: "score"}
		}
		r.text = fmt.Sprintf(`{"external_id":"%s-%d","institution":"I15","learner":"%s","course":"%s","issued_on":"2024-06-01","score":"%s"}`,
			name, i, ids[i%len(ids)], course, score)
		return r
	}
}

// A sending is a file on its way, with the answers to it.
type sending struct {
	w       *io.PipeWriter
	cut     func()                      // cuts the connection
	answers chan contract.PostingAnswer // closed at the end of the answer
	err     error                       // why that came; nil if the answer was whole
}

// begin begins to send a file, as a client that reads answers while it sends.
func begin(t *testing.T, w *apitest.World, token string) *sending {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	body, pipe := io.Pipe()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL+"/v1/outcomes/stream", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/x-ndjson")
	s := &sending{w: pipe, answers: make(chan contract.PostingAnswer, 1)}
	s.cut = func() {
		cancel()
		pipe.CloseWithError(context.Canceled) // the transport waits for what it reads
	}
	client := &http.Client{Transport: &http.Transport{}}
	go func() {
		defer client.CloseIdleConnections()
		defer close(s.answers)
		s.err = s.receive(client, r)
		pipe.CloseWithError(errors.New("the answer has ended"))
	}()
	t.Cleanup(func() {
		s.cut()
		for range s.answers { // until it has ended
		}
	})
	return s
}

func (s *sending) receive(client *http.Client, r *http.Request) error {
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", resp.Status)
	}
	lines := bufio.NewReader(resp.Body)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		var a contract.PostingAnswer
		if err := json.Unmarshal(line, &a); err != nil {
			return fmt.Errorf("answer %q: %w", line, err)
		}
		s.answers <- a
	}
}

// write sends a row.
func (s *sending) write(r row) error {
	_, err := io.WriteString(s.w, r.text+"\n")
	return err
}

// next returns the next answer.
func (s *sending) next(t *testing.T) contract.PostingAnswer {
	t.Helper()
	select {
	case a, ok := <-s.answers:
		if !ok {
			t.Fatalf("the answer ended: %v", s.err)
		}
		return a
	case <-time.After(30 * time.Second):
		t.Fatal("no answer")
	}
	panic("unreachable")
}

// A file of any length passes through: rows are sent while answers are read, in
// order, and what is bad stops nothing. Another replica sees each row as soon as
// it is answered.
func TestStreamBothWays(t *testing.T) {
	n := 20_000
	if long() {
		n = 200_000
	}
	p := newReplicas(t, pairOptions{})
	a, b := p.worlds[0], p.worlds[1]
	ids := learners(t, a, 200)
	rows := file(n, "F", ids)
	poster := a.Token("I15", "poster institution:I15")
	s := begin(t, a, poster)

	// In step: the answer to a row comes before the next row is sent.
	const inStep = 20
	for i := range inStep {
		r := rows(i)
		if err := s.write(r); err != nil {
			t.Fatal(err)
		}
		checkAnswer(t, i, r, s.next(t), r.status)
		seen(t, b.As(a.LearnerToken(ids[i])), ids[i], fmt.Sprintf("F-%d", i))
	}
	begun := time.Now()
	sent := make(chan error, 1)
	go func() {
		for i := inStep; i < n; i++ {
			if err := s.write(rows(i)); err != nil {
				sent <- err
				return
			}
		}
		sent <- s.w.Close()
	}()
	for i := inStep; i < n; i++ {
		checkAnswer(t, i, rows(i), s.next(t), rows(i).status)
	}
	if err := <-sent; err != nil {
		t.Errorf("sending: %v", err)
	}
	if extra, more := <-s.answers; more || s.err != nil {
		t.Errorf("after the last answer: %+v, %v", extra, s.err)
	}
	t.Logf("%d rows in %v", n, time.Since(begun).Round(time.Millisecond))
	onRecord(t, a, ids, n-3)
}

func checkAnswer(t *testing.T, i int, r row, a contract.PostingAnswer, want contract.PostingAnswerStatus) {
	t.Helper()
	column := ""
	if a.Column != nil {
		column = *a.Column
	}
	if a.Row != i+1 || a.Line == nil || *a.Line != i+1 || a.Status != want || a.Code != r.code || column != r.column {
		t.Fatalf("row %d is answered with %+v (column %q), want %s %s in column %q", i+1, a, column, want, r.code, r.column)
	}
	if want == contract.REFUSED && (a.Message.Zh == "" || a.Message.En == "") {
		t.Errorf("row %d is refused without a reason", i+1)
	}
}

// seen checks that a learner has an outcome.
func seen(t *testing.T, self *contract.ClientWithResponses, id creditbank.LearnerID, external string) {
	t.Helper()
	r, err := self.ListLotsWithResponse(t.Context(), string(id), &contract.ListLotsParams{})
	if err != nil || r.JSON200 == nil {
		t.Fatalf("lots: %v %s", err, r.Body)
	}
	for _, o := range r.JSON200.Lots {
		if o.ExternalId == external {
			return
		}
	}
	t.Errorf("%s was answered at one replica and is not seen at the other", external)
}

// onRecord checks how many outcomes the learners have, each once.
func onRecord(t *testing.T, w *apitest.World, ids []creditbank.LearnerID, want int) {
	t.Helper()
	got := 0
	for _, id := range ids {
		h, err := w.Bank.History(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		keys := map[creditbank.OutcomeKey]bool{}
		for _, o := range h.Outcomes {
			if keys[o.OutcomeKey] {
				t.Errorf("%v is on record twice", o.OutcomeKey)
			}
			keys[o.OutcomeKey] = true
		}
		got += len(keys)
	}
	if got != want {
		t.Errorf("%d outcomes are on record, want %d", got, want)
	}
}

// A connection that is cut in the middle: what was answered is on record, and
// sending all of it again puts every row there once.
func TestStreamCutAndSentAgain(t *testing.T) {
	const n = 8000
	p := newReplicas(t, pairOptions{})
	a, b := p.worlds[0], p.worlds[1]
	ids := learners(t, a, 100)
	rows := file(n, "C", ids)
	poster := a.Token("I15", "poster institution:I15")

	cut := begin(t, a, poster)
	go func() {
		for i := range n {
			if cut.write(rows(i)) != nil {
				return // it was cut
			}
		}
		cut.w.Close()
	}()
	const answered = n / 3
	for i := range answered {
		checkAnswer(t, i, rows(i), cut.next(t), rows(i).status)
	}
	cut.cut()

	again := begin(t, b, poster) // while what was accepted before may still be written
	go func() {
		for i := range n {
			if again.write(rows(i)) != nil {
				return
			}
		}
		again.w.Close()
	}()
	for i := range n {
		r, got := rows(i), again.next(t)
		want := r.status
		if want == contract.ACCEPTED && (i < answered || got.Status == contract.DUPLICATE) {
			want = contract.DUPLICATE
		}
		checkAnswer(t, i, r, got, want)
	}
	if extra, more := <-again.answers; more || again.err != nil {
		t.Errorf("after the last answer: %+v, %v", extra, again.err)
	}
	onRecord(t, a, ids, n-3)
}
