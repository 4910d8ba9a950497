package main

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMemorySettlesWhenTheLastLooksAgree(t *testing.T) {
	same := slices.Repeat([]float64{1000}, looks)
	assert.True(t, settles(same))
	assert.False(t, settles(same[1:]), "too few")
	assert.True(t, settles(append([]float64{5000}, same...)), "only the last ones count")
	assert.True(t, settles(append(same[1:], 1002)))
	assert.False(t, settles(append(same[1:len(same):len(same)], 1003)))
	assert.False(t, settles(append(slices.Clone(same[1:]), 990)))
}
