package trace_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/trace"
)

func TestCompareCountsWhatBecameOfTheBoundaries(t *testing.T) {
	for _, c := range []struct {
		name             string
		m                *trace.Map
		agree, cut, lost int
	}{
		{"three messages in one read", stream("", sent(5, 15, 13), reads(33)), 1, 0, 2},
		{"a read for each message", stream("", sent(5, 15, 13), reads(5, 15, 13)), 3, 0, 0},
		{"one message cut four times", stream("", sent(33), reads(8, 8, 8, 8, 1)), 1, 4, 0},
		{"some of each", stream("", sent(5, 15, 13), reads(5, 8, 20)), 2, 1, 1},
		{"reads that do not reach the end", stream("", sent(5, 15, 13), reads(8, 4)), 0, 2, 3},
		{"reads beyond the last message", stream("", sent(5, 15), reads(20, 5, 5)), 1, 0, 1},
		{"empty messages have no boundary of their own", stream("", sent(0, 3, 0, 3, 0), reads(0, 6)), 1, 0, 1},
		{"no message", stream("", reads(5, 5)), 0, 0, 0},
		{"no read", stream("", sent(5, 5), reads()), 0, 0, 2},
		{"no row of reads", stream("", sent(5, 5)), 0, 0, 2},
		{"nothing", stream(""), 0, 0, 0},
	} {
		agree, cut, lost := c.m.Compare(trace.Reads)
		assert.Equal(t, [3]int{c.agree, c.cut, c.lost}, [3]int{agree, cut, lost}, c.name)
	}
}

func TestCompareTakesAnyLayer(t *testing.T) {
	m := stream("", sent(5, 15, 13), writes(20, 13), reads(8, 25), received(5, 15, 13))
	for layer, want := range map[trace.Layer][3]int{
		trace.Sent: {3, 0, 0}, trace.Writes: {2, 0, 1}, trace.Reads: {1, 1, 2}, trace.Received: {3, 0, 0},
	} {
		agree, cut, lost := m.Compare(layer)
		assert.Equal(t, want, [3]int{agree, cut, lost}, "layer %d", layer)
	}
}

func TestCompareLeavesOutWhatWasNotKept(t *testing.T) {
	const kept = 1 << 18
	m := stream("", sent(times(kept+1000, 2, 0)...), reads(times(kept+1000, 2, 0)...))
	agree, cut, lost := m.Compare(trace.Reads)
	assert.Equal(t, [3]int{kept, 0, 0}, [3]int{agree, cut, lost})
	assert.False(t, m.Complete())

	m = stream("", sent(times(kept+1000, 2, 0)...), reads(times(3, kept, 2*(kept+1000))...))
	agree, cut, lost = m.Compare(trace.Reads)
	assert.Equal(t, [3]int{2, 0, kept - 2}, [3]int{agree, cut, lost}, "the boundaries beyond offset %d cannot be known", 2*kept)
}

func TestAMapIsCompleteUntilMoreSpansComeThanAreKept(t *testing.T) {
	const kept = 1 << 18
	assert.True(t, stream("").Complete())
	assert.True(t, stream("", sent(5, 15), writes(20), reads()).Complete())
	assert.True(t, stream("", sent(times(kept, 1, 0)...), writes(kept)).Complete())
	assert.False(t, stream("", sent(times(kept+1, 1, 0)...), writes(kept+1)).Complete())
	assert.False(t, stream("", sent(kept+1), reads(times(kept+1, 1, 0)...)).Complete(), "any row counts")
}
