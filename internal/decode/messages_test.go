package decode

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/text/texttest"
)

func TestTheMessagesOfACodec(t *testing.T) {
	messages := []string{"one", "two", "six", "\x00\x01\x02"}
	for _, codec := range []framing.Codec{framing.Lines{}, framing.Fixed(3), framing.LengthPrefix{}, prefixed{}} {
		t.Run(fmt.Sprint(codec), func(t *testing.T) {
			var b []byte
			var want []event.Span
			for _, msg := range messages {
				from := len(b)
				var err error
				b, err = codec.Append(b, []byte(msg))
				require.NoError(t, err)
				want = append(want, event.Span{Off: int64(from), N: len(b) - from})
			}
			got := everyCut(t, codec, fromClient(b), fromServer(b))
			for _, dir := range []event.Dir{c2s, s2c} {
				assert.Equal(t, messages, got.bodies(dir))
				for i, e := range got.of(dir, event.Message) {
					assert.Equal(t, want[i], *e.Span)
				}
				assert.Empty(t, got.of(dir, event.Failed))
			}
			got = everyCut(t, codec, fromClient(b[:len(b)-1]))
			assert.Equal(t, messages[:3], got.bodies(c2s))
			texttest.Each(t, got.texts(c2s, event.Failed), fmt.Sprintf("message at offset %d … not end", want[3].Off))
		})
	}
}

// prefixed is somebody's own codec: one byte of length.
type prefixed struct{}

func (prefixed) Append(dst, msg []byte) ([]byte, error) {
	return append(append(dst, byte(len(msg))), msg...), nil
}

func (prefixed) Read(r *bufio.Reader, _ int) ([]byte, error) {
	n, err := r.ReadByte()
	if err != nil {
		return nil, err
	}
	msg := make([]byte, n)
	if _, err = io.ReadFull(r, msg); err != nil {
		return nil, fmt.Errorf("inside a message: %w", err)
	}
	return msg, nil
}

// foreign is a codec that cannot tell cheaply whether a message is whole. It counts how often it is asked.
type foreign struct {
	framing.Codec
	asked *int
}

func (f foreign) Read(r *bufio.Reader, max int) ([]byte, error) {
	*f.asked++
	return f.Codec.Read(r, max)
}

func TestACodecIsNotAskedForEveryPieceOfALongMessage(t *testing.T) {
	const size, piece = 64 << 10, 64
	long := strings.Repeat("x", size)
	for _, codec := range []framing.Codec{framing.LengthPrefix{}, framing.Lines{}} {
		stream, err := codec.Append(nil, []byte(long))
		require.NoError(t, err)
		var told tape
		asked := 0
		c, off := New(1, foreign{codec, &asked}, &told), int64(0)
		for part := range slices.Chunk(stream, piece) {
			feed(c, c2s, &off, part)
		}
		c.End(noon, c2s)
		assert.Less(t, asked, 100, "of %d pieces", len(stream)/piece)
		require.Equal(t, 1, len(told.of(c2s, event.Message)), "it is told at the end, if not before")
		assert.Equal(t, event.Span{N: len(stream)}, *told.of(c2s, event.Message)[0].Span)
		assert.Empty(t, told.of(c2s, event.Failed))
	}
}

func TestMessagesHaveALimit(t *testing.T) {
	prefix := func(n int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(n))) }
	for name, c := range map[string]struct {
		codec framing.Codec
		b     string
		right bool
	}{
		"a line of the limit":   {framing.Lines{}, strings.Repeat("x", maxMessage) + "\r\n", true},
		"a line over it":        {framing.Lines{}, strings.Repeat("x", maxMessage+1) + "\r\n", false},
		"a line without end":    {framing.Lines{}, strings.Repeat("x", 3*maxMessage), false},
		"a length of the limit": {framing.LengthPrefix{}, prefix(maxMessage) + strings.Repeat("x", maxMessage), true},
		"a length over it":      {framing.LengthPrefix{}, prefix(maxMessage + 1), false},
		"a hostile length":      {framing.LengthPrefix{}, prefix(1<<32 - 1), false},
		"a size over it":        {framing.Fixed(maxMessage + 1), "xx", false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{0, 1, 1448, 5000} {
				if size == 1 && len(c.b) > 100 {
					continue
				}
				got := decoded(c.codec, size, fromClient([]byte(c.b)))
				if c.right {
					assert.Len(t, got, 1)
					assert.Len(t, got[0].Bytes, keptBytes)
					assert.Equal(t, event.Span{N: len(c.b)}, *got[0].Span)
					continue
				}
				lines := got.lines(c2s)
				require.Len(t, lines, 1)
				assert.Regexp(t, "^error: the message at offset 0: .* is over the limit of 1048576; what follows cannot be decoded$", lines[0])
			}
		})
	}
}

func TestALongMessageIsNotKept(t *testing.T) {
	var told tape
	c, off := New(1, framing.Lines{}, &told), int64(0)
	feed(c, c2s, &off, []byte(strings.Repeat("x", maxMessage)+"\nshort"))
	assert.LessOrEqual(t, cap(c.client.decoder.(*messages).b), 2*keptBytes)
	feed(c, c2s, &off, []byte("\n"))
	assert.Equal(t, "short", told.bodies(c2s)[1])
}

func TestRawIsNotACodec(t *testing.T) {
	assert.Empty(t, everyCut(t, framing.Raw{}, fromClient([]byte("hello\n")), fromServer([]byte("hello\n"))))
}

func TestWithTheHandshakeTheCodecDoesNotMatter(t *testing.T) {
	for _, codec := range []framing.Codec{framing.Lines{}, framing.WebSocket{}} {
		got := everyCut(t, codec, fromClient(asking, hello), fromServer(accepting, echoed))
		assert.Equal(t, decoded(nil, 0, fromClient(asking, hello), fromServer(accepting, echoed)), got)
	}
}

func TestFramesWithoutAHandshake(t *testing.T) {
	got := everyCut(t, framing.WebSocket{}, fromClient(hello), fromServer(echoed, []byte("\xc1\x01\xff")))
	assert.Equal(t, []string{`frame 0+11 op=1 fin=true rsv=0 masked=true key=37fa213d payload=5 "hello"`,
		`message 0+11 "hello"`}, got.lines(c2s))
	texttest.Each(t, got.texts(s2c, event.Message), "", "RSV1 … compressed … unknown")
	assert.Empty(t, got.of(s2c, event.Failed))
}

func TestWhatACallCarried(t *testing.T) {
	large := frameOf(ws.OpText, true, true, strings.Repeat("x", 10_000))
	c := New(1, nil, nil)
	at := map[event.Dir]int64{}
	say := func(dir event.Dir, b []byte, n int) string {
		c.Bytes(noon, dir, at[dir], b, n)
		at[dir] += int64(n)
		return c.Carried(dir)
	}
	whole := func(dir event.Dir, parts ...[]byte) string {
		b := bytes.Join(parts, nil)
		return say(dir, b, len(b))
	}
	assert.Equal(t, "", c.Carried(c2s))
	assert.Equal(t, "", whole(c2s, []byte("PO")))
	assert.Equal(t, "part of the head of the request", whole(c2s, []byte("ST /x HTTP/1.1\r\n")))
	assert.Equal(t, "the request POST /x; 2 bytes of the body of POST /x", whole(c2s,
		[]byte("Content-Length: 5\r\n\r\nab")))
	assert.Equal(t, "3 bytes of the body of POST /x; the request GET /ws", whole(c2s, []byte("cde"), asking))
	texttest.Says(t, whole(s2c, []byte("HTTP/1.1 204 No Content\r\n\r\n"), accepting, echoed), "response 204 … response 101 … frame: text of 5")
	texttest.Says(t, whole(c2s, hello), "frame: text of 5, masked")
	assert.Equal(t, "2 frames: text of 5, close 1000", whole(s2c, echoed, frameOf(ws.OpClose, true, false,
		"\x03\xe8bye")))
	assert.Equal(t, "part of a frame's header", whole(c2s, large[:5]))
	assert.Equal(t, "the header of a text frame of 10,000", whole(c2s, large[5:8]))
	assert.Equal(t, "the first 1,440 bytes of a text frame of 10,000", whole(c2s, large[8:1448]))
	texttest.Says(t, say(c2s, large[1448:1500], 1448), "bytes 1,440 … 2,888 … text frame of 10,000")
	assert.Equal(t, "the last 7,112 bytes of a text frame of 10,000; "+
		"4 frames: ping, empty, pong of 1, text of 5, ...; part of a frame's header",
		whole(c2s, large[2896:], frameOf(ws.OpPing, true, true, ""), frameOf(ws.OpPong, true, true, "x"), hello,
			hello, hello[:1]))
	texttest.Says(t, whole(c2s, hello[1:]), "frame: text of 5, masked")

	c, at = New(1, framing.Lines{}, nil), map[event.Dir]int64{}
	assert.Equal(t, "message of 2", whole(c2s, []byte("ab\r\n")))
	assert.Equal(t, "2 messages: 0, 3; part of a message", whole(c2s, []byte("\nabc\nd")))
	assert.Equal(t, "part of a message", whole(c2s, []byte("d")))
	assert.Equal(t, "TLS handshake, 2 bytes; part of a TLS record: application data of 2",
		whole(s2c, []byte("\x16\x03\x03\x00\x02xx\x17\x03\x03\x00\x02x")))
	texttest.Says(t, whole(s2c, []byte("x\x15\x03\x03\x00\x00")), "2 TLS records … application data of 2 … alert of 0")
	c.End(noon, s2c)
	assert.Equal(t, "", c.Carried(s2c))

	c, at = New(1, framing.WebSocket{}, nil), map[event.Dir]int64{}
	assert.Equal(t, "2 frames: RSV1 text of 1, text, empty", whole(c2s, []byte("\xc1\x81\x00\x00\x00\x00x\x81\x80\x00\x00\x00\x00")))
}
