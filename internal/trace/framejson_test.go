package trace_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/text"
	"echolab/internal/trace"
)

const frameLine = `{"time":"2026-11-22T12:00:00Z","ev":"frame","at":"client","conn":1,"dir":"c2s","off":187,"n":17,` +
	`"opcode":1,"fin":true,"rsv":0,"masked":true,"key":"37fa213d","payload":11,"data":"\"hello world\""}` + "\n"

func TestAFramesHeaderStandsInItsLine(t *testing.T) {
	var b bytes.Buffer
	e := whole(opText, "hello world").masked().at(trace.Client, 187)
	e.Time = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	trace.NewJSON(&b).Record(e)
	assert.Equal(t, frameLine, b.String())
}

func TestEveryFrameGoesOutAndComesIn(t *testing.T) {
	var frames []frame
	for opcode := range byte(16) {
		for rsv := range byte(8) {
			f := whole(opcode, strings.Repeat("x", int(opcode)*int(rsv)))
			f.RSV = rsv
			frames = append(frames, f, f.masked(), part(opcode, f.payload))
		}
	}
	var b bytes.Buffer
	j := trace.NewJSON(&b)
	for i, f := range frames {
		j.Record(f.at(trace.Server, int64(i)))
	}
	var back list
	require.NoError(t, trace.ReadJSON(&b, &back))
	require.Len(t, back.events, len(frames))
	for i, f := range frames {
		want := f.at(trace.Server, int64(i))
		want.Bytes, want.Data = nil, text.Quote(want.Bytes, 48)
		assert.Equal(t, want, back.events[i])
	}
}

func TestDotsSayThatOnlyTheBeginningOfAPayloadWasTold(t *testing.T) {
	for told, data := range map[int]string{0: `""...`, 20: `"xxxxxxxxxxxxxxxxxxxx"...`, 48: `"` + strings.Repeat("x", 48) + `"...`,
		60: `"` + strings.Repeat("x", 48) + `"...`} {
		e := whole(opText, strings.Repeat("x", 100)).at(trace.Client, 0)
		e.Bytes = e.Bytes[:told]
		var b bytes.Buffer
		trace.NewJSON(&b).Record(e)
		var back list
		require.NoError(t, trace.ReadJSON(&b, &back))
		assert.Equal(t, data, back.events[0].Data)
	}
}

func TestAFrameThatCannotBeIsRefused(t *testing.T) {
	for change, says := range map[[2]string]string{
		{`"opcode":1,`, `"opcode":16,`}:   "line 2: there is no opcode 16",
		{`"opcode":1,`, `"opcode":-1,`}:   "line 2 is not an event: json: cannot unmarshal number -1",
		{`"rsv":0`, `"rsv":8`}:            "line 2: there are only 3 reserved bits: rsv cannot be 8",
		{`"payload":11`, `"payload":-1`}:  "line 2: a payload of -1 bytes in a frame of 17 cannot be",
		{`"payload":11`, `"payload":18`}:  "line 2: a payload of 18 bytes in a frame of 17 cannot be",
		{`"37fa213d"`, `"37fa213"`}:       `line 2: "37fa213" is no masking key`,
		{`"37fa213d"`, `"37fa213d00"`}:    `line 2: "37fa213d00" is no masking key`,
		{`"37fa213d"`, `"\u001b[2J1234"`}: `line 2: "\x1b[2J1234" is no masking key`,
		{`"off":187,"n":17,`, ``}:         "line 2: a frame without a header or a span",
		{`"opcode":1,"fin":true,"rsv":0,"masked":true,"key":"37fa213d","payload":11,`, ``}: "line 2: a frame without a header or a span",
	} {
		bad := strings.Replace(frameLine, change[0], change[1], 1)
		require.NotEqual(t, frameLine, bad, change)
		var got list
		assert.ErrorContains(t, trace.ReadJSON(strings.NewReader(frameLine+bad), &got), says)
		assert.Len(t, got.events, 1)
	}
}

func TestOnlyAFrameHasAFramesHeader(t *testing.T) {
	var got list
	line := strings.Replace(frameLine, `"frame"`, `"result"`, 1)
	require.NoError(t, trace.ReadJSON(strings.NewReader(strings.Replace(line, `"payload":11`, `"payload":-11`, 1)), &got))
	assert.Nil(t, got.events[0].FrameHeader)
}

func TestAMapOfFramesCanBeDrawnFromAnAccount(t *testing.T) {
	var account bytes.Buffer
	k := &talk{rec: trace.NewJSON(&account)}
	k.handshake(187)
	k.frames(whole(opText, "hello").masked(), whole(opPing, "").masked(), whole(opText, "안녕").masked())
	k.reads(20, 9)
	var maps trace.Maps
	require.NoError(t, trace.ReadJSON(&account, &maps))
	draws(t, maps.Map(1, trace.ClientToServer), `
client → server, 29 bytes behind the handshake's 187
offset      187   190       195       200       205       210       215
2 messages  ├─────────11──────────┤           ├──────────12───────────┤
3 writes    ├─────────11──────────┼─────6─────┼──────────12───────────┤
2 reads     ├──────────────────20─╎───────────╎─────╳────────9────────┤
3 frames    ├───────text 11───────┼──ping 6───┼────────text 12────────┤
2 received  ├─────────11──────────┤           ├──────────12───────────┤
┼ boundary of a message   ╳ cut inside a message
╎ message boundary, lost in this row
`)
}
