package decode

import (
	"fmt"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/text"
	"echolab/internal/text/texttest"
)

// without is b, of which the capture does not have the n bytes at off.
func without(dir event.Dir, b []byte, off, n int) captured {
	c := lacking(dir, b, nil)
	for i := range n {
		c.known[off+i] = false
	}
	return c
}

func TestAHoleInAPayloadLosesNoPlace(t *testing.T) {
	first := frameOf(ws.OpText, true, true, "0123456789")
	b := join(first, hello)
	const header = 6
	for off := header; off < len(first); off++ {
		for n := 1; off+n <= len(first); n++ {
			got := play(framing.WebSocket{}, without(c2s, b, off, n), captured{dir: s2c}, nil)
			missing := missingText(int64(n), " of its payload")
			beginning := text.Quote([]byte("0123456789"[:off-header]), 40)
			assert.Equal(t, []string{
				"frame 0+16 op=1 fin=true rsv=0 masked=true key=37fa213d payload=10 " + beginning + ": " + missing,
				"message 0+16 " + beginning + ": " + missing,
				`frame 16+11 op=1 fin=true rsv=0 masked=true key=37fa213d payload=5 "hello"`,
				`message 16+11 "hello"`,
			}, got.lines(c2s))
		}
	}
}

func TestHolesInTwoFragments(t *testing.T) {
	b := join(frameOf(ws.OpText, false, false, "abc"), frameOf(ws.OpPing, true, false, "?"),
		frameOf(ws.OpContinuation, true, false, "defg"))
	s := without(s2c, b, 4, 1)
	s.known[11], s.known[12] = false, false
	got := play(framing.WebSocket{}, captured{dir: c2s}, s, nil)
	texttest.Each(t, got.texts(s2c, event.Frame), "1 byte … not in the capture", "", "2 bytes … not in the capture")
	assert.Equal(t, []string{`message 0+14 "ab": 3 bytes of its payload are not in the capture`},
		[]string{line(got.of(s2c, event.Message)[0])})
}

func TestAHoleInACloseIsNotAFault(t *testing.T) {
	b := frameOf(ws.OpClose, true, false, "\x03\xe8bye")
	got := play(framing.WebSocket{}, captured{dir: c2s}, without(s2c, b, 3, 1), nil)
	assert.Equal(t, []string{"5 bytes"}, []string{text.Bytes(got[0].Payload)})
	assert.Len(t, got, 1)
}

func TestAHoleInAHeaderLosesThePlace(t *testing.T) {
	b := join(hello, frameOf(ws.OpText, true, true, "0123456789"), hello)
	at := len(hello)
	for off := range len(b) {
		for n := 1; off+n <= len(b); n++ {
			if off+n <= at || off > at+5 {
				continue // in front of the second header, or after it
			}
			got := play(framing.WebSocket{}, without(c2s, b, off, n), captured{dir: s2c}, nil)
			failed := got.texts(c2s, event.Failed)
			require.Len(t, failed, 1, "%d bytes at %d: %v", n, off, got.lines(c2s))
			what := "frame at offset 11 … header … cut off"
			switch {
			case off < 6: // in the first header already
				continue
			case off <= at:
				what = "frame at offset 11 is not in the capture"
			}
			texttest.Says(t, failed[0], what+" … cannot be decoded")
			assert.Len(t, got.of(c2s, event.Frame), 1)
		}
	}
}

func TestASnapLengthHidesTheEndsOfSegments(t *testing.T) {
	payload := string(make([]byte, 5000))
	b := join(asking, frameOf(ws.OpBinary, true, true, payload), hello)
	var told tape
	c := New(1, nil, &told)
	c.Bytes(noon, c2s, 0, b[:len(asking)], len(asking))
	c.Bytes(noon, s2c, 0, accepting, len(accepting))
	for off := len(asking); off < len(b); {
		n := min(segment, len(b)-off)
		c.Bytes(noon, c2s, int64(off), b[off:off+min(n, 200)], n)
		off += n
	}
	frames := told.of(c2s, event.Frame)
	require.Len(t, frames, 1, "the second one's header is hidden")
	texttest.Says(t, frames[0].Text, "4,208 bytes … not in the capture")
	assert.Len(t, frames[0].Bytes, 192)
	texttest.Each(t, told.texts(c2s, event.Failed),
		fmt.Sprintf("frame at offset %s is not in the capture … cannot be decoded", text.Number(int64(len(asking)+5008))))
}

func TestAHoleInHTTP(t *testing.T) {
	post := []byte("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789GET / HTTP/1.1\r\n\r\n")
	body := len(post) - 28
	got := play(nil, without(c2s, post, body, 10), captured{dir: s2c}, nil)
	texttest.Each(t, got.texts(c2s, event.Message), "POST / … 10 bytes of body … 10 bytes … not in the capture", "GET /")
	got = play(nil, without(c2s, post, body-1, 1), captured{dir: s2c}, nil)
	texttest.Each(t, got.texts(c2s, event.Failed), "request at offset 0 … head … missing … cannot be decoded")
	got = play(nil, without(c2s, post, body+10, 1), captured{dir: s2c}, nil)
	texttest.Says(t, got.texts(c2s, event.Failed)[0], "request at offset 49 … head … missing … cannot be decoded")
	got = play(nil, without(c2s, post, 0, 1), captured{dir: s2c}, nil)
	assert.Empty(t, got, "what it is, nobody knows")

	chunked := []byte("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	data := len(chunked) - 10
	got = play(nil, without(c2s, chunked, data, 3), captured{dir: s2c}, nil)
	assert.Contains(t, got.texts(c2s, event.Message)[0], "3 bytes of it are not in the capture")
	got = play(nil, without(c2s, chunked, data+3, 1), captured{dir: s2c}, nil)
	assert.Contains(t, got.texts(c2s, event.Failed)[0], "the bytes at offset 53 are not in the capture")
}

func TestBytesThatCameBeforeArePassedOver(t *testing.T) {
	var told tape
	c := New(1, framing.Lines{}, &told)
	c.Bytes(noon, c2s, 0, []byte("abc"), 3)
	c.Bytes(noon, c2s, 1, []byte("XXd"), 3)
	c.Bytes(noon, c2s, 0, []byte("XXXX"), 4)
	c.Bytes(noon, c2s, 4, []byte("\n"), 1)
	c.Bytes(noon, c2s, 9, []byte("more\n"), 5)
	c.Bytes(noon, c2s, -1, []byte("no"), 2)
	c.Bytes(noon, c2s, 1<<62, []byte("no"), 2)
	c.Bytes(noon, c2s, 14, []byte("no"), -2)
	texttest.Each(t, told.lines(c2s), `message 0+5 "abcd"`, "error: … offset 5 … not in the capture … messages after … cannot be decoded")
}
