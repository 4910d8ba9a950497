package trace

import "slices"

// AddFrame adds a frame to the row of frames, and keeps its payload, unmasked, or the beginning of it, to be shown in
// place of the bytes of the stream. If the payload is nil, they are shown.
func (m *Map) AddFrame(s Span, h FrameHeader, payload []byte) {
	m.Row(Frames).add(s, h.Opcode)
	header := int64(s.N) - h.Payload
	if payload != nil && s.Off >= m.Start && 0 <= h.Payload && header >= 0 {
		m.frames.keep(s.Off, header, payload, h.Payload)
	}
}

// decoded is a part of a stream as it reads once its frames were decoded: their payloads unmasked, zeros for their
// headers and for what was not told.
type decoded struct {
	from int64
	b    []byte
}

// keep keeps a frame, if it follows those kept before and there is room.
func (d *decoded) keep(off, header int64, payload []byte, length int64) {
	if len(d.b) == 0 {
		d.from = off
	}
	if off != d.from+int64(len(d.b)) {
		return
	}
	room := func() int64 { return int64(bytesKept - len(d.b)) }
	d.b = append(d.b, make([]byte, min(header, room()))...)
	payload = payload[:min(int64(len(payload)), length, room())]
	d.b = append(d.b, payload...)
	d.b = append(d.b, make([]byte, min(length-int64(len(payload)), room()))...)
}

func (d *decoded) clone() decoded { return decoded{d.from, slices.Clone(d.b)} }
