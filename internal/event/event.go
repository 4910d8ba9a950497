// Package event says what happened at which offset of a stream: a [Conn] records every read and write in a [Recorder],
// and its owner adds what else is worth recording; an account in [JSON] can be read back. It may know sockets, and the
// headers of frames and packets, as far as they are recorded. It must not know what is made of the events: no map, no
// picture and no layout.
//
// Without a Recorder there is no Conn either: what is not recorded costs nothing.
package event

import (
	"time"

	"echolab/internal/sock"
)

// An Event is one thing that happened. As JSON it is one line: {"time":…,"ev":"read","conn":1,"dir":"c2s",…}.
type Event struct {
	Time time.Time `json:"time"`
	Ev   Kind      `json:"ev"`
	At   Side      `json:"at,omitempty"`   // who saw it
	Conn int       `json:"conn,omitempty"` // the number of the connection, from 1; 0 for none in particular
	Dir  Dir       `json:"dir,omitempty"`  // the stream that the span lies in

	// Span is set for the events that cover bytes of a stream.
	*Span

	// FrameHeader is set for a Frame.
	*FrameHeader

	// PacketHeader is set for a Segment and a Packet.
	*PacketHeader

	// Ends is set for a Connection.
	*Ends

	Data string     `json:"data,omitempty"` // the first bytes of the span, quoted as by text.Quote; set when encoding
	Sock *sock.Info `json:"sock,omitempty"` // what the kernel said at that moment
	Text string     `json:"text,omitempty"` // a sentence for people

	// Bytes are the bytes of the span, for Recorders; valid only until Record returns. Of a Frame they are its payload,
	// unmasked, or the beginning of it.
	Bytes []byte `json:"-"`
}

// A Span is a part of a stream: N bytes from offset Off.
type Span struct {
	Off int64 `json:"off"`
	N   int   `json:"n"`
}

// Kind says what an event is about.
type Kind string

const (
	Socket   Kind = "socket"   // socket(2) returned; Sock is set
	Bind     Kind = "bind"     // bind(2) returned; Sock is set
	Listen   Kind = "listen"   // listen(2) returned; Sock is set
	Accept   Kind = "accept"   // accept(2) returned a new socket; Sock is set
	Connect  Kind = "connect"  // connect(2) returned; Sock is set
	Write    Kind = "write"    // a program's write; has a Span
	Read     Kind = "read"     // a program's read; has a Span
	Message  Kind = "message"  // a message, at its sender or at its receiver; has a Span, framing included
	Frame    Kind = "frame"    // a WebSocket frame, at its sender or receiver; has a FrameHeader and a Span that covers it
	Request  Kind = "request"  // an HTTP request; has a Span, after which the stream's map begins
	Response Kind = "response" // an HTTP answer; has a Span, after which the stream's map begins
	TLS      Kind = "tls"      // a TLS handshake is done; what follows is about what is inside it
	Wait     Kind = "wait"     // a program waited for the kernel
	Shutdown Kind = "shutdown" // a side closed its direction: the other will read the end of the stream
	End      Kind = "end"      // a read met the end of the stream
	Close    Kind = "close"    // a socket was closed
	Refused  Kind = "refused"  // a connection was turned away
	Failed   Kind = "error"    // something went wrong; Text says what
	Untold   Kind = "untold"   // the account has a hole here, because nobody read it; Text says of how many events

	// What a capture shows, at Wire.
	Connection Kind = "connection" // a connection's first packet; has Ends
	Segment    Kind = "segment"    // a packet with bytes of a stream; has a PacketHeader and a Span
	Packet     Kind = "packet"     // a packet without any, such as a SYN, or an ACK alone; has a PacketHeader
	Gap        Kind = "gap"        // bytes of a stream that the capture does not have; has a Span
	Upgrade    Kind = "upgrade"    // the head of a handshake that made a WebSocket; has a Span, after which the map begins
)

// Dir names a stream by the way it flows.
type Dir string

const (
	ClientToServer Dir = "c2s"
	ServerToClient Dir = "s2c"
)

// Words is the direction for people.
func (d Dir) Words() string {
	switch d {
	case ClientToServer:
		return "client → server"
	case ServerToClient:
		return "server → client"
	}
	return string(d)
}

// Side is one end of a connection, or the wire between them.
type Side string

const (
	Client Side = "client"
	Server Side = "server"
	Wire   Side = "wire"
)

// Out is the stream that a side writes.
func (s Side) Out() Dir {
	if s == Client {
		return ClientToServer
	}
	return ServerToClient
}

// In is the stream that a side reads.
func (s Side) In() Dir {
	if s == Client {
		return ServerToClient
	}
	return ClientToServer
}

// A Recorder takes events. Record may be called concurrently; it must not keep e.Bytes.
type Recorder interface {
	Record(e Event)
}

// Tee returns a Recorder that hands every event to all of recs in turn; nil ones are left out, and Tee is nil if
// nothing remains.
func Tee(recs ...Recorder) Recorder {
	var all tee
	for _, rec := range recs {
		if rec != nil {
			all = append(all, rec)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return all
}

type tee []Recorder

func (t tee) Record(e Event) {
	for _, rec := range t {
		rec.Record(e)
	}
}
