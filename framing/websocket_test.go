package framing_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
)

// The first bytes of frames: FIN, three reserved bits, the opcode.
const (
	text      = 0b1_000_0001
	textFirst = 0b0_000_0001
	binFirst  = 0b0_000_0010
	bin       = 0b1_000_0010
	more      = 0b0_000_0000 // a continuation that is not the last
	last      = 0b1_000_0000
	closing   = 0b1_000_1000
	ping      = 0b1_000_1001
	pong      = 0b1_000_1010
)

var key = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// frameFor is a frame as reader expects it: masked if reader is the server's side.
func frameFor(reader framing.WebSocket, first byte, payload string) []byte {
	var mask byte
	if reader.Side == framing.ServerSide {
		mask = 0x80
	}
	frame := []byte{first}
	switch n := len(payload); {
	case n < 126:
		frame = append(frame, mask|byte(n))
	case n < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, mask|126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, mask|127), uint64(n))
	}
	if mask == 0 {
		return append(frame, payload...)
	}
	frame = append(frame, key[:]...)
	for i := range len(payload) {
		frame = append(frame, payload[i]^key[i%4])
	}
	return frame
}

// frames are several, one after the other: pairs of a first byte and a payload.
func frames(reader framing.WebSocket, pairs ...any) (stream []byte) {
	for i := 0; i < len(pairs); i += 2 {
		stream = append(stream, frameFor(reader, byte(pairs[i].(int)), pairs[i+1].(string))...)
	}
	return stream
}

// onBothSides runs a test as the server, which wants masked frames, and as the client.
func onBothSides(t *testing.T, test func(t *testing.T, reader framing.WebSocket)) {
	t.Run("as server", func(t *testing.T) { test(t, server) })
	t.Run("as client", func(t *testing.T) { test(t, client) })
}

// TestTheSamplesOfTheRFC has the frames of RFC 6455 section 5.7, byte for byte.
func TestTheSamplesOfTheRFC(t *testing.T) {
	binary256, binary64K := bytes.Repeat([]byte{0xfe}, 256), bytes.Repeat([]byte{0xfe}, 65536)
	for _, test := range []struct {
		name   string
		reader framing.WebSocket
		wire   []byte
		want   string
	}{
		{"a single frame of text, not masked", client, draw(t, "81 05 | 48 65 6c 6c 6f"), "Hello"},
		{"a single frame of text, masked", server, draw(t, "81 85 37fa213d | 7f 9f 4d 51 58"), "Hello"},
		{"a text in two fragments", client, draw(t, "01 03 | 48 65 6c   80 02 | 6c 6f"), "Hello"},
		{"256 bytes in one frame", client, append(draw(t, "82 7e 0100"), binary256...), string(binary256)},
		{"64 KiB in one frame", client, append(draw(t, "82 7f 0000000000010000"), binary64K...), string(binary64K)},
		{"a ping before the text", client, draw(t, "89 05 | 48 65 6c 6c 6f   81 05 | 48 65 6c 6c 6f"), "Hello"},
		{"a masked pong before the text", server,
			draw(t, "8a 85 37fa213d | 7f 9f 4d 51 58   81 85 37fa213d | 7f 9f 4d 51 58"), "Hello"},
		{"a ping between the fragments", client,
			draw(t, "01 03 | 48 65 6c   89 05 | 48 65 6c 6c 6f   80 02 | 6c 6f"), "Hello"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := reader(test.wire)
			msg, err := test.reader.Read(r, len(test.want))
			require.NoError(t, err)
			assert.Equal(t, test.want, string(msg))
			_, err = test.reader.Read(r, len(test.want))
			assert.Equal(t, io.EOF, err)
		})
	}
}

// TestAppendMakesTheSamplesOfTheRFC is the other direction. A masked frame has a key of its own each time, and is the
// sample with another key.
func TestAppendMakesTheSamplesOfTheRFC(t *testing.T) {
	wire, err := framing.WebSocket{Text: true}.Append(nil, []byte("Hello"))
	require.NoError(t, err)
	assert.Equal(t, draw(t, "81 05 | 48 65 6c 6c 6f"), wire)

	wire, err = framing.WebSocket{Text: true, Side: framing.ClientSide}.Append(nil, []byte("Hello"))
	require.NoError(t, err)
	require.Len(t, wire, 11)
	assert.Equal(t, draw(t, "81 85"), wire[:2])
	for i, b := range []byte("Hello") {
		assert.Equal(t, b, wire[6+i]^wire[2+i%4])
	}
}

// TestEveryFrameHasAKeyOfItsOwn: section 5.3 wants a key that nobody can foresee.
func TestEveryFrameHasAKeyOfItsOwn(t *testing.T) {
	keys := map[string]bool{}
	for range 100 {
		wire, err := client.Append(nil, []byte("same"))
		require.NoError(t, err)
		keys[string(wire[2:6])] = true
	}
	assert.Greater(t, len(keys), 95, "of 100 keys")
}

// TestMaskingIsForOneDirection: section 5.1.
func TestMaskingIsForOneDirection(t *testing.T) {
	for _, kind := range []byte{text, bin, ping, pong, closing, textFirst} {
		assertBreaks(t, server, frameFor(client, kind, ""), 1002)
		assertBreaks(t, client, frameFor(server, kind, ""), 1002)
	}
}

// assertBreaks wants a ProtocolError with the code, and no message.
func assertBreaks(t *testing.T, c framing.WebSocket, stream []byte, code int) {
	t.Helper()
	msg, err := c.Read(reader(stream), 1<<20)
	assert.Nil(t, msg)
	var broken *framing.ProtocolError
	if assert.ErrorAs(t, err, &broken, "% x", stream[:min(len(stream), 16)]) {
		assert.Equal(t, code, broken.Code, "%v", err)
		assert.Contains(t, err.Error(), fmt.Sprintf("(close code %d)", code))
		assert.Contains(t, broken.Text, "RFC 6455")
	}
}

func TestReservedBitsNeedAnExtension(t *testing.T) {
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		for _, bit := range []byte{0b0_100_0000, 0b0_010_0000, 0b0_001_0000} {
			for _, kind := range []byte{text, bin, ping, closing, textFirst} {
				assertBreaks(t, c, frameFor(c, kind|bit, ""), 1002)
			}
		}
	})
}

func TestReservedOpcodesAreRefused(t *testing.T) {
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		for _, opcode := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
			assertBreaks(t, c, frameFor(c, 0x80|opcode, ""), 1002)
			assertBreaks(t, c, frameFor(c, opcode, "x"), 1002)
		}
	})
}

// TestControlFramesAreShortAndWhole: section 5.5.
func TestControlFramesAreShortAndWhole(t *testing.T) {
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		long := string(make([]byte, 126))
		for _, kind := range []byte{ping, pong, closing} {
			assertBreaks(t, c, frameFor(c, kind, long), 1002)
			assertBreaks(t, c, frameFor(c, kind&^0x80, ""), 1002) // without FIN
			assertBreaks(t, c, append(frameFor(c, textFirst, "a"), frameFor(c, kind, long)...), 1002)
		}
		for _, kind := range []byte{ping, pong} {
			stream := append(frameFor(c, kind, long[:125]), frameFor(c, text, "after it!")...)
			msg, err := c.Read(newSmallReader(string(stream)), 9)
			require.NoError(t, err)
			assert.Equal(t, "after it!", string(msg))
		}
	})
}

// TestALengthHasItsShortestForm: section 5.2. Else a frame could be written in several ways, and a filter that knows
// one of them be passed.
func TestALengthHasItsShortestForm(t *testing.T) {
	mask := func(c framing.WebSocket) byte {
		if c.Side == framing.ServerSide {
			return 0x80
		}
		return 0
	}
	rest := string(make([]byte, 4+200)) // a key, and more than the payload
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		for _, length := range []uint16{0, 1, 125} {
			head := binary.BigEndian.AppendUint16([]byte{bin, mask(c) | 126}, length)
			assertBreaks(t, c, append(head, rest...), 1002)
			head[0] = ping
			assertBreaks(t, c, append(head, rest...), 1002)
		}
		for _, length := range []uint64{0, 125, 126, 65535, 1 << 63, 1<<64 - 1} {
			head := binary.BigEndian.AppendUint64([]byte{bin, mask(c) | 127}, length)
			assertBreaks(t, c, append(head, rest...), 1002)
		}
	})
}

// TestOnlyTextMustBeUTF8: section 8.1.
func TestOnlyTextMustBeUTF8(t *testing.T) {
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		for _, invalid := range []string{
			"\xff", "\xc0\xaf" /* too long a form */, "\xed\xa0\x80" /* half a surrogate pair */, "\xea\xb0", /* cut */
			"\xf4\x90\x80\x80" /* beyond the last character */, "good\x80",
		} {
			assertBreaks(t, c, frameFor(c, text, invalid), 1007)
			assertBreaks(t, c, frames(c, textFirst, "good", last, invalid), 1007)
			msg, err := c.Read(reader(frameFor(c, bin, invalid)), 100)
			require.NoError(t, err)
			assert.Equal(t, invalid, string(msg))
		}
	})
}
