package streammap_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
)

func TestAMapBeginsAfterTheHandshake(t *testing.T) {
	var maps streammap.Maps
	k := &maptest.Talk{Rec: &maps}
	k.Handshake(187)
	maptest.Draws(t, maps.Map(1, event.ClientToServer), `
client → server: no byte after the handshake's 187
`)
	k.Frames(eventtest.Whole(event.OpText, "hello"))
	k.Reads(7)
	m := maps.Map(1, event.ClientToServer)
	assert.EqualValues(t, 187, m.Start)
	assert.EqualValues(t, 194, m.Size())
	for _, r := range m.Rows {
		assert.Equal(t, [4]int{1, 194, 7, 7}, [4]int{r.Count, int(r.End), r.Min, r.Max}, "layer %d", r.Layer)
		assert.True(t, r.Has(187) && r.Has(194) && !r.Has(0) && !r.Has(190), "layer %d", r.Layer)
	}
}

func TestFramesGluedToTheHandshakeAreSeen(t *testing.T) {
	hello, world := eventtest.Whole(event.OpText, "hello"), eventtest.Whole(event.OpText, "world")
	sent := append(make([]byte, 129), append(hello.Wire(), world.Wire()...)...)
	var maps streammap.Maps
	k := &maptest.Talk{Rec: &maps}
	k.Write(sent)
	k.Reads(100, 33, 10) // the second has the end of the handshake, and the beginning of the first frame
	k.Tell(event.Request, event.Server, 0, 129)
	maps.Record(hello.At(event.Server, 129))
	k.Tell(event.Message, event.Server, 129, 7)
	maps.Record(world.At(event.Server, 136))
	k.Tell(event.Message, event.Server, 136, 7)
	maptest.Draws(t, maps.Map(1, event.ClientToServer), `
client → server, 14 bytes after the handshake's 129
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

func TestEachStreamBeginsAfterItsOwnPartOfTheHandshake(t *testing.T) {
	var maps streammap.Maps
	for _, e := range []event.Event{
		{Ev: event.Request, At: event.Server, Conn: 1, Dir: event.ClientToServer, Span: &event.Span{N: 187}},
		{Ev: event.Response, At: event.Server, Conn: 1, Dir: event.ServerToClient, Span: &event.Span{N: 129}},
		{Ev: event.Request, At: event.Server, Conn: 2, Dir: event.ClientToServer, Span: &event.Span{N: 100}},
		{Ev: event.Request, At: event.Server, Conn: 2, Dir: event.ClientToServer, Span: &event.Span{Off: 100, N: 50}}, // another one
		{Ev: event.Request, At: event.Client, Conn: 2, Dir: event.ClientToServer, Span: &event.Span{N: 100}},
		{Ev: event.Request, At: event.Client, Conn: 3, Dir: event.ClientToServer},
	} {
		maps.Record(e)
	}
	assert.EqualValues(t, 187, maps.Map(1, event.ClientToServer).Start)
	assert.EqualValues(t, 129, maps.Map(1, event.ServerToClient).Start)
	assert.EqualValues(t, 150, maps.Map(2, event.ClientToServer).Start, "the start only moves on")
	assert.Zero(t, maps.Map(2, event.ServerToClient).Start)
	assert.Zero(t, maps.Map(3, event.ClientToServer).Start, "no span")
}

func TestTheFramesOfOneEndAreCounted(t *testing.T) {
	for _, first := range []event.Side{event.Client, event.Server} {
		second := event.Server
		if first == event.Server {
			second = event.Client
		}
		var maps streammap.Maps
		hello, world := eventtest.Whole(event.OpText, "hello"), eventtest.Whole(event.OpText, "world")
		maps.Record(hello.At(first, 0))
		maps.Record(hello.At(second, 0))
		maps.Record(world.At(second, 7))
		frames := maps.Map(1, event.ClientToServer).Row(streammap.Frames)
		require.Equal(t, [2]int{1, 7}, [2]int{frames.Count, int(frames.End)}, "the %s told first", first)
		maps.Record(world.At(first, 7))
		frames = maps.Map(1, event.ClientToServer).Row(streammap.Frames)
		require.Equal(t, [2]int{2, 14}, [2]int{frames.Count, int(frames.End)}, "the %s told first", first)
	}
}

func TestAPayloadThatWasNotToldIsAsOnTheWire(t *testing.T) {
	m := maptest.Stream("\x81\x05hello\x81\x05world\x81\x05again", maptest.Reads(21))
	header := event.FrameHeader{Opcode: event.OpText, Fin: true, Payload: 5}
	m.AddFrame(event.Span{Off: 0, N: 7}, header, []byte("JELLY"))
	m.AddFrame(event.Span{Off: 7, N: 7}, header, []byte("W"))
	m.AddFrame(event.Span{Off: 14, N: 7}, header, nil)
	maptest.Draws(t, m, `
client → server, 21 bytes
offset    0     2     4     6     8     10    12    14    16    18    20
payload    ·  ·  J  E  L  L  Y  ·  ·  W  ·  ·  ·  ·  ·  ·  a  g  a  i  n
wire       81 05 68 65 6c 6c 6f 81 05 77 6f 72 6c 64 81 05 61 67 61 69 6e
1 read    ├──────────────────────────────21──────────────────────────────┤
3 frames  ├───────text 7───────│───────text 7───────│───────text 7───────┤
│ boundary where no message is known
`)
}

func TestAMapThatBeginsAfterMoreSpansThanAreKeptIsStillDrawn(t *testing.T) {
	const kept = 1 << 18
	m := maptest.Stream("", maptest.Writes(maptest.Times(kept+10, 2, 0)...), maptest.Reads(maptest.Times(kept+10, 2, 0)...))
	m.Begin(2*kept + 10)
	assert.EqualValues(t, 2*kept+20, m.Size())
	assert.False(t, m.Complete())
	maptest.Drawn(t, m)
	m.Row(streammap.Reads).Add(event.Span{Off: m.Size(), N: 5})
	maptest.Drawn(t, m)
}
