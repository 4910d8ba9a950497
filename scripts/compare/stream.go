package main

import (
	"math/rand/v2"

	"github.com/gobwas/ws"
)

// distinct is how many different messages a connection sends.
const distinct = 4

// A stream is what goes one way on one connection, made beforehand: messages that differ, over and over.
type stream struct {
	bytes []byte
	size  int // of one message with its frame
	most  int // of a piece
}

// newStream repeats the messages of cycle until a piece of up to that many bytes can be taken out, wherever it begins.
func newStream(cycle []byte, most int) stream {
	s := stream{make([]byte, 0, len(cycle)+most), len(cycle) / distinct, most}
	for len(s.bytes) < cap(s.bytes) {
		s.bytes = append(s.bytes, cycle[:min(len(cycle), cap(s.bytes)-len(s.bytes))]...)
	}
	return s
}

// piece is n bytes of the stream, from an offset on.
func (s stream) piece(offset, n int) []byte {
	first := offset % (distinct * s.size)
	return s.bytes[first : first+n]
}

// A read takes a whole window at once, if that is not large: else fewer messages would be answered with one write.
const (
	minRead = 4 << 10
	maxRead = 256 << 10
)

// streams makes what the connection with that number sends, in pieces of up to a window, and what must come back, in
// pieces of up to a read: the same bytes, or with framed each message as one binary frame, masked and unmasked.
func streams(l load, number int, framed bool) (out, back stream) {
	random := rand.NewChaCha8([32]byte{byte(number), byte(number >> 8), byte(number >> 16)})
	var sent, echo []byte
	for range distinct {
		payload := make([]byte, l.size)
		random.Read(payload)
		payload[0] |= 0x80 // no request begins so: raw bytes are not taken for HTTP
		if !framed {
			sent, echo = append(sent, payload...), append(echo, payload...)
			continue
		}
		var key [4]byte
		random.Read(key[:])
		echo = append(echo, ws.MustCompileFrame(ws.NewBinaryFrame(payload))...)
		sent = append(sent, ws.MustCompileFrame(ws.MaskFrameWith(ws.NewBinaryFrame(payload), key))...)
	}
	window := l.window * len(sent) / distinct
	return newStream(sent, window), newStream(echo, min(max(window, minRead), maxRead))
}
