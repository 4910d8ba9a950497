package websocket_test

import (
	"bytes"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/deflate"
	"echolab/internal/labtest"
	"echolab/internal/websocket"
)

// A taken is what an Assembler made of a stream.
type taken struct {
	op  ws.OpCode
	msg string
}

// assemble gives a stream to an Assembler, so many bytes at a time.
func assemble(a *websocket.Assembler, stream []byte, step int) (messages []taken, at int, err error) {
	p := websocket.Parser{Deflate: a.Inflate != nil}
	stream = bytes.Clone(stream)
	for len(stream) > 0 {
		b := stream[:min(step, len(stream))]
		stream = stream[len(b):]
		for len(b) > 0 {
			piece, rest, err := p.Next(b)
			if err != nil {
				return messages, at, err
			}
			at += len(b) - len(rest)
			if b = rest; piece == nil || piece.OpCode.IsControl() {
				continue
			}
			msg, whole, err := a.Take(piece)
			if err != nil {
				return messages, at, err
			}
			if whole {
				messages = append(messages, taken{a.OpCode, string(msg)})
			}
		}
	}
	return messages, at, nil
}

func TestFragmentsAreMessagesHoweverTheyCome(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 10_000)
	stream := wire(framing.ServerSide,
		frame{ws.OpText, true, 0, "whole"}, frame{ws.OpText, false, 0, "경"[:1]}, frame{ws.OpPing, true, 0, "?"},
		frame{ws.OpContinuation, false, 0, ""}, frame{ws.OpContinuation, true, 0, "경"[1:]}, frame{ws.OpBinary, true, 0, "\xff"},
		frame{ws.OpText, true, 0, ""}, frame{ws.OpBinary, false, 0, long}, frame{ws.OpContinuation, true, 0, long},
		frame{ws.OpText, false, 0, ""}, frame{ws.OpContinuation, true, 0, ""}, frame{ws.OpText, true, 0, "last"})
	want := []taken{{ws.OpText, "whole"}, {ws.OpText, "경"}, {ws.OpBinary, "\xff"}, {ws.OpText, ""},
		{ws.OpBinary, long + long}, {ws.OpText, ""}, {ws.OpText, "last"}}
	for _, step := range []int{1, 2, 7, 1000, len(stream)} {
		got, _, err := assemble(&websocket.Assembler{Max: 2 * len(long)}, stream, step)
		require.NoError(t, err)
		require.Equal(t, len(want), len(got))
		for i := range want {
			require.True(t, want[i] == got[i], "message %d, %d bytes at a time", i, step)
		}
	}
}

// TestTheLimitIsForTheSumAndComesWithTheHeader: of a payload over it, no byte is waited for.
func TestTheLimitIsForTheSumAndComesWithTheHeader(t *testing.T) {
	stream := wire(framing.ServerSide, frame{ws.OpBinary, true, 0, "another"}, frame{ws.OpBinary, false, 0, "12345"},
		frame{ws.OpContinuation, false, 0, "67890"}, frame{ws.OpContinuation, true, 0, "x"})
	got, _, err := assemble(&websocket.Assembler{Max: 11}, stream, len(stream))
	require.NoError(t, err)
	assert.Equal(t, []taken{{ws.OpBinary, "another"}, {ws.OpBinary, "1234567890x"}}, got)
	for limit, want := range map[int]struct {
		length uint64
		at     int // where the header ends that is too much
	}{10: {11, 41}, 9: {10, 30}, 7: {10, 30}} {
		_, at, err := assemble(&websocket.Assembler{Max: limit}, stream, 1)
		var size *framing.SizeError
		require.ErrorAs(t, err, &size)
		assert.Equal(t, framing.SizeError{Length: want.length, Max: limit}, *size)
		assert.ErrorIs(t, err, framing.ErrTooLarge)
		assert.LessOrEqual(t, at, want.at, "limit %d", limit)
	}
	_, _, err = assemble(new(websocket.Assembler), wire(framing.ServerSide, frame{ws.OpText, true, 0, "x"}), 100)
	assert.ErrorIs(t, err, framing.ErrTooLarge, "the zero value allows empty messages alone")
}

// TestTheSumOfLengthsDoesNotOverflow: two frames that claim all that there can be.
func TestTheSumOfLengthsDoesNotOverflow(t *testing.T) {
	huge := ws.Header{Fin: true, OpCode: ws.OpContinuation, Length: math.MaxInt64}
	for _, limit := range []int{5, 1 << 30, math.MaxInt} {
		a := &websocket.Assembler{Max: limit}
		piece := func(h ws.Header, payload string) *websocket.Piece {
			return &websocket.Piece{Header: h, Payload: []byte(payload), First: true, Last: len(payload) == int(h.Length)}
		}
		_, _, err := a.Take(piece(ws.Header{OpCode: ws.OpBinary, Length: 5}, "12345"))
		require.NoError(t, err)
		_, _, err = a.Take(piece(huge, ""))
		assert.ErrorIs(t, err, framing.ErrTooLarge)
	}
}

// TestATextIsCheckedBeforeItsMessageIsWhole: the error comes with the byte, at the end only if a character lacks its.
func TestATextIsCheckedBeforeItsMessageIsWhole(t *testing.T) {
	begin := wire(framing.ServerSide, frame{ws.OpText, false, 0, "ab"})
	stream := append(begin, wire(framing.ServerSide, frame{ws.OpContinuation, false, 0, "c\xffdef"})...)
	_, at, err := assemble(&websocket.Assembler{Max: 100}, stream, 1)
	var broken *framing.ProtocolError
	require.ErrorAs(t, err, &broken)
	assert.Equal(t, 1007, broken.Code)
	assert.Equal(t, len(begin)+6+2, at, "with the byte itself")

	cut := wire(framing.ServerSide, frame{ws.OpText, false, 0, "\xea\xb0"}, frame{ws.OpContinuation, true, 0, ""})
	_, _, err = assemble(&websocket.Assembler{Max: 100}, cut, len(cut))
	assert.ErrorAs(t, err, &broken)

	// What was left over of one message is no part of the next.
	bytesThenText := wire(framing.ServerSide, frame{ws.OpBinary, false, 0, "\xea"}, frame{ws.OpContinuation, true, 0, "\xb0"},
		frame{ws.OpText, true, 0, "a"})
	_, _, err = assemble(&websocket.Assembler{Max: 100}, bytesThenText, 3)
	assert.NoError(t, err)
}

// deflated is the payload of a message under permessage-deflate.
func deflated(t *testing.T, msg string) string {
	t.Helper()
	b, err := deflate.NewWriter(15, false).Append(nil, []byte(msg))
	require.NoError(t, err)
	return string(b)
}

func inflating(limit int) *websocket.Assembler {
	return &websocket.Assembler{Max: limit, Inflate: deflate.NewReader(15, false)}
}

func TestCompressedMessagesAreInflatedAtTheirEnd(t *testing.T) {
	msg := strings.Repeat("경계 ", 5000)
	packed := deflated(t, msg)
	stream := wire(framing.ServerSide, frame{ws.OpText, true, 4, packed}, frame{ws.OpText, true, 0, "not compressed"},
		frame{ws.OpBinary, false, 4, packed[:9]}, frame{ws.OpPing, true, 0, ""}, frame{ws.OpContinuation, true, 0, packed[9:]},
		frame{ws.OpText, true, 4, deflated(t, "")})
	for _, step := range []int{1, 10, len(stream)} {
		got, _, err := assemble(inflating(len(msg)), stream, step)
		require.NoError(t, err)
		assert.Equal(t, []taken{{ws.OpText, msg}, {ws.OpText, "not compressed"}, {ws.OpBinary, msg}, {ws.OpText, ""}}, got)
	}
}

// TestTheLimitIsForWhatIsInflated: and the payload alone must not be over it by more than compression can make it.
func TestTheLimitIsForWhatIsInflated(t *testing.T) {
	bomb := wire(framing.ServerSide, frame{ws.OpBinary, true, 4, deflated(t, strings.Repeat("x", 100_000))})
	_, _, err := assemble(inflating(99_999), bomb, len(bomb))
	assert.ErrorIs(t, err, framing.ErrTooLarge)
	_, _, err = assemble(inflating(100_000), bomb, len(bomb))
	assert.NoError(t, err)

	allowed := int(deflate.PayloadLimit(1000, true))
	claims := func(length int) []byte {
		return websocket.AppendHeader(nil, ws.Header{Fin: true, Rsv: 4, OpCode: ws.OpText, Masked: true, Length: int64(length)})
	}
	_, _, err = assemble(inflating(1000), claims(allowed), 100)
	assert.NoError(t, err)
	_, _, err = assemble(inflating(1000), claims(allowed+1), 100)
	assert.ErrorIs(t, err, framing.ErrTooLarge)
}

func TestACompressedTextIsCheckedToo(t *testing.T) {
	for _, payload := range []string{deflated(t, "\xff"), deflated(t, "ab\xea\xb0"), "no deflate"} {
		stream := wire(framing.ServerSide, frame{ws.OpText, false, 4, payload}, frame{ws.OpContinuation, true, 0, ""})
		_, _, err := assemble(inflating(100), stream, len(stream))
		var broken *framing.ProtocolError
		require.ErrorAs(t, err, &broken, "%q", payload)
		assert.Equal(t, 1007, broken.Code)
	}
}

// TestAWholeFrameIsNotCopied, and what is held has room for a header in front.
func TestAWholeFrameIsNotCopied(t *testing.T) {
	a := &websocket.Assembler{Max: 100}
	payload := []byte("hello")
	h := ws.Header{Fin: true, OpCode: ws.OpBinary, Length: 5}
	msg, whole, err := a.Take(&websocket.Piece{Header: h, Payload: payload, First: true, Last: true})
	require.NoError(t, err)
	require.True(t, whole)
	assert.Same(t, &payload[0], &msg[0])
	assert.Zero(t, a.Held())

	_, whole, err = a.Take(&websocket.Piece{Header: h, Payload: payload[:2], First: true})
	require.NoError(t, err)
	assert.False(t, whole)
	assert.Equal(t, 2, a.Held())
	assert.Equal(t, "he", string(a.Buffer()[ws.MaxHeaderSize:]))
	a.Drop()
	assert.Zero(t, a.Held())
	msg, whole, err = a.Take(&websocket.Piece{Header: h, Payload: payload[2:], Last: true})
	require.NoError(t, err)
	assert.True(t, whole)
	assert.Equal(t, "llo", string(msg), "what was dropped is the caller's")
}

// TestMemoryIsForWhatCameAndGivenBack: no more than twice what was held, and little of it once it is dropped.
func TestMemoryIsForWhatCameAndGivenBack(t *testing.T) {
	a := &websocket.Assembler{Max: 1 << 30}
	part := make([]byte, 1000)
	h := ws.Header{OpCode: ws.OpBinary, Length: 1 << 30}
	for i := range 4000 {
		_, _, err := a.Take(&websocket.Piece{Header: h, Payload: part, First: i == 0})
		require.NoError(t, err)
		require.Equal(t, (i+1)*len(part), a.Held())
		require.LessOrEqual(t, cap(a.Buffer()), max(2*a.Held()+1<<10, 64<<10+ws.MaxHeaderSize))
	}
	a.Drop()
	assert.LessOrEqual(t, cap(a.Buffer()), 512)

	// Of a compressed message, the payload is given back as soon as it is inflated.
	a = inflating(1 << 20)
	packed := deflated(t, string(labtest.Random(100_000)))
	stream := wire(framing.ServerSide, frame{ws.OpBinary, false, 4, packed}, frame{ws.OpContinuation, true, 0, ""})
	before := labtest.Heap()
	messages, _, err := assemble(a, stream, 1000)
	require.NoError(t, err)
	require.Len(t, messages, 1)
	messages = nil
	assert.Zero(t, a.Held())
	assert.LessOrEqual(t, cap(a.Buffer()), 512)
	a.Drop()
	assert.Less(t, labtest.Heap()-before, int64(50_000), "what it was inflated to is given back too")
	runtime.KeepAlive(a)
	runtime.KeepAlive(stream)
}
