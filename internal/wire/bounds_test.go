package wire_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
	"echolab/internal/capture/capturetest"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/text/texttest"
	"echolab/internal/wire"
)

// syn is the first packet of the i-th of many connections.
func syn(i int) *capture.Packet {
	return &capture.Packet{
		Number: i + 1, Time: capturetest.Start.Add(time.Duration(i) * time.Millisecond),
		Src:   netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 16), 1}), uint16(i)),
		Dst:   netip.MustParseAddrPort("192.0.2.1:80"),
		Flags: capture.SYN, Seq: uint32(i), WindowScale: -1,
	}
}

func TestTheConnectionThatIsIdleForLongestIsDropped(t *testing.T) {
	r := newRun()
	r.f.Packets = nil
	before := labtest.Heap()
	for i := range wire.MaxOpen {
		r.f.Packet(syn(i))
	}
	held := labtest.Heap() - before
	t.Logf("%d bytes a connection", held/wire.MaxOpen)
	assert.Less(t, held, int64(200<<20))
	r.f.Packet(syn(0)) // again: the second one is idle for longest now
	assert.Empty(t, r.streams)
	r.f.Packet(syn(wire.MaxOpen))
	assert.Equal(t, wire.MaxOpen, r.f.Open())
	assert.Equal(t, []string{"dropped"}, r.ended)
	require.Len(t, r.streams, 1)
	assert.Equal(t, event.Failed, r.streams[0].Ev)
	assert.Equal(t, 2, r.streams[0].Conn)
	texttest.Says(t, r.streams[0].Text, "dropped … 65,536 … idle")
	r.f.Packet(syn(1))
	assert.Equal(t, []string{"dropped", "dropped"}, r.ended)
	r.f.End()
	assert.Zero(t, r.f.Open())
	assert.Len(t, r.ended, wire.MaxOpen+2)
}

func TestConnectionsThatEndedAreForgotten(t *testing.T) {
	r := newRun()
	r.f.Packets = nil
	ends := func(from, to int) {
		for i := from; i < to; i++ {
			r.f.Packet(syn(i))
			p := syn(i)
			p.Src, p.Dst, p.Flags, p.Ack = p.Dst, p.Src, capture.RST|capture.ACK, p.Seq+1
			r.f.Packet(p)
		}
	}
	ends(0, wire.MaxOver)
	before := labtest.Heap()
	ends(wire.MaxOver, 50*wire.MaxOver)
	assert.Less(t, labtest.Heap()-before, int64(4<<20))
	assert.Zero(t, r.f.Open())
}

func TestWhatCameAheadIsBoundedForAllTogether(t *testing.T) {
	f := &wire.Follower{}
	payload := make([]byte, 60_000)
	before := labtest.Heap()
	for i := range 400 { // 380 MB in all, each less than what one direction may hold
		p := syn(i)
		f.Packet(p)
		p.Flags = capture.ACK
		p.Seq += 2
		for range 16 {
			p.Payload, p.Length = payload, len(payload)
			f.Packet(p)
			p.Seq += uint32(len(payload))
		}
		ahead, _ := f.Held()
		require.LessOrEqual(t, ahead, 64<<20)
	}
	assert.Less(t, labtest.Heap()-before, int64(110<<20))
	f.End()
	ahead, copies := f.Held()
	assert.Zero(t, ahead)
	assert.Zero(t, copies)
}

func TestTinySegmentsAheadAreBoundedToo(t *testing.T) {
	f := &wire.Follower{}
	p := syn(0)
	f.Packet(p)
	p.Flags, p.Payload, p.Length = capture.ACK, []byte("x"), 1
	for range 20_000 { // five times what the limit has room for
		p.Seq += 2
		f.Packet(p)
		ahead, _ := f.Held()
		require.LessOrEqual(t, ahead, 1<<20)
	}
}

func TestCopiesOfWhatWasDeliveredAreBounded(t *testing.T) {
	f := &wire.Follower{}
	payload := make([]byte, 30_000)
	for i := range 3000 {
		p := syn(i)
		f.Packet(p)
		p.Flags, p.Payload, p.Length = capture.ACK, payload, len(payload)
		p.Seq++
		f.Packet(p)
		_, copies := f.Held()
		require.LessOrEqual(t, copies, 33<<20)
	}
	f.End()
	_, copies := f.Held()
	assert.Zero(t, copies)
}

func TestManyGapsAreRememberedOrNotSpokenOf(t *testing.T) {
	s, c := handshaken()
	for range 300 {
		c.Skip(c2s, 1)
		c.Send(c2s, "x")
	}
	for range 101 {
		c.ACK(s2c)
	}
	r := newRun()
	for _, p := range s.Packets {
		r.f.Packet(p)
	}
	for range 300 * 101 { // a hole at a time
		r.f.Packet(c.ACK(s2c))
	}
	require.Len(t, r.streams.of(event.Gap), 300)
	texttest.Says(t, r.sentence(c.At(c2s, 0, "x")), "1 byte at 0 … too … new … ignored")
	texttest.Says(t, r.sentence(c.At(c2s, 598, "x")), "1 byte at 598 … too late … missing … ignored")
}

// sentence is what the Follower says of the packet.
func (r *run) sentence(p *capture.Packet) string {
	r.f.Packet(p)
	return r.on(p.Number).Text
}

// discard is the cheapest Recorder.
type discard struct{ n int }

func (d *discard) Record(event.Event) { d.n++ }

func TestPacketsInOrderCostNoMemory(t *testing.T) {
	d := new(discard)
	f := &wire.Follower{Streams: d}
	s, c := handshaken()
	data, answer := c.Send(c2s, string(make([]byte, 1448))), c.ACK(s2c)
	for _, p := range s.Packets[:3] {
		f.Packet(p)
	}
	got := testing.AllocsPerRun(10_000, func() {
		f.Packet(data)
		data.Seq += uint32(data.Length)
		f.Packet(answer)
		answer.Ack = data.Seq
	})
	assert.Zero(t, got)
	assert.Greater(t, d.n, 10_000)
}
