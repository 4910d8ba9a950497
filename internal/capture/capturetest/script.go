// Package capturetest makes captures for tests: the packets of TCP connections, as values or as files. It may
// know how packets and files look. It must not know who reads them.
//
//	s := new(capturetest.Script)
//	c := s.Conn("192.0.2.1:40000", "192.0.2.2:80")
//	c.Handshake()
//	c.Send(event.ClientToServer, "hello")
//	c.ACK(event.ServerToClient)
//	file := capturetest.Pcap(t, layers.LinkTypeEthernet, s.Packets)
package capturetest

import (
	"net/netip"
	"time"

	"echolab/internal/capture"
	"echolab/internal/event"
)

// A Script is a list of packets in the making. Their numbers begin with 1; their times with Start, and each is a
// millisecond after the one before. The zero value is ready.
type Script struct {
	Packets []*capture.Packet
}

// Start is the time of a script's first packet.
var Start = time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)

// Conn begins a connection between two addresses with ports. It makes no packets yet. It panics if they are no such
// addresses.
func (s *Script) Conn(client, server string) *Conn {
	return &Conn{
		ClientISN: 1000, ServerISN: 5000,
		script: s, client: end{addr: netip.MustParseAddrPort(client)}, server: end{addr: netip.MustParseAddrPort(server)},
	}
}

// A Conn writes the packets of one connection to its Script. What its methods return is part of the script and may be
// changed: a payload that is shortened, with the Length left as it is, was cut by a snap length.
type Conn struct {
	ClientISN, ServerISN uint32 // the sequence numbers of the SYNs; may be changed before the first packet

	script         *Script
	client, server end
}

// An end of a connection.
type end struct {
	addr netip.AddrPort
	next uint32 // how many numbers it has used: its SYN is the first
}

// Handshake makes SYN, SYN ACK and ACK. The SYNs have MSS 1460, window scale 7, and permit SACK.
func (c *Conn) Handshake() {
	c.SYN(event.ClientToServer)
	c.SYN(event.ServerToClient)
	c.ACK(event.ClientToServer)
}

// SYN makes the first packet of an end: the server's has ACK as well if the client's was made before.
func (c *Conn) SYN(dir event.Dir) *capture.Packet {
	from, to := c.ends(dir)
	flags := capture.SYN
	if to.next > 0 {
		flags |= capture.ACK
	}
	p := c.packet(dir, from.next, flags, "")
	p.MSS, p.WindowScale = 1460, 7
	from.next++
	return p
}

// Send makes a packet with the next bytes of a stream.
func (c *Conn) Send(dir event.Dir, payload string) *capture.Packet {
	from, _ := c.ends(dir)
	from.begin()
	p := c.packet(dir, from.next, capture.PSH|capture.ACK, payload)
	from.next += uint32(len(payload))
	return p
}

// At makes a packet with bytes of a stream from an offset on, wherever that is. Send goes on as if it had not been.
func (c *Conn) At(dir event.Dir, off int64, payload string) *capture.Packet {
	return c.packet(dir, 1+uint32(off), capture.PSH|capture.ACK, payload)
}

// ACK makes a packet without bytes, that acknowledges all that the other end sent.
func (c *Conn) ACK(dir event.Dir) *capture.Packet {
	from, _ := c.ends(dir)
	from.begin()
	return c.packet(dir, from.next, capture.ACK, "")
}

// FIN makes a packet that ends a stream.
func (c *Conn) FIN(dir event.Dir) *capture.Packet {
	p := c.ACK(dir)
	p.Flags |= capture.FIN
	from, _ := c.ends(dir)
	from.next++
	return p
}

// RST makes a packet that ends the connection.
func (c *Conn) RST(dir event.Dir) *capture.Packet {
	p := c.ACK(dir)
	p.Flags |= capture.RST
	return p
}

// Skip makes no packet: the next n bytes of a stream are not in the capture.
func (c *Conn) Skip(dir event.Dir, n int) {
	from, _ := c.ends(dir)
	from.begin()
	from.next += uint32(n)
}

// begin passes the SYN, for connections whose capture begins after it.
func (e *end) begin() { e.next = max(e.next, 1) }

// ends returns the sender and the receiver of a direction.
func (c *Conn) ends(dir event.Dir) (from, to *end) {
	if dir == event.ServerToClient {
		return &c.server, &c.client
	}
	return &c.client, &c.server
}

// packet appends a packet whose sequence number is that many after its sender's first.
func (c *Conn) packet(dir event.Dir, number uint32, flags capture.Flags, payload string) *capture.Packet {
	from, to := c.ends(dir)
	isn, other := c.ClientISN, c.ServerISN
	if dir == event.ServerToClient {
		isn, other = other, isn
	}
	s := c.script
	p := &capture.Packet{
		Number: len(s.Packets) + 1,
		Time:   Start.Add(time.Duration(len(s.Packets)) * time.Millisecond),
		Src:    from.addr, Dst: to.addr,
		Seq: isn + number, Flags: flags, Window: 502, WindowScale: -1,
		Payload: []byte(payload), Length: len(payload),
	}
	if flags&capture.ACK != 0 {
		p.Ack = other + max(to.next, 1)
	}
	s.Packets = append(s.Packets, p)
	return p
}
