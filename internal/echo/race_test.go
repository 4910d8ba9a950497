//go:build race

package echo_test

// underRace says that the race detector is on: a test of quantities then has a tenth of the speed.
const underRace = true
