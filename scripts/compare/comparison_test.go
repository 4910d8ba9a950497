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
