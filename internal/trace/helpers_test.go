package trace_test

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/width"

	"echolab/internal/text"
	"echolab/internal/trace"
)

// greeting is the lab's three messages of 5, 15 and 13 bytes, end to end.
const greeting = "hello안녕하세요goodbye, TCP!"

// A layer is one row of a map that a test makes.
type layer struct {
	trace.Layer
	sizes []int
}

func sent(sizes ...int) layer     { return layer{trace.Sent, sizes} }
func writes(sizes ...int) layer   { return layer{trace.Writes, sizes} }
func reads(sizes ...int) layer    { return layer{trace.Reads, sizes} }
func received(sizes ...int) layer { return layer{trace.Received, sizes} }

// stream is the map of a stream of which every layer's spans have the given sizes.
func stream(data string, layers ...layer) *trace.Map {
	m := &trace.Map{Title: "client → server"}
	m.Keep(0, []byte(data))
	for _, l := range layers {
		row := m.Row(l.Layer)
		for _, n := range l.sizes {
			row.Add(trace.Span{Off: row.End, N: n})
		}
	}
	return m
}

// times is n spans of the same size, and one of what remains of the total.
func times(n, size, total int) []int {
	sizes := make([]int, n, n+1)
	for i := range sizes {
		sizes[i] = size
	}
	if rest := total - n*size; rest > 0 {
		sizes = append(sizes, rest)
	}
	return sizes
}

// draws asserts that the map's picture is the one that stands in the test.
func draws(t *testing.T, m *trace.Map, picture string) {
	t.Helper()
	assert.Equal(t, strings.TrimPrefix(picture, "\n"), drawn(t, m))
}

// drawn is the map's picture, after it was held against what must be true of every picture.
func drawn(t *testing.T, m *trace.Map) string {
	t.Helper()
	const long = 20 * time.Second // for a picture that takes milliseconds, on a machine that has much else to do
	done := make(chan string, 1)
	go func() { done <- trace.String(m) }()
	var picture string
	select {
	case picture = <-done:
	case <-time.After(long):
		require.FailNow(t, "the map is not drawn yet", "after %v", long)
	}
	tame(t, picture)
	var colored bytes.Buffer
	require.NoError(t, trace.Draw(&colored, m, text.Style{Color: true}))
	require.Equal(t, picture, sgr.ReplaceAllString(colored.String(), ""), "colour changes the picture")
	return picture
}

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

// tame asserts that text is made of lines for a terminal: nothing that it would obey, none too wide.
func tame(t *testing.T, lines string) {
	t.Helper()
	require.True(t, utf8.ValidString(lines), "not UTF-8: %q", lines)
	require.True(t, strings.HasSuffix(lines, "\n"), "no line break at the end")
	for line := range strings.Lines(lines) {
		line = strings.TrimSuffix(line, "\n")
		if columnsOf(line) > text.Width || strings.HasSuffix(line, " ") || strings.ContainsFunc(line, commanding) {
			require.Failf(t, "not a line for a terminal", "%d columns: %q", columnsOf(line), line)
		}
	}
}

// commanding says whether a terminal might obey r, or show nothing for it.
func commanding(r rune) bool { return !unicode.IsGraphic(r) }

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

// list is a Recorder that keeps the events, with copies of their bytes.
type list struct {
	mu     sync.Mutex
	events []trace.Event
}

func (l *list) Record(e trace.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Bytes = bytes.Clone(e.Bytes)
	l.events = append(l.events, e)
}

// span is an event of that kind at the given place of the client's stream on connection 1.
func span(ev trace.Kind, off int64, b string) trace.Event {
	return trace.Event{
		Ev: ev, At: trace.Client, Conn: 1, Dir: trace.ClientToServer,
		Span: &trace.Span{Off: off, N: len(b)}, Bytes: []byte(b),
	}
}
