package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

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

func TestEveryDurationHasABucketAndNoBucketIsWide(t *testing.T) {
	lower := uint64(0)
	for i := range len(histogram{}.buckets) {
		upper := upperEnd(i)
		assert.Equal(t, i, bucket(lower))
		assert.Equal(t, i, bucket(upper))
		assert.LessOrEqual(t, upper-lower, lower/32)
		lower = upper + 1
	}
	assert.Equal(t, uint64(math.MaxInt64)+1, lower, "there is one for the longest duration")
}

func TestQuantilesAreThoseOfTheSortedDurationsWithin32nd(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 99, 100, 101, 5000} {
		var halves [2]histogram
		var all []time.Duration
		for i := range n {
			d := time.Duration(math.Exp(random.Float64() * 25))
			halves[i%2].add(d, 1)
			all = append(all, d)
		}
		halves[0].merge(&halves[1])
		slices.Sort(all)
		for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 1} {
			exact := all[max(0, int(math.Ceil(q*float64(n)))-1)]
			got := halves[0].quantile(q)
			assert.GreaterOrEqual(t, got, exact, "%v of %d", q, n)
			assert.LessOrEqual(t, got, exact+exact/32, "%v of %d", q, n)
		}
	}
}

func TestManyAtOnceCountOneByOne(t *testing.T) {
	var h histogram
	h.add(10, 99)
	h.add(20, 1)
	assert.Equal(t, time.Duration(10), h.quantile(0.99))
	assert.Equal(t, time.Duration(20), h.quantile(1))
}

func TestTheQuantileOfNothingIsNothing(t *testing.T) {
	assert.Zero(t, new(histogram).quantile(0.5))
}

func TestAClockThatWentBackIsNoDuration(t *testing.T) {
	var h histogram
	h.add(-5, 1)
	assert.Zero(t, h.quantile(1))
}

func TestMemorySettlesWhenTheLastLooksAgree(t *testing.T) {
	same := slices.Repeat([]float64{1000}, looks)
	assert.True(t, settles(same))
	assert.False(t, settles(same[1:]), "too few")
	assert.True(t, settles(append([]float64{5000}, same...)), "only the last ones count")
	assert.True(t, settles(append(same[1:], 1002)))
	assert.False(t, settles(append(same[1:len(same):len(same)], 1003)))
	assert.False(t, settles(append(slices.Clone(same[1:]), 990)))
}
