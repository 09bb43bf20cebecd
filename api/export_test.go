package api

import "time"

// SetHeartbeat has event streams show that they live more often, for tests: before
// the first is opened.
func (s *Server) SetHeartbeat(d time.Duration) { s.events.beat = d }
