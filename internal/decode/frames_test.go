package decode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/text/texttest"
)

func TestAMessageHasItsFragmentsAndThePingsBetween(t *testing.T) {
	got := everyCut(t, nil, fromClient(asking), fromServer(accepting, frameOf(ws.OpText, false, false, "he"),
		frameOf(ws.OpPing, true, false, "?"), frameOf(ws.OpContinuation, false, false, ""),
		frameOf(ws.OpContinuation, true, false, "llo"), echoed))
	assert.Equal(t, []string{
		`frame 129+4 op=1 fin=false rsv=0 masked=false key= payload=2 "he"`,
		`frame 133+3 op=9 fin=true rsv=0 masked=false key= payload=1 "?"`,
		`frame 136+2 op=0 fin=false rsv=0 masked=false key= payload=0 ""`,
		`frame 138+5 op=0 fin=true rsv=0 masked=false key= payload=3 "llo"`,
		`message 129+14 "hello"`,
		`frame 143+7 op=1 fin=true rsv=0 masked=false key= payload=5 "hello"`,
		`message 143+7 "hello"`,
	}, got.lines(s2c)[2:])
}

func TestEveryLengthAndMaskIsDecoded(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 127, 65535, 65536, 65537, 100_000} {
		for _, masked := range []bool{false, true} {
			payload := strings.Repeat("0123456789", n/10+1)[:n]
			b := frameOf(ws.OpBinary, true, masked, payload)
			dir := s2c
			if masked {
				dir = c2s
			}
			for _, size := range []int{0, 1, 3, 1448, len(b) - 1} {
				got := decoded(framing.WebSocket{}, size, told{dir, b})
				assert.Len(t, got, 2, "%d in pieces of %d: %v", n, size, got.lines(dir))
				assert.Equal(t, payload[:min(n, keptBytes)], string(got[0].Bytes))
				assert.Equal(t, payload[:min(n, keptBytes)], string(got[1].Bytes))
				assert.Equal(t, int64(n), got[0].Payload)
				assert.Equal(t, event.Span{N: len(b)}, *got[1].Span)
			}
		}
	}
}

func TestAFrameThatBreaksTheRulesIsReported(t *testing.T) {
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"unmasked":          {frameOf(ws.OpText, true, false, "x"), "client must mask"},
		"RSV1":              {[]byte("\xc1\x80\x00\x00\x00\x00"), "RSV1 is set"},
		"RSV3":              {[]byte("\x91\x80\x00\x00\x00\x00"), "RSV2 or RSV3 is set"},
		"opcode 3":          {frameOf(3, true, true, "x"), "opcode 0x3 is reserved"},
		"opcode 11":         {frameOf(11, true, true, "x"), "opcode 0xB is reserved"},
		"a fragmented Ping": {frameOf(ws.OpPing, false, true, "x"), "control frame … fragmented"},
		"a long Ping": {frameOf(ws.OpPing, true, true, strings.Repeat("x", 126)),
			"control frame … 125 bytes"},
		"nothing to continue": {frameOf(ws.OpContinuation, true, true, "x"),
			"nothing to continue"},
		"not the shortest form": {[]byte("\x82\xfe\x00\x01\x00\x00\x00\x00x"), "shortest form"},
		"a Close's code":        {frameOf(ws.OpClose, true, true, "\x03\xed"), "code 1005"},
		"half a code":           {frameOf(ws.OpClose, true, true, "\x03"), "code … 2 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			got := everyCut(t, nil, fromClient(asking, c.b, hello), fromServer(accepting))
			failed := got.texts(c2s, event.Failed)
			texttest.Mentions(t, failed[0], "frame at offset 152 … "+c.want)
			frames := got.of(c2s, event.Frame)
			assert.Len(t, frames, 2, "it is a frame all the same, and another follows")
			assert.Equal(t, event.Span{Off: 152, N: len(c.b)}, *frames[0].Span)
			assert.Equal(t, "hello", string(frames[1].Bytes))
		})
	}
}

func TestAServerThatMasksIsReported(t *testing.T) {
	got := everyCut(t, nil, fromClient(asking), fromServer(accepting, hello))
	texttest.Each(t, got.texts(s2c, event.Failed), "frame at offset 129 … server … not mask … RFC 6455, 5.1")
	assert.Equal(t, "hello", string(got.of(s2c, event.Frame)[0].Bytes))
}

func TestALengthThatCannotBeEndsTheFrames(t *testing.T) {
	got := everyCut(t, framing.WebSocket{}, fromClient([]byte("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"),
		hello))
	texttest.Each(t, got.lines(c2s), "frame at offset 0 … impossible length … after … cannot be decoded")
	got = everyCut(t, framing.WebSocket{}, fromClient([]byte("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"),
		hello))
	texttest.Each(t, got.lines(c2s), "frame at offset 0 … not end")
}

func TestWhatFollowsACloseIsReported(t *testing.T) {
	got := everyCut(t, nil, fromClient(asking, frameOf(ws.OpClose, true, true, ""), hello), fromServer(accepting))
	texttest.Each(t, got.texts(c2s, event.Failed), "frame at offset 158 … follows a Close … RFC 6455, 5.5.1")
}

func TestAMessageThatIsBegunTwice(t *testing.T) {
	got := everyCut(t, nil, fromClient(asking, frameOf(ws.OpText, false, true, "he"), hello), fromServer(accepting))
	assert.Contains(t, got.texts(c2s, event.Failed)[0], "a new message began before the one that was begun had ended")
	assert.Equal(t, event.Span{Off: 160, N: 11}, *got.of(c2s, event.Message)[0].Span)
}

func TestTextIsUTF8(t *testing.T) {
	broken := "\xff"
	for _, c := range []struct {
		frames [][]byte
		right  bool
	}{
		{[][]byte{frameOf(ws.OpText, true, false, "\xea\xb0\x80")}, true},
		{[][]byte{frameOf(ws.OpText, false, false, "\xea\xb0"), frameOf(ws.OpContinuation, true, false, "\x80")}, true},
		{[][]byte{frameOf(ws.OpText, true, false, broken)}, false},
		{[][]byte{frameOf(ws.OpText, true, false, "\xea\xb0")}, false},
		{[][]byte{frameOf(ws.OpText, true, false, strings.Repeat("x", keptBytes-1)+"\xea\xb0\x80")}, true},
		// where it is cut here
		{[][]byte{frameOf(ws.OpBinary, true, false, broken)}, true},
	} {
		got := decoded(framing.WebSocket{}, 7, fromServer(c.frames...))
		want := 1
		if c.right {
			want = 0
		}
		assert.Len(t, got.of(s2c, event.Failed), want, "%v", got.lines(s2c))
	}
}

func TestAStreamThatBeginsInsideAMessage(t *testing.T) {
	got := everyCut(t, framing.WebSocket{}, fromServer(frameOf(ws.OpContinuation, false, false, "a"),
		frameOf(ws.OpContinuation, true, false, "b"), frameOf(ws.OpContinuation, true, false, "c"), echoed))
	assert.Len(t, got.of(s2c, event.Frame), 2)
	texttest.Each(t, got.texts(s2c, event.Failed), // the first may continue what is not in the capture
		"offset 6: no frame … not a WebSocket … continuation … nothing to continue … RFC 6455, 5.4")
}

func TestAStreamThatBeginsInsideAFrameStopsAtTheFirstViolation(t *testing.T) {
	for name, c := range map[string]struct {
		b      []byte // after a whole frame
		offset int
		frames int
		why    string
	}{
		"a header":        {[]byte("lo, this is the rest of a text"), 11, 1, "opcode 0xC"},
		"a Close":         {frameOf(ws.OpClose, true, true, "\x03"), 11, 2, "Close frame's code"},
		"after a Close":   {join(frameOf(ws.OpClose, true, true, ""), hello, hello), 17, 3, "follows a Close"},
		"without a mask":  {echoed, 11, 1, "client must mask"},
		"reserved opcode": {frameOf(3, true, true, "x"), 11, 1, "opcode 0x3"},
	} {
		t.Run(name, func(t *testing.T) {
			got := everyCut(t, framing.WebSocket{}, fromClient(hello, c.b, hello))
			assert.Len(t, got.of(c2s, event.Frame), c.frames, "those before it stay told, and none follows")
			failed := got.texts(c2s, event.Failed)
			assert.Len(t, failed, 1)
			texttest.Mentions(t, failed[0], fmt.Sprintf("offset %d: no frame … %s", c.offset, c.why))
		})
	}
}

func TestAStreamThatEndsInsideAMessage(t *testing.T) {
	part := frameOf(ws.OpText, false, true, "he")
	for n, want := range map[int]string{
		0: "", 1: "frame", 5: "frame", 7: "frame", 8: "message", 9: "frame",
	} {
		b := join(part, hello)[:n]
		got := decoded(framing.WebSocket{}, 0, fromClient(b))
		if want == "" {
			assert.Empty(t, got)
			continue
		}
		failed := got.texts(c2s, event.Failed)
		texttest.Says(t, failed[0], fmt.Sprintf("%s at offset %d … not end", want, n/9*8))
	}
}
