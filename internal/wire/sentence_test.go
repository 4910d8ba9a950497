package wire_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
	"echolab/internal/capture/capturetest"
	"echolab/internal/event"
	"echolab/internal/text/texttest"
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

// telling are the words that a sentence has if they are among its facts, and never without.
var telling = strings.Fields("SYN FIN RST again late missing ahead between lacks room probe keepalive complete over ignored refused " +
	"unread differ TIME-WAIT both program everything old kernel")

// Each case ends in the packet whose marks and sentence are looked at.
func TestEveryPacketHasItsMarksAndItsSentence(t *testing.T) {
	type conn = capturetest.Conn
	for _, c := range []struct {
		name  string
		bare  bool // without a handshake in front
		do    func(c *conn)
		kind  event.Kind
		marks []event.Mark
		says  string // the facts of the sentence, see texttest.Says
	}{
		{name: "SYN", bare: true, do: func(c *conn) { c.SYN(c2s) },
			says: "SYN … client … MSS 1,460 … window scale 7"},
		{name: "SYN without options", bare: true, do: func(c *conn) { p := c.SYN(c2s); p.MSS, p.WindowScale = 0, -1 },
			says: "SYN … client"},
		{name: "SYN again", bare: true, do: func(c *conn) { p := c.SYN(c2s); again(c, c2s, p) },
			marks: []event.Mark{event.Retransmission},
			says:  "SYN again … 1,000 µs … first … capture"},
		{name: "SYN ACK", bare: true, do: func(c *conn) { c.SYN(c2s); c.SYN(s2c) },
			says: "SYN ACK … server's kernel … program … MSS 1,460 … window scale 7"},
		{name: "SYN ACK again", bare: true, do: func(c *conn) { c.SYN(c2s); again(c, s2c, c.SYN(s2c)) },
			marks: []event.Mark{event.Retransmission},
			says:  "SYN ACK again … 1,000 µs … first"},
		{name: "both ask", bare: true, do: func(c *conn) { c.SYN(c2s); p := c.SYN(s2c); p.Flags, p.Ack = capture.SYN, 0 },
			says: "SYN … server … too … same time … MSS 1,460 … window scale 7"},
		{name: "handshake done", bare: true, do: func(c *conn) { c.Handshake() },
			says: "ACK … handshake … complete"},
		{name: "handshake done by bytes", bare: true, do: func(c *conn) { c.SYN(c2s); c.SYN(s2c); c.Send(c2s, "hello") },
			kind: event.Segment, says: "5 bytes at 0 … completes the handshake"},
		{name: "fast open", bare: true, do: func(c *conn) { fill(c.SYN(c2s), "hello") }, kind: event.Segment,
			says: "SYN … client … MSS 1,460 … window scale 7 … 5 bytes … TCP Fast Open"},
		{name: "fast open again", bare: true, kind: event.Segment, marks: []event.Mark{event.Retransmission},
			do:   func(c *conn) { p := c.SYN(c2s); fill(p, "hello"); again(c, c2s, p) },
			says: "SYN again … 1,000 µs … first … 5 bytes … again"},
		{name: "refused", bare: true, do: func(c *conn) { c.SYN(c2s); p := c.RST(s2c); p.Seq = 0 },
			says: "RST … refused … port"},

		{name: "bytes", do: func(c *conn) { c.Send(c2s, "hello") }, kind: event.Segment, says: "5 bytes at 0"},
		{name: "a request", do: func(c *conn) { c.Send(c2s, "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n") }, kind: event.Segment,
			says: "29 bytes at 0 … request GET /ws"},
		{name: "cut", do: func(c *conn) { p := c.Send(c2s, "hello"); p.Payload = p.Payload[:2] }, kind: event.Segment,
			marks: []event.Mark{event.Cut}, says: "5 bytes at 0 … capture has … first 2"},
		{name: "again", do: func(c *conn) { c.Send(c2s, "hello"); c.At(c2s, 0, "hello") }, kind: event.Segment,
			marks: []event.Mark{event.Retransmission}, says: "again … 5 bytes at 0 … 1,000 µs … first"},
		{name: "again, a part", do: func(c *conn) { c.Send(c2s, "hello"); c.At(c2s, 1, "ell") }, kind: event.Segment,
			marks: []event.Mark{event.Retransmission}, says: "again … 3 bytes at 1 … 1,000 µs … first"},
		{name: "again, but others", do: func(c *conn) { c.Send(c2s, "hello"); c.At(c2s, 1, "ELL") }, kind: event.Segment,
			marks: []event.Mark{event.Retransmission}, says: "again … 3 bytes at 1 … 1,000 µs … first … differ"},
		{name: "overlap", do: func(c *conn) { c.Send(c2s, "hello"); c.At(c2s, 3, "lo world") }, kind: event.Segment,
			marks: []event.Mark{event.Overlap}, says: "8 bytes at 3 … 2 … again"},
		{name: "ahead", do: func(c *conn) { c.At(c2s, 1448, "hello") }, kind: event.Segment,
			marks: []event.Mark{event.Ahead}, says: "5 bytes at 1,448 … ahead … 1,448 … missing"},
		{name: "ahead, as far as there is room", kind: event.Segment,
			do:    func(c *conn) { c.ACK(s2c).Window = 65535; c.At(c2s, 4<<20, "hello") },
			marks: []event.Mark{event.Ahead},
			says:  "5 bytes at 4,194,304 … ahead … 4,194,304 … missing"},
		{name: "ahead, a part again", kind: event.Segment,
			do:    func(c *conn) { c.At(c2s, 5, "world"); c.At(c2s, 7, "rld!!!") },
			marks: []event.Mark{event.Overlap, event.Ahead},
			says:  "6 bytes at 7 … 3 … again … ahead … 5 … missing"},
		{name: "again what was cut", kind: event.Segment, marks: []event.Mark{event.Retransmission},
			do: func(c *conn) {
				p := c.Send(c2s, "hello")
				p.Payload = p.Payload[:2]
				c.Send(c2s, " world")
				c.At(c2s, 0, "hello world")
			},
			says: "again … 11 bytes at 0 … 2,000 µs … first"},
		{name: "ahead and others", do: func(c *conn) { c.At(c2s, 5, "world"); c.At(c2s, 5, "WORLD") }, kind: event.Segment,
			marks: []event.Mark{event.Retransmission},
			says:  "again … 5 bytes at 5 … differ … first"},
		{name: "fills a hole", do: func(c *conn) { c.At(c2s, 5, "world"); c.Send(c2s, "hello") }, kind: event.Segment,
			marks: []event.Mark{event.OutOfOrder}, says: "5 bytes at 0 … missing … came first"},
		{name: "between", do: func(c *conn) { c.At(c2s, 15, "world"); c.At(c2s, 5, "hello") }, kind: event.Segment,
			marks: []event.Mark{event.OutOfOrder, event.Ahead},
			says:  "5 bytes at 5 … between … 5 … missing"},
		{name: "in front of offset 0", do: func(c *conn) { c.At(c2s, -5, "hello") }, marks: []event.Mark{event.Outside},
			says: "5 bytes … ignored"},
		{name: "nonsense", do: func(c *conn) { c.At(c2s, 1<<30, "hello") }, marks: []event.Mark{event.Outside},
			says: "5 bytes … ignored"},
		{name: "after the end", do: func(c *conn) { c.FIN(c2s); c.At(c2s, 0, "hello") },
			marks: []event.Mark{event.Outside}, says: "5 bytes … ignored"},

		{name: "all acknowledged", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c) },
			says: "ACK … server's kernel has all 5 bytes … program … does not say"},
		{name: "and again", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); c.Send(c2s, "hello"); c.ACK(s2c) },
			says: "ACK … server's kernel has all 10 bytes"},
		{name: "some acknowledged", do: func(c *conn) { c.Send(c2s, "hello"); ack(c.ACK(s2c), 3) },
			says: "ACK … server's kernel has … first 3 … 5 bytes … program … does not say"},
		{name: "unseen", do: func(c *conn) { ack(c.ACK(s2c), 100) }, marks: []event.Mark{event.Unseen},
			says: "ACK … server's kernel has everything up … 100 … capture lacks 100 bytes … FIN"},
		{name: "an ACK beyond everything", do: func(c *conn) { ack(c.ACK(s2c), -1<<31) },
			marks: []event.Mark{event.Outside}, says: "ACK … ignored"},
		{name: "duplicate ACK", do: func(c *conn) { c.ACK(s2c); c.At(c2s, 5, "world"); ack(c.ACK(s2c), 0) },
			marks: []event.Mark{event.DuplicateACK}, says: "ACK again … server's kernel … byte at 0"},
		{name: "old ACK", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); ack(c.ACK(s2c), 2) },
			says: "ACK … old"},
		{name: "an old ACK takes nothing back", says: "ACK … nothing new",
			do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); ack(c.ACK(s2c), 2); c.ACK(s2c) }},
		{name: "nothing new", do: func(c *conn) { c.ACK(c2s); c.ACK(c2s) }, says: "ACK … nothing new"},
		{name: "zero window", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c).Window = 0 },
			marks: []event.Mark{event.ZeroWindow},
			says:  "ACK … server's kernel has all 5 bytes … program … does not say … server has no room"},
		{name: "window probe", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c).Window = 0; c.At(c2s, 4, "") },
			marks: []event.Mark{event.WindowProbe}, says: "window probe … server has room again"},
		{name: "window probe answered", marks: []event.Mark{event.ZeroWindow},
			do: func(c *conn) {
				c.Send(c2s, "hello")
				c.ACK(s2c).Window = 0
				c.At(c2s, 4, "")
				c.ACK(s2c).Window = 0
			},
			says: "ACK … server has no room"},
		{name: "window probe with a new byte", kind: event.Segment,
			do:    func(c *conn) { full(c); c.Send(c2s, "!") },
			marks: []event.Mark{event.WindowProbe}, says: "1 byte at 64,256 … room"},
		{name: "window update", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c).Window = 0; c.ACK(s2c) },
			marks: []event.Mark{event.WindowUpdate}, says: "ACK … server has room again … 64,256 bytes"},
		{name: "more room", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); c.ACK(s2c).Window = 1000 },
			marks: []event.Mark{event.WindowUpdate}, says: "ACK … server has room … 128,000 bytes"},
		{name: "keepalive", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); c.At(c2s, 4, "") },
			marks: []event.Mark{event.KeepAlive}, says: "keepalive … server … still there"},
		{name: "no keepalive while bytes are on their way", says: "ACK … nothing new",
			do: func(c *conn) { c.ACK(c2s); c.Send(c2s, "hello"); c.ACK(s2c); c.Send(c2s, "world"); c.At(c2s, 4, "") }},
		{name: "keepalive with a byte", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); c.At(c2s, 4, "x") },
			kind: event.Segment, marks: []event.Mark{event.KeepAlive},
			says: "keepalive … byte … server … still there"},
		{name: "keepalive of a silent client", do: func(c *conn) { c.At(c2s, -1, "x") },
			marks: []event.Mark{event.KeepAlive},
			says:  "keepalive … byte … server … still there"},
		{name: "one byte again is no keepalive", do: func(c *conn) { c.Send(c2s, "x"); c.At(c2s, 0, "x") },
			kind: event.Segment, marks: []event.Mark{event.Retransmission},
			says: "again … 1 byte at 0 … 1,000 µs … first"},
		{name: "keepalive answered", marks: []event.Mark{event.KeepAliveACK},
			do:   func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); c.At(c2s, 4, ""); c.ACK(s2c) },
			says: "ACK … server's kernel … still there"},

		{name: "FIN", do: func(c *conn) { c.FIN(c2s) },
			says: "FIN … client has no more bytes … may still read"},
		{name: "FIN with bytes", do: func(c *conn) { c.Send(c2s, "hello").Flags |= capture.FIN }, kind: event.Segment,
			says: "5 bytes at 0 … FIN … client has no more bytes … may still read"},
		{name: "FIN again", do: func(c *conn) { again(c, c2s, c.FIN(c2s)) }, marks: []event.Mark{event.Retransmission},
			says: "FIN again … 1,000 µs … first"},
		{name: "FIN in front of bytes", do: func(c *conn) { c.Send(c2s, "hello"); c.FIN(c2s).Seq -= 2 },
			marks: []event.Mark{event.Outside}, says: "FIN ACK … ignored"},
		{name: "FIN acknowledged", do: func(c *conn) { c.Send(c2s, "hello"); c.FIN(c2s); c.ACK(s2c) },
			says: "ACK … server's kernel has all 5 bytes … knows … client has no more bytes"},
		{name: "only the FIN acknowledged", do: func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); c.FIN(c2s); c.ACK(s2c) },
			says: "ACK … server's kernel knows … client has no more bytes"},
		{name: "second FIN", do: func(c *conn) { c.FIN(c2s); c.FIN(s2c) },
			says: "FIN … server has no more bytes … client … TIME-WAIT"},
		{name: "both FINs at once", do: func(c *conn) { c.FIN(c2s); ack(c.FIN(s2c), 0) },
			says: "FIN … server has no more bytes … not seen … FIN … both … TIME-WAIT"},
		{name: "over", do: func(c *conn) { c.FIN(c2s); c.FIN(s2c); c.ACK(c2s) },
			says: "ACK … client's kernel has everything … over"},
		{name: "FIN again, over", do: func(c *conn) { c.FIN(c2s); p := c.FIN(s2c); c.ACK(c2s); again(c, s2c, p) },
			marks: []event.Mark{event.Retransmission}, says: "FIN again … over"},
		{name: "ACK again, over", do: func(c *conn) { c.FIN(c2s); c.FIN(s2c); c.ACK(c2s); c.ACK(c2s) },
			says: "ACK … over"},

		{name: "RST", do: func(c *conn) { c.RST(c2s) }, says: "RST … client … at once"},
		{name: "RST over bytes", do: func(c *conn) { c.Send(c2s, "hello"); c.RST(s2c) },
			says: "RST … server … at once … program … bytes unread"},
		{name: "RST after a FIN", do: func(c *conn) { c.FIN(c2s); c.Send(s2c, "hello"); c.RST(c2s) },
			says: "RST … bytes … after … client's FIN"},
		{name: "RST in front of bytes on their way",
			do:   func(c *conn) { c.Send(c2s, "hello"); c.ACK(s2c); c.Send(c2s, "world"); c.RST(c2s).Seq -= 5 },
			says: "RST … client … at once"},
		{name: "RST with another's number", do: func(c *conn) { c.Send(c2s, "hello"); c.RST(c2s).Seq += 1 << 24 },
			marks: []event.Mark{event.Outside}, says: "RST ACK … ignored"},
		{name: "RST after the end", do: func(c *conn) { c.RST(c2s); c.RST(c2s) },
			says: "RST … over"},
		{name: "bytes after the end", do: func(c *conn) { c.RST(s2c); c.Send(c2s, "hello") },
			marks: []event.Mark{event.Outside}, says: "5 bytes … ignored … over"},
		{name: "bytes again after the end", do: func(c *conn) { c.Send(c2s, "hello"); c.RST(s2c); c.At(c2s, 0, "hello") },
			kind: event.Segment, marks: []event.Mark{event.Retransmission},
			says: "again … 5 bytes at 0 … over"},
		{name: "missing bytes after the end",
			do:    func(c *conn) { c.Skip(c2s, 5); c.ACK(s2c); c.RST(s2c); c.At(c2s, 0, "hello") },
			marks: []event.Mark{event.Outside}, says: "5 bytes … ignored … over"},
		{name: "no flags", do: func(c *conn) { c.ACK(c2s).Flags = 0 },
			says: "no bytes … no ACK"},
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
			texttest.Says(t, e.Text, c.says)
			for _, word := range telling {
				assert.Equal(t, strings.Contains(c.says, word), strings.Contains(e.Text, word), "%q in %q", word, e.Text)
			}
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
