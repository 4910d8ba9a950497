//go:build race

package deflate_test

// Under the race detector a sync.Pool drops things at random, so that counts of allocations say nothing.
const raceDetector = true
