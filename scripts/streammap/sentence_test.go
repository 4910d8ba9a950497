package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/event"
	"echolab/internal/trace"
)

// rows is a map with spans of these sizes in its rows, end to end.
func rows(sizes map[trace.Layer][]int) *trace.Map {
	m := &trace.Map{Title: "client → server"}
	for layer, all := range sizes {
		off := int64(0)
		for _, n := range all {
			m.Row(layer).Add(event.Span{Off: off, N: n})
			off += int64(n)
		}
	}
	return m
}

func TestTheSentenceSaysWhatAgreed(t *testing.T) {
	three := []int{5, 15, 13}
	for want, sizes := range map[string]map[trace.Layer][]int{
		"client → server: no byte.":   {},
		"client → server: 1 segment.": {trace.Segments: {33}},
		"client → server: 3 writes, 1 segment, 1 read, 3 messages; the writes keep every boundary, the segment and the read lose 2 boundaries.": {
			trace.Sent: three, trace.Writes: three, trace.Segments: {33}, trace.Reads: {33}},
		"client → server: 1 write, 1 segment, 1 read, 1 message; the write, the segment and the read keep every boundary.": {
			trace.Sent: {33}, trace.Writes: {33}, trace.Segments: {33}, trace.Reads: {33}},
		"client → server: 1 segment, 3 reads, 1 message; the segment keeps every boundary, the reads cut inside messages 2 times.": {
			trace.Sent: {33}, trace.Segments: {33}, trace.Reads: {10, 20, 3}},
		"client → server: 2 segments, 3 messages; the segments lose 2 boundaries and cut inside messages once.": {
			trace.Sent: three, trace.Segments: {10, 23}},
		"client → server: 2 segments, 3 frames, 2 messages; the segments lose 1 boundary and cut inside messages once.": {
			trace.Frames: three, trace.Received: {20, 13}, trace.Segments: {10, 23}},
		"client → server: 2 segments, 2 messages.": {
			trace.Received: {20, 13}, trace.Segments: {10, 23}},
	} {
		assert.Equal(t, want, sentence(rows(sizes)))
	}
}
