package streammap

import (
	"slices"

	"echolab/internal/event"
)

// Keep keeps bytes of the stream to be shown, if they follow those kept before and there is room.
func (m *Map) Keep(off int64, b []byte) {
	have := int64(len(m.data))
	if off > have || off+int64(len(b)) <= have {
		return
	}
	b = b[have-off:]
	m.data = append(m.data, b[:min(len(b), bytesKept-len(m.data))]...)
}

// Bytes returns the n bytes of the stream at off, or nil if not all of them were kept. They must not be changed.
func (m *Map) Bytes(off int64, n int) []byte {
	if off < 0 || n < 0 || off+int64(n) > int64(len(m.data)) {
		return nil
	}
	return m.data[off : off+int64(n)]
}

// Wire returns those bytes of the stream in from..to that were kept: the first of them lies at from. They must not be
// changed.
func (m *Map) Wire(from, to int64) []byte { return part(m.data, 0, from, to) }

// Decoded returns the bytes of from..to as they read once the frames were decoded, as far as they were kept: payloads
// unmasked, and zeros for the frames' headers. It is nil if no payload was kept there.
func (m *Map) Decoded(from, to int64) []byte {
	payload := part(m.frames.b, m.frames.from, from, to)
	wire := m.Wire(from, to)
	if len(payload) == 0 || len(wire) == 0 && !m.frames.told {
		return nil
	}
	at := int(max(0, m.frames.from-from))
	shown := slices.Concat(wire, make([]byte, max(0, at+len(payload)-len(wire))))
	copy(shown[at:], payload)
	return shown
}

// part returns those of the bytes that lie in from..to, if the first of them lies at offset.
func part(b []byte, offset, from, to int64) []byte {
	length := int64(len(b))
	return b[min(max(from-offset, 0), length):min(max(to-offset, 0), length)]
}

// AddFrame adds a frame to the row of frames, and keeps its payload, unmasked, or the beginning of it, to be shown in
// place of the bytes of the stream. If the payload is nil, they are shown, unless they are masked: what a mask makes of
// a text is none, though it has letters here and there.
func (m *Map) AddFrame(s event.Span, h event.FrameHeader, payload []byte) {
	m.Row(Frames).add(s, h.Opcode)
	header := int64(s.N) - h.Payload
	if (payload != nil || h.Masked) && s.Off >= m.Start && 0 <= h.Payload && header >= 0 {
		m.frames.keep(s.Off, header, payload, h.Payload)
	}
}

// decoded is a part of a stream as it reads once its frames were decoded: their payloads unmasked, zeros for their
// headers and for what was not told.
type decoded struct {
	from int64
	b    []byte
	told bool // at least one payload was
}

// keep keeps a frame, if it follows those kept before and there is room.
func (d *decoded) keep(off, header int64, payload []byte, length int64) {
	if len(d.b) == 0 {
		d.from = off
	}
	if off != d.from+int64(len(d.b)) {
		return
	}
	d.told = d.told || payload != nil
	room := func() int64 { return int64(bytesKept - len(d.b)) }
	d.b = append(d.b, make([]byte, min(header, room()))...)
	payload = payload[:min(int64(len(payload)), length, room())]
	d.b = append(d.b, payload...)
	d.b = append(d.b, make([]byte, min(length-int64(len(payload)), room()))...)
}

func (d *decoded) clone() decoded { return decoded{d.from, slices.Clone(d.b), d.told} }
