package api_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"creditbank/api"
	"creditbank/api/apitest"
)

// Peers that are slow, break off, or send more than they may.
func TestHostilePeers(t *testing.T) {
	w := apitest.New(t, apitest.Options{Limits: api.Limits{
		HeaderTimeout: 400 * time.Millisecond, Timeout: 600 * time.Millisecond, IdleTimeout: 1500 * time.Millisecond, StreamTimeout: 500 * time.Millisecond,
	}})
	poster := w.Token("I15", "poster institution:I15")
	broken := refusal{400, "invalid", "BODY_BROKEN_OFF", ""}
	large := refusal{413, "too-large", "TOO_LARGE", ""}
	post := func(more ...string) string { return head("POST", "/v1/outcomes", poster, more...) }
	for _, tt := range []struct {
		name string
		head string
		then func(net.Conn)
		want refusal
	}{
		{"a body that comes a byte at a time", post("Content-Length: 1000", "\r\n"), drip("{" + strings.Repeat(" ", 999)), broken},
		{"a body that stops coming", post("Content-Length: 1000", "\r\n{"), nil, broken},
		{"a body that breaks off", post("Content-Length: 1000", "\r\n{"), hangUp, broken},
		{"a chunk that breaks off", post("Transfer-Encoding: chunked", "\r\n100\r\n{"), hangUp, broken},
		{"a chunk whose size is no number", post("Transfer-Encoding: chunked", "\r\nxyz\r\n{"), hangUp, broken},
		{"a length of a terabyte", post("Content-Length: 1099511627776", "\r\n"), nil, large},
		{"a length of a terabyte that waits for leave", post("Expect: 100-continue", "Content-Length: 1099511627776", "\r\n"), nil, large},
		{"chunks without end", post("Transfer-Encoding: chunked", "\r\n"), flood("4000\r\n" + strings.Repeat(" ", 0x4000) + "\r\n"), large},
		{"a stream that stops before its first row", strings.Replace(head("POST", "/v1/outcomes/stream", poster, "Content-Length: 1000", "\r\nexternal_id,"), "application/json", "text/csv", 1), nil, broken},
		{"a stream that breaks off before its first row", strings.Replace(head("POST", "/v1/outcomes/stream", poster, "Content-Length: 1000", "\r\nexternal_id,"), "application/json", "text/csv", 1), hangUp, broken},
		{"a body nobody asked for, which never comes", head("POST", "/v1/outcomes", "x", "Content-Length: 1000", "\r\n"), nil, refusal{401, "unauthenticated", "UNAUTHENTICATED", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, w)
			if _, err := io.WriteString(c, tt.head); err != nil {
				t.Fatal(err)
			}
			if tt.then != nil {
				go tt.then(c)
			}
			start := time.Now()
			readAnswer(t, c).refused(t, w, false, tt.want)
			wantHungUp(t, c)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("the connection was held for %v", took)
			}
		})
	}
	t.Run("a head that comes a byte at a time", func(t *testing.T) {
		t.Parallel()
		c := dial(t, w)
		go drip(post("X: " + strings.Repeat("x", 1000)))(c)
		wantHungUp(t, c)
	})
	t.Run("a connection on which nothing comes", func(t *testing.T) {
		t.Parallel()
		wantHungUp(t, dial(t, w))
	})
	t.Run("a connection that stays after its answer", func(t *testing.T) {
		t.Parallel()
		c := dial(t, w)
		if _, err := io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if a := readAnswer(t, c); a.status != 200 {
			t.Errorf("%d", a.status)
		}
		wantHungUp(t, c)
	})
	// Deadlines of one request must not outlive it.
	t.Run("a connection that is used again after a while", func(t *testing.T) {
		t.Parallel()
		c := dial(t, w)
		for _, s := range []struct {
			request string
			status  int
		}{
			{strings.Replace(head("POST", "/v1/outcomes/stream", poster, "Content-Length: 2", "\r\n{}"), "application/json", "application/x-ndjson", 1), 200},
			{head("GET", "/v2", "", "", ""), 404},
			{post("Content-Length: 2", "\r\n{}"), 400},
			{head("GET", "/v1/regions", "", "", ""), 200},
		} {
			if _, err := io.WriteString(c, s.request); err != nil {
				t.Fatal(err)
			}
			if a := readAnswer(t, c); a.status != s.status {
				t.Errorf("%.30q: %d %s", s.request, a.status, a.body)
			}
			time.Sleep(700 * time.Millisecond)
		}
	})
}

// What net/http refuses before the service sees it: in plain text, and never as a
// fault of ours.
func TestNoHTTP(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	for _, tt := range []struct {
		name, text string
		status     int
	}{
		{"a head of 200 KB", "GET /healthz HTTP/1.1\r\nHost: test\r\nX: " + strings.Repeat("x", 200<<10) + "\r\n\r\n", 431},
		{"ten thousand headers", "GET /healthz HTTP/1.1\r\nHost: test\r\n" + strings.Repeat("X: 1234567\r\n", 10_000) + "\r\n", 431},
		{"an address of 200 KB", "GET /" + strings.Repeat("x", 200<<10) + " HTTP/1.1\r\nHost: test\r\n\r\n", 431},
		{"an address with a broken escape", "GET /v1/courses/%zz HTTP/1.1\r\nHost: test\r\n\r\n", 400},
		{"a method that is none", "G@T / HTTP/1.1\r\nHost: test\r\n\r\n", 400},
		{"a length past 64 bits", "POST /v1/session HTTP/1.1\r\nHost: test\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
		{"a length below zero", "POST /v1/session HTTP/1.1\r\nHost: test\r\nContent-Length: -1\r\n\r\n", 400},
		{"two lengths", "POST /v1/session HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400},
		{"a header with a NUL", "GET /healthz HTTP/1.1\r\nHost: test\r\nX: a\x00b\r\n\r\n", 400},
		{"a header with a blank in its name", "GET /healthz HTTP/1.1\r\nHost: test\r\nX Y: a\r\n\r\n", 400},
		{"a folded header", "GET /healthz HTTP/1.1\r\nHost: test\r\n folded\r\n\r\n", 400},
		{"no host", "GET /healthz HTTP/1.1\r\n\r\n", 400},
		{"two hosts", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
		{"a coding of the transfer that is not known", "POST /v1/session HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if a := raw(t, w, tt.text); a.status != tt.status {
				t.Errorf("%d %s, want %d", a.status, a.body, tt.status)
			}
		})
	}
	if a := (sent{path: "/healthz"}).to(t, w); a.status != http.StatusOK {
		t.Errorf("after all that: %d", a.status)
	}
}

// drip sends a byte every now and then.
func drip(text string) func(net.Conn) {
	return func(c net.Conn) {
		for i := range len(text) {
			if _, err := c.Write([]byte{text[i]}); err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// flood sends for as long as it is let.
func flood(text string) func(net.Conn) {
	return func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, text); err != nil {
				return
			}
		}
	}
}

func hangUp(c net.Conn) { c.(*net.TCPConn).CloseWrite() }

// wantHungUp waits for the service to close the connection.
func wantHungUp(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(8 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	_, err := io.Copy(io.Discard, c)
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Error("the connection is still open")
	}
}

// Rows of a stream are answered while others are still to come.
func TestStreamAnswersAtOnce(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	l := string(w.Open()["L2"])
	file, sender := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/v1/outcomes/stream", file)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-ndjson")
	r.Header.Set("Authorization", "Bearer "+w.Token("I15", "poster institution:I15"))
	go io.WriteString(sender, posting(l, "S1", nil)+"\n")
	resp, err := http.DefaultClient.Do(r) // the checked one would read to the end
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answers := bufio.NewScanner(resp.Body)
	if !answers.Scan() || !strings.Contains(answers.Text(), `"S1"`) {
		t.Fatalf("first answer: %s %v", answers.Text(), answers.Err())
	}
	go func() {
		io.WriteString(sender, posting(l, "S2", nil)+"\n")
		sender.Close()
	}()
	if !answers.Scan() || !strings.Contains(answers.Text(), `"S2"`) {
		t.Fatalf("second answer: %s %v", answers.Text(), answers.Err())
	}
}

// Who may not do it is told so before the body has come: it would hold a place.
func TestNobodyWaitsForABodyInVain(t *testing.T) {
	w := apitest.New(t, apitest.Options{Limits: api.Limits{Timeout: 20 * time.Second}})
	for _, tt := range []struct {
		name, token string
		want        refusal
	}{
		{"nobody", "", refusal{401, "unauthenticated", "UNAUTHENTICATED", ""}},
		{"a role that does not do", w.Token("I15", "auditor institution:I15"), refusal{403, "forbidden", "FORBIDDEN", ""}},
	} {
		c := dial(t, w)
		head := head("POST", "/v1/outcomes", tt.token, "Content-Length: 1000", "\r\n{")
		if tt.token == "" {
			head = strings.Replace(head, "Authorization: Bearer \r\n", "", 1)
		}
		if _, err := io.WriteString(c, head); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		readAnswer(t, c).refused(t, w, false, tt.want)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: the answer took %v", tt.name, took)
		}
	}
}
