package trace_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/sock"
	"echolab/internal/text"
	"echolab/internal/trace"
)

// kinds are all kinds of event.
var kinds = []trace.Kind{
	trace.Socket, trace.Bind, trace.Listen, trace.Accept, trace.Connect, trace.Write, trace.Read, trace.Message,
	trace.Frame, trace.Request, trace.Response, trace.Wait, trace.Shutdown, trace.End, trace.Close, trace.Refused, trace.Failed,
}

// info is what a kernel might say.
func info() *sock.Info {
	return &sock.Info{
		FD: 7, Family: "IPv4", Type: "stream", Protocol: "TCP", State: sock.StateEstablished,
		Local: netip.MustParseAddrPort("127.0.0.1:9000"), Remote: netip.MustParseAddrPort("127.0.0.1:40000"),
		Backlog: -1, BacklogMax: -1, MSS: 65483, RTT: 25 * time.Microsecond, NoDelay: true,
	}
}

func TestEveryKindOfEventGoesOutAndComesIn(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)
	var events []trace.Event
	for _, ev := range kinds {
		if ev == trace.Frame {
			continue // has a test of its own
		}
		events = append(events,
			trace.Event{Time: now, Ev: ev, At: trace.Server, Text: "<a sentence> & \"more\""},
			trace.Event{Time: now, Ev: ev, At: trace.Client, Conn: 3, Dir: trace.ClientToServer, Sock: info()},
			trace.Event{Time: now, Ev: ev, At: trace.Server, Conn: 1, Dir: trace.ServerToClient, Span: &trace.Span{}, Bytes: []byte{}},
			trace.Event{Time: now, Ev: ev, At: trace.Server, Conn: 1, Dir: trace.ServerToClient, Span: &trace.Span{Off: 1 << 40, N: 3}, Bytes: []byte("안")},
		)
	}
	var b bytes.Buffer
	j := trace.NewJSON(&b)
	for _, e := range events {
		j.Record(e)
	}
	assert.Equal(t, len(events), strings.Count(b.String(), "\n"), "one line each")

	var back list
	require.NoError(t, trace.ReadJSON(&b, &back))
	require.Len(t, back.events, len(events))
	for i, want := range events {
		if want.Bytes != nil {
			want.Bytes, want.Data = nil, text.Quote(want.Bytes, 48)
		}
		assert.Equal(t, want, back.events[i])
	}
}

func TestALineHasWhatIsKnownAndNothingElse(t *testing.T) {
	var b bytes.Buffer
	j := trace.NewJSON(&b)
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	j.Record(trace.Event{Time: at, Ev: trace.Read, At: trace.Server, Conn: 1, Dir: trace.ClientToServer,
		Span: &trace.Span{Off: 0, N: 8}, Bytes: []byte("<안녕>")})
	j.Record(trace.Event{Time: at, Ev: trace.Wait, Text: "for the kernel"})
	j.Line(struct {
		Ev string `json:"ev"`
		OK bool   `json:"ok"`
	}{"result", true})
	assert.Equal(t, `{"time":"2026-11-22T12:00:00Z","ev":"read","at":"server","conn":1,"dir":"c2s","off":0,"n":8,"data":"\"<안녕>\""}
{"time":"2026-11-22T12:00:00Z","ev":"wait","text":"for the kernel"}
{"ev":"result","ok":true}
`, b.String())
}

func TestALineShowsTheFirstBytesOnly(t *testing.T) {
	var b bytes.Buffer
	trace.NewJSON(&b).Record(span(trace.Write, 0, strings.Repeat("안", 1000)))
	var line struct{ Data string }
	require.NoError(t, json.Unmarshal(b.Bytes(), &line))
	assert.Equal(t, `"`+strings.Repeat("안", 16)+`"...`, line.Data)
}

func TestLinesOfConcurrentEventsDoNotMix(t *testing.T) {
	const writers, each = 8, 200
	var b bytes.Buffer
	j := trace.NewJSON(&b)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range int64(each) {
				j.Record(trace.Event{Ev: trace.Write, Conn: w, Span: &trace.Span{Off: i, N: 1}, Text: strings.Repeat("x", 300)})
			}
		})
	}
	wg.Wait()
	next := make([]int64, writers)
	require.NoError(t, trace.ReadJSON(&b, recorder(func(e trace.Event) {
		assert.Equal(t, next[e.Conn], e.Off)
		next[e.Conn]++
	})))
	for w := range writers {
		assert.EqualValues(t, each, next[w])
	}
}

type recorder func(trace.Event)

func (r recorder) Record(e trace.Event) { r(e) }

func TestNothingInALineTurnsATerminalAround(t *testing.T) {
	text := "\u009b31m \u202e안녕 \U000e0001 é"
	var b bytes.Buffer
	trace.NewJSON(&b).Record(trace.Event{Ev: trace.Failed, Text: text})
	assert.Contains(t, b.String(), `"text":"\u009b31m \u202e안녕 \udb40\udc01 é"`)
	var back list
	require.NoError(t, trace.ReadJSON(&b, &back))
	assert.Equal(t, text, back.events[0].Text)
}
