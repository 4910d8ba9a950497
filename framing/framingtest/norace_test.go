//go:build !race

package framingtest_test

const raceDetector = false
