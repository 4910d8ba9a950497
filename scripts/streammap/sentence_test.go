package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/event"
	"echolab/internal/streammap"
)

// rows is a map with spans of these sizes in its rows, end to end.
func rows(sizes map[streammap.Layer][]int) *streammap.Map {
	m := &streammap.Map{Title: "client → server"}
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
	for want, sizes := range map[string]map[streammap.Layer][]int{
		"client → server: no byte.":   {},
		"client → server: 1 segment.": {streammap.Segments: {33}},
		"client → server: 3 writes, 1 segment, 1 read, 3 messages; the writes keep every boundary, the segment and the read lose 2 boundaries.": {
			streammap.Sent: three, streammap.Writes: three, streammap.Segments: {33}, streammap.Reads: {33}},
		"client → server: 1 write, 1 segment, 1 read, 1 message; the write, the segment and the read keep every boundary.": {
			streammap.Sent: {33}, streammap.Writes: {33}, streammap.Segments: {33}, streammap.Reads: {33}},
		"client → server: 1 segment, 3 reads, 1 message; the segment keeps every boundary, the reads cut inside messages 2 times.": {
			streammap.Sent: {33}, streammap.Segments: {33}, streammap.Reads: {10, 20, 3}},
		"client → server: 2 segments, 3 messages; the segments lose 2 boundaries and cut inside messages once.": {
			streammap.Sent: three, streammap.Segments: {10, 23}},
		"client → server: 2 segments, 3 frames, 2 messages; the segments lose 1 boundary and cut inside messages once.": {
			streammap.Frames: three, streammap.Received: {20, 13}, streammap.Segments: {10, 23}},
		"client → server: 2 segments, 2 messages.": {
			streammap.Received: {20, 13}, streammap.Segments: {10, 23}},
	} {
		assert.Equal(t, want, sentence(rows(sizes)))
	}
}
