package decode

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/deflate"
	"echolab/internal/event"
	"echolab/internal/text/texttest"
	"echolab/internal/websocket"
)

// packed are the frames of messages that w compresses, those of a message cut into fragments of the given size.
func packed(t *testing.T, w *deflate.Writer, masked bool, fragment int, messages ...string) (b []byte) {
	t.Helper()
	for _, msg := range messages {
		payload, err := w.Append(nil, []byte(msg))
		require.NoError(t, err)
		h := ws.Header{OpCode: ws.OpText, Rsv: 4, Masked: masked, Mask: [4]byte{1, 2, 3, 4}}
		for ; len(payload) > fragment; h.OpCode, h.Rsv = ws.OpContinuation, 0 {
			b = websocket.AppendFrame(b, h, payload[:fragment])
			payload = payload[fragment:]
		}
		h.Fin = true
		b = websocket.AppendFrame(b, h, payload)
	}
	return b
}

// bodies are the contents of the messages in a stream.
func (t tape) bodies(dir event.Dir) (list []string) {
	for _, e := range t.of(dir, event.Message) {
		list = append(list, string(e.Bytes))
	}
	return list
}

func TestCompressedMessagesAreInflated(t *testing.T) {
	messages := []string{"the same again", "the same again", "", strings.Repeat("the same again, ", 20), "other"}
	for _, header := range []string{
		"permessage-deflate",
		"permessage-deflate; client_max_window_bits=9; server_max_window_bits=8",
		"permessage-deflate; client_no_context_takeover",
		"permessage-deflate; server_no_context_takeover",
		"permessage-deflate; client_no_context_takeover; server_no_context_takeover",
	} {
		for _, fragment := range []int{1, 5, 1000} {
			t.Run(fmt.Sprintf("%s in fragments of %d", header, fragment), func(t *testing.T) {
				p, ok, err := deflate.Agree([]string{header})
				require.NoError(t, err)
				require.True(t, ok)
				cw, _ := p.Client()
				sw, _ := p.Server()
				got := everyCut(t, nil, fromClient(asking, packed(t, cw, true, fragment, messages...)),
					fromServer(websocket.Response(key, header), packed(t, sw, false, fragment, messages...)))
				assert.Equal(t, messages, got.bodies(c2s))
				assert.Equal(t, messages, got.bodies(s2c))
				assert.Equal(t, "inflated: 320 bytes", got.texts(s2c, event.Message)[3])
			})
		}
	}
}

// compressedOf is a server's stream that begins with a 101.
func compressedOf(t *testing.T, header string, messages ...string) (b []byte, starts []int) {
	t.Helper()
	p, _, err := deflate.Agree([]string{header})
	require.NoError(t, err)
	w, _ := p.Server()
	b = websocket.Response(key, header)
	for _, msg := range messages {
		starts = append(starts, len(b))
		b = append(b, packed(t, w, false, 1<<30, msg)...)
	}
	return b, starts
}

func TestAfterAHoleInflationEndsAndThatIsReportedOnce(t *testing.T) {
	messages := []string{"the same again", "the same again", "the same again", "the same again"}
	b, starts := compressedOf(t, "permessage-deflate", messages...)
	got := play(nil, captured{c2s, asking, make([]bool, len(asking))}, without(s2c, b, starts[1]+3, 1), nil)
	assert.Equal(t, []string{"the same again", "", "", ""}, got.bodies(s2c))
	assert.Equal(t, []string{"inflated: 14 bytes", "not inflated", "not inflated", "not inflated"}, got.texts(s2c,
		event.Message))
	texttest.Each(t, got.texts(s2c, event.Failed),
		fmt.Sprintf("message at offset %d is not inflated … 1 byte … not in the capture … nor … follow", starts[1]))
	assert.Len(t, got.of(s2c, event.Frame), 4)

	b, starts = compressedOf(t, "permessage-deflate; server_no_context_takeover", messages...)
	got = play(nil, lacking(c2s, asking, nil), without(s2c, b, starts[1]+3, 1), nil)
	assert.Equal(t, []string{"the same again", "", "the same again", "the same again"}, got.bodies(s2c))
}

func TestACompressedMessageThatDoesNotEnd(t *testing.T) {
	w, _ := deflate.Params{}.Server()
	first := packed(t, w, false, 3, "the same again")
	b := join(websocket.Response(key, "permessage-deflate"), first[:5], packed(t, w, false, 100, "the same again"))
	got := everyCut(t, nil, fromClient(asking), fromServer(b))
	assert.Equal(t, []string{"not inflated"}, got.texts(s2c, event.Message))
	assert.Contains(t, got.texts(s2c, event.Failed)[1], "is not inflated: it does not end; nor are those that follow")
}

func TestWhatCannotBeInflatedIsReported(t *testing.T) {
	frame := func(payload []byte) []byte {
		return websocket.AppendFrame(nil, ws.Header{Fin: true, Rsv: 4, OpCode: ws.OpText}, payload)
	}
	w := deflate.NewWriter(15, false)
	zeros, err := w.Append(nil, make([]byte, 50<<20))
	require.NoError(t, err)
	noise := make([]byte, maxPacked+1)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	for name, c := range map[string]struct {
		payload []byte
		want    string
	}{
		"garbage":  {[]byte("\xff\xff\xff"), "permessage-deflate: "},
		"a bomb":   {zeros, "a message of 1048577 or more bytes is over the limit of 1048576"},
		"too much": {noise, "it is too large"},
	} {
		t.Run(name, func(t *testing.T) {
			ok, err := w.Append(nil, []byte("hello"))
			require.NoError(t, err)
			got := decoded(nil, 4096, fromClient(asking),
				fromServer(websocket.Response(key, "permessage-deflate; server_no_context_takeover"), frame(c.payload),
					frame(ok)))
			assert.Contains(t, got.texts(s2c, event.Failed)[0], "the message at offset ")
			assert.Contains(t, got.texts(s2c, event.Failed)[0], c.want)
			assert.Equal(t, []string{"", "hello"}, got.bodies(s2c))
		})
	}
}

func TestWhatAnotherExtensionDoesIsNotUndone(t *testing.T) {
	b := join(websocket.Response(key, "x-other"), []byte("\xc1\x05hello"), echoed)
	got := everyCut(t, nil, fromClient(asking), fromServer(b))
	failed := got.texts(s2c, event.Failed)
	require.Len(t, failed, 1)
	assert.Contains(t, failed[0], `the server accepted the extension "x-other"`)
	texttest.Each(t, got.texts(s2c, event.Message), "RSV1 … compressed … unknown", "")
	assert.Equal(t, []string{"hello", "hello"}, got.bodies(s2c))
}

func TestInflatedTextIsUTF8(t *testing.T) {
	b, _ := compressedOf(t, "permessage-deflate", "\xff", "right")
	got := decoded(nil, 0, fromClient(asking), fromServer(b))
	assert.Contains(t, got.texts(s2c, event.Failed)[0], "a text message is not UTF-8")
	assert.Len(t, got.of(s2c, event.Message), 2)
}

func TestAMillionBytesOfOneMessageAreNotKept(t *testing.T) {
	var told tape
	c := New(1, nil, &told)
	off, ask := int64(0), int64(0)
	feed(c, c2s, &ask, asking)
	noise := make([]byte, 1_000_000)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	w, _ := deflate.Params{}.Server()
	feed(c, s2c, &off, websocket.Response(key, "permessage-deflate"))
	feed(c, s2c, &off, packed(t, w, false, 300_000, string(noise), "hello"))
	assert.Equal(t, []string{"inflated: 1,000,000 bytes", "inflated: 5 bytes"}, told.texts(s2c, event.Message))
	assert.Len(t, told.of(s2c, event.Message)[0].Bytes, keptBytes)
	f := c.server.decoder.(*frames)
	assert.LessOrEqual(t, max(cap(f.b), cap(f.msg.b)), idleBytes)
}
