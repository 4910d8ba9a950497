// Package maptest makes maps of streams for tests of several packages, and holds their pictures against what must be
// true of every picture. It may know how maps are recorded and drawn. It must not be used by anything but tests.
package maptest

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/width"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/streammap"
	"echolab/internal/terminal"
	"echolab/internal/text"
)

// A Layer is one row of a map that a test makes.
type Layer struct {
	streammap.Layer
	Sizes []int
}

// Sent, Writes, Segments, Reads and Received are the layers of those names, of spans with the given sizes.
func Sent(sizes ...int) Layer     { return Layer{streammap.Sent, sizes} }
func Writes(sizes ...int) Layer   { return Layer{streammap.Writes, sizes} }
func Segments(sizes ...int) Layer { return Layer{streammap.Segments, sizes} }
func Reads(sizes ...int) Layer    { return Layer{streammap.Reads, sizes} }
func Received(sizes ...int) Layer { return Layer{streammap.Received, sizes} }

// Stream is the map of a stream of which every layer's spans have the given sizes.
func Stream(data string, layers ...Layer) *streammap.Map {
	m := &streammap.Map{Title: "client → server"}
	m.Keep(0, []byte(data))
	Add(m, layers...)
	return m
}

// Add adds spans to the map, each of the layer's where the one before ends.
func Add(m *streammap.Map, layers ...Layer) {
	for _, l := range layers {
		row := m.Row(l.Layer)
		for _, n := range l.Sizes {
			row.Add(event.Span{Off: row.End, N: n})
		}
	}
}

// Times is n spans of the same size, and one of what remains of the total.
func Times(n, size, total int) []int {
	sizes := make([]int, n, n+1)
	for i := range sizes {
		sizes[i] = size
	}
	if rest := total - n*size; rest > 0 {
		sizes = append(sizes, rest)
	}
	return sizes
}

// Draws asserts that the map's picture is the one that stands in the test.
func Draws(t *testing.T, m *streammap.Map, picture string) {
	t.Helper()
	assert.Equal(t, strings.TrimPrefix(picture, "\n"), Drawn(t, m))
}

// Drawn is the map's picture, after it was held against what must be true of every picture.
func Drawn(t *testing.T, m *streammap.Map) string {
	t.Helper()
	const long = 2 * time.Minute // for a picture that takes milliseconds, on a machine that has much else to do
	done := make(chan string, 1)
	go func() { done <- terminal.String(m) }()
	var picture string
	select {
	case picture = <-done:
	case <-time.After(long):
		require.FailNow(t, "the map is not drawn yet", "after %v", long)
	}
	Tame(t, picture)
	var colored bytes.Buffer
	require.NoError(t, terminal.Draw(&colored, m, text.Style{Color: true}))
	require.Equal(t, picture, SGR.ReplaceAllString(colored.String(), ""), "colour changes the picture")
	return picture
}

// SGR matches the codes of colours (ECMA-48 section 8.3.117).
var SGR = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Tame asserts that it is made of lines for a terminal: nothing that it would obey, none too wide.
func Tame(t *testing.T, lines string) {
	t.Helper()
	require.True(t, utf8.ValidString(lines), "not UTF-8: %q", lines)
	require.True(t, strings.HasSuffix(lines, "\n"), "no line break at the end")
	for line := range strings.Lines(lines) {
		line = strings.TrimSuffix(line, "\n")
		if columnsOf(line) > text.Width || strings.HasSuffix(line, " ") || strings.ContainsFunc(line, Commanding) {
			require.Failf(t, "not a line for a terminal", "%d columns: %q", columnsOf(line), line)
		}
	}
}

// Commanding says whether a terminal might obey r, or show nothing for it.
func Commanding(r rune) bool { return !unicode.IsGraphic(r) }

// columnsOf is how many columns of a terminal a line takes.
func columnsOf(line string) int {
	n := 0
	for _, r := range line {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// A Talk is what becomes of the client's stream on connection 1: it is recorded at both ends, as it goes.
type Talk struct {
	Rec   event.Recorder
	Sent  []byte
	read  int
	begun int64 // where the message begins
}

// Handshake writes and reads a request of that size.
func (k *Talk) Handshake(size int) {
	k.Write(make([]byte, size))
	k.Reads(size)
	k.Tell(event.Request, event.Client, 0, size)
	k.Tell(event.Request, event.Server, 0, size)
}

// Frames sends frames, each with a write, and tells of the messages that they make up.
func (k *Talk) Frames(frames ...eventtest.Frame) {
	for _, f := range frames {
		off := int64(len(k.Sent))
		if f.Opcode == event.OpText || f.Opcode == event.OpBinary {
			k.begun = off
		}
		k.Write(f.Wire())
		k.Rec.Record(f.At(event.Client, off))
		k.Rec.Record(f.At(event.Server, off))
		if f.Fin && f.Opcode < event.OpClose {
			k.Tell(event.Message, event.Client, k.begun, len(k.Sent)-int(k.begun))
			k.Tell(event.Message, event.Server, k.begun, len(k.Sent)-int(k.begun))
		}
	}
}

// Write writes b.
func (k *Talk) Write(b []byte) {
	k.Rec.Record(eventtest.Span(event.Write, int64(len(k.Sent)), string(b)))
	k.Sent = append(k.Sent, b...)
}

// Reads makes reads of the given sizes.
func (k *Talk) Reads(sizes ...int) {
	for _, n := range sizes {
		k.Tell(event.Read, event.Server, int64(k.read), n)
		k.read += n
	}
}

// Tell tells of n bytes of what was written, from off on.
func (k *Talk) Tell(ev event.Kind, at event.Side, off int64, n int) {
	e := eventtest.Span(ev, off, string(k.Sent[off:off+int64(n)]))
	e.At = at
	k.Rec.Record(e)
}

// Spoken is the map of a stream of frames after a handshake of 187 bytes, read with reads of the given sizes.
func Spoken(reads []int, frames ...eventtest.Frame) *streammap.Map {
	var maps streammap.Maps
	k := &Talk{Rec: &maps}
	k.Handshake(187)
	k.Frames(frames...)
	k.Reads(reads...)
	return maps.Map(1, event.ClientToServer)
}

// RandomBytes is text, broken text and anything else, mixed.
func RandomBytes(rng *rand.Rand, n int) string {
	pieces := []string{"hello", "안녕하세요", "안", "\x1b[31m", "\x1b]0;x\a", "\r\n", "\t", "\x00", "\u202e", "\u200d", "\ufeff", "e\u0301",
		"\u1112\u1161\u11ab", "\U0001f600", "👨‍👩‍👧", "\u3000", "\u00a0", "\u0085", "\u2028", "\xec\x95", "\xff", "\xf4\x90", "\ufffd", "ｱ", "שלום"}
	var b strings.Builder
	for b.Len() < n {
		if rng.IntN(3) > 0 {
			b.WriteString(pieces[rng.IntN(len(pieces))])
		} else {
			b.WriteByte(byte(rng.Uint32()))
		}
	}
	return b.String()[:n]
}
