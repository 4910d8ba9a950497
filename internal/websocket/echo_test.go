package websocket_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/websocket"
)

// randomStream is mostly usual frames, and some of each other kind, the last of which may be wrong.
func randomStream(rnd *rand.Rand) (stream []byte) {
	add := func(first byte, payload string) {
		h := ws.Header{Fin: first&0x80 != 0, Rsv: first >> 4 & 7, OpCode: ws.OpCode(first & 15), Masked: true}
		for i := range h.Mask {
			h.Mask[i] = byte(rnd.Uint32())
		}
		stream = websocket.AppendFrame(stream, h, []byte(payload))
	}
	text := func() string {
		size := []int{0, 1, 7, 8, 31, 32, 33, 64, 124, 125, 126, 127, 150, 199, quickLimit, quickLimit + 1}[rnd.IntN(16)]
		s := strings.Repeat("0123456789abcdefghijklmnopqrst", size/30+1)[:size]
		if rnd.IntN(3) > 0 || size < 4 {
			return s
		}
		at := rnd.IntN(size - 3)
		return s[:at] + []string{"🙂", "경.", "éé"}[rnd.IntN(3)] + s[at+4:]
	}
	for range rnd.IntN(30) {
		switch kind := rnd.IntN(20); {
		case kind < 10:
			add(0x81, text())
		case kind < 16:
			add(0x82, text()+"\xff")
		case kind < 18:
			add(0x89, "ping")
		default:
			add(0x01, text())
			add(0x00, "")
			add(0x80, "")
		}
	}
	switch rnd.IntN(14) {
	case 0:
		add(0x81, text()+"\xff")
	case 1:
		add(0x81, "\xea\xb0")
	case 2:
		add([]byte{0xc1, 0x91, 0x80, 0x83, 0x09}[rnd.IntN(5)], "wrong")
	case 3:
		add(0x82, strings.Repeat(".", fuzzLimit+1))
	case 4:
		stream = append(stream, "\x82\x01unmasked"...)
	case 5:
		stream = append(stream, "\x82\xfe\x00\x7d\x01\x02\x03\x04"+strings.Repeat("not the shortest", 8)...)
	case 6:
		stream = append(stream, "\x82\xff\x00\x80\x00\x00\x00\x00\x00\x80\x01\x02\x03\x04"+strings.Repeat("huge", 40)...)
	case 7:
		stream = append(stream, "\x81\xff\x00\x00\x00\x00\x00\x00\x00\x05\x01\x02\x03\x04neither"...)
	}
	return stream
}

// TestEchoIsWhatNextAndAnAssemblerMakeOfTheStream, and what the codec and gobwas/ws read in it, wherever it is cut.
func TestEchoIsWhatNextAndAnAssemblerMakeOfTheStream(t *testing.T) {
	messages, failed := 0, 0
	for seed := range uint64(800) {
		stream := randomStream(rand.New(rand.NewPCG(seed, 0)))
		compareReaders(t, stream, false, false, []int{2, 30, 300, 1 << 20}[seed%4])
		read := readCodec(stream, framing.ServerSide)
		if messages += len(read.messages); read.end != between {
			failed++
		}
	}
	assert.Greater(t, messages, 2000)
	assert.Greater(t, failed, 100)
}

// TestEchoChecksEveryByteOfAText: a character, and a byte that is none, at every place in texts of every size up to some.
// The echo is moved as little and as much as an echo can be.
func TestEchoChecksEveryByteOfAText(t *testing.T) {
	for size := range 141 {
		if size > 50 && size != 64 && size < 125 {
			continue // no other way through the code
		}
		for at := range size {
			for _, c := range []string{"\x80", "é"} {
				text := strings.Repeat("a", at) + c + strings.Repeat("a", max(0, size-at-len(c)))
				whole := frame{ws.OpText, true, 0, text}
				masked, want := wire(framing.ServerSide, whole), wire(framing.ClientSide, whole)
				var broken error
				if !utf8.ValidString(text) {
					want, broken = nil, &framing.ProtocolError{Code: 1007}
				}
				for _, move := range []int{0, 1, 4, 8, 40} {
					buffer := append(make([]byte, move), masked...)
					echoes, rest, messages, err := new(websocket.Parser).Echo(buffer[:0], buffer[move:], 1000)
					if endOf(err) != endOf(broken) || !bytes.Equal(want, echoes) || len(rest) > 0 || messages > 0 != (err == nil) {
						t.Fatalf("%q: %q, %d messages, %q is left: %v", text, echoes, messages, rest, err)
					}
				}
			}
		}
	}
}

// TestEchoLeavesWhatIsNotUsual as it came, and takes nothing after it.
func TestEchoLeavesWhatIsNotUsual(t *testing.T) {
	usual := string(wire(framing.ServerSide, frame{ws.OpText, true, 0, "usual"}))
	long := string(wire(framing.ServerSide, frame{ws.OpBinary, true, 0, strings.Repeat("l", 200)}))
	unusual := map[string]string{
		"nothing": "", "a fragment": "\x01\x80mask", "a continuation": "\x80\x80mask", "a Ping": "\x89\x80mask",
		"RSV1": "\xc1\x80mask", "RSV2": "\xa2\x80mask", "RSV3": "\x91\x80mask", "a reserved opcode": "\x83\x80mask",
		"no mask": "\x81\x00mask", "a size in 64 bits": "\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00mask",
		"a size that in 16 bits would be usual": "\x82\xff\x00\xc8\x00\x00\x00\x00\x00\x00mask" + strings.Repeat(".", 200),
		"a size not in its shortest form":       "\x82\xfe\x00\x7dmask" + strings.Repeat(".", 125),
		"a frame over the limit":                string(wire(framing.ServerSide, frame{ws.OpBinary, true, 0, strings.Repeat(".", 201)})),
	}
	for cut := 1; cut < len(usual); cut++ {
		unusual[fmt.Sprintf("%d bytes of a frame", cut)] = usual[:cut]
	}
	for _, cut := range []int{2, 3, 4, 7, 8, len(long) - 1} {
		unusual[fmt.Sprintf("%d bytes of a longer frame", cut)] = long[:cut]
	}
	for name, rest := range unusual {
		if !strings.Contains(name, "bytes of") && rest != "" {
			rest += usual
		}
		out := make([]byte, 0, 1000)
		echoes, left, messages, err := new(websocket.Parser).Echo(out, []byte(usual+long+usual+rest), 200)
		require.NoError(t, err, name)
		assert.Equal(t, 3, messages, name)
		assert.Equal(t, rest, string(left), name)
		assert.Len(t, echoes, 7+204+7, name)
	}
	for n := range 7 + 1 {
		echoes, left, _, err := new(websocket.Parser).Echo(make([]byte, 0, n), []byte(usual), 200)
		require.NoError(t, err)
		assert.Equal(t, n < 7, len(left) > 0, "room for %d bytes", n)
		assert.LessOrEqual(t, cap(echoes), n)
	}
}

// TestEchoIsForTheServerBetweenMessages and without permessage-deflate: what is usual there is elsewhere not.
func TestEchoIsForTheServerBetweenMessages(t *testing.T) {
	usual := wire(framing.ServerSide, frame{ws.OpBinary, true, 0, "usual"})
	for name, p := range map[string]*websocket.Parser{
		"a client": {Side: framing.ClientSide}, "deflate": {Deflate: true},
		"in a message": after(t, "\x01\x80mask"), "in a header": after(t, "\x82"), "in a payload": after(t, "\x82\x90mask"),
	} {
		_, rest, messages, err := p.Echo(make([]byte, 0, 100), usual, 100)
		require.NoError(t, err)
		assert.Zero(t, messages, name)
		assert.Equal(t, usual, rest, name)
	}
	_, rest, messages, err := after(t, "\x01\x80mask\x80\x80mask\x89\x80mask").Echo(make([]byte, 0, 100), usual, 100)
	require.NoError(t, err)
	assert.Equal(t, 1, messages)
	assert.Empty(t, rest)
}

// after is a parser that has taken those bytes.
func after(t *testing.T, stream string) *websocket.Parser {
	var p websocket.Parser
	_, err := parse(&p, []byte(stream))
	require.NoError(t, err)
	return &p
}
