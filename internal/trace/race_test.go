//go:build race

package trace_test

// raceDetector makes everything ten times slower.
const raceDetector = true
