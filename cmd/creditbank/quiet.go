package main

import "log/slog"

// quiet returns a log that nobody reads.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
