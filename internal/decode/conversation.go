// Package decode says what the bytes of a connection mean, as a capture has them: HTTP, a WebSocket's frames and
// messages, the records of TLS, or the messages of a framing that the caller names.
//
// It may know codecs, frames, HTTP's heads and events. It must not know packets, nor read a socket.
//
// It takes the two streams of a connection in order, in pieces of any size, some bytes perhaps unknown, and records what
// it finds, with offsets, in an [event.Recorder]. It claims nothing that it cannot know: where the place of the next
// boundary is lost, it says so once, and nothing more.
package decode

import (
	"time"

	"echolab/framing"
	"echolab/internal/event"
)

// A Conversation makes sense of the two streams of one connection. It must not be used concurrently.
//
// What it records, At [event.Wire]:
//   - Request and Response: the heads of HTTP messages; Message: such a message, head and body.
//   - Upgrade: the head of a handshake that made a WebSocket, one in each direction; Frame and Message after it. A
//     frame's Bytes are the first 64 KiB of its payload, unmasked and not inflated; a message's are its first 64 KiB,
//     inflated.
//   - TLS: a record. Nothing is said of what is inside, except for the names that a ClientHello sends in the clear.
//   - Message: of the codec, in streams that begin neither like HTTP nor like TLS.
//   - Failed: what breaks a protocol, and where the account ends, with the offset in its text.
//
// The events of each stream come in the order of the offsets at which they end, each as soon as its last byte was there
// and the other stream does not have to explain it first: what a client sends after a request for another protocol
// means nothing before the answer, and an answer nothing before its request. An event's time is that of its last byte.
//
// In each direction it holds at most 2 MiB of a message, 64 KiB of a head, and 256 KiB of what the other direction has
// to explain. All Conversations of a process together hold at most 64 MiB of these, and 64 MiB of what compressed
// messages may refer to: a stream that needs more is given up, or no longer inflated, and that is recorded. End gives
// back what a stream holds.
type Conversation struct {
	conn  int
	codec framing.Codec
	rec   event.Recorder

	client, server stream
	pairing        pairing
	budgets        *budgets
}

// New returns a Conversation that records the connection with the given number in rec, which may be nil. The codec is
// for streams that are neither HTTP nor TLS: nil, and [framing.Raw], claim nothing about them; a [framing.WebSocket]
// takes them for frames from their first byte on, as in a capture that lacks the handshake, up to the first that breaks
// a rule.
func New(conn int, codec framing.Codec, rec event.Recorder) *Conversation {
	if !framing.Marks(codec) {
		codec = nil
	}
	c := &Conversation{conn: conn, codec: codec, rec: rec, budgets: shared}
	c.client = stream{c: c, dir: event.ClientToServer}
	c.server = stream{c: c, dir: event.ServerToClient}
	c.client.decoder, c.server.decoder = &start{s: &c.client}, &start{s: &c.server}
	return c
}

// Bytes takes the next n bytes of a stream, which begin at offset off. The first len(b) of them are known; the capture
// does not have the others, because of its snap length or because a packet is missing. b is neither kept nor changed.
//
// Offsets begin at 0. Bytes that came before are skipped, and those that were left out count as unknown.
func (c *Conversation) Bytes(at time.Time, dir event.Dir, off int64, b []byte, n int) {
	s := c.stream(dir)
	s.carried.reset()
	if s.ended || off < 0 || n < 0 || off > maxOffset-int64(n) {
		return
	}
	b = b[:min(len(b), n)]
	if early := s.came - off; early > 0 { // came before
		early = min(early, int64(n))
		off, n = off+early, n-int(early)
		b = b[min(int(early), len(b)):]
	}
	if n == 0 {
		return
	}
	if left := off - s.came; left > 0 {
		s.take(piece{at: at, n: left})
	}
	s.take(piece{at: at, b: b, n: int64(n)})
	c.settle()
}

// End says that a stream is over: it was closed or reset, or the capture ends. Without it, a message or frame that is
// cut short is not reported, and what the stream holds stays counted.
func (c *Conversation) End(at time.Time, dir event.Dir) {
	s := c.stream(dir)
	s.carried.reset()
	if s.ended {
		return
	}
	s.ended, s.endedAt = true, at
	s.finish()
	c.settle()
}

// Carried is a short phrase on what the last call of Bytes for that stream carried, such as "the request GET /ws" or
// "2 frames: text of 5, close 1000"; it is empty if nothing is known of that.
func (c *Conversation) Carried(dir event.Dir) string { return c.stream(dir).carried.String() }

func (c *Conversation) stream(dir event.Dir) *stream {
	if dir == event.ClientToServer {
		return &c.client
	}
	return &c.server
}

// maxOffset bounds the offsets: no stream is that long, and sums stay in range.
const maxOffset = 1 << 62
