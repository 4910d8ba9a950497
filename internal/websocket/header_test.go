package websocket_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/websocket"
)

const (
	asServer   = ws.StateServerSide
	asClient   = ws.StateClientSide
	fragmented = ws.StateFragmented
	extended   = ws.StateExtended
)

var mask = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// headers are right, and all that can be said about their fields, whatever was said before them: RFC 6455 section 5.2.
var headers = map[string]ws.Header{
	"\x81\x05":                         {Fin: true, OpCode: ws.OpText, Length: 5},
	"\x02\x7d":                         {OpCode: ws.OpBinary, Length: 125},
	"\x80\x00":                         {Fin: true, OpCode: ws.OpContinuation},
	"\xc1\x00":                         {Fin: true, Rsv: 4, OpCode: ws.OpText},
	"\xa1\x00":                         {Fin: true, Rsv: 2, OpCode: ws.OpText},
	"\x91\x00":                         {Fin: true, Rsv: 1, OpCode: ws.OpText},
	"\x8f\x01":                         {Fin: true, OpCode: 15, Length: 1},
	"\x89\x80\x37\xfa\x21\x3d":         {Fin: true, OpCode: ws.OpPing, Masked: true, Mask: mask},
	"\x82\x7e\x00\x7e":                 {Fin: true, OpCode: ws.OpBinary, Length: 126},
	"\x82\x7e\xff\xff":                 {Fin: true, OpCode: ws.OpBinary, Length: 65535},
	"\x82\xfe\x01\x02\x37\xfa\x21\x3d": {Fin: true, OpCode: ws.OpBinary, Length: 258, Masked: true, Mask: mask},
	"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00":                 {Fin: true, OpCode: ws.OpBinary, Length: 65536},
	"\x82\x7f\x01\x02\x03\x04\x05\x06\x07\x08":                 {Fin: true, OpCode: ws.OpBinary, Length: 0x0102030405060708},
	"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x37\xfa\x21\x3d": {Fin: true, OpCode: ws.OpBinary, Length: math.MaxInt64, Masked: true, Mask: mask},
}

func TestAHeaderSaysWhatItsBytesSay(t *testing.T) {
	for wire, want := range headers {
		t.Run(fmt.Sprintf("%x", wire), func(t *testing.T) {
			for _, rest := range []string{"", "payload"} {
				h, size := websocket.ParseHeader([]byte(wire + rest))
				assert.Equal(t, want, h)
				assert.Equal(t, len(wire), size)
			}
			assert.Equal(t, wire, string(websocket.AppendHeader(nil, want)), "the other direction")
			assert.Equal(t, "before"+wire, string(websocket.AppendHeader([]byte("before"), want)))
		})
	}
}

// TestAHeaderTellsHowMuchOfItIsMissing: at no cut is a size named that another cut contradicts.
func TestAHeaderTellsHowMuchOfItIsMissing(t *testing.T) {
	for wire := range headers {
		for cut := range len(wire) {
			h, size := websocket.ParseHeader([]byte(wire[:cut]))
			if cut < 2 {
				assert.Equal(t, 2, size)
			} else {
				_, whole := websocket.ParseHeader([]byte(wire))
				assert.Equal(t, whole, size, "%x", wire[:cut])
			}
			assert.Greater(t, size, cut)
			assert.Equal(t, cut > 0 && wire[0]&0x80 != 0, h.Fin, "what is there is told")
			assert.Equal(t, cut > 1 && wire[1]&0x80 != 0, h.Masked)
			assert.Zero(t, h.Mask, "half a mask is none")
		}
	}
}

// TestALengthInTooLongAFormIsParsedAllTheSame: whether it is allowed is for CheckHeader.
func TestALengthInTooLongAFormIsParsedAllTheSame(t *testing.T) {
	h, size := websocket.ParseHeader([]byte("\x82\x7e\x00\x05"))
	assert.Equal(t, int64(5), h.Length)
	assert.Equal(t, 4, size)
	h, size = websocket.ParseHeader([]byte("\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x05"))
	assert.Equal(t, int64(5), h.Length)
	assert.Equal(t, 10, size)
	h, _ = websocket.ParseHeader([]byte("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"))
	assert.Negative(t, h.Length, "a length above 2^63-1 must not look like one that can be")
}

// rules is a table of what the RFCs forbid, with the shortest beginning of a header that shows it.
var rules = []struct {
	name    string
	state   ws.State
	wire    string
	section string
}{
	{"reserved opcode 3", asServer, "\x83", "RFC 6455, 5.2"},
	{"reserved opcode 7", asClient, "\x07", "RFC 6455, 5.2"},
	{"reserved opcode B", asServer | fragmented, "\x8b", "RFC 6455, 5.2"},
	{"reserved opcode F", asServer | extended, "\x8f", "RFC 6455, 5.2"},
	{"RSV1 without an extension", asServer, "\xc1", "RFC 6455, 5.2"},
	{"RSV1 without an extension, to a client", asClient, "\x42", "RFC 6455, 5.2"},
	{"RSV1 on a control frame", asServer | extended, "\xc9", "RFC 7692, 6.1"},
	{"RSV1 on a continuation", asServer | extended | fragmented, "\xc0", "RFC 7692, 6.1"},
	{"RSV2", asServer, "\xa1", "RFC 6455, 5.2"},
	{"RSV2 beside RSV1", asServer | extended, "\xe1", "RFC 6455, 5.2"},
	{"RSV3", asClient | extended, "\x91", "RFC 6455, 5.2"},
	{"a Ping without FIN", asServer, "\x09", "RFC 6455, 5.5"},
	{"a Pong without FIN", asClient, "\x0a", "RFC 6455, 5.5"},
	{"a Close without FIN", asServer | fragmented, "\x08", "RFC 6455, 5.5"},
	{"the last fragment of nothing", asServer, "\x80", "RFC 6455, 5.4"},
	{"a fragment of nothing", asClient, "\x00", "RFC 6455, 5.4"},
	{"text inside a message", asServer | fragmented, "\x81", "RFC 6455, 5.4"},
	{"the beginning of bytes inside a message", asClient | fragmented, "\x02", "RFC 6455, 5.4"},
	{"no mask, to a server", asServer, "\x81\x05", "RFC 6455, 5.1"},
	{"a Ping without a mask, to a server", asServer, "\x89\x00", "RFC 6455, 5.1"},
	{"a mask, to a client", asClient, "\x81\x85", "RFC 6455, 5.1"},
	{"a Ping of 126 bytes", asClient, "\x89\x7e", "RFC 6455, 5.5"},
	{"a Close with a 64-bit length", asServer, "\x88\xff", "RFC 6455, 5.5"},
	{"125 in 16 bits", asClient, "\x82\x7e\x00\x7d", "RFC 6455, 5.2"},
	{"0 in 16 bits, masked", asServer, "\x82\xfe\x00\x00", "RFC 6455, 5.2"},
	{"65535 in 64 bits", asClient, "\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", "RFC 6455, 5.2"},
	{"5 in 64 bits, masked", asServer, "\x82\xff\x00\x00\x00\x00\x00\x00\x00\x05", "RFC 6455, 5.2"},
	{"the top bit of a length", asClient, "\x82\x7f\x80\x00\x00\x00\x00\x01\x00\x00", "RFC 6455, 5.2"},
}

// TestEveryRuleIsBrokenByTheFirstByteThatBreaksIt: not before that byte, and with it, whatever follows.
func TestEveryRuleIsBrokenByTheFirstByteThatBreaksIt(t *testing.T) {
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			for cut := range len(rule.wire) {
				assert.NoError(t, websocket.CheckHeader([]byte(rule.wire[:cut]), rule.state))
			}
			for _, rest := range []string{"", "\x00", "0123456789abcdef"} {
				err := websocket.CheckHeader([]byte(rule.wire+rest), rule.state)
				var broken *framing.ProtocolError
				require.ErrorAs(t, err, &broken)
				assert.Equal(t, 1002, broken.Code)
				assert.Contains(t, broken.Text, rule.section)
			}
		})
	}
}

func TestWhatNoRuleForbidsIsAllowed(t *testing.T) {
	for wire, states := range map[string][]ws.State{
		"\x81\x05":         {asClient, asClient | extended},
		"\x01\x00":         {asClient, asClient | extended},
		"\x82\x7d":         {asClient},
		"\x82\x7e\x00\x7e": {asClient},
		"\x82\x7e\xff\xff": {asClient},
		"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00":                 {asClient},
		"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x37\xfa\x21\x3d": {asServer},
		"\x81\x85\x37\xfa\x21\x3d":                                 {asServer, asServer | extended},
		"\xc1\x85\x37\xfa\x21\x3d":                                 {asServer | extended},
		"\x42\x05":                                                 {asClient | extended},
		"\x80\x05":                                                 {asClient | fragmented, asClient | extended | fragmented},
		"\x00\x05":                                                 {asClient | fragmented},
		"\x89\x7d":                                                 {asClient, asClient | fragmented, asClient | extended},
		"\x8a\x80\x37\xfa\x21\x3d":                                 {asServer, asServer | fragmented},
		"\x88\x02":                                                 {asClient, asClient | fragmented},
	} {
		for _, state := range states {
			for cut := range len(wire) + 1 {
				assert.NoError(t, websocket.CheckHeader([]byte(wire[:cut]), state), "%x, state %04b", wire[:cut], state)
			}
		}
	}
}

// TestAFrameIsAHeaderAndItsMaskedPayload has the sample of RFC 6455 section 5.7, and the edges of the lengths.
func TestAFrameIsAHeaderAndItsMaskedPayload(t *testing.T) {
	hello := websocket.AppendFrame([]byte("before"), ws.Header{Fin: true, OpCode: ws.OpText, Masked: true, Mask: mask, Length: 99},
		[]byte("Hello"))
	assert.Equal(t, "before\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", string(hello))
	plain := websocket.AppendFrame(nil, ws.Header{OpCode: ws.OpText}, []byte("Hel"))
	assert.Equal(t, "\x01\x03Hel", string(plain))
	for size, head := range map[int]int{0: 2, 125: 2, 126: 4, 65535: 4, 65536: 10} {
		payload := bytes.Repeat([]byte{'x'}, size)
		frame := websocket.AppendFrame(nil, ws.Header{Fin: true, OpCode: ws.OpBinary}, payload)
		assert.Len(t, frame, head+size)
		h, n := websocket.ParseHeader(frame)
		assert.Equal(t, int64(size), h.Length)
		assert.Equal(t, head, n)
		assert.NoError(t, websocket.CheckHeader(frame, asClient), "it is the shortest form")
		assert.Equal(t, payload, frame[n:])
	}
}
