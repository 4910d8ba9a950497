//go:build race

package labtest

// UnderRace says that the race detector is on: a test of quantities then has a tenth of the speed.
const UnderRace = true
