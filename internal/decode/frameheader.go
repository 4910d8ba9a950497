package decode

import (
	"github.com/gobwas/ws"

	"echolab/internal/websocket"
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
		h, size := websocket.ParseHeader(b)
		if size <= len(b) && websocket.CheckHeader(b[:size], f.state()) == nil {
			f.begin(h, size)
			return b[size:], true
		}
	}
	h, size := websocket.ParseHeader(f.raw[:f.have])
	for size > f.have {
		if len(b) == 0 {
			f.s.carried.part("a frame's header")
			return nil, false
		}
		f.raw[f.have] = b[0]
		f.have++
		b = b[1:]
		h, size = websocket.ParseHeader(f.raw[:f.have])
	}
	if h.Length < 0 {
		f.lose("claims an impossible length")
		return nil, false
	}
	f.have = 0
	f.check(h, size)
	if f.s.decoder != decoder(f) {
		return nil, false
	}
	f.begin(h, size)
	return b, true
}

// check reports what is wrong with the header.
func (f *frames) check(h ws.Header, size int) {
	state := f.state()
	if f.blind && !f.msg.seen && h.OpCode == ws.OpContinuation {
		state = state.Set(ws.StateFragmented)
	}
	f.violation(websocket.CheckHeader(f.raw[:size], state))
}
