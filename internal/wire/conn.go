package wire

import (
	"net/netip"
	"strconv"

	"echolab/internal/capture"
	"echolab/internal/decode"
	"echolab/internal/event"
)

// A conn is one connection.
type conn struct {
	f      *Follower
	number int
	ends   event.Ends

	client, server half
	talk           *decode.Conversation

	packets  int  // that were taken in
	complete bool // the handshake was seen to its end
	over     bool

	older, newer *conn // in a list of the table
}

// newConn begins the connection that p is the first packet of. A SYN shows which end is the client, with ACK or
// without; else the end with the Follower's port is the server, or the one with the lower port.
func newConn(f *Follower, p *capture.Packet) *conn {
	c := &conn{f: f, number: f.number, ends: event.Ends{Client: p.Src, Server: p.Dst}}
	switch p.Flags & (capture.SYN | capture.RST | capture.ACK) {
	case capture.SYN:
	case capture.SYN | capture.ACK:
		c.ends = event.Ends{Client: p.Dst, Server: p.Src}
	default:
		c.ends.Guessed = true
		if serves(f.Port, p.Src, p.Dst) {
			c.ends.Client, c.ends.Server = p.Dst, p.Src
		}
	}
	c.client = half{c: c, dir: event.ClientToServer, fin: -1, scale: -1}
	c.server = half{c: c, dir: event.ServerToClient, fin: -1, scale: -1}
	c.talk = decode.New(c.number, f.Codec, f.Streams)
	return c
}

// serves says whether a is more likely to be the server than b.
func serves(port uint16, a, b netip.AddrPort) bool {
	if port != 0 && (a.Port() == port) != (b.Port() == port) {
		return a.Port() == port
	}
	return a.Port() < b.Port()
}

// opening is what is to be said of the connection as such.
func (c *conn) opening(p *capture.Packet) string {
	switch {
	case c.ends.Guessed:
		return "its start is not in the capture: offset 0 of each direction is its first byte here, and port " +
			strconv.Itoa(int(c.ends.Server.Port())) + " is taken for the server's"
	case p.Flags&capture.ACK != 0:
		return "its SYN is not in the capture, but the answer to it is"
	}
	return ""
}

// between says whether the connection has these ends, in either order.
func (c *conn) between(a, b netip.AddrPort) bool {
	return a == c.ends.Client && b == c.ends.Server || a == c.ends.Server && b == c.ends.Client
}

// halves returns the half that p belongs to, and the other one.
func (c *conn) halves(p *capture.Packet) (from, to *half) {
	if p.Src == c.ends.Client {
		return &c.client, &c.server
	}
	return &c.server, &c.client
}

// isOther says whether p, which has the connection's addresses, belongs to another connection: those are used again.
func (c *conn) isOther(p *capture.Packet) bool {
	from, to := c.halves(p)
	switch p.Flags & (capture.SYN | capture.RST | capture.ACK) {
	case capture.SYN:
		again := from.syn && from.base == p.Seq+1
		both := from == &c.server && c.client.syn && !from.known // two that ask each other at once
		early := from.sure && !from.syn && from.base == p.Seq+1  // the capture has the answer in front of it
		return !again && !both && !early || c.over && !c.complete
	case capture.SYN | capture.ACK:
		if c.ends.Guessed || from.sure && from.base != p.Seq+1 {
			off := to.offset(p.Ack)
			return !to.sure || off < 0 || off > to.top
		}
		return false
	}
	if !c.over || p.Flags&capture.RST != 0 || !from.known {
		return false
	}
	off := from.offset(p.Seq)
	return off < from.top-slack || off > from.top+slack
}

// shift is how far the windows that from offers are shifted, and whether the capture shows that (RFC 7323 section 2.2):
// both ends have to have agreed.
func (c *conn) shift(from, to *half) (bits int, known bool) {
	switch {
	case from.unscaled, to.unscaled:
		return 0, true
	case from.syn && from.scale < 0, to.syn && to.scale < 0: // cut by a snap length
		return 0, false
	case from.syn && (to.syn || from == &c.server): // a server agrees only to what the client has asked for
		return min(from.scale, 14), true
	}
	return 0, false
}

// packet takes the connection's next packet, and returns in a few words how the connection ended, if it did.
func (c *conn) packet(p *capture.Packet) (how string) {
	s := &c.f.step
	s.look(c, p)
	if !c.over {
		how = s.apply()
	}
	if how != "" {
		c.finish()
	}
	if c.f.Packets != nil {
		c.f.tell(c.f.Packets, s.event())
	}
	return how
}

// finish gives up what is missing, and ends both streams.
func (c *conn) finish() {
	c.client.finish()
	c.server.finish()
}
