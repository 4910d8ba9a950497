package tshark

import (
	"bytes"
	"fmt"
)

const (
	keptPayload = 64 << 10  // how much of a payload this project tells at least
	unmasked    = 256 << 10 // how much of one tshark unmasks at most
)

// frames compares all that is said of frames, stream by stream.
func (d *differences) frames(ours *reading, theirs verdict) {
	type both struct {
		ours   []frameRead
		theirs []Frame
	}
	streams := make(map[stream]both)
	for _, f := range ours.frames {
		s := stream{f.conn, source(ours.ends[f.conn], f.dir)}
		b := streams[s]
		b.ours = append(b.ours, f)
		streams[s] = b
	}
	for _, f := range theirs.frames {
		s := theirs.byNumber[f.Number].stream()
		b := streams[s]
		b.theirs = append(b.theirs, f)
		streams[s] = b
	}
	for s, b := range streams {
		where := fmt.Sprintf("connection %d from %v", s.conn, s.src)
		d.same(where, "the number of frames", len(b.ours), len(b.theirs))
		n := min(len(b.ours), len(b.theirs))
		for i := range n {
			d.frame(fmt.Sprintf("%s, frame %d", where, i+1), b.ours[i], b.theirs[i])
		}
		if n > 0 {
			d.places(where, b.ours[:n], b.theirs[:n], theirs)
		}
	}
}

// places compares where the frames of a stream are: one after the other, and each where its packet is.
func (d *differences) places(where string, ours []frameRead, theirs []Frame, all verdict) {
	off := begin(theirs, all.byNumber, ours[0].span.Off)
	for i, f := range theirs {
		at, p := fmt.Sprintf("%s, frame %d", where, i+1), all.byNumber[f.Number]
		d.same(at, "the offset", ours[i].span.Off, off)
		if f.Off >= 0 {
			d.same(at, "the offset in its packet", uint32(ours[i].span.Off), p.offset()+uint32(f.Off))
		}
		off += int64(f.Header) + f.Length
		if end := uint32(off) - p.offset(); !all.jumbled[p.stream()] {
			d.same(at, "that it ends in the packet", true, 0 < end && end <= uint32(p.Len))
		} // else the packet may be the one that filled a hole in front
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
	whole := int(theirs.Length)
	if theirs.Masked {
		whole = min(whole, unmasked)
	}
	d.same(where, "the length of its payload that tshark shows", whole, len(theirs.Payload))
	n := min(len(ours.payload), len(theirs.Payload))
	if n < min(keptPayload, whole) || !bytes.Equal(ours.payload[:n], theirs.Payload[:n]) {
		d.same(where, "the payload", brief(ours.payload), brief(theirs.Payload))
	}
}
