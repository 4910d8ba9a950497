package tshark

import (
	"bytes"
	"fmt"
	"net/netip"
)

// A stream is one direction of a connection, for both readings.
type stream struct {
	conn int
	src  netip.AddrPort
}

// keptPayload is how much of a long payload is told at least.
const keptPayload = 4 << 10

// frames compares all that is said of frames.
func (d *differences) frames(ours *reading, packets []Packet, theirs []Frame) {
	byNumber := make(map[int]Packet)
	for _, p := range packets {
		byNumber[p.Number] = p
	}
	ourStreams, theirStreams := make(map[stream][]frameRead), make(map[stream][]Frame)
	for _, f := range ours.frames {
		s := stream{f.conn, source(ours.ends[f.conn], f.dir)}
		ourStreams[s] = append(ourStreams[s], f)
	}
	for _, f := range theirs {
		p := byNumber[f.Number]
		s := stream{p.Stream + 1, p.Src}
		theirStreams[s] = append(theirStreams[s], f)
		if ourStreams[s] == nil {
			ourStreams[s] = []frameRead{}
		}
	}
	for s, frames := range ourStreams {
		d.stream(s, frames, theirStreams[s], byNumber)
	}
}

// stream compares the frames of one stream, in their order.
func (d *differences) stream(s stream, ours []frameRead, theirs []Frame, packets map[int]Packet) {
	where := fmt.Sprintf("connection %d from %v", s.conn, s.src)
	d.same(where, "the number of frames", len(ours), len(theirs))
	n := min(len(ours), len(theirs))
	if n == 0 {
		return
	}
	off := begin(theirs, packets, ours[0].span.Off)
	for i := range n {
		f, p := theirs[i], packets[theirs[i].Number]
		at := fmt.Sprintf("%s, frame %d", where, i+1)
		d.frame(at, ours[i], f)
		d.same(at, "the offset", ours[i].span.Off, off)
		if f.Off >= 0 {
			d.same(at, "the offset in its packet", uint32(ours[i].span.Off), p.offset()+uint32(f.Off))
		}
		off += int64(f.Header) + f.Length
		behind := uint32(off) - p.offset() // of the bytes of the packet that it ends in
		d.same(at, "that it ends in the packet", true, 0 < behind && behind <= uint32(p.Len))
	}
}

// begin is the offset of the first of the frames: of the frames in front of one that tshark found whole in a packet,
// the lengths are known. Without such a one it is guess.
func begin(frames []Frame, packets map[int]Packet, guess int64) int64 {
	length := int64(0)
	for _, f := range frames {
		if f.Off >= 0 {
			return int64(packets[f.Number].offset()) + int64(f.Off) - length
		}
		length += int64(f.Header) + f.Length
	}
	return guess
}

// frame compares all but the place.
func (d *differences) frame(where string, ours frameRead, theirs Frame) {
	d.same(where, "the packet", ours.packet, theirs.Number)
	d.same(where, "FIN", ours.Fin, theirs.Fin)
	d.same(where, "RSV", ours.RSV, theirs.RSV)
	d.same(where, "the opcode", ours.Opcode, theirs.Opcode)
	d.same(where, "MASK", ours.Masked, theirs.Masked)
	d.same(where, "the key", ours.Key, theirs.Key)
	d.same(where, "the payload's length", ours.FrameHeader.Payload, theirs.Length)
	d.same(where, "the length", int64(ours.span.N), int64(theirs.Header)+theirs.Length)
	d.same(where, "the length of tshark's payload", theirs.Length, int64(len(theirs.Payload)))
	if len(ours.payload) < min(keptPayload, len(theirs.Payload)) || !bytes.HasPrefix(theirs.Payload, ours.payload) {
		d.same(where, "the payload", brief(ours.payload), brief(theirs.Payload))
	}
}
