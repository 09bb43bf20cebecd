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
	at := noon(day, loc)
	c.at.Store(&at)
}

// Noon returns when on a day everything happens.
func (c *City) Noon(day creditbank.Date) time.Time { return noon(day, c.Location) }

func noon(day creditbank.Date, loc *time.Location) time.Time {
	first := day.Time(loc)
	return time.Date(first.Year(), first.Month(), first.Day(), 12, 0, 0, 0, loc)
}
