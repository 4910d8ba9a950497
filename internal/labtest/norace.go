//go:build !race

package labtest

const UnderRace = false
