//go:build race

package streammap_test

// raceDetector makes everything ten times slower.
const raceDetector = true
