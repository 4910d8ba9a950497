package tshark

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Counts are what a capture was found to have, by tshark and by this project alike.
type Counts struct {
	Connections, Packets, Segments, Frames int
}

// Compare holds this project's reading of a capture against tshark's, packet by packet and WebSocket frame by frame,
// and returns what both of them found. The test fails if there is a difference.
func Compare(t testing.TB, file string) Counts {
	t.Helper()
	return compare(t, file, Frames, func(d *differences, ours *reading, theirs verdict) {
		d.packets(ours, theirs)
		d.frames(ours, theirs)
	})
}

// CompareLive is Compare without the marks, for what was captured of programs that run as they like: where a busy machine
// makes a window shut, or a packet be sent again, tshark and this project tell zero windows, probes and updates apart by
// different rules. Written captures compare them.
func CompareLive(t testing.TB, file string) Counts {
	t.Helper()
	return compare(t, file, Frames, func(d *differences, ours *reading, theirs verdict) {
		d.headers(ours, theirs)
		d.frames(ours, theirs)
	})
}

// ComparePackets is Compare without the frames, for captures of which tshark cannot make them: it gives up where a
// packet was cut or is missing, and knows no WebSocket without its handshake.
func ComparePackets(t testing.TB, file string) Counts {
	t.Helper()
	noFrames := func(testing.TB, string) []Frame { return nil }
	return compare(t, file, noFrames, (*differences).packets)
}

// compare reads the capture in both ways, and fails the test if there are differences.
func compare(
	t testing.TB, file string, frames func(testing.TB, string) []Frame, differ func(*differences, *reading, verdict),
) Counts {
	t.Helper()
	theirs := newVerdict(Packets(t, file), nil)
	if slices.ContainsFunc(theirs.packets, func(p Packet) bool { return p.Framed }) { // else it need not be asked again
		theirs.frames = frames(t, file)
	}
	d := differences{}
	differ(&d, read(t, file), theirs)
	d.report(t)
	return theirs.counts()
}

// A verdict is what tshark says of a capture.
type verdict struct {
	packets  []Packet
	byNumber map[int]Packet
	frames   []Frame
	jumbled  map[stream]bool // the streams whose packets came in another order, more than once, or not at all
}

// A stream is one direction of a connection: its number, from 1, and who sends.
type stream struct {
	conn int
	src  netip.AddrPort
}

func newVerdict(packets []Packet, frames []Frame) verdict {
	v := verdict{packets, make(map[int]Packet), frames, make(map[stream]bool)}
	for _, p := range packets {
		v.byNumber[p.Number] = p
		if p.Any("lost_segment") || p.Any(old...) {
			v.jumbled[p.stream()] = true
		}
	}
	return v
}

// old is how tshark calls packets that are behind the newest byte of their stream.
var old = []string{"retransmission", "fast_retransmission", "spurious_retransmission", "out_of_order"}

func (p Packet) stream() stream  { return stream{p.Stream + 1, p.Src} }
func (p Packet) reverse() stream { return stream{p.Stream + 1, p.Dst} }

func (v verdict) counts() Counts {
	c := Counts{Packets: len(v.packets), Frames: len(v.frames)}
	for _, p := range v.packets {
		c.Connections = max(c.Connections, p.Stream+1)
		if p.Len > 0 {
			c.Segments++
		}
	}
	return c
}

// report fails the test if there are any.
func (d differences) report(t testing.TB) {
	t.Helper()
	const enough = 20
	if len(d) > 0 {
		require.FailNow(t, "tshark reads it in another way",
			"%d differences, the first of them:\n%s", len(d), strings.Join(d[:min(len(d), enough)], "\n"))
	}
}
