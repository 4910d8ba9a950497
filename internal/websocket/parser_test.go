package websocket_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/websocket"
)

// A frame is one as a test wants it.
type frame struct {
	op      ws.OpCode
	fin     bool
	rsv     byte
	payload string
}

// wire is the frames as bytes, masked if they are for a server.
func wire(side framing.Side, frames ...frame) (b []byte) {
	for _, f := range frames {
		h := ws.Header{OpCode: f.op, Fin: f.fin, Rsv: f.rsv, Masked: side == framing.ServerSide, Mask: mask}
		b = websocket.AppendFrame(b, h, []byte(f.payload))
	}
	return b
}

// parse gives the parts to a parser, and returns the frames that came whole.
func parse(p *websocket.Parser, parts ...[]byte) (frames []frame, err error) {
	var payload []byte
	for _, part := range parts {
		for b := bytes.Clone(part); len(b) > 0; {
			piece, rest, err := p.Next(b)
			if err != nil {
				return frames, err
			}
			if b = rest; piece == nil {
				break
			}
			if piece.First {
				payload = nil
			}
			if payload = append(payload, piece.Payload...); piece.Last {
				frames = append(frames, frame{piece.OpCode, piece.Fin, piece.Rsv, string(payload)})
			}
		}
	}
	return frames, nil
}

// TestAParserFindsTheSameFramesWhereverTheStreamIsCut in three.
func TestAParserFindsTheSameFramesWhereverTheStreamIsCut(t *testing.T) {
	frames := []frame{
		{ws.OpText, false, 4, "Hel"}, {ws.OpPing, true, 0, "?"}, {ws.OpContinuation, true, 0, "lo"},
		{ws.OpBinary, true, 0, ""}, {ws.OpText, true, 0, string(make([]byte, 130))}, {ws.OpClose, true, 0, ""},
	}
	for _, side := range []framing.Side{framing.ServerSide, framing.ClientSide} {
		stream := wire(side, frames...)
		for i := range len(stream) + 1 {
			for j := i; j <= len(stream); j += 1 + j/8 {
				p := &websocket.Parser{Side: side, Deflate: true}
				got, err := parse(p, stream[:i], stream[i:j], stream[j:])
				require.NoError(t, err)
				require.Equal(t, frames, got, "cut after %d and %d bytes", i, j)
				require.True(t, p.Between())
			}
		}
	}
}

// TestAStreamMayEndOnlyBetweenTwoMessages: fragments are inside one, and a Ping is not.
func TestAStreamMayEndOnlyBetweenTwoMessages(t *testing.T) {
	stream := wire(framing.ServerSide, frame{ws.OpPing, true, 0, "?"}, frame{ws.OpText, false, 0, "Hel"},
		frame{ws.OpPing, true, 0, ""}, frame{ws.OpContinuation, true, 0, ""})
	for cut := range len(stream) + 1 {
		var p websocket.Parser
		_, err := parse(&p, stream[:cut])
		require.NoError(t, err)
		assert.Equal(t, cut == 0 || cut == 7 || cut == len(stream), p.Between(), "after %d bytes", cut)
	}
}

// TestAParserFindsWhatIsWrongWithItsByte: glued, and byte by byte, with frames before it that make the state.
func TestAParserFindsWhatIsWrongWithItsByte(t *testing.T) {
	for _, rule := range rules {
		side, rest := framing.ServerSide, "\x80"+string(make([]byte, 12)) // the usual second byte, and more
		if rule.state.ClientSide() {
			side, rest = framing.ClientSide, string(make([]byte, 12))
		}
		stream := wire(side, frame{ws.OpText, true, 0, "whole"})
		if rule.state.Fragmented() {
			stream = append(stream, wire(side, frame{ws.OpText, false, 0, "begun"})...)
		}
		before := len(stream)
		stream = append(stream, rule.wire...)
		for name, parts := range map[string][][]byte{
			"glued": {stream}, "glued, and more": {append(bytes.Clone(stream), rest...)}, "byte by byte": slices.Collect(slices.Chunk(stream, 1)), "at the frame": {stream[:before], stream[before:]},
		} {
			p := &websocket.Parser{Side: side, Deflate: rule.state.Extended()}
			_, err := parse(p, parts...)
			assert.ErrorAs(t, err, new(*framing.ProtocolError), "%s, %s", rule.name, name)
		}
		p := &websocket.Parser{Side: side, Deflate: rule.state.Extended()}
		_, err := parse(p, stream[:len(stream)-1])
		assert.NoError(t, err, "%s: not before the byte that is wrong", rule.name)
	}
}

// TestAParserTouchesNothingAfterTheFrame: what follows is masked with another key.
func TestAParserTouchesNothingAfterTheFrame(t *testing.T) {
	stream := wire(framing.ServerSide, frame{ws.OpText, true, 0, "one"}, frame{ws.OpText, true, 0, "two"})
	b := bytes.Clone(stream)
	var p websocket.Parser
	piece, rest, err := p.Next(b)
	require.NoError(t, err)
	assert.Equal(t, "one", string(piece.Payload))
	assert.Equal(t, 6, piece.Size)
	assert.Equal(t, stream[9:], rest)
	assert.Equal(t, cap(piece.Payload), len(piece.Payload), "an append must not write there")
	p.Release()
	assert.Nil(t, piece.Payload)
}
