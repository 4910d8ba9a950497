package event_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
	"echolab/internal/terminal"
	"echolab/internal/text"
	"echolab/internal/text/texttest"
)

const goodLine = `{"ev":"write","at":"client","conn":1,"dir":"c2s","off":0,"n":5}` + "\n"

func TestABadLineIsNamed(t *testing.T) {
	for _, bad := range []struct{ line, says string }{
		{"no JSON", "line 2 … invalid character"},
		{"", "line 2 … unexpected end"},
		{`{"ev":"read"`, "line 2 … unexpected end"},
		{`[]`, "line 2 … array"},
		{`{}`, `line 2 … "ev"`},
		{`null`, `line 2 … "ev"`},
		{`{"ev":""}`, `line 2 … "ev"`},
		{`{"ev":1}`, "line 2 … number"},
		{`{"ev":"read","time":"yesterday"}`, "line 2 … event"},
		{`{"ev":"read","off":0,"n":-1}`, "line 2 … span of -1 bytes … offset 0"},
		{`{"ev":"read","off":-7,"n":1}`, "line 2 … span of 1 bytes … offset -7"},
		{`{"ev":"read","off":9223372036854775807,"n":1}`, "line 2 … span of 1 bytes … offset 9223372036854775807"},
		{`{"ev":"read","off":9,"n":9223372036854775807}`, "line 2 … span of 9223372036854775807 bytes … offset 9"},
		{`{"ev":"read","off":9223372036854775808,"n":1}`, "line 2 … number"},
		{`{"ev":"read","off":0,"n":1.5}`, "line 2 … number"},
		{`{"ev":"read","dir":"up\u001b[2J"}`, `line 2: … direction "up\x1b[2J"`},
		{`{"ev":"` + strings.Repeat("x", 2<<20) + `"}`, "line 2 … longer than 1048576 bytes"},
	} {
		var got eventtest.List
		err := event.ReadJSON(strings.NewReader(goodLine+bad.line+"\n"+goodLine), &got)
		if assert.Error(t, err) {
			texttest.Mentions(t, err.Error(), bad.says)
		}
		assert.Len(t, got.Events, 1, "what came before the bad line is handed over, and nothing after it")
	}
}

func TestOtherLinesPass(t *testing.T) {
	var got eventtest.List
	require.NoError(t, event.ReadJSON(strings.NewReader(goodLine+`{"ev":"result","ok":true,"reads":3}`), &got))
	require.Len(t, got.Events, 2)
	assert.Equal(t, event.Kind("result"), got.Events[1].Ev)
	assert.Nil(t, got.Events[1].Span)
}

func TestAnEmptyAccountHasNoEvents(t *testing.T) {
	var got eventtest.List
	assert.NoError(t, event.ReadJSON(strings.NewReader(""), &got))
	assert.Empty(t, got.Events)
}

func TestAReadersErrorPassesThrough(t *testing.T) {
	broken := errors.New("broken")
	var got eventtest.List
	err := event.ReadJSON(io.MultiReader(strings.NewReader(goodLine), iotest.ErrReader(broken)), &got)
	assert.True(t, err == broken)
	assert.Len(t, got.Events, 1)
}

func TestAnAccountCanComeByteByByte(t *testing.T) {
	var got eventtest.List
	assert.NoError(t, event.ReadJSON(iotest.OneByteReader(strings.NewReader(strings.Repeat(goodLine, 3))), &got))
	assert.Len(t, got.Events, 3)
}

func FuzzReadJSON(f *testing.F) {
	f.Add([]byte(goodLine + goodLine))
	f.Add([]byte(`{"ev":"read","at":"server","dir":"s2c","off":4611686018427387000,"n":904}` + "\n")) // the last offset that there can be
	f.Add([]byte(`{"ev":"message","at":"client","dir":"c2s","off":3,"n":0}` + "\n" + `{"ev":"read","dir":"c2s","n":4000}` + "\n"))
	f.Add([]byte(`{"ev":"request","at":"server","conn":1,"dir":"c2s","off":0,"n":187}` + "\n" + frameLine))
	f.Add([]byte(frameLine + `{"ev":"request","conn":1,"dir":"c2s","off":190,"n":5}` + "\n" + `{"ev":"read","conn":1,"dir":"c2s","off":180,"n":50}` + "\n"))
	f.Add([]byte(`{"ev":"error","conn":-1,"sock":{"fd":3},"text":"a\u001b[2Jb\nc"}` + "\n"))
	f.Add([]byte(`{"ev":"listen","sock":{"local":"[::1]:9000","rtt_us":-5}}` + "\n"))
	f.Fuzz(func(t *testing.T, account []byte) {
		var maps streammap.Maps
		var out bytes.Buffer
		text := terminal.NewAccount(&out, text.Style{})
		var conns []int
		err := event.ReadJSON(bytes.NewReader(account), recorder(func(e event.Event) {
			conns = append(conns, e.Conn)
			maps.Record(e)
			text.Record(e)
		}))
		if err != nil {
			require.Regexp(t, `line \d+`, err.Error())
		}
		for _, conn := range conns {
			for _, dir := range []event.Dir{"", event.ClientToServer, event.ServerToClient} {
				m := maps.Map(conn, dir)
				m.Title = dir.Words()
				maptest.Tame(t, terminal.String(m))
			}
		}
		require.False(t, strings.ContainsFunc(strings.ReplaceAll(out.String(), "\n", ""), maptest.Commanding), "%q", out.String())
	})
}
