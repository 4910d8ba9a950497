package decode

import (
	"encoding/binary"

	"github.com/gobwas/ws"

	"echolab/framing"
)

// state is what the next header is held against.
func (f *frames) state() ws.State {
	state := f.side
	if f.inflate != nil || f.unclear {
		state = state.Set(ws.StateExtended)
	}
	if f.msg.open {
		state = state.Set(ws.StateFragmented)
	}
	return state
}

// header takes a frame's header, or as much of it as there is: then whole is false. It is also false if the stream was
// given up.
func (f *frames) header(b []byte) (rest []byte, whole bool) {
	if f.have == 0 {
		// Nearly all headers come whole, and nothing is wrong with them.
		h, size, err := framing.ParseFrameHeader(b, f.state())
		if err == nil && size <= len(b) {
			f.begin(h, size)
			return b[size:], true
		}
	}
	for f.have < f.headerSize() {
		if len(b) == 0 {
			f.s.carried.part("a frame's header")
			return nil, false
		}
		f.raw[f.have] = b[0]
		f.have++
		b = b[1:]
	}
	h, ok := headerOf(f.raw[:f.have])
	if !ok {
		f.lose("claims a length that cannot be")
		return nil, false
	}
	size := f.have
	f.have = 0
	f.check(h, size)
	if f.s.decoder != decoder(f) {
		return nil, false
	}
	f.begin(h, size)
	return b, true
}

// check tells what is wrong with the header.
func (f *frames) check(h ws.Header, size int) {
	state := f.state()
	if f.blind && !f.msg.seen && h.OpCode == ws.OpContinuation {
		state = state.Set(ws.StateFragmented)
	}
	_, _, err := framing.ParseFrameHeader(f.raw[:size], state)
	f.violation(err)
}

// headerSize is the size of the header that begins with the bytes in raw, as far as they tell.
func (f *frames) headerSize() int {
	size := ws.MinHeaderSize
	if f.have < size {
		return size
	}
	switch f.raw[1] & 0x7f {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if f.raw[1]&0x80 != 0 {
		size += 4
	}
	return size
}

// headerOf is what a whole header says, right or wrong. It is not ok if the length is over 2^63-1.
func headerOf(b []byte) (h ws.Header, ok bool) {
	h = ws.Header{Fin: b[0]&0x80 != 0, Rsv: b[0] >> 4 & 7, OpCode: ws.OpCode(b[0] & 0xf), Masked: b[1]&0x80 != 0}
	length := uint64(b[1] & 0x7f)
	switch length {
	case 126:
		length = uint64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		length = binary.BigEndian.Uint64(b[2:])
	}
	if h.Masked {
		copy(h.Mask[:], b[len(b)-4:])
	}
	h.Length = int64(length)
	return h, h.Length >= 0
}
