// Package wire follows the TCP connections of a capture: it turns their packets into streams, in order and with
// offsets, and explains each packet in a sentence. It may know packets, and passes the streams' bytes to
// internal/decode. It must not know files, maps or terminals.
//
// Nothing is guessed silently. What the capture does not have is recorded as a gap; a packet whose numbers fit no part
// of its stream is counted, but ignored; where offset 0 is not the stream's first byte, that is said.
package wire

import (
	"time"

	"echolab/framing"
	"echolab/internal/capture"
	"echolab/internal/event"
	"echolab/internal/text"
)

// A Follower sorts the TCP packets of a capture into connections, and numbers these from 1, in the order of their first
// packets. Set its fields before the first packet. It must not be used concurrently, nor by its own recorders.
//
// All events are At [event.Wire], and have the Time of the packet that led to them.
//
// Memory is bounded, whatever the capture. For each direction it holds up to 1 MiB that came ahead, 64 MiB for all
// together, and a copy of its last 16 to 32 KiB, 32 MiB for all together. It follows 65,536 connections at a time: for one
// more, the one that has been idle longest is dropped, which Streams gets as Failed.
type Follower struct {
	// Packets gets every packet, in the order of the capture: a Connection before its first packet, and then a Segment
	// for a packet with payload and a Packet for any other. Their Text is a sentence on what they are for. A segment's
	// Span is as on the wire, bytes that came before included, and its Bytes are what the capture has of them. A packet
	// that is marked [event.Outside] is a Packet in any case: its bytes have no offset.
	//
	// If it is nil, no sentence is made.
	Packets event.Recorder

	// Streams gets what the streams are made of, each in the order of its offsets, which is not always that of the
	// packets: a Segment for the new bytes of a packet, a Gap for bytes that the capture does not have, and what decode
	// makes of them. What a packet brings comes before the packet itself.
	//
	// A hole is a Gap when more than 1 MiB waits behind it, when it was acknowledged and 100 more packets of the
	// connection have come, and when the connection ends. Bytes that come for it later are ignored.
	Streams event.Recorder

	Codec framing.Codec // for streams that are neither HTTP nor TLS; nil for none
	Port  uint16        // only connections with this port at one end are followed; 0 for all

	// Ended is called when a connection is over, with a few words on how: "closed", "reset by the server", "the capture
	// ends". Streams gets nothing more of it. Packets may: a late ACK, or a FIN again, still belongs to it. It may be nil.
	Ended func(conn int, how string)

	table  table
	number int // of the last connection
	now    time.Time
	held   int // bytes that came ahead, of all connections
	past   int // bytes of the copies
	step   step
	pool   []details
}

// details are what an event points to. They come many at a time: a Recorder may keep them, and a packet costs no
// allocation of its own.
type details struct {
	span   event.Span
	header event.PacketHeader
}

func (f *Follower) details() *details {
	if len(f.pool) == 0 {
		f.pool = make([]details, 64)
	}
	d := &f.pool[0]
	f.pool = f.pool[1:]
	return d
}

// Packet takes the next packet of the capture. It keeps nothing of p.
func (f *Follower) Packet(p *capture.Packet) {
	if f.Port != 0 && p.Src.Port() != f.Port && p.Dst.Port() != f.Port {
		return
	}
	f.now = p.Time
	c := f.table.find(p)
	if c != nil && c.isOther(p) {
		f.end(c, "its addresses are reused")
		f.table.forget(c)
		c = nil
	}
	if c == nil {
		c = f.open(p)
	}
	if how := c.packet(p); how != "" {
		f.end(c, how)
	}
}

// End says that the capture is over: what was waited for is missing now.
func (f *Follower) End() {
	for c := f.table.oldest(); c != nil; c = f.table.oldest() {
		f.end(c, "the capture ends")
		f.table.forget(c)
	}
}

// open begins a connection with its first packet.
func (f *Follower) open(p *capture.Packet) *conn {
	if f.table.open >= maxOpen {
		c := f.table.oldest()
		f.tell(f.Streams, event.Event{Ev: event.Failed, Conn: c.number, Text: "dropped: " + text.Number(maxOpen) +
			" other connections are open, and this one has been idle longest; what still comes of it is taken for a new one"})
		f.end(c, "dropped")
		f.table.forget(c)
	}
	f.number++
	c := newConn(f, p)
	f.table.add(c)
	ends := c.ends
	f.tell(f.Packets, event.Event{Ev: event.Connection, Conn: c.number, Ends: &ends, Text: c.opening(p)})
	return c
}

// end ends a connection, if it has not ended before.
func (f *Follower) end(c *conn, how string) {
	if c.over {
		return
	}
	c.finish()
	f.table.retire(c)
	if f.Ended != nil {
		f.Ended(c.number, how)
	}
}

// tell completes an event and records it.
func (f *Follower) tell(rec event.Recorder, e event.Event) {
	if rec == nil {
		return
	}
	if e.At = event.Wire; e.Time.IsZero() {
		e.Time = f.now
	}
	rec.Record(e)
}
