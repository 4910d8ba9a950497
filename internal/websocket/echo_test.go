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

// An echo is what a server makes of a stream that comes in parts. It has the slow code, a Parser and an Assembler, and
// may have the fast one, which must make no difference.
type echo struct {
	fast bool
	rnd  *rand.Rand // where the fast one writes, and how much has room

	parser   websocket.Parser
	msg      websocket.Assembler
	control  []byte
	out      []byte
	messages int
	quick    int // of these, the fast code's
}

// echoLimit is the limit of messages here, and quickLimit that of the fast code.
const (
	echoLimit  = 3000
	quickLimit = 2000
)

// take takes the next part of the stream.
func (e *echo) take(t *testing.T, part []byte) error {
	gap := 0
	if e.fast {
		gap = e.rnd.IntN(20)
	}
	buffer := append(bytes.Repeat([]byte{'.'}, gap), part...) // the part, and room before it
	for b := buffer[gap:]; ; {
		if e.fast {
			var err error
			if b, err = e.takeQuickly(t, buffer, b); err != nil {
				return err
			}
		}
		piece, rest, err := e.parser.Next(b)
		if err != nil || len(b) == 0 {
			return err
		}
		if b = rest; piece == nil {
			continue
		}
		if err := e.takePiece(piece); err != nil {
			return err
		}
	}
}

// takeQuickly calls Echo, whose result goes to before b in the same buffer, or to one of its own that has less room.
func (e *echo) takeQuickly(t *testing.T, buffer, b []byte) (rest []byte, err error) {
	owed := []byte("owed")
	at := len(buffer) - len(b) - e.rnd.IntN(20) - len(owed)
	out := make([]byte, 0, len(owed)+e.rnd.IntN(500))
	if at >= 0 && e.rnd.IntN(4) > 0 {
		out = buffer[at:at]
	}
	out = append(out, owed...)
	echoes, rest, messages, err := e.parser.Echo(out, b, quickLimit)
	if &echoes[0] != &out[0] || string(echoes[:len(owed)]) != "owed" {
		t.Fatalf("it never grows, and what was there stays: %q", echoes)
	}
	e.out = append(e.out, echoes[len(owed):]...)
	e.messages += messages
	e.quick += messages
	return rest, err
}

func (e *echo) takePiece(piece *websocket.Piece) error {
	if piece.OpCode.IsControl() {
		if piece.First {
			e.control = nil
		}
		if e.control = append(e.control, piece.Payload...); piece.Last {
			e.out = websocket.AppendFrame(e.out, ws.Header{Fin: true, OpCode: piece.OpCode}, e.control)
		}
		return nil
	}
	msg, whole, err := e.msg.Take(piece)
	if whole {
		e.out = websocket.AppendFrame(e.out, ws.Header{Fin: true, OpCode: e.msg.OpCode}, msg)
		e.messages++
	}
	return err
}

// echoed takes a whole stream, in parts of at most so many bytes.
func echoed(t *testing.T, stream []byte, fast bool, most int, rnd *rand.Rand) (*echo, error) {
	e := &echo{fast: fast, rnd: rnd, msg: websocket.Assembler{Max: echoLimit}}
	for len(stream) > 0 {
		n := min(1+rnd.IntN(most), len(stream))
		if err := e.take(t, stream[:n]); err != nil {
			return e, err
		}
		stream = stream[n:]
	}
	return e, nil
}

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
		size := []int{0, 1, 7, 8, 31, 32, 33, 64, 124, 125, 126, 127, 1000, quickLimit, quickLimit + 1}[rnd.IntN(15)]
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
		add(0x82, strings.Repeat(".", echoLimit+1))
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

// TestEchoIsWhatNextAndAnAssemblerMakeOfTheStream, byte for byte and with the same error, wherever it is cut.
func TestEchoIsWhatNextAndAnAssemblerMakeOfTheStream(t *testing.T) {
	quick, slow, failed := 0, 0, 0
	for seed := range uint64(800) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		stream := randomStream(rnd)
		most := []int{2, 30, 300, 1 << 20}[seed%4]
		got, gotErr := echoed(t, stream, true, most, rnd)
		want, wantErr := echoed(t, stream, false, len(stream)+1, rnd)
		require.Equal(t, wantErr, gotErr, "seed %d", seed)
		require.Equal(t, want.messages, got.messages, "seed %d", seed)
		require.True(t, bytes.Equal(want.out, got.out), "seed %d: %q, not %q", seed, got.out, want.out)
		quick, slow = quick+got.quick, slow+got.messages-got.quick
		if wantErr != nil {
			failed++
		}
	}
	t.Logf("%d messages by Echo, %d by Next; %d streams with an error", quick, slow, failed)
	assert.Greater(t, quick, 1000)
	assert.Greater(t, slow, 1000)
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

// BenchmarkEchoOfAFrame compares the two ways to echo 16 KiB of frames.
func BenchmarkEchoOfAFrame(b *testing.B) {
	for _, size := range []int{5, 64, 125, 126, 1 << 10} {
		for kind, op := range map[string]ws.OpCode{"text": ws.OpText, "binary": ws.OpBinary} {
			one := wire(framing.ServerSide, frame{op, true, 0, strings.Repeat("m", size)})
			stream := bytes.Repeat(one, 16<<10/len(one))
			buffer, out := make([]byte, len(stream)), make([]byte, 0, len(stream))
			run := func(name string, echo func() error) {
				b.Run(fmt.Sprintf("%d B of %s/%s", size, kind, name), func(b *testing.B) {
					for b.Loop() {
						copy(buffer, stream)
						if err := echo(); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.Elapsed())/float64(b.N*len(stream)/len(one)), "ns/frame")
					b.ReportMetric(0, "ns/op")
				})
			}
			p, msg := new(websocket.Parser), websocket.Assembler{Max: 1 << 20}
			run("Echo", func() error {
				_, _, _, err := p.Echo(buffer[:0], buffer, 1<<20)
				return err
			})
			run("Next and an Assembler", func() error {
				for b, out := buffer, out; len(b) > 0; {
					piece, rest, err := p.Next(b)
					if err != nil {
						return err
					}
					payload, _, err := msg.Take(piece)
					if err != nil {
						return err
					}
					b, out = rest, websocket.AppendFrame(out, ws.Header{Fin: true, OpCode: op}, payload)
				}
				return nil
			})
		}
	}
}
