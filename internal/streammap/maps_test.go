package streammap_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
	"echolab/internal/terminal"
)

func TestMapsKeepEveryStreamApart(t *testing.T) {
	var maps streammap.Maps
	for conn := 1; conn <= 2; conn++ {
		for i, side := range []event.Side{event.Client, event.Server} {
			for range conn*10 + i {
				maps.Record(event.Event{Ev: event.Read, At: side, Conn: conn, Dir: side.In(), Span: &event.Span{N: 1}})
			}
		}
	}
	assert.Equal(t, 10, maps.Map(1, event.ServerToClient).Row(streammap.Reads).Count)
	assert.Equal(t, 11, maps.Map(1, event.ClientToServer).Row(streammap.Reads).Count)
	assert.Equal(t, 20, maps.Map(2, event.ServerToClient).Row(streammap.Reads).Count)
	assert.Equal(t, 21, maps.Map(2, event.ClientToServer).Row(streammap.Reads).Count)
	assert.Equal(t, "client → server", maps.Map(1, event.ClientToServer).Title)
	assert.Equal(t, "server → client", maps.Map(1, event.ServerToClient).Title)
	assert.Equal(t, "client → server: no byte\n", terminal.String(maps.Map(3, event.ClientToServer)))
}

func TestAMessageIsSentOnItsSendersSideAndReceivedOnTheOther(t *testing.T) {
	for _, dir := range []event.Dir{event.ClientToServer, event.ServerToClient} {
		for _, side := range []event.Side{event.Client, event.Server} {
			var maps streammap.Maps
			maps.Record(event.Event{Ev: event.Message, At: side, Dir: dir, Span: &event.Span{N: 5}})
			layer := streammap.Received
			if side.Out() == dir {
				layer = streammap.Sent
			}
			m := maps.Map(0, dir)
			assert.Len(t, m.Rows, 1)
			assert.Equal(t, 1, m.Row(layer).Count, "%s at the %s", dir, side)
		}
	}
}

func TestOnlySpansOfAStreamAreMapped(t *testing.T) {
	var maps streammap.Maps
	for _, ev := range eventtest.Kinds {
		maps.Record(event.Event{Ev: ev, At: event.Client, Dir: event.ClientToServer, Text: "no span"})
	}
	assert.Empty(t, maps.Map(0, event.ClientToServer).Rows)
	for _, ev := range eventtest.Kinds {
		maps.Record(event.Event{Ev: ev, At: event.Client, Dir: event.ClientToServer, Span: &event.Span{N: 1}})
	}
	assert.Len(t, maps.Map(0, event.ClientToServer).Rows, 4, "messages, writes, segments and reads")
}

func TestTheBytesComeFromWritesAndReadsAndNotFromMessages(t *testing.T) {
	var maps streammap.Maps
	maps.Record(eventtest.Span(event.Message, 0, "message"))
	assert.NotContains(t, terminal.String(maps.Map(1, event.ClientToServer)), "bytes  ")
	maps.Record(eventtest.Span(event.Write, 0, "\x03abc"))
	maps.Record(eventtest.Span(event.Read, 0, "\x03a"))
	maps.Record(eventtest.Span(event.Read, 2, "bcdef"))
	maps.Record(eventtest.Span(event.Read, 9, "gap")) // it does not follow what was kept
	assert.Contains(t, terminal.String(maps.Map(1, event.ClientToServer)), "·   a   b   c   d   e   f\n")
}

func TestMapIsACopy(t *testing.T) {
	var maps streammap.Maps
	for off, b := range []string{"h", "e", "y"} {
		maps.Record(eventtest.Span(event.Write, int64(off), b))
	}
	before := terminal.String(maps.Map(1, event.ClientToServer))
	m := maps.Map(1, event.ClientToServer)
	m.Row(streammap.Writes).Add(event.Span{Off: 3, N: 2})
	m.Row(streammap.Reads).Add(event.Span{N: 5})
	m.Keep(3, []byte("!!"))
	m.Title = "changed"
	changed := terminal.String(m)
	assert.Equal(t, before, terminal.String(maps.Map(1, event.ClientToServer)), "a change to the copy is no change to Maps")

	maps.Record(eventtest.Span(event.Write, 3, " you"))
	assert.Equal(t, changed, terminal.String(m), "nor the other way round")
}

func TestMapsDoNotKeepTheEventsBytes(t *testing.T) {
	var maps streammap.Maps
	e := eventtest.Span(event.Write, 0, "hello")
	maps.Record(e)
	copy(e.Bytes, "JELLY")
	assert.Contains(t, terminal.String(maps.Map(1, event.ClientToServer)), "h   e   l   l   o")
}

func TestMapsCanBeRecordedConcurrently(t *testing.T) {
	const conns, spans = 4, 500
	var maps streammap.Maps
	var wg sync.WaitGroup
	for conn := range conns {
		for _, side := range []event.Side{event.Client, event.Server} {
			wg.Go(func() {
				for i := range int64(spans) {
					maps.Record(event.Event{Ev: event.Write, At: side, Conn: conn, Dir: side.Out(), Span: &event.Span{Off: 3 * i, N: 3}, Bytes: []byte("안")})
				}
			})
			wg.Go(func() {
				for i := range int64(spans) {
					maps.Record(event.Event{Ev: event.Read, At: side, Conn: conn, Dir: side.In(), Span: &event.Span{Off: 3 * i, N: 3}, Bytes: []byte("안")})
					if i%100 == 0 {
						maptest.Tame(t, terminal.String(maps.Map(conn, side.In())))
					}
				}
			})
		}
	}
	wg.Wait()
	want := maptest.Stream(strings.Repeat("안", spans), maptest.Writes(maptest.Times(spans, 3, 0)...), maptest.Reads(maptest.Times(spans, 3, 0)...))
	for conn := range conns {
		for _, dir := range []event.Dir{event.ClientToServer, event.ServerToClient} {
			want.Title = dir.Words()
			assert.Equal(t, terminal.String(want), terminal.String(maps.Map(conn, dir)))
		}
	}
}
