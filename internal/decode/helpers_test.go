package decode

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/text"
	"echolab/internal/websocket"
)

// A tape keeps the events that it was told, with copies of their bytes.
type tape []event.Event

func (t *tape) Record(e event.Event) {
	if e.Bytes != nil {
		e.Bytes = append([]byte{}, e.Bytes...)
	}
	*t = append(*t, e)
}

// lines are the events of one stream in short, with the bytes of frames and messages.
func (t tape) lines(dir event.Dir) []string {
	var lines []string
	for _, e := range t {
		if e.Dir == dir {
			lines = append(lines, line(e))
		}
	}
	return lines
}

func line(e event.Event) string {
	s := string(e.Ev)
	if e.Span != nil {
		s += fmt.Sprintf(" %d+%d", e.Off, e.N)
	}
	if h := e.FrameHeader; h != nil {
		s += fmt.Sprintf(" op=%d fin=%t rsv=%d masked=%t key=%s payload=%d", h.Opcode, h.Fin, h.RSV, h.Masked, h.Key,
			h.Payload)
	}
	if e.Ev == event.Frame || e.Ev == event.Message {
		s += " " + text.Quote(e.Bytes, 40)
	}
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}

const key = "dGhlIHNhbXBsZSBub25jZQ=="

var (
	asking    = websocket.Request("example.org", "/ws", key, "")
	accepting = websocket.Response(key, "")
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A told is bytes of one direction.
type told struct {
	dir event.Dir
	b   []byte
}

const (
	c2s = event.ClientToServer
	s2c = event.ServerToClient
)

// decoded is what comes of streams that are told one after the other, in pieces of the given size, 0 for whole.
func decoded(codec framing.Codec, size int, all ...told) tape {
	var t tape
	c := New(1, codec, &t)
	at := map[event.Dir]int64{}
	for _, s := range all {
		for b := s.b; len(b) > 0; {
			n := len(b)
			if size > 0 {
				n = min(n, size)
			}
			lend(c, s.dir, at[s.dir], b[:n], n)
			at[s.dir] += int64(n)
			b = b[n:]
		}
	}
	c.End(noon, c2s)
	c.End(noon, s2c)
	return t
}

// lend is Bytes with a buffer that is used for something else afterwards.
func lend(c *Conversation, dir event.Dir, off int64, b []byte, n int) {
	lent := slices.Clone(b)
	c.Bytes(noon, dir, off, lent, n)
	if !slices.Equal(lent, b) {
		panic("the bytes are the caller's, and were changed")
	}
	clear(lent)
}

// frameOf is a frame on the wire, of a client if it is masked.
func frameOf(op ws.OpCode, fin, masked bool, payload string) []byte {
	h := ws.Header{Fin: fin, OpCode: op, Masked: masked}
	if masked {
		h.Mask = [4]byte{0x37, 0xfa, 0x21, 0x3d}
	}
	return websocket.AppendFrame(nil, h, []byte(payload))
}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

// fromClient and fromServer are what the two say.
func fromClient(parts ...[]byte) told { return told{c2s, slices.Concat(parts...)} }
func fromServer(parts ...[]byte) told { return told{s2c, slices.Concat(parts...)} }

// of are the events of that kind in a stream.
func (t tape) of(dir event.Dir, kind event.Kind) (list []event.Event) {
	for _, e := range t {
		if e.Dir == dir && e.Ev == kind {
			list = append(list, e)
		}
	}
	return list
}

// texts are the texts of the events of that kind in a stream.
func (t tape) texts(dir event.Dir, kind event.Kind) (list []string) {
	for _, e := range t.of(dir, kind) {
		list = append(list, e.Text)
	}
	return list
}

// everyCut has what comes of the streams however they are cut: it must always be the same.
func everyCut(t *testing.T, codec framing.Codec, all ...told) tape {
	t.Helper()
	whole := decoded(codec, 0, all...)
	want := map[event.Dir][]string{c2s: whole.lines(c2s), s2c: whole.lines(s2c)}
	longest := 0
	for _, s := range all {
		longest = max(longest, len(s.b))
	}
	for size := 1; size < longest; size++ {
		cut := decoded(codec, size, all...)
		for dir, lines := range want {
			require.Equal(t, lines, cut.lines(dir), "in pieces of %d", size)
		}
	}
	return whole
}

// count is a Recorder that costs next to nothing.
type count struct{ events int }

func (c *count) Record(event.Event) { c.events++ }

// segment is how many bytes a packet of Ethernet carries.
const segment = 1448

// feed hands b, the next bytes of a stream, to a Conversation in segments.
func feed(c *Conversation, dir event.Dir, off *int64, b []byte) {
	for part := range slices.Chunk(b, segment) {
		c.Bytes(noon, dir, *off, part, len(part))
		*off += int64(len(part))
	}
}
