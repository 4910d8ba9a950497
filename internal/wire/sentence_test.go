package wire_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
	"echolab/internal/capture/capturetest"
	"echolab/internal/event"
)

// ack sets what a packet acknowledges, as an offset of the other direction.
func ack(p *capture.Packet, off int64) *capture.Packet {
	isn := uint32(1000)
	if p.Src.Port() == 40000 {
		isn = 5000
	}
	p.Ack = isn + 1 + uint32(off)
	return p
}

// Each case ends in the packet whose marks and sentence are looked at.
func TestEveryPacketHasItsMarksAndItsSentence(t *testing.T) {
	type conn = capturetest.Conn
	for _, c := range []struct {
		name  string
		bare  bool // without a handshake in front
		do    func(c *conn)
		kind  event.Kind
		marks []event.Mark
		text  string
	}{
		{name: "SYN", bare: true, do: func(c *conn) { c.SYN(c2s) },
			text: "SYN: the client asks for a connection; MSS 1,460, window scale 7"},
		{name: "SYN without options", bare: true, do: func(c *conn) { p := c.SYN(c2s); p.MSS, p.WindowScale = 0, -1 },
			text: "SYN: the client asks for a connection"},
		{name: "SYN again", bare: true, do: func(c *conn) { p := c.SYN(c2s); again(c, c2s, p) },
			marks: []event.Mark{event.Retransmission},
			text:  "SYN again, 1,000 µs after the first; the capture has no answer so far"},
		{name: "SYN ACK", bare: true, do: func(c *conn) { c.SYN(c2s); c.SYN(s2c) },
			text: "SYN ACK: the server's kernel agrees, and waits for no program to accept; MSS 1,460, window scale 7"},
		{name: "SYN ACK again", bare: true, do: func(c *conn) { c.SYN(c2s); again(c, s2c, c.SYN(s2c)) },
			marks: []event.Mark{event.Retransmission},
			text:  "SYN ACK again, 1,000 µs after the first"},
		{name: "both ask", bare: true, do: func(c *conn) { c.SYN(c2s); p := c.SYN(s2c); p.Flags, p.Ack = capture.SYN, 0 },
			text: "SYN: the server asks for the connection as well, at the same time; MSS 1,460, window scale 7"},
		{name: "handshake done", bare: true, do: func(c *conn) { c.Handshake() },
			text: "ACK: the handshake is complete"},
		{name: "handshake done by bytes", bare: true, do: func(c *conn) { c.SYN(c2s); c.SYN(s2c); c.Send(c2s, "hello") },
			kind: event.Segment, text: "5 bytes at 0; with it the handshake is complete"},
		{name: "fast open", bare: true, do: func(c *conn) { fill(c.SYN(c2s), "hello") }, kind: event.Segment,
			text: "SYN: the client asks for a connection; MSS 1,460, window scale 7; " +
				"5 bytes come along (TCP Fast Open)"},
		{name: "refused", bare: true, do: func(c *conn) { c.SYN(c2s); p := c.RST(s2c); p.Seq = 0 },
			text: "RST: refused: nothing listens at that port, or a firewall says so"},

		{name: "bytes", do: func(c *conn) { c.Send(c2s, "hello") }, kind: event.Segment, text: "5 bytes at 0"},
		{name: "a request", do: func(c *conn) { c.Send(c2s, "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n") }, kind: event.Segment,
			text: "29 bytes at 0: the request GET /ws"},
		{name: "cut", do: func(c *conn) { p := c.Send(c2s, "hello"); p.Payload = p.Payload[:2] }, kind: event.Segment,
			marks: []event.Mark{event.Cut}, text: "5 bytes at 0; the capture has the first 2 of them"},
		{name: "again", do: func(c *conn) { c.Send(c2s, "hello"); c.At(c2s, 0, "hello") }, kind: event.Segment,
			marks: []event.Mark{event.Retransmission}, text: "again: 5 bytes at 0, 1,000 µs after the first time"},
		{name: "again, a part", do: func(c *conn) { c.Send(c2s, "hello"); c.At(c2s, 1, "ell") }, kind: event.Segment,
			marks: []event.Mark{event.Retransmission}, text: "again: 3 bytes at 1, 1,000 µs after the first time"},
		{name: "again, but others", do: func(c *conn) { c.Send(c2s, "hello"); c.At(c2s, 1, "ELL") }, kind: event.Segment,
			marks: []event.Mark{event.Retransmission}, text: "again: 3 bytes at 1, 1,000 µs after the first time; " +
				"other bytes than the first time, which are the ones that count here"},
		{name: "overlap", do: func(c *conn) { c.Send(c2s, "hello"); c.At(c2s, 3, "lo world") }, kind: event.Segment,
			marks: []event.Mark{event.Overlap}, text: "8 bytes at 3, 2 of them again"},
		{name: "ahead", do: func(c *conn) { c.At(c2s, 1448, "hello") }, kind: event.Segment,
			marks: []event.Mark{event.Ahead}, text: "5 bytes at 1,448, ahead: 1,448 in front of them are missing so far"},
		{name: "ahead, as far as there is room", kind: event.Segment,
			do:    func(c *conn) { c.ACK(s2c).Window = 65535; c.At(c2s, 4<<20, "hello") },
			marks: []event.Mark{event.Ahead},
			text:  "5 bytes at 4,194,304, ahead: 4,194,304 in front of them are missing so far"},
		{name: "ahead, a part again", kind: event.Segment,
			do:    func(c *conn) { c.At(c2s, 5, "world"); c.At(c2s, 7, "rld!!!") },
			marks: []event.Mark{event.Overlap, event.Ahead},
			text:  "6 bytes at 7, 3 of them again, ahead: 5 in front of them are missing so far"},
		{name: "again what was cut", kind: event.Segment, marks: []event.Mark{event.Retransmission},
			do: func(c *conn) {
				p := c.Send(c2s, "hello")
				p.Payload = p.Payload[:2]
				c.Send(c2s, " world")
				c.At(c2s, 0, "hello world")
			},
			text: "again: 11 bytes at 0, 2,000 µs after the first time"},
		{name: "ahead and others", do: func(c *conn) { c.At(c2s, 5, "world"); c.At(c2s, 5, "WORLD") }, kind: event.Segment,
			marks: []event.Mark{event.Retransmission},
			text:  "again: 5 bytes at 5; other bytes than the first time, which are the ones that count here"},
		{name: "fills a hole", do: func(c *conn) { c.At(c2s, 5, "world"); c.Send(c2s, "hello") }, kind: event.Segment,
			marks: []event.Mark{event.OutOfOrder}, text: "5 bytes at 0, which were missing: what came ahead follows them"},
		{name: "between", do: func(c *conn) { c.At(c2s, 15, "world"); c.At(c2s, 5, "hello") }, kind: event.Segment,
			marks: []event.Mark{event.OutOfOrder, event.Ahead},
			text:  "5 bytes at 5, between others: 5 in front of them are missing so far"},
		{name: "in front of offset 0", do: func(c *conn) { c.At(c2s, -5, "hello") }, marks: []event.Mark{event.Outside},
			text: "5 bytes: the numbers fit no part of the connection; not taken in"},
		{name: "nonsense", do: func(c *conn) { c.At(c2s, 1<<30, "hello") }, marks: []event.Mark{event.Outside},
			text: "5 bytes: the numbers fit no part of the connection; not taken in"},
		{name: "after the end", do: func(c *conn) { c.FIN(c2s); c.At(c2s, 0, "hello") },
			marks: []event.Mark{event.Outside}, text: "5 bytes: the numbers fit no part of the connection; not taken in"},

		{name: "all acknowledged", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c) },
			text: "ACK: the server's kernel has all 5 bytes; whether the program has read them, it does not say"},
		{name: "and again", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); c.Send(c2s, "hello"); c.ACK(s2c) },
			text: "ACK: the server's kernel has all 10 bytes"},
		{name: "some acknowledged", do: func(c *conn) { c.Send(c2s, "hello"); ack(c.ACK(s2c), 3) },
			text: "ACK: the server's kernel has the first 3 of 5 bytes; " +
				"whether the program has read them, it does not say"},
		{name: "unseen", do: func(c *conn) { ack(c.ACK(s2c), 100) }, marks: []event.Mark{event.Unseen},
			text: "ACK: the server's kernel has everything up to 100; " +
				"the capture lacks 100 bytes of what it acknowledges, a FIN counted as one"},
		{name: "an ACK beyond everything", do: func(c *conn) { ack(c.ACK(s2c), -1<<31) },
			marks: []event.Mark{event.Outside}, text: "ACK: the numbers fit no part of the connection; not taken in"},
		{name: "duplicate ACK", do: func(c *conn) { c.ACK(s2c); c.At(c2s, 5, "world"); ack(c.ACK(s2c), 0) },
			marks: []event.Mark{event.DuplicateACK}, text: "ACK again: the server's kernel waits for the byte at 0"},
		{name: "old ACK", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); ack(c.ACK(s2c), 2) },
			text: "ACK: an old one; more was acknowledged before"},
		{name: "an old ACK takes nothing back", text: "ACK: nothing new",
			do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); ack(c.ACK(s2c), 2); c.ACK(s2c) }},
		{name: "nothing new", do: func(c *conn) { c.ACK(c2s); c.ACK(c2s) }, text: "ACK: nothing new"},
		{name: "zero window", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c).Window = 0 },
			marks: []event.Mark{event.ZeroWindow},
			text: "ACK: the server's kernel has all 5 bytes; whether the program has read them, it does not say; " +
				"the server has no room for more"},
		{name: "window probe", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c).Window = 0; c.At(c2s, 4, "") },
			marks: []event.Mark{event.WindowProbe}, text: "window probe: it asks whether the server has room again"},
		{name: "window probe answered", marks: []event.Mark{event.ZeroWindow},
			do: func(c *conn) {
				c.Send(c2s, "hello")
				c.ACK(s2c).Window = 0
				c.At(c2s, 4, "")
				c.ACK(s2c).Window = 0
			},
			text: "ACK: nothing new; the server has no room for more"},
		{name: "window probe with a new byte", kind: event.Segment,
			do:    func(c *conn) { full(c); c.Send(c2s, "!") },
			marks: []event.Mark{event.WindowProbe}, text: "1 byte at 64,256, sent to ask whether there is room"},
		{name: "window update", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c).Window = 0; c.ACK(s2c) },
			marks: []event.Mark{event.WindowUpdate}, text: "ACK: the server has room again, for 64,256 bytes"},
		{name: "more room", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); c.ACK(s2c).Window = 1000 },
			marks: []event.Mark{event.WindowUpdate}, text: "ACK: the server has room for 128,000 bytes now"},
		{name: "keepalive", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); c.At(c2s, 4, "") },
			marks: []event.Mark{event.KeepAlive}, text: "keepalive: it asks whether the server is still there"},
		{name: "no keepalive while bytes are on their way", text: "ACK: nothing new",
			do: func(c *conn) { c.ACK(c2s); c.Send(c2s, "hello"); c.ACK(s2c); c.Send(c2s, "world"); c.At(c2s, 4, "") }},
		{name: "keepalive with a byte", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); c.At(c2s, 4, "x") },
			kind: event.Segment, marks: []event.Mark{event.KeepAlive},
			text: "keepalive: a byte that was acknowledged already, to ask whether the server is still there"},
		{name: "keepalive of a silent client", do: func(c *conn) { c.At(c2s, -1, "x") },
			marks: []event.Mark{event.KeepAlive},
			text:  "keepalive: a byte that was acknowledged already, to ask whether the server is still there"},
		{name: "one byte again is no keepalive", do: func(c *conn) { c.Send(c2s, "x"); c.At(c2s, 0, "x") },
			kind: event.Segment, marks: []event.Mark{event.Retransmission},
			text: "again: 1 byte at 0, 1,000 µs after the first time"},
		{name: "keepalive answered", marks: []event.Mark{event.KeepAliveACK},
			do:   func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); c.At(c2s, 4, ""); c.ACK(s2c) },
			text: "ACK: the server's kernel is still there"},

		{name: "FIN", do: func(c *conn) { c.FIN(c2s) },
			text: "FIN: the client has no more bytes; whether it still reads, that does not say"},
		{name: "FIN with bytes", do: func(c *conn) { c.Send(c2s, "hello").Flags |= capture.FIN }, kind: event.Segment,
			text: "5 bytes at 0; FIN: the client has no more bytes; whether it still reads, that does not say"},
		{name: "FIN again", do: func(c *conn) { again(c, c2s, c.FIN(c2s)) }, marks: []event.Mark{event.Retransmission},
			text: "FIN again, 1,000 µs after the first"},
		{name: "FIN in front of bytes", do: func(c *conn) { c.Send(c2s, "hello"); c.FIN(c2s).Seq -= 2 },
			marks: []event.Mark{event.Outside}, text: "FIN ACK: the numbers fit no part of the connection; not taken in"},
		{name: "FIN acknowledged", do: func(c *conn) { c.Send(c2s, "hello"); c.FIN(c2s); c.ACK(s2c) },
			text: "ACK: the server's kernel has all 5 bytes, and knows that the client has no more bytes"},
		{name: "only the FIN acknowledged", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); c.FIN(c2s); c.ACK(s2c) },
			text: "ACK: the server's kernel knows that the client has no more bytes"},
		{name: "second FIN", do: func(c *conn) { c.FIN(c2s); c.FIN(s2c) },
			text: "FIN: the server has no more bytes either; the client is to keep TIME-WAIT"},
		{name: "both FINs at once", do: func(c *conn) { c.FIN(c2s); ack(c.FIN(s2c), 0) },
			text: "FIN: the server has no more bytes either, and does not know yet of the other FIN; " +
				"both are to keep TIME-WAIT"},
		{name: "over", do: func(c *conn) { c.FIN(c2s); c.FIN(s2c); c.ACK(c2s) },
			text: "ACK: the client's kernel has everything: the connection is over"},
		{name: "FIN again, over", do: func(c *conn) { c.FIN(c2s); p := c.FIN(s2c); c.ACK(c2s); again(c, s2c, p) },
			marks: []event.Mark{event.Retransmission}, text: "FIN again; the connection is over already"},
		{name: "ACK again, over", do: func(c *conn) { c.FIN(c2s); c.FIN(s2c); c.ACK(c2s); c.ACK(c2s) },
			text: "ACK; the connection is over already"},

		{name: "RST", do: func(c *conn) { c.RST(c2s) }, text: "RST: the client ends the connection at once"},
		{name: "RST over bytes", do: func(c *conn) { c.Send(c2s, "hello"); c.RST(s2c) },
			text: "RST: the server ends the connection at once, as when a program closes it with bytes unread"},
		{name: "RST after a FIN", do: func(c *conn) { c.FIN(c2s); c.Send(s2c, "hello"); c.RST(c2s) },
			text: "RST: bytes came after the client's FIN, and nobody is there to read them"},
		{name: "RST in front of bytes on their way",
			do:   func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); c.Send(c2s, "world"); c.RST(c2s).Seq -= 5 },
			text: "RST: the client ends the connection at once"},
		{name: "RST with another's number", do: func(c *conn) { c.Send(c2s, "hello"); c.RST(c2s).Seq += 1 << 24 },
			marks: []event.Mark{event.Outside}, text: "RST ACK: the numbers fit no part of the connection; not taken in"},
		{name: "RST after the end", do: func(c *conn) { c.RST(c2s); c.RST(c2s) },
			text: "RST; the connection is over already"},
		{name: "bytes after the end", do: func(c *conn) { c.RST(s2c); c.Send(c2s, "hello") },
			marks: []event.Mark{event.Outside}, text: "5 bytes, not taken in; the connection is over already"},
		{name: "bytes again after the end", do: func(c *conn) { c.Send(c2s, "hello"); c.RST(s2c); c.At(c2s, 0, "hello") },
			kind: event.Segment, marks: []event.Mark{event.Retransmission},
			text: "again: 5 bytes at 0; the connection is over already"},
		{name: "missing bytes after the end",
			do:    func(c *conn) { c.Skip(c2s, 5); c.ACK(s2c); c.RST(s2c); c.At(c2s, 0, "hello") },
			marks: []event.Mark{event.Outside}, text: "5 bytes, not taken in; the connection is over already"},
		{name: "no flags", do: func(c *conn) { c.ACK(c2s).Flags = 0 },
			text: "neither bytes nor an ACK: it is for nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, conn := handshaken()
			if c.bare {
				s = new(capturetest.Script)
				conn = s.Conn("192.0.2.1:40000", "192.0.2.2:80")
			}
			c.do(conn)
			e := follow(s.Packets).on(len(s.Packets))
			require.NotNil(t, e.PacketHeader)
			if c.kind == "" {
				c.kind = event.Packet
			}
			assert.Equal(t, c.kind, e.Ev)
			assert.Equal(t, c.marks, e.Marks)
			assert.Equal(t, c.text, e.Text)
		})
	}
}

// again makes the packet again.
func again(c *capturetest.Conn, dir event.Dir, p *capture.Packet) {
	q := c.ACK(dir)
	number, at := q.Number, q.Time
	*q = *p
	q.Number, q.Time = number, at
}

// fill gives a packet a payload.
func fill(p *capture.Packet, payload string) {
	p.Payload, p.Length = []byte(payload), len(payload)
}

// full sends as much as the server has room for, whose window is 502 << 7 then, and 0 afterwards.
func full(c *capturetest.Conn) {
	c.ACK(s2c)
	c.Send(c2s, string(make([]byte, 502<<7)))
	c.ACK(s2c).Window = 0
}
