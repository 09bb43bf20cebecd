package scenario

import (
	"sync/atomic"
	"time"

	"creditbank/creditbank"
)

// A Clock stands where it is put. The bank that a city is played on must have
// its Now as clock.
type Clock struct{ at atomic.Pointer[time.Time] }

// NewClock returns a clock that stands at the given instant.
func NewClock(at time.Time) *Clock {
	c := &Clock{}
	c.at.Store(&at)
	return c
}

// Now returns where the clock stands.
func (c *Clock) Now() time.Time { return *c.at.Load() }

// set puts the clock to noon of a day.
func (c *Clock) set(day creditbank.Date, loc *time.Location) {
	first := day.Time(loc)
	noon := time.Date(first.Year(), first.Month(), first.Day(), 12, 0, 0, 0, loc)
	c.at.Store(&noon)
}
