package tshark

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"echolab/internal/event"
)

// differences are the places where two readings of a capture are not the same, a sentence each.
type differences []string

// same notes a difference if ours is not theirs.
func (d *differences) same(where, what string, ours, theirs any) {
	if ours != theirs {
		*d = append(*d, fmt.Sprintf("%s: %s is %v, tshark says %v", where, what, ours, theirs))
	}
}

// packets compares all that is said of packets.
func (d *differences) packets(ours *reading, theirs verdict) {
	n := d.headers(ours, theirs)
	for i, p := range theirs.packets[:n] {
		d.marks(ours.packets[i], p)
		d.unseen(ours.packets[i], p, theirs)
	}
	d.holes(ours.packets[:n], theirs.packets[:n])
}

// headers compares what stands in the packets, and where their bytes lie. It returns how many both have.
func (d *differences) headers(ours *reading, theirs verdict) int {
	d.same("the capture", "the number of TCP packets", len(ours.packets), len(theirs.packets))
	n := min(len(ours.packets), len(theirs.packets))
	for i, p := range theirs.packets[:n] {
		d.header(ours.packets[i], p, ours.ends)
	}
	return n
}

func (d *differences) header(ours packetRead, theirs Packet, ends map[int]event.Ends) {
	where := fmt.Sprintf("packet %d", theirs.Number)
	d.same(where, "the number", ours.Number, theirs.Number)
	d.same(where, "the connection", ours.conn, theirs.Stream+1)
	d.same(where, "the source", source(ends[ours.conn], ours.dir), theirs.Src)
	d.same(where, "the destination", source(ends[ours.conn], other(ours.dir)), theirs.Dst)
	d.same(where, "the sequence number", ours.Seq, theirs.Seq)
	d.same(where, "the acknowledgement", ours.Ack, theirs.Ack)
	d.same(where, "the flags", sorted(strings.Fields(ours.Flags)), sorted(flags(theirs.Flags)))
	d.same(where, "the window", ours.Window, theirs.Window)
	d.same(where, "the length", ours.span.N, theirs.Len)
	d.same(where, "the captured length", ours.Captured, len(theirs.Payload))
	if !bytes.Equal(ours.payload, theirs.Payload) {
		d.same(where, "the payload", brief(ours.payload), brief(theirs.Payload))
	}
	if theirs.Len > 0 {
		d.same(where, "the offset", uint32(ours.span.Off), theirs.offset())
	}
}

// marks compares what is not as usual about a packet.
func (d *differences) marks(ours packetRead, theirs Packet) {
	for _, m := range comparable {
		if theirs.Len > 0 || !m.data {
			where := fmt.Sprintf("packet %d", theirs.Number)
			d.same(where, strings.ToUpper(m.name), ours.any(m.ours...), theirs.Any(m.theirs...))
		}
	}
}

// source is where the packets of a direction come from.
func source(e event.Ends, dir event.Dir) netip.AddrPort {
	if dir == event.ClientToServer {
		return e.Client
	}
	return e.Server
}

func other(dir event.Dir) event.Dir {
	if dir == event.ClientToServer {
		return event.ServerToClient
	}
	return event.ClientToServer
}

// offset is that of the packet's first byte in the stream, modulo 2^32. A SYN counts one, and its payload follows it.
func (p Packet) offset() uint32 {
	const syn = 2
	if p.Flags&syn != 0 {
		return p.Rel
	}
	return p.Rel - 1
}

// flags are the names of RFC 9293 section 3.1, from the lowest bit on.
func flags(bits byte) (names []string) {
	for i, name := range []string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"} {
		if bits&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

func sorted(names []string) string {
	slices.Sort(names)
	return strings.Join(names, " ")
}

// brief is the beginning of what may be long.
func brief(b []byte) string { return fmt.Sprintf("%d bytes, %.32q…", len(b), b) }

// comparable are the marks that mean the same here and there. tshark tells by the time that has passed whether old bytes
// were sent again or only overtaken, and this project by whether they were in the capture before: what is compared is
// that they are old.
var comparable = []struct {
	name   string
	ours   []event.Mark
	theirs []string
	data   bool // in packets with a payload only
}{
	{"behind the newest byte", []event.Mark{event.Retransmission, event.Overlap, event.OutOfOrder}, old, true},
	{"keepalive", []event.Mark{event.KeepAlive}, []string{"keep_alive"}, false},
	{"keepalive ACK", []event.Mark{event.KeepAliveACK}, []string{"keep_alive_ack"}, false},
	{"zero window", []event.Mark{event.ZeroWindow}, []string{"zero_window"}, false},
	{"window probe", []event.Mark{event.WindowProbe}, []string{"zero_window_probe"}, false},
	{"window update", []event.Mark{event.WindowUpdate}, []string{"window_update"}, false},
	{"duplicate ACK", []event.Mark{event.DuplicateACK}, []string{"duplicate_ack"}, false},
}

// any says whether the packet has one of the marks.
func (p packetRead) any(marks ...event.Mark) bool {
	return slices.ContainsFunc(marks, func(m event.Mark) bool { return slices.Contains(p.Marks, m) })
}

// holes compares where bytes are missing. This project marks all packets that wait behind a hole, tshark only those
// that do not follow on the newest byte.
func (d *differences) holes(ours []packetRead, theirs []Packet) {
	lost := make(map[stream]bool) // tshark has said so once
	for i, p := range theirs {
		if p.Len == 0 {
			continue
		}
		where, ahead := fmt.Sprintf("packet %d", p.Number), ours[i].any(event.Ahead)
		if p.Any("lost_segment") {
			lost[p.stream()] = true
			d.same(where, "a hole in front of it", ahead, true)
		}
		if ahead {
			d.same(where, "a hole so far", ahead, lost[p.stream()])
		}
	}
}

// unseen compares whether a packet acknowledges bytes that are not in the capture. tshark looks for that past the
// last byte that came in its turn, so in a jumbled stream it finds more.
func (d *differences) unseen(ours packetRead, theirs Packet, all verdict) {
	unseen, where := ours.any(event.Unseen), fmt.Sprintf("packet %d", theirs.Number)
	if unseen || !all.jumbled[theirs.reverse()] {
		d.same(where, "that it acknowledges bytes that are not there", unseen, theirs.Any("ack_lost_segment"))
	}
}
