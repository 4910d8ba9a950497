package trace_test

import (
	"encoding/binary"
	"encoding/hex"

	"echolab/internal/trace"
)

const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

// A frame is a WebSocket frame that a test sends.
type frame struct {
	trace.FrameHeader
	payload string
}

// whole is a frame that ends its message, part one that does not.
func whole(opcode byte, payload string) frame {
	f := part(opcode, payload)
	f.Fin = true
	return f
}

func part(opcode byte, payload string) frame {
	return frame{trace.FrameHeader{Opcode: opcode, Payload: int64(len(payload))}, payload}
}

// masked is the frame with a mask.
func (f frame) masked() frame {
	f.Masked, f.Key = true, "37fa213d" // as in RFC 6455 section 5.7
	return f
}

// wire is the frame as RFC 6455 section 5.2 has it.
func (f frame) wire() []byte {
	b := []byte{f.RSV<<4 | f.Opcode, 0}
	if f.Fin {
		b[0] |= 0x80
	}
	switch n := len(f.payload); {
	case n < 126:
		b[1] = byte(n)
	case n < 1<<16:
		b[1] = 126
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b[1] = 127
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	if !f.Masked {
		return append(b, f.payload...)
	}
	b[1] |= 0x80
	key, _ := hex.DecodeString(f.Key)
	b = append(b, key...)
	for i := range len(f.payload) {
		b = append(b, f.payload[i]^key[i%4])
	}
	return b
}

// at is the frame in the client's stream on connection 1, as that side tells of it.
func (f frame) at(side trace.Side, off int64) trace.Event {
	h := f.FrameHeader
	e := span(trace.Frame, off, f.payload)
	e.At, e.Span.N, e.FrameHeader = side, len(f.wire()), &h
	return e
}

// A talk is what becomes of the client's stream on connection 1: it is recorded at both ends, as it goes.
type talk struct {
	rec   trace.Recorder
	sent  []byte
	read  int
	begun int64 // where the message begins
}

// handshake writes and reads a request of that size.
func (k *talk) handshake(size int) {
	k.write(make([]byte, size))
	k.reads(size)
	k.tell(trace.Request, trace.Client, 0, size)
	k.tell(trace.Request, trace.Server, 0, size)
}

// frames sends frames, each with a write, and tells of the messages that they make up.
func (k *talk) frames(frames ...frame) {
	for _, f := range frames {
		off := int64(len(k.sent))
		if f.Opcode == opText || f.Opcode == opBinary {
			k.begun = off
		}
		k.write(f.wire())
		k.rec.Record(f.at(trace.Client, off))
		k.rec.Record(f.at(trace.Server, off))
		if f.Fin && f.Opcode < opClose {
			k.tell(trace.Message, trace.Client, k.begun, len(k.sent)-int(k.begun))
			k.tell(trace.Message, trace.Server, k.begun, len(k.sent)-int(k.begun))
		}
	}
}

func (k *talk) write(b []byte) {
	k.rec.Record(span(trace.Write, int64(len(k.sent)), string(b)))
	k.sent = append(k.sent, b...)
}

func (k *talk) reads(sizes ...int) {
	for _, n := range sizes {
		k.tell(trace.Read, trace.Server, int64(k.read), n)
		k.read += n
	}
}

func (k *talk) tell(ev trace.Kind, at trace.Side, off int64, n int) {
	e := span(ev, off, string(k.sent[off:off+int64(n)]))
	e.At = at
	k.rec.Record(e)
}

// spoken is the map of a stream of frames behind a handshake of 187 bytes, read with reads of the given sizes.
func spoken(reads []int, frames ...frame) *trace.Map {
	var maps trace.Maps
	k := &talk{rec: &maps}
	k.handshake(187)
	k.frames(frames...)
	k.reads(reads...)
	return maps.Map(1, trace.ClientToServer)
}
