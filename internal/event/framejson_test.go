package event_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/text"
	"echolab/internal/text/texttest"
)

const frameLine = `{"time":"2026-11-22T12:00:00Z","ev":"frame","at":"client","conn":1,"dir":"c2s","off":187,"n":17,` +
	`"opcode":1,"fin":true,"rsv":0,"masked":true,"key":"37fa213d","payload":11,"data":"\"hello world\""}` + "\n"

func TestAFramesHeaderStandsInItsLine(t *testing.T) {
	var b bytes.Buffer
	e := eventtest.Whole(event.OpText, "hello world").WithMask().At(event.Client, 187)
	e.Time = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	event.NewJSON(&b).Record(e)
	assert.Equal(t, frameLine, b.String())
}

func TestEveryFrameGoesOutAndComesIn(t *testing.T) {
	var frames []eventtest.Frame
	for opcode := range byte(16) {
		for rsv := range byte(8) {
			f := eventtest.Whole(opcode, strings.Repeat("x", int(opcode)*int(rsv)))
			f.RSV = rsv
			frames = append(frames, f, f.WithMask(), eventtest.Fragment(opcode, f.Content))
		}
	}
	var b bytes.Buffer
	j := event.NewJSON(&b)
	for i, f := range frames {
		j.Record(f.At(event.Server, int64(i)))
	}
	var back eventtest.List
	require.NoError(t, event.ReadJSON(&b, &back))
	require.Len(t, back.Events, len(frames))
	for i, f := range frames {
		want := f.At(event.Server, int64(i))
		want.Bytes, want.Data = nil, text.Quote(want.Bytes, 48)
		assert.Equal(t, want, back.Events[i])
	}
}

func TestDotsSayThatOnlyTheBeginningOfAPayloadWasRecorded(t *testing.T) {
	for told, data := range map[int]string{0: `""...`, 20: `"xxxxxxxxxxxxxxxxxxxx"...`, 48: `"` + strings.Repeat("x", 48) + `"...`,
		60: `"` + strings.Repeat("x", 48) + `"...`} {
		e := eventtest.Whole(event.OpText, strings.Repeat("x", 100)).At(event.Client, 0)
		e.Bytes = e.Bytes[:told]
		var b bytes.Buffer
		event.NewJSON(&b).Record(e)
		var back eventtest.List
		require.NoError(t, event.ReadJSON(&b, &back))
		assert.Equal(t, data, back.Events[0].Data)
	}
}

func TestAFrameThatCannotBeIsRefused(t *testing.T) {
	for change, says := range map[[2]string]string{
		{`"opcode":1,`, `"opcode":16,`}:   "line 2: … opcode 16",
		{`"opcode":1,`, `"opcode":-1,`}:   "line 2 … number -1",
		{`"rsv":0`, `"rsv":8`}:            "line 2: … rsv … 8",
		{`"payload":11`, `"payload":-1`}:  "line 2 … payload of -1 bytes … frame of 17",
		{`"payload":11`, `"payload":18`}:  "line 2 … payload of 18 bytes … frame of 17",
		{`"37fa213d"`, `"37fa213"`}:       `line 2: "37fa213" … masking key`,
		{`"37fa213d"`, `"37fa213d00"`}:    `line 2: "37fa213d00" … masking key`,
		{`"37fa213d"`, `"\u001b[2J1234"`}: `line 2: "\x1b[2J1234" … masking key`,
		{`"off":187,"n":17,`, ``}:         "line 2: … frame … header … span",
		{`"opcode":1,"fin":true,"rsv":0,"masked":true,"key":"37fa213d","payload":11,`, ``}: "line 2: … frame … header … span",
	} {
		bad := strings.Replace(frameLine, change[0], change[1], 1)
		require.NotEqual(t, frameLine, bad, change)
		var got eventtest.List
		if err := event.ReadJSON(strings.NewReader(frameLine+bad), &got); assert.Error(t, err) {
			texttest.Mentions(t, err.Error(), says)
		}
		assert.Len(t, got.Events, 1)
	}
}

func TestOnlyAFrameHasAFramesHeader(t *testing.T) {
	var got eventtest.List
	line := strings.Replace(frameLine, `"frame"`, `"result"`, 1)
	require.NoError(t, event.ReadJSON(strings.NewReader(strings.Replace(line, `"payload":11`, `"payload":-11`, 1)), &got))
	assert.Nil(t, got.Events[0].FrameHeader)
}
