package main

import (
	"math/rand/v2"

	"github.com/gobwas/ws"
)

// distinct is how many different messages a connection sends.
const distinct = 4

// prepared is what one connection sends over and over, made beforehand: the measurement pays for no masking.
type prepared struct {
	payloads [distinct][]byte
	framed   bool
	wire     []byte // the messages as they are sent: those of a whole window in one piece, whichever comes first
	size     int    // of one message on the wire
	back     int    // its size on the way back, if it comes as one frame: without a mask
}

// prepare makes the messages of the connection with that number. With framed they are WebSocket messages, each one
// binary frame of a client.
func prepare(l load, number int, framed bool) *prepared {
	random := rand.NewChaCha8([32]byte{byte(number), byte(number >> 8), byte(number >> 16)})
	p := &prepared{framed: framed}
	var cycle []byte
	for i := range p.payloads {
		payload := make([]byte, l.size)
		random.Read(payload)
		payload[0] |= 0x80 // no request begins so: raw bytes are not taken for HTTP
		p.payloads[i] = payload
		if !framed {
			cycle = append(cycle, payload...)
			continue
		}
		var key [4]byte
		random.Read(key[:])
		cycle = append(cycle, ws.MustCompileFrame(ws.MaskFrameWith(ws.NewBinaryFrame(payload), key))...)
	}
	p.size = len(cycle) / distinct
	p.back = p.size
	if framed {
		p.back -= len(ws.Header{}.Mask)
	}
	for len(p.wire) < (distinct+l.window)*p.size {
		p.wire = append(p.wire, cycle...)
	}
	return p
}

// run is what to write for n messages, at most the window, from the one with that number on.
func (p *prepared) run(from, n int) []byte {
	first := from % distinct * p.size
	return p.wire[first : first+n*p.size]
}
