package trace_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/trace"
)

func TestMapsKeepEveryStreamApart(t *testing.T) {
	var maps trace.Maps
	for conn := 1; conn <= 2; conn++ {
		for i, side := range []trace.Side{trace.Client, trace.Server} {
			for range conn*10 + i {
				maps.Record(trace.Event{Ev: trace.Read, At: side, Conn: conn, Dir: side.In(), Span: &trace.Span{N: 1}})
			}
		}
	}
	assert.Equal(t, 10, maps.Map(1, trace.ServerToClient).Row(trace.Reads).Count)
	assert.Equal(t, 11, maps.Map(1, trace.ClientToServer).Row(trace.Reads).Count)
	assert.Equal(t, 20, maps.Map(2, trace.ServerToClient).Row(trace.Reads).Count)
	assert.Equal(t, 21, maps.Map(2, trace.ClientToServer).Row(trace.Reads).Count)
	assert.Equal(t, "client → server", maps.Map(1, trace.ClientToServer).Title)
	assert.Equal(t, "server → client", maps.Map(1, trace.ServerToClient).Title)
	assert.Equal(t, "client → server: no byte\n", trace.String(maps.Map(3, trace.ClientToServer)))
}

func TestAMessageIsSentOnItsSendersSideAndReceivedOnTheOther(t *testing.T) {
	for _, dir := range []trace.Dir{trace.ClientToServer, trace.ServerToClient} {
		for _, side := range []trace.Side{trace.Client, trace.Server} {
			var maps trace.Maps
			maps.Record(trace.Event{Ev: trace.Message, At: side, Dir: dir, Span: &trace.Span{N: 5}})
			layer := trace.Received
			if side.Out() == dir {
				layer = trace.Sent
			}
			m := maps.Map(0, dir)
			assert.Len(t, m.Rows, 1)
			assert.Equal(t, 1, m.Row(layer).Count, "%s at the %s", dir, side)
		}
	}
}

func TestOnlySpansOfAStreamAreMapped(t *testing.T) {
	var maps trace.Maps
	for _, ev := range kinds {
		maps.Record(trace.Event{Ev: ev, At: trace.Client, Dir: trace.ClientToServer, Text: "no span"})
	}
	assert.Empty(t, maps.Map(0, trace.ClientToServer).Rows)
	for _, ev := range kinds {
		maps.Record(trace.Event{Ev: ev, At: trace.Client, Dir: trace.ClientToServer, Span: &trace.Span{N: 1}})
	}
	assert.Len(t, maps.Map(0, trace.ClientToServer).Rows, 3, "messages, writes and reads")
}

func TestTheBytesComeFromWritesAndReadsAndNotFromMessages(t *testing.T) {
	var maps trace.Maps
	maps.Record(span(trace.Message, 0, "message"))
	assert.NotContains(t, trace.String(maps.Map(1, trace.ClientToServer)), "bytes  ")
	maps.Record(span(trace.Write, 0, "\x03abc"))
	maps.Record(span(trace.Read, 0, "\x03a"))
	maps.Record(span(trace.Read, 2, "bcdef"))
	maps.Record(span(trace.Read, 9, "gap")) // it does not follow what was kept
	assert.Contains(t, trace.String(maps.Map(1, trace.ClientToServer)), "·   a   b   c   d   e   f\n")
}

func TestMapIsACopy(t *testing.T) {
	var maps trace.Maps
	for off, b := range []string{"h", "e", "y"} {
		maps.Record(span(trace.Write, int64(off), b))
	}
	before := trace.String(maps.Map(1, trace.ClientToServer))
	m := maps.Map(1, trace.ClientToServer)
	m.Row(trace.Writes).Add(trace.Span{Off: 3, N: 2})
	m.Row(trace.Reads).Add(trace.Span{N: 5})
	m.Keep(3, []byte("!!"))
	m.Title = "changed"
	changed := trace.String(m)
	assert.Equal(t, before, trace.String(maps.Map(1, trace.ClientToServer)), "a change to the copy is no change to Maps")

	maps.Record(span(trace.Write, 3, " you"))
	assert.Equal(t, changed, trace.String(m), "nor the other way round")
}

func TestMapsDoNotKeepTheEventsBytes(t *testing.T) {
	var maps trace.Maps
	e := span(trace.Write, 0, "hello")
	maps.Record(e)
	copy(e.Bytes, "JELLY")
	assert.Contains(t, trace.String(maps.Map(1, trace.ClientToServer)), "h   e   l   l   o")
}

func TestMapsCanBeRecordedConcurrently(t *testing.T) {
	const conns, spans = 4, 500
	var maps trace.Maps
	var wg sync.WaitGroup
	for conn := range conns {
		for _, side := range []trace.Side{trace.Client, trace.Server} {
			wg.Go(func() {
				for i := range int64(spans) {
					maps.Record(trace.Event{Ev: trace.Write, At: side, Conn: conn, Dir: side.Out(), Span: &trace.Span{Off: 3 * i, N: 3}, Bytes: []byte("안")})
				}
			})
			wg.Go(func() {
				for i := range int64(spans) {
					maps.Record(trace.Event{Ev: trace.Read, At: side, Conn: conn, Dir: side.In(), Span: &trace.Span{Off: 3 * i, N: 3}, Bytes: []byte("안")})
					if i%100 == 0 {
						tame(t, trace.String(maps.Map(conn, side.In())))
					}
				}
			})
		}
	}
	wg.Wait()
	want := stream(strings.Repeat("안", spans), writes(times(spans, 3, 0)...), reads(times(spans, 3, 0)...))
	for conn := range conns {
		for _, dir := range []trace.Dir{trace.ClientToServer, trace.ServerToClient} {
			want.Title = dir.Words()
			assert.Equal(t, trace.String(want), trace.String(maps.Map(conn, dir)))
		}
	}
}
