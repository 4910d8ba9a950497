package tshark

import (
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
	counts := Counts{}
	ours, theirs := read(t, file), Packets(t, file)
	frames := Frames(t, file)
	d := differences{}
	d.packets(ours, theirs)
	d.frames(ours, theirs, frames)
	d.report(t)
	counts.count(theirs)
	counts.Frames = len(frames)
	return counts
}

// ComparePackets is Compare without the frames, for captures of which tshark cannot make them: it gives up where a
// packet was cut or is missing, or where there was no handshake.
func ComparePackets(t testing.TB, file string) Counts {
	t.Helper()
	counts := Counts{}
	ours, theirs := read(t, file), Packets(t, file)
	d := differences{}
	d.packets(ours, theirs)
	d.report(t)
	counts.count(theirs)
	return counts
}

func (c *Counts) count(packets []Packet) {
	for _, p := range packets {
		c.Packets++
		c.Connections = max(c.Connections, p.Stream+1)
		if p.Len > 0 {
			c.Segments++
		}
	}
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
