//go:build !race

package streammap_test

const raceDetector = false
