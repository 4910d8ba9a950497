package decode

import (
	"runtime"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"

	"echolab/framing"
	"echolab/internal/labtest"
	"echolab/internal/websocket"
)

func TestAFrameCostsTwoAllocationsAndItsKey(t *testing.T) {
	for masked, want := range map[bool]float64{false: 2,
		true: 3} { // what Recorders may keep: header and span, key, span
		b := frameOf(ws.OpBinary, true, masked, strings.Repeat("x", 1024))
		var told count
		c := New(1, framing.WebSocket{}, &told)
		dir, off := s2c, int64(0)
		if masked {
			dir = c2s
		}
		got := testing.AllocsPerRun(1000, func() { feed(c, dir, &off, b) })
		assert.Equal(t, want, got)
		assert.Equal(t, 2*1001, told.events)

		c, off = New(1, framing.WebSocket{}, nil), 0
		assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() { feed(c, dir, &off, b) }), 1.0, "without a Recorder")
	}
}

func TestWhatIsLongIsNotKept(t *testing.T) {
	mebibyte := make([]byte, 1<<20)
	const mebibytes = 256
	header := func(op ws.OpCode, rsv byte) []byte {
		return websocket.AppendHeader(nil, ws.Header{Fin: true, Rsv: rsv, OpCode: op, Masked: true,
			Length: mebibytes << 20})
	}
	post := "POST / HTTP/1.1\r\nContent-Length: 268435456\r\n\r\n"
	upgrade := []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
	for name, c := range map[string]struct {
		codec      framing.Codec
		begin      []byte
		answer     []byte
		mostMemory int64
	}{
		"a frame":              {framing.WebSocket{}, header(ws.OpBinary, 0), nil, 1 << 20},
		"a compressed message": {nil, join(asking, header(ws.OpBinary, 4)), upgrade, 4 << 20},
		"a body":               {nil, []byte(post), nil, 1 << 20},
		"a line":               {framing.Lines{}, []byte("x"), nil, 4 << 20},
		"no answer":            {nil, asking, nil, 4 << 20},
		"a head":               {nil, []byte("GET / HTTP/1.1\r\n"), nil, 1 << 20},
		"raw bytes":            {nil, []byte{0}, nil, 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			var told count
			conversation := New(1, c.codec, &told)
			at, off := int64(0), int64(0)
			feed(conversation, c2s, &off, c.begin)
			feed(conversation, s2c, &at, c.answer)
			before := labtest.Heap()
			for range mebibytes {
				feed(conversation, c2s, &off, mebibyte)
			}
			assert.Less(t, labtest.Heap(), before+c.mostMemory)
			conversation.End(noon, c2s)
		})
	}
}

func TestUnansweredRequestsAreSmall(t *testing.T) {
	var told count
	c, off := New(1, nil, &told), int64(0)
	before := labtest.Heap()
	long := "GET /" + strings.Repeat("x", 4<<10) + " HTTP/1.1\r\nX: " + strings.Repeat("y", 4<<10) + "\r\n\r\n"
	for range maxRequests {
		feed(c, c2s, &off, []byte(long))
	}
	assert.Len(t, c.pairing.requests, maxRequests)
	assert.Less(t, labtest.Heap(), before+1<<20)
	runtime.KeepAlive(c)
}
