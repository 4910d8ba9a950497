package capture

import (
	"encoding/binary"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// decode makes the reader's packet of a record, if there is TCP in it, and counts it as skipped if not.
func (r *Reader) decode(rec *record) bool {
	why := r.headers(rec)
	if why != none {
		r.skipped[why]++
	}
	return why == none
}

// headers reads the headers of a packet, from the outermost to that of TCP.
func (r *Reader) headers(rec *record) Reason {
	v, s := network(rec.link, view{rec.data, rec.length})
	if s != none {
		return s
	}
	h, v, s := ip(v)
	switch {
	case s != none:
		return s
	case h.protocol == layers.IPProtocolUDP:
		return UDP
	case h.protocol != layers.IPProtocolTCP:
		return OtherIP
	case h.fragment:
		return Fragment
	}
	return r.segment(rec, h, v)
}

// segment reads the header of TCP (RFC 9293 section 3.1). Its first 20 bytes are enough: they say how long it is.
func (r *Reader) segment(rec *record, h ipHeader, v view) Reason {
	if s := v.lacks(20); s != none {
		return s
	}
	size := int(v.b[12]>>4) * 4
	if size < 20 {
		return Malformed
	}
	if v.wire < size {
		return Malformed
	}
	captured := min(size, len(v.b))
	header := v.b[:captured]
	if captured < size { // gopacket wants all of it: zeros end the options
		r.header = [60]byte{}
		copy(r.header[:], header)
		header = r.header[:size]
	}
	t := &r.tcp
	if err := t.DecodeFromBytes(header, gopacket.NilDecodeFeedback); err != nil {
		return Malformed
	}
	r.packet = Packet{
		Number: r.count, Time: rec.time,
		Src: netip.AddrPortFrom(h.src, uint16(t.SrcPort)), Dst: netip.AddrPortFrom(h.dst, uint16(t.DstPort)),
		Seq: t.Seq, Ack: t.Ack, Flags: Flags(v.b[13]), Window: t.Window,
		WindowScale: -1, OptionsCut: captured < size,
		Payload: v.b[captured:], Length: v.wire - size,
	}
	if t.SYN {
		r.packet.options(t.Options, captured-20)
	}
	return none
}

// options takes those that are for a handshake, as far as the capture has them: their first bytes, as many as captured
// says. They mean nothing in other packets.
func (p *Packet) options(options []layers.TCPOption, captured int) {
	for i := range options {
		if captured -= int(options[i].OptionLength); captured < 0 {
			return
		}
		value := options[i].OptionData
		switch kind := options[i].OptionType; {
		case kind == layers.TCPOptionKindMSS && len(value) == 2:
			p.MSS = int(binary.BigEndian.Uint16(value))
		case kind == layers.TCPOptionKindWindowScale && len(value) == 1:
			p.WindowScale = int(value[0])
		}
	}
}
