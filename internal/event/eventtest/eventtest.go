// Package eventtest makes the events that tests of several packages record. It may know what an event is, and how a
// WebSocket's frame looks on the wire. It must not know what becomes of the events: no map and no terminal.
package eventtest

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gobwas/ws"

	"echolab/internal/event"
	"echolab/internal/sock"
)

// Greeting is the lab's three messages of 5, 15 and 13 bytes, end to end.
const Greeting = "hello안녕하세요goodbye, TCP!"

// A List is a Recorder that keeps the events, with copies of their bytes.
type List struct {
	mu     sync.Mutex
	Events []event.Event
}

// Record keeps e.
func (l *List) Record(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Bytes = bytes.Clone(e.Bytes)
	l.Events = append(l.Events, e)
}

// All returns the events of a kind so far, of the given stream if there is one.
func (l *List) All(kind event.Kind, dir ...event.Dir) []event.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []event.Event
	for _, e := range l.Events {
		if e.Ev == kind && (len(dir) == 0 || slices.Contains(dir, e.Dir)) {
			found = append(found, e)
		}
	}
	return found
}

// Kinds is what happened, in order.
func (l *List) Kinds() []event.Kind {
	l.mu.Lock()
	defer l.mu.Unlock()
	var kinds []event.Kind
	for _, e := range l.Events {
		kinds = append(kinds, e.Ev)
	}
	return kinds
}

// Span is an event of that kind at the given place of the client's stream on connection 1.
func Span(ev event.Kind, off int64, b string) event.Event {
	return event.Event{
		Ev: ev, At: event.Client, Conn: 1, Dir: event.ClientToServer,
		Span: &event.Span{Off: off, N: len(b)}, Bytes: []byte(b),
	}
}

// Kinds are all kinds of event.
var Kinds = []event.Kind{
	event.Socket, event.Bind, event.Listen, event.Accept, event.Connect, event.Write, event.Read, event.Message,
	event.Frame, event.Request, event.Response, event.TLS, event.Wait, event.Shutdown, event.End, event.Close, event.Refused,
	event.Failed, event.Untold, event.Connection, event.Segment, event.Packet, event.Gap, event.Upgrade,
}

// Info is what a kernel might say.
func Info() *sock.Info {
	return &sock.Info{
		FD: 7, Family: "IPv4", Type: "stream", Protocol: "TCP", State: sock.StateEstablished,
		Local: netip.MustParseAddrPort("127.0.0.1:9000"), Remote: netip.MustParseAddrPort("127.0.0.1:40000"),
		Backlog: -1, BacklogMax: -1, MSS: 65483, RTT: 25 * time.Microsecond, NoDelay: true,
	}
}

// Crossed is a segment of the client's stream on connection 1, as a capture has it.
func Crossed(off int64, data string) event.Event {
	e := Span(event.Segment, off, data)
	e.At, e.PacketHeader = event.Wire, &event.PacketHeader{Number: 4, Seq: 1000, Ack: 2000, Flags: "PSH ACK", Window: 65536}
	return e
}

// A Frame is a WebSocket frame that a test sends.
type Frame struct {
	event.FrameHeader
	Content string // the payload, unmasked
}

// Whole is a frame that ends its message.
func Whole(opcode byte, payload string) Frame {
	f := Fragment(opcode, payload)
	f.Fin = true
	return f
}

// Fragment is a frame that does not.
func Fragment(opcode byte, payload string) Frame {
	return Frame{event.FrameHeader{Opcode: opcode, Payload: int64(len(payload))}, payload}
}

// WithMask is the frame with a mask.
func (f Frame) WithMask() Frame {
	f.FrameHeader.Masked, f.Key = true, "37fa213d" // as in RFC 6455 section 5.7
	return f
}

// Texts are masked text frames, one for each message.
func Texts(messages ...string) []Frame {
	var frames []Frame
	for _, m := range messages {
		frames = append(frames, Whole(event.OpText, m).WithMask())
	}
	return frames
}

// Wire is the frame as RFC 6455 section 5.2 has it.
func (f Frame) Wire() []byte {
	frame := ws.NewFrame(ws.OpCode(f.Opcode), f.Fin, []byte(f.Content))
	frame.Header.Rsv = f.RSV
	if f.Masked {
		key, _ := hex.DecodeString(f.Key)
		frame = ws.MaskFrameInPlaceWith(frame, [4]byte(key))
	}
	return ws.MustCompileFrame(frame)
}

// At is the frame in the client's stream on connection 1, as that side tells of it.
func (f Frame) At(side event.Side, off int64) event.Event {
	h := f.FrameHeader
	e := Span(event.Frame, off, f.Content)
	e.At, e.Span.N, e.FrameHeader = side, len(f.Wire()), &h
	return e
}
