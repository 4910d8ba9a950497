package trace_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/trace"
)

func TestAMapBeginsBehindTheHandshake(t *testing.T) {
	var maps trace.Maps
	k := &talk{rec: &maps}
	k.handshake(187)
	draws(t, maps.Map(1, trace.ClientToServer), `
client → server: no byte behind the handshake's 187
`)
	k.frames(whole(opText, "hello"))
	k.reads(7)
	m := maps.Map(1, trace.ClientToServer)
	assert.EqualValues(t, 187, m.Start)
	assert.EqualValues(t, 194, m.Size())
	for _, r := range m.Rows {
		assert.Equal(t, [4]int{1, 194, 7, 7}, [4]int{r.Count, int(r.End), r.Min, r.Max}, "layer %d", r.Layer)
		assert.True(t, r.Has(187) && r.Has(194) && !r.Has(0) && !r.Has(190), "layer %d", r.Layer)
	}
}

func TestFramesGluedToTheHandshakeAreSeen(t *testing.T) {
	hello, world := whole(opText, "hello"), whole(opText, "world")
	sent := append(make([]byte, 129), append(hello.wire(), world.wire()...)...)
	var maps trace.Maps
	k := &talk{rec: &maps}
	k.write(sent)
	k.reads(100, 33, 10) // the second has the end of the handshake, and the beginning of the first frame
	k.tell(trace.Request, trace.Server, 0, 129)
	maps.Record(hello.at(trace.Server, 129))
	k.tell(trace.Message, trace.Server, 129, 7)
	maps.Record(world.at(trace.Server, 136))
	k.tell(trace.Message, trace.Server, 136, 7)
	draws(t, maps.Map(1, trace.ClientToServer), `
client → server, 14 bytes behind the handshake's 129
offset      129         132     134     136     138     140     142
payload      ·   ·   h   e   l   l   o   ·   ·   w   o   r   l   d
wire         81  05  68  65  6c  6c  6f  81  05  77  6f  72  6c  64
1 write     ├────────────────────────14─╎───────────────────────────┤
2 reads     ├───────4───────╳───────────╎──────10───────────────────┤
2 frames    ├──────────text 7───────────┼──────────text 7───────────┤
2 received  ├─────────────7─────────────┼─────────────7─────────────┤
┼ boundary of a message   ╳ cut inside a message
╎ message boundary, lost in this row
`)
}

func TestEachStreamBeginsBehindItsOwnPartOfTheHandshake(t *testing.T) {
	var maps trace.Maps
	for _, e := range []trace.Event{
		{Ev: trace.Request, At: trace.Server, Conn: 1, Dir: trace.ClientToServer, Span: &trace.Span{N: 187}},
		{Ev: trace.Response, At: trace.Server, Conn: 1, Dir: trace.ServerToClient, Span: &trace.Span{N: 129}},
		{Ev: trace.Request, At: trace.Server, Conn: 2, Dir: trace.ClientToServer, Span: &trace.Span{N: 100}},
		{Ev: trace.Request, At: trace.Server, Conn: 2, Dir: trace.ClientToServer, Span: &trace.Span{Off: 100, N: 50}}, // another one
		{Ev: trace.Request, At: trace.Client, Conn: 2, Dir: trace.ClientToServer, Span: &trace.Span{N: 100}},
		{Ev: trace.Request, At: trace.Client, Conn: 3, Dir: trace.ClientToServer},
	} {
		maps.Record(e)
	}
	assert.EqualValues(t, 187, maps.Map(1, trace.ClientToServer).Start)
	assert.EqualValues(t, 129, maps.Map(1, trace.ServerToClient).Start)
	assert.EqualValues(t, 150, maps.Map(2, trace.ClientToServer).Start, "the start only moves on")
	assert.Zero(t, maps.Map(2, trace.ServerToClient).Start)
	assert.Zero(t, maps.Map(3, trace.ClientToServer).Start, "no span")
}

func TestTheFramesOfOneEndAreCounted(t *testing.T) {
	for _, first := range []trace.Side{trace.Client, trace.Server} {
		second := trace.Server
		if first == trace.Server {
			second = trace.Client
		}
		var maps trace.Maps
		hello, world := whole(opText, "hello"), whole(opText, "world")
		maps.Record(hello.at(first, 0))
		maps.Record(hello.at(second, 0))
		maps.Record(world.at(second, 7))
		frames := maps.Map(1, trace.ClientToServer).Row(trace.Frames)
		require.Equal(t, [2]int{1, 7}, [2]int{frames.Count, int(frames.End)}, "the %s told first", first)
		maps.Record(world.at(first, 7))
		frames = maps.Map(1, trace.ClientToServer).Row(trace.Frames)
		require.Equal(t, [2]int{2, 14}, [2]int{frames.Count, int(frames.End)}, "the %s told first", first)
	}
}

func TestAPayloadThatWasNotToldIsAsOnTheWire(t *testing.T) {
	m := stream("\x81\x05hello\x81\x05world\x81\x05again", reads(21))
	header := trace.FrameHeader{Opcode: opText, Fin: true, Payload: 5}
	m.AddFrame(trace.Span{Off: 0, N: 7}, header, []byte("JELLY"))
	m.AddFrame(trace.Span{Off: 7, N: 7}, header, []byte("W"))
	m.AddFrame(trace.Span{Off: 14, N: 7}, header, nil)
	draws(t, m, `
client → server, 21 bytes
offset    0     2     4     6     8     10    12    14    16    18    20
payload    ·  ·  J  E  L  L  Y  ·  ·  W  ·  ·  ·  ·  ·  ·  a  g  a  i  n
wire       81 05 68 65 6c 6c 6f 81 05 77 6f 72 6c 64 81 05 61 67 61 69 6e
1 read    ├──────────────────────────────21──────────────────────────────┤
3 frames  ├───────text 7───────│───────text 7───────│───────text 7───────┤
│ boundary where no message is known
`)
}

func TestAMapThatBeginsBehindMoreSpansThanAreKeptIsStillDrawn(t *testing.T) {
	const kept = 1 << 18
	m := stream("", writes(times(kept+10, 2, 0)...), reads(times(kept+10, 2, 0)...))
	m.Begin(2*kept + 10)
	assert.EqualValues(t, 2*kept+20, m.Size())
	assert.False(t, m.Complete())
	drawn(t, m)
	m.Row(trace.Reads).Add(trace.Span{Off: m.Size(), N: 5})
	drawn(t, m)
}
