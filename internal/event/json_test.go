package event_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/text"
)

func TestEveryKindOfEventGoesOutAndComesIn(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)
	var events []event.Event
	for _, ev := range eventtest.Kinds {
		if ev == event.Frame {
			continue // has a test of its own
		}
		events = append(events,
			event.Event{Time: now, Ev: ev, At: event.Server, Text: "<a sentence> & \"more\""},
			event.Event{Time: now, Ev: ev, At: event.Client, Conn: 3, Dir: event.ClientToServer, Sock: eventtest.Info()},
			event.Event{Time: now, Ev: ev, At: event.Server, Conn: 1, Dir: event.ServerToClient, Span: &event.Span{}, Bytes: []byte{}},
			event.Event{Time: now, Ev: ev, At: event.Server, Conn: 1, Dir: event.ServerToClient, Span: &event.Span{Off: 1 << 40, N: 3}, Bytes: []byte("안")},
		)
	}
	var b bytes.Buffer
	j := event.NewJSON(&b)
	for _, e := range events {
		j.Record(e)
	}
	assert.Equal(t, len(events), strings.Count(b.String(), "\n"), "one line each")

	var back eventtest.List
	require.NoError(t, event.ReadJSON(&b, &back))
	require.Len(t, back.Events, len(events))
	for i, want := range events {
		if want.Bytes != nil {
			want.Bytes, want.Data = nil, text.Quote(want.Bytes, 48)
		}
		assert.Equal(t, want, back.Events[i])
	}
}

func TestALineHasWhatIsKnownAndNothingElse(t *testing.T) {
	var b bytes.Buffer
	j := event.NewJSON(&b)
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	j.Record(event.Event{Time: at, Ev: event.Read, At: event.Server, Conn: 1, Dir: event.ClientToServer,
		Span: &event.Span{Off: 0, N: 8}, Bytes: []byte("<안녕>")})
	j.Record(event.Event{Time: at, Ev: event.Wait, Text: "for the kernel"})
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
	event.NewJSON(&b).Record(eventtest.Span(event.Write, 0, strings.Repeat("안", 1000)))
	var line struct{ Data string }
	require.NoError(t, json.Unmarshal(b.Bytes(), &line))
	assert.Equal(t, `"`+strings.Repeat("안", 16)+`"...`, line.Data)
}

func TestLinesOfConcurrentEventsDoNotMix(t *testing.T) {
	const writers, each = 8, 200
	var b bytes.Buffer
	j := event.NewJSON(&b)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range int64(each) {
				j.Record(event.Event{Ev: event.Write, Conn: w, Span: &event.Span{Off: i, N: 1}, Text: strings.Repeat("x", 300)})
			}
		})
	}
	wg.Wait()
	next := make([]int64, writers)
	require.NoError(t, event.ReadJSON(&b, recorder(func(e event.Event) {
		assert.Equal(t, next[e.Conn], e.Off)
		next[e.Conn]++
	})))
	for w := range writers {
		assert.EqualValues(t, each, next[w])
	}
}

func TestNothingInALineTurnsATerminalAround(t *testing.T) {
	text := "\u009b31m \u202e안녕 \U000e0001 é"
	var b bytes.Buffer
	event.NewJSON(&b).Record(event.Event{Ev: event.Failed, Text: text})
	assert.Contains(t, b.String(), `"text":"\u009b31m \u202e안녕 \udb40\udc01 é"`)
	var back eventtest.List
	require.NoError(t, event.ReadJSON(&b, &back))
	assert.Equal(t, text, back.Events[0].Text)
}

type recorder func(event.Event)

func (r recorder) Record(e event.Event) { r(e) }
