package storetest

import (
	"slices"
	"time"
)

// Percentiles returns the given percentiles of the waits of several clients,
// for benchmarks.
func Percentiles(waits [][]time.Duration, percentiles ...int) []time.Duration {
	all := slices.Concat(waits...)
	slices.Sort(all)
	out := make([]time.Duration, 0, len(percentiles))
	for _, p := range percentiles {
		if len(all) == 0 {
			out = append(out, 0)
			continue
		}
		out = append(out, all[min(len(all)-1, len(all)*p/100)])
	}
	return out
}
