package decode

import (
	"encoding/hex"
	"slices"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/deflate"
	"echolab/internal/event"
	"echolab/internal/websocket"
)

// codecs are those that the fuzzer chooses from.
var codecs = []framing.Codec{nil, framing.Lines{}, framing.Fixed(3), framing.LengthPrefix{}, framing.WebSocket{}}

// A captured stream is one of which the capture lacks some bytes.
type captured struct {
	dir   event.Dir
	b     []byte
	known []bool
}

// lacking is b without the bytes that the script takes away: pairs of a distance from the last hole and of a length.
func lacking(dir event.Dir, b, script []byte) captured {
	c := captured{dir, b, slices.Repeat([]bool{true}, len(b))}
	for at := 0; len(script) >= 2; script = script[2:] {
		at += int(script[0])
		for range script[1] % 16 {
			if at < len(b) {
				c.known[at] = false
			}
			at++
		}
	}
	return c
}

// call is the largest call of Bytes that the n bytes from at on allow: known bytes, and unknown ones after them.
func (c captured) call(at, n int) (known []byte, all int) {
	end := at
	for end < at+n && c.known[end] {
		end++
	}
	known = c.b[at:end]
	for end < at+n && !c.known[end] {
		end++
	}
	return known, end - at
}

// play hands both streams to a Conversation. The script has the sizes of the pieces, each with the stream that it is
// from; with none, both come whole, the client's first.
func play(codec framing.Codec, client, server captured, script []byte) (t tape) {
	c := New(1, codec, &t)
	at := map[event.Dir]int{}
	step := func(s captured, n int) {
		for n = min(n, len(s.b)-at[s.dir]); n > 0; {
			b, all := s.call(at[s.dir], n)
			lend(c, s.dir, int64(at[s.dir]), b, all)
			_ = c.Carried(s.dir)
			at[s.dir] += all
			n -= all
		}
	}
	for _, x := range script {
		if x&1 == 0 {
			step(client, int(x>>1))
		} else {
			step(server, int(x>>1))
		}
	}
	for _, s := range []captured{client, server} {
		step(s, len(s.b))
		c.End(noon, s.dir)
	}
	return t
}

func FuzzConversation(f *testing.F) {
	text, pong := frameOf(ws.OpText, true, true, "hello"), frameOf(ws.OpPong, true, false, "x")
	parts := join(frameOf(ws.OpText, false, false, "he"), pong, frameOf(ws.OpContinuation, true, false, "llo"))
	packed := websocket.Response(key, "permessage-deflate")
	w, _ := deflate.Params{}.Server()
	for range 3 {
		b, err := w.Append(nil, []byte("the same again and again"))
		require.NoError(f, err)
		packed = websocket.AppendFrame(packed, ws.Header{Fin: true, Rsv: 4, OpCode: ws.OpText}, b)
	}
	get, post := []byte("GET / HTTP/1.1\r\n\r\n"), []byte("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
	ok := []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nX: y\r\n\r\n")
	f.Add(join(asking, text, text), join(accepting, parts), []byte{}, []byte{}, []byte{40, 41, 8},
		uint8(0)) // an upgrade
	f.Add(join(get, post, asking, text), join(ok, ok, accepting, parts), []byte{}, []byte{}, []byte{7, 6},
		uint8(0)) // pipelined
	f.Add(join(asking, text), packed, []byte{154, 2}, []byte{180, 1}, []byte{},
		uint8(0)) // compressed, with holes
	f.Add(asking, []byte("HTTP/1.1 404 Not Found\r\n\r\ntill the end"), []byte{}, []byte{}, []byte{},
		uint8(0)) // turned down
	f.Add(text, parts, []byte{}, []byte{}, []byte{3, 4, 5},
		uint8(4)) // no handshake
	f.Add([]byte("a\nbc\r\nd"), []byte("\x00\x00\x00\x02hi"), []byte{}, []byte{}, []byte{},
		uint8(1)) // lines
	f.Add([]byte("\x16\x03\x01\x00\x02\x01\x00\x17\x03\x03\x00\x01x"), []byte("\x15\x03\x03\x00\x02\x02\x28"),
		// TLS
		[]byte{}, []byte{}, []byte{4, 2}, uint8(0))
	f.Add(get, []byte("HTTP/1.1 101 Odd\r\nUpgrade: other\r\n\r\n????"), []byte{}, []byte{}, []byte{},
		uint8(0)) // another protocol
	f.Fuzz(func(t *testing.T, clientBytes, serverBytes, clientHoles, serverHoles, script []byte, which uint8) {
		codec := codecs[int(which)%len(codecs)]
		client, server := lacking(c2s, clientBytes, clientHoles), lacking(s2c, serverBytes, serverHoles)
		whole := play(codec, client, server, nil)
		cut := play(codec, client, server, script)
		for _, s := range []captured{client, server} {
			require.Equal(t, whole.lines(s.dir), cut.lines(s.dir), "cut otherwise, the same is told")
			checkEvents(t, s, whole)
		}
	})
}

// checkEvents holds what is told of a stream against its bytes.
func checkEvents(t *testing.T, s captured, all tape) {
	last := int64(0)
	for _, e := range all {
		if e.Dir != s.dir || e.Span == nil {
			continue
		}
		end := e.Off + int64(e.N)
		require.True(t, e.Off >= 0 && e.N >= 0 && end <= int64(len(s.b)), "%s: within the stream of %d", line(e),
			len(s.b))
		require.GreaterOrEqual(t, end, last, "%s: in order", line(e))
		last = end
		switch e.Ev {
		case event.Request, event.Response:
			require.Equal(t, string(s.b[e.Off:end]), string(e.Bytes))
		case event.Frame:
			checkFrame(t, s, e)
		}
	}
}

// checkFrame unmasks the frame's payload byte by byte.
func checkFrame(t *testing.T, s captured, e event.Event) {
	from := e.Off + int64(e.N) - e.Payload
	mask, err := hex.DecodeString(e.Key)
	require.NoError(t, err)
	require.Equal(t, e.Masked, len(mask) == 4)
	require.LessOrEqual(t, int64(len(e.Bytes)), e.Payload)
	require.NotNil(t, e.Bytes)
	missing := 0
	for i := range int(e.Payload) {
		want := s.b[from+int64(i)]
		if e.Masked {
			want ^= mask[i%4]
		}
		if !s.known[from+int64(i)] {
			missing++
		}
		if i < len(e.Bytes) {
			require.Zero(t, missing)
			require.Equal(t, want, e.Bytes[i])
		}
	}
	require.Equal(t, missing > 0, e.Text != "", line(e))
}
