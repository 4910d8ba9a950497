package picture_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/picture"
	"echolab/internal/streammap"
)

// greeting is the lab's three messages of 5, 15 and 13 bytes, end to end.
const greeting = "hello안녕하세요goodbye, TCP!"

// A layer is one row of a map that a test makes.
type layer struct {
	streammap.Layer
	sizes []int
}

func sent(sizes ...int) layer     { return layer{streammap.Sent, sizes} }
func writes(sizes ...int) layer   { return layer{streammap.Writes, sizes} }
func segments(sizes ...int) layer { return layer{streammap.Segments, sizes} }
func reads(sizes ...int) layer    { return layer{streammap.Reads, sizes} }
func received(sizes ...int) layer { return layer{streammap.Received, sizes} }

// stream is the map of a stream of which every layer's spans have the given sizes.
func stream(data string, layers ...layer) *streammap.Map {
	m := &streammap.Map{Title: "client → server"}
	m.Keep(0, []byte(data))
	add(m, layers...)
	return m
}

func add(m *streammap.Map, layers ...layer) {
	for _, l := range layers {
		row := m.Row(l.Layer)
		for _, n := range l.sizes {
			row.Add(event.Span{Off: row.End, N: n})
		}
	}
}

func span(off int64, n int) event.Span { return event.Span{Off: off, N: n} }

// times is n spans of the same size, and one of what remains of the total.
func times(n, size, total int) []int {
	sizes := make([]int, n, n+1)
	for i := range sizes {
		sizes[i] = size
	}
	if rest := total - n*size; rest > 0 {
		sizes = append(sizes, rest)
	}
	return sizes
}

// Opcodes of RFC 6455 section 5.2.
const (
	opContinuation = 0
	opText         = 1
	opClose        = 8
	opPing         = 9
)

// A frame is one that a test sends, masked.
type frame struct {
	event.FrameHeader
	payload string
}

// whole is a frame that ends its message, part one that does not.
func whole(opcode byte, payload string) frame {
	f := part(opcode, payload)
	f.Fin = true
	return f
}

func part(opcode byte, payload string) frame {
	h := event.FrameHeader{Opcode: opcode, Masked: true, Key: "37fa213d", Payload: int64(len(payload))}
	return frame{h, payload}
}

// wire is the frame as RFC 6455 section 5.2 has it, with the key of section 5.7.
func (f frame) wire() []byte {
	b := []byte{f.RSV<<4 | f.Opcode, 0x80}
	if f.Fin {
		b[0] |= 0x80
	}
	switch n := len(f.payload); {
	case n < 126:
		b[1] |= byte(n)
	case n < 1<<16:
		b[1] |= 126
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b[1] |= 127
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	key := []byte{0x37, 0xfa, 0x21, 0x3d}
	b = append(b, key...)
	for i := range len(f.payload) {
		b = append(b, f.payload[i]^key[i%4])
	}
	return b
}

// spoken is the map of a stream of frames behind a handshake of 187 bytes, each with a write; the other layers are as
// given, from there on.
func spoken(frames []frame, layers ...layer) *streammap.Map {
	m := &streammap.Map{Title: "client → server"}
	data := []byte(strings.Repeat("h", 187))
	m.Begin(int64(len(data)))
	var message, written []int
	size := 0
	for _, f := range frames {
		b := f.wire()
		m.AddFrame(event.Span{Off: int64(len(data)), N: len(b)}, f.FrameHeader, []byte(f.payload))
		data = append(data, b...)
		written = append(written, len(b))
		if f.Opcode >= opClose {
			continue // which tests have at the end only: it is no message
		}
		if size += len(b); f.Fin {
			message, size = append(message, size), 0
		}
	}
	m.Keep(0, data)
	add(m, sent(message...), writes(written...), received(message...))
	add(m, layers...)
	return m
}

// svgOf is the picture of one map.
func svgOf(t *testing.T, m *streammap.Map) string {
	t.Helper()
	return drawn(t, picture.Figure{Conn: 1, Title: "127.0.0.1:50000 → 127.0.0.1:9000", ToServer: m})
}

func drawn(t *testing.T, figures ...picture.Figure) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, picture.SVG(&b, figures...))
	return b.String()
}
