package api

import (
	"context"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// writeGrace is how long an answer may take on its way beyond the time that the
// request had.
const writeGrace = 10 * time.Second

// HTTP returns a server of connections for s, with the limits that keep slow,
// idle and talkative peers from holding it up. Its address is the caller's to
// set. What is no request at all, such as a head too large, net/http refuses
// itself, in plain text, before s sees it.
func (s *Server) HTTP() *http.Server {
	l := s.c.Limits
	return &http.Server{
		Handler:           s,
		ReadHeaderTimeout: l.HeaderTimeout,
		IdleTimeout:       l.IdleTimeout,
		MaxHeaderBytes:    l.HeaderBytes,
		// These hold for what is answered before anybody has read the body, and
		// are set anew for each request; streams put them off (see progress).
		ReadTimeout:  l.HeaderTimeout + l.Timeout,
		WriteTimeout: l.HeaderTimeout + l.Timeout + writeGrace,
		// "OPTIONS *" is answered as any other address that is none of ours.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(withoutAddresses{s.c.Log.Handler()}, slog.LevelWarn),
	}
}

// withoutAddresses leaves the addresses of peers out of what net/http logs: they
// tell who somebody is.
type withoutAddresses struct{ slog.Handler }

var addressAndPort = regexp.MustCompile(`\[[0-9a-fA-F:.%a-z]+\]:\d+|\d+\.\d+\.\d+\.\d+(:\d+)?`)

// Handle implements [slog.Handler].
func (h withoutAddresses) Handle(ctx context.Context, r slog.Record) error {
	r.Message = addressAndPort.ReplaceAllString(strings.TrimSpace(r.Message), "(peer)")
	return h.Handler.Handle(ctx, r)
}
