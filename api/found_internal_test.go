package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Once a request has ended, whatever ended with it is no fault: a store says
// "statement is closed" of a statement whose request was cancelled.
func TestFoundEndedWithRequest(t *testing.T) {
	s := &Server{c: Config{Log: slog.New(slog.DiscardHandler)}}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tc := range []struct {
		name string
		ctx  context.Context
		want int
	}{
		{"the request goes on", t.Context(), http.StatusInternalServerError},
		{"the request has ended", ended, http.StatusServiceUnavailable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			s.writeProblem(w, httptest.NewRequestWithContext(tc.ctx, "GET", "/", nil), errors.New("sql: statement is closed"))
			if w.Code != tc.want {
				t.Errorf("answered %d, want %d", w.Code, tc.want)
			}
		})
	}
}
