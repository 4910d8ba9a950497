package streammap_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
)

func TestCompareCountsWhatBecameOfTheBoundaries(t *testing.T) {
	for _, c := range []struct {
		name             string
		m                *streammap.Map
		agree, cut, lost int
	}{
		{"three messages in one read", maptest.Stream("", maptest.Sent(5, 15, 13), maptest.Reads(33)), 1, 0, 2},
		{"a read for each message", maptest.Stream("", maptest.Sent(5, 15, 13), maptest.Reads(5, 15, 13)), 3, 0, 0},
		{"one message cut four times", maptest.Stream("", maptest.Sent(33), maptest.Reads(8, 8, 8, 8, 1)), 1, 4, 0},
		{"some of each", maptest.Stream("", maptest.Sent(5, 15, 13), maptest.Reads(5, 8, 20)), 2, 1, 1},
		{"reads that do not reach the end", maptest.Stream("", maptest.Sent(5, 15, 13), maptest.Reads(8, 4)), 0, 2, 3},
		{"reads beyond the last message", maptest.Stream("", maptest.Sent(5, 15), maptest.Reads(20, 5, 5)), 1, 0, 1},
		{"empty messages have no boundary of their own", maptest.Stream("", maptest.Sent(0, 3, 0, 3, 0), maptest.Reads(0, 6)), 1, 0, 1},
		{"no message", maptest.Stream("", maptest.Reads(5, 5)), 0, 0, 0},
		{"no read", maptest.Stream("", maptest.Sent(5, 5), maptest.Reads()), 0, 0, 2},
		{"no row of reads", maptest.Stream("", maptest.Sent(5, 5)), 0, 0, 2},
		{"nothing", maptest.Stream(""), 0, 0, 0},
	} {
		agree, cut, lost := c.m.Compare(streammap.Reads)
		assert.Equal(t, [3]int{c.agree, c.cut, c.lost}, [3]int{agree, cut, lost}, c.name)
	}
}

func TestCompareTakesAnyLayer(t *testing.T) {
	m := maptest.Stream("", maptest.Sent(5, 15, 13), maptest.Writes(20, 13), maptest.Reads(8, 25), maptest.Received(5, 15, 13))
	for layer, want := range map[streammap.Layer][3]int{
		streammap.Sent: {3, 0, 0}, streammap.Writes: {2, 0, 1}, streammap.Reads: {1, 1, 2}, streammap.Received: {3, 0, 0},
	} {
		agree, cut, lost := m.Compare(layer)
		assert.Equal(t, want, [3]int{agree, cut, lost}, "layer %d", layer)
	}
}

func TestCompareLeavesOutWhatWasNotKept(t *testing.T) {
	const kept = 1 << 18
	m := maptest.Stream("", maptest.Sent(maptest.Times(kept+1000, 2, 0)...), maptest.Reads(maptest.Times(kept+1000, 2, 0)...))
	agree, cut, lost := m.Compare(streammap.Reads)
	assert.Equal(t, [3]int{kept, 0, 0}, [3]int{agree, cut, lost})
	assert.False(t, m.Complete())

	m = maptest.Stream("", maptest.Sent(maptest.Times(kept+1000, 2, 0)...), maptest.Reads(maptest.Times(3, kept, 2*(kept+1000))...))
	agree, cut, lost = m.Compare(streammap.Reads)
	assert.Equal(t, [3]int{2, 0, kept - 2}, [3]int{agree, cut, lost}, "the boundaries beyond offset %d cannot be known", 2*kept)
}

func TestAMapIsCompleteUntilMoreSpansComeThanAreKept(t *testing.T) {
	const kept = 1 << 18
	assert.True(t, maptest.Stream("").Complete())
	assert.True(t, maptest.Stream("", maptest.Sent(5, 15), maptest.Writes(20), maptest.Reads()).Complete())
	assert.True(t, maptest.Stream("", maptest.Sent(maptest.Times(kept, 1, 0)...), maptest.Writes(kept)).Complete())
	assert.False(t, maptest.Stream("", maptest.Sent(maptest.Times(kept+1, 1, 0)...), maptest.Writes(kept+1)).Complete())
	assert.False(t, maptest.Stream("", maptest.Sent(kept+1), maptest.Reads(maptest.Times(kept+1, 1, 0)...)).Complete(), "any row counts")
}
