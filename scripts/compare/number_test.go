package main

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheMedianIsTheMiddle(t *testing.T) {
	assert.Equal(t, 7.0, median([]float64{7}))
	assert.Equal(t, 2.5, median([]float64{4, 1, 3, 2}))
	assert.Equal(t, 3.0, median([]float64{100, 1, 3, 2, 50}))
	assert.True(t, math.IsNaN(median(nil)))
	assert.True(t, math.IsNaN(median([]float64{1, 2, math.NaN()})))
}

func TestTheMedianLeavesItsValuesAsTheyAre(t *testing.T) {
	values := []float64{3, 1, 2}
	median(values)
	assert.Equal(t, []float64{3, 1, 2}, values)
}

func TestNumbersHaveThreeDigitsThatCount(t *testing.T) {
	nan := math.NaN()
	for want, got := range map[string]string{
		"0.00 ns": timeText(0), "7.50 ns": timeText(7.5), "999 ns": timeText(999.4), "1.00 µs": timeText(999.6),
		"14.3 µs": timeText(14_321), "2.00 ms": timeText(2e6), "1.50 s": timeText(1.5e9), "500 s": timeText(5e11),
		"512 B": memoryText(512), "0.98 KiB": memoryText(1000), "3.61 KiB": memoryText(3700), "1.00 MiB": memoryText(1 << 20),
		"-1.00 KiB": memoryText(-1024),
		"1.00":      threeDigits(1), "0.95": threeDigits(0.95), "10.0": threeDigits(9.9951),
		"27.4": threeDigits(27.41), "134": threeDigits(134.4),
		"0": rateText(0), "7": rateText(7.4), "999": rateText(999),
		"1,230": rateText(1234), "8,510,000": rateText(8_514_999), "1,000,000": rateText(999_999),
	} {
		assert.Equal(t, want, got)
	}
	for _, got := range []string{timeText(nan), memoryText(nan), rateText(nan), timeText(math.Inf(1))} {
		assert.Equal(t, "n/a", got)
	}
}
