//go:build race

package framing_test

// Under the race detector a sync.Pool drops things at random, so that counts of allocations say nothing; and
// slices.Grow allocates what it adds twice over.
const (
	raceDetector = true
	growth       = 2
)
