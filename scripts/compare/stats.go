package main

import (
	"math"
	"math/bits"
	"slices"
	"time"
)

// median returns the middle of the values, or between the two in the middle. It is NaN without any, and if one is.
func median(values []float64) float64 {
	if len(values) == 0 || slices.ContainsFunc(values, math.IsNaN) {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// A histogram counts durations in buckets that are at most 1/32 wide, so that recording one costs little and all of
// them count. Its zero value is empty.
type histogram struct {
	buckets [(64 - subBits) << subBits]uint32
	total   int
}

const subBits = 5 // each power of two is cut in 2^subBits

// add counts n durations of d.
func (h *histogram) add(d time.Duration, n int) {
	h.buckets[bucket(uint64(max(d, 0)))] += uint32(n)
	h.total += n
}

// merge adds what other counted.
func (h *histogram) merge(other *histogram) {
	for i, n := range other.buckets {
		h.buckets[i] += n
	}
	h.total += other.total
}

// quantile returns the duration that a share q of all, from 0 to 1, does not exceed, to within 1/32: the upper end of
// its bucket. It is 0 if nothing was counted.
func (h *histogram) quantile(q float64) time.Duration {
	rank := max(1, int(math.Ceil(q*float64(h.total))))
	for i, n := range h.buckets {
		rank -= int(n)
		if rank <= 0 && h.total > 0 {
			return time.Duration(upperEnd(i))
		}
	}
	return 0
}

// bucket is the number of the bucket with v in it: values below 2^(subBits+1) have one each.
func bucket(v uint64) int {
	shift := max(0, bits.Len64(v)-subBits-1)
	return shift<<subBits + int(v>>shift)
}

// upperEnd is the largest value in that bucket.
func upperEnd(i int) uint64 {
	if i < 2<<subBits {
		return uint64(i)
	}
	shift := i>>subBits - 1
	return uint64(i&(1<<subBits-1)+1<<subBits+1)<<shift - 1
}
