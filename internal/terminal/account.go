// Package terminal shows people in a terminal what happened: an [Account] prints events line by line, and [Draw] draws
// a stream's map in cells of characters, as [streammap.Layout] says, with a ruler above and a legend below. It may know
// events, maps, and how wide a terminal is. It must not know where they come from (no connection, capture or program),
// and leaves the judging of boundaries to the layout.
package terminal

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"sync"

	"echolab/internal/event"
	"echolab/internal/text"
)

// An Account is a Recorder that prints the account for people: a line or two for each event, at most [text.Width] columns
// wide, with one write for each. Of each kind of event with a span it prints the first linesShown of every stream, and
// says once that more follow.
type Account struct {
	mu    sync.Mutex
	w     io.Writer
	style text.Style
	lines map[lineKey]int
}

// A lineKey names the events of one kind of one stream.
type lineKey struct {
	conn int
	dir  event.Dir
	ev   event.Kind
}

const linesShown = 12

// NewAccount returns an Account that prints to w.
func NewAccount(w io.Writer, style text.Style) *Account {
	return &Account{w: w, style: style, lines: make(map[lineKey]int)}
}

// Record prints e.
func (a *Account) Record(e event.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := lineKey{e.Conn, e.Dir, e.Ev}
	if e.Span != nil {
		a.lines[key]++
	}
	if e.Ev == event.Close {
		a.forget(e.Conn)
	}
	switch n := a.lines[key]; {
	case n > linesShown+1:
	case n == linesShown+1:
		a.print(event.Event{Ev: e.Ev, Conn: e.Conn, Text: "and so on: more are counted, but not shown (-json has them all)"})
	default:
		a.print(e)
	}
}

// forget drops the counts of a connection that is over.
func (a *Account) forget(conn int) {
	for key := range a.lines {
		if key.conn == conn {
			delete(a.lines, key)
		}
	}
}

// kindWidth is the width of the column that names the kind of event.
const kindWidth = len("shutdown") + 1

func (a *Account) print(e event.Event) {
	head := fmt.Sprintf("%-*s", kindWidth, e.Ev)
	if e.Conn > 0 {
		head = fmt.Sprintf("#%-2d %s", e.Conn, head)
	}
	paint := a.style.Bold
	if e.Ev == event.Failed || e.Ev == event.Refused || e.Ev == event.Untold {
		paint = a.style.Bad
	}
	var b strings.Builder
	for i, line := range a.describe(e, text.Width-len(head)) {
		if i > 0 {
			head = strings.Repeat(" ", len(head))
		}
		b.WriteString(paint(text.Harmless(head)) + text.Harmless(line) + "\n")
	}
	_, _ = io.WriteString(a.w, b.String()) // at once: what is in its way must not have half of an event
}

// describe is what stands after the kind of event, in lines of at most the given columns.
func (a *Account) describe(e event.Event, columns int) []string {
	lines := text.Fold(e.Sentence(), columns)
	if e.Ev == event.Request || e.Ev == event.Response {
		return append(lines, httpLines(e.Bytes, columns)...)
	}
	if e.Bytes == nil || e.FrameHeader != nil && len(e.Bytes) == 0 {
		return lines
	}
	const (
		widest = 24 // "65,536 bytes at 1,048,576", so that the bytes begin in one column
		least  = 16 // of room, or bytes that need more have a line of their own
	)
	line := lines[0] + strings.Repeat(" ", max(0, widest-text.Columns(lines[0]))) + "  "
	room := columns - text.Columns(line)
	b := quoted(e, room)
	whole := text.Columns(b) <= room && !strings.HasSuffix(b, text.Dots)
	if len(lines) == 1 && (room >= least || whole) {
		return []string{line + b}
	}
	return append(lines, quoted(e, columns))
}

// httpLines are the lines of the head of an HTTP message, indented, without its empty ones.
func httpLines(head []byte, room int) []string {
	const indent = "  "
	var lines []string
	for line := range strings.Lines(string(head)) {
		if line = strings.TrimRight(line, " \t\r\n"); line == "" {
			continue
		}
		if len(lines) == linesShown {
			return append(lines, indent+text.Dots)
		}
		lines = append(lines, indent+fit(line, room-len(indent)))
	}
	return lines
}

// fit is as much of the line as has room in the given columns.
func fit(line string, room int) string {
	n, cut := 0, 0
	for i, r := range line {
		if n <= room-len(text.Dots) {
			cut = i
		}
		if n += text.Columns(string(r)); n > room {
			return line[:cut] + text.Dots
		}
	}
	return line
}

// quoted is as much of e's bytes as has room in the given columns: of a Close frame, its code and its reason.
func quoted(e event.Event, room int) string {
	if e.FrameHeader == nil {
		return text.QuoteColumns(e.Bytes, room)
	}
	code, b := "", e.Bytes
	if e.Opcode == event.OpClose && len(b) >= 2 { // RFC 6455 section 5.5.1
		code, b = fmt.Sprintf("code %d", binary.BigEndian.Uint16(b)), b[2:]
		if len(b) == 0 {
			return code
		}
		code += " "
	}
	q := text.QuoteColumns(b, room-len(code)-len(text.Dots))
	if e.CutShort() && !strings.HasSuffix(q, text.Dots) {
		return code + q + text.Dots
	}
	return code + text.QuoteColumns(b, room-len(code))
}
