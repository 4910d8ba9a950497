package tshark

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
	"echolab/internal/event"
	"echolab/internal/wire"
)

// A reading is what this project makes of a capture.
type reading struct {
	packets []packetRead
	frames  []frameRead
	ends    map[int]event.Ends // of the connections, by their numbers
	told    int                // frames that have the number of their packet
}

// A packetRead is a packet as it was recorded.
type packetRead struct {
	conn int
	dir  event.Dir
	event.PacketHeader
	span    event.Span
	payload []byte
}

// A frameRead is a frame as it was recorded.
type frameRead struct {
	conn   int
	dir    event.Dir
	packet int // the number of the one that its last byte came in
	event.FrameHeader
	span    event.Span
	payload []byte // at least its beginning
}

// read reads a capture.
func read(t testing.TB, file string) *reading {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	packets, err := capture.NewReader(f)
	require.NoError(t, err)
	r := &reading{ends: make(map[int]event.Ends)}
	follower := wire.Follower{Packets: packetRecorder{r}, Streams: streamRecorder{r}}
	for {
		p, err := packets.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		follower.Packet(p)
	}
	follower.End()
	return r
}

// A packetRecorder takes the packets.
type packetRecorder struct{ *reading }

func (r packetRecorder) Record(e event.Event) {
	if e.Ends != nil {
		r.ends[e.Conn] = *e.Ends
	}
	if e.PacketHeader == nil {
		return
	}
	p := packetRead{conn: e.Conn, dir: e.Dir, PacketHeader: *e.PacketHeader, payload: bytes.Clone(e.Bytes)}
	if e.Span != nil {
		p.span = *e.Span
	}
	r.packets = append(r.packets, p)
	for ; r.told < len(r.frames); r.told++ {
		r.frames[r.told].packet = e.Number // what a packet completes is recorded before the packet
	}
}

// A streamRecorder takes what is in the streams.
type streamRecorder struct{ *reading }

func (r streamRecorder) Record(e event.Event) {
	if e.Ev == event.Frame {
		r.frames = append(r.frames, frameRead{
			conn: e.Conn, dir: e.Dir, FrameHeader: *e.FrameHeader, span: *e.Span, payload: bytes.Clone(e.Bytes),
		})
	}
}
