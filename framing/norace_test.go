//go:build !race

package framing_test

const (
	raceDetector = false
	growth       = 1
)
