package wire_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
	"echolab/internal/capture/capturetest"
	"echolab/internal/event"
	"echolab/internal/wire"
)

// invented makes packets of any bytes, sixteen each: of two connections, most of them near the numbers that their
// streams have reached. A byte of a stream is a function of its sequence number, so that what is told can be checked.
func invented(data []byte) (packets []*capture.Packet) {
	type end struct{ next uint32 }
	var ends [2][2]end
	at := capturetest.Start
	for ; len(data) >= 16; data = data[16:] {
		how, conn, from := data[0], data[1]&1, data[1]>>1&1
		near, other := &ends[conn][from], ends[conn][1-from]
		p := &capture.Packet{
			Number: len(packets) + 1, Time: at, Flags: capture.Flags(data[2]), WindowScale: int(data[3]%17) - 1,
			Window: binary.LittleEndian.Uint16(data[4:]), Length: int(binary.LittleEndian.Uint16(data[6:])),
			Seq: near.next + uint32(int8(data[8])), Ack: other.next + uint32(int8(data[9])),
		}
		if how&1 != 0 {
			p.Length %= 32
		}
		if how&2 != 0 {
			p.Seq = binary.LittleEndian.Uint32(data[8:])
		}
		if how&4 != 0 {
			p.Ack = binary.LittleEndian.Uint32(data[12:])
		}
		a, b := netip.MustParseAddrPort("192.0.2.1:40000"), netip.MustParseAddrPort("192.0.2.2:80")
		if conn == 1 {
			b = a // with itself
		}
		if p.Src, p.Dst = a, b; from == 1 {
			p.Src, p.Dst = b, a
		}
		if how&16 == 0 {
			p.Length %= 2000
		}
		p.Payload = make([]byte, p.Length)
		first := p.Seq
		if p.Flags&capture.SYN != 0 {
			first++
		}
		for i := range p.Payload {
			p.Payload[i] = byteAt(first + uint32(i))
		}
		near.next = first + uint32(p.Length)
		if how&8 != 0 {
			p.Payload = p.Payload[:p.Length/2]
		}
		at = at.Add(time.Duration(int8(data[10])) * time.Millisecond)
		packets = append(packets, p)
	}
	return packets
}

func byteAt(seq uint32) byte { return byte(seq*2654435761>>24) | 0x80 }

// A checker holds the events of any capture against what must always be so.
type checker struct {
	t     *testing.T
	ends  map[stream]int64  // of what was told of the streams
	bases map[stream]uint32 // the sequence numbers of offset 0
	later []event.Event     // segments of streams whose packets were not told of yet
	last  int
}

type stream struct {
	conn int
	dir  event.Dir
}

func (k *checker) Record(e event.Event) {
	key := stream{e.Conn, e.Dir}
	switch e.Ev {
	case event.Segment, event.Gap:
		require.Equal(k.t, k.ends[key], e.Off, "each begins where the one before ends")
		require.Positive(k.t, e.N)
		require.LessOrEqual(k.t, len(e.Bytes), e.N)
		k.ends[key] += int64(e.N)
		if e.Ev == event.Segment {
			require.Equal(k.t, len(e.Bytes), e.Captured)
			e.Bytes = append([]byte(nil), e.Bytes...)
			k.later = append(k.later, e)
		}
	}
}

// packets is the Recorder for the packets.
func (k *checker) packets(e event.Event) {
	if e.PacketHeader == nil {
		return
	}
	require.Equal(k.t, k.last+1, e.Number)
	k.last = e.Number
	require.NotEmpty(k.t, e.Text)
	require.NotContains(k.t, e.Text, "differ", "the same number always has the same byte")
	if e.Ev == event.Segment {
		require.GreaterOrEqual(k.t, e.Off, int64(0))
		seq := e.Seq
		if e.Has(event.SYN) {
			seq++
		}
		key, base := stream{e.Conn, e.Dir}, seq-uint32(e.Off)
		if known, ok := k.bases[key]; ok {
			require.Equal(k.t, known, base, "offset 0 stays where it is")
		}
		k.bases[key] = base
	}
	for _, s := range k.later {
		base, ok := k.bases[stream{s.Conn, s.Dir}]
		require.True(k.t, ok)
		for i, b := range s.Bytes {
			if want := byteAt(base + uint32(s.Off) + uint32(i)); b != want {
				require.Equal(k.t, want, b, "the byte at %d", s.Off+int64(i))
			}
		}
	}
	k.later = k.later[:0]
}

func FuzzFollower(f *testing.F) {
	f.Add([]byte("0123456789abcdef"))
	// A handshake, bytes in both directions, one ahead of the other, FIN and FIN.
	f.Add([]byte("\x00\x00\x02\x08\xff\xff\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00" +
		"\x00\x02\x12\x08\xff\xff\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00" +
		"\x00\x00\x10\x00\xff\xff\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00" +
		"\x00\x00\x18\x00\xff\xff\x20\x00\x08\x00\x01\x00\x00\x00\x00\x00" +
		"\x00\x00\x18\x00\xff\xff\x08\x00\xd8\x00\x01\x00\x00\x00\x00\x00" +
		"\x00\x02\x11\x00\xff\xff\x08\x00\x00\x20\x01\x00\x00\x00\x00\x00" +
		"\x00\x00\x11\x00\xff\xff\x00\x00\x20\x01\x01\x00\x00\x00\x00\x00" +
		"\x00\x02\x10\x00\xff\xff\x00\x00\x01\x01\x01\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		packets := invented(data[:min(len(data), 16<<7)])
		k := &checker{t: t, ends: make(map[stream]int64), bases: make(map[stream]uint32)}
		ended := make(map[int]bool)
		follower := &wire.Follower{Packets: recorderFunc(k.packets), Streams: k, Ended: func(conn int, how string) {
			assert.False(t, ended[conn], "each ends once")
			assert.NotEmpty(t, how)
			ended[conn] = true
		}}
		for _, p := range packets {
			follower.Packet(p)
			ahead, _ := follower.Held()
			require.LessOrEqual(t, ahead, 64<<20)
		}
		follower.End()
		require.Equal(t, len(packets), k.last, "every packet is told of")
		assert.Zero(t, follower.Open())
		ahead, copies := follower.Held()
		assert.Zero(t, ahead)
		assert.Zero(t, copies)
	})
}
