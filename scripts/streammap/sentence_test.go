package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/event"
	"echolab/internal/streammap"
	"echolab/internal/text/texttest"
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
		"client → server: no byte":    {},
		"client → server: 1 segment.": {streammap.Segments: {33}},
		"client → server … 3 writes … 1 segment … 1 read … 3 messages … writes keep … segment … read lose 2": {
			streammap.Sent: three, streammap.Writes: three, streammap.Segments: {33}, streammap.Reads: {33}},
		"client → server … 1 write … 1 segment … 1 read … 1 message … write … segment … read keep": {
			streammap.Sent: {33}, streammap.Writes: {33}, streammap.Segments: {33}, streammap.Reads: {33}},
		"client → server … 1 segment … 3 reads … 1 message … segment keeps … reads cut … 2 times": {
			streammap.Sent: {33}, streammap.Segments: {33}, streammap.Reads: {10, 20, 3}},
		"client → server … 2 segments … 3 messages … segments lose 2 … cut … once": {
			streammap.Sent: three, streammap.Segments: {10, 23}},
		"client → server … 2 segments … 3 frames … 2 messages … segments lose 1 boundary … cut … once": {
			streammap.Frames: three, streammap.Received: {20, 13}, streammap.Segments: {10, 23}},
		"client → server: 2 segments, 2 messages.": {
			streammap.Received: {20, 13}, streammap.Segments: {10, 23}},
	} {
		text := sentence(rows(sizes))
		texttest.Says(t, text, want)
		for _, word := range []string{"keep", "lose", "cut"} {
			assert.Equal(t, strings.Contains(want, word), strings.Contains(text, word), "%q in %q", word, text)
		}
	}
}
