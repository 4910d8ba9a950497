package trace

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
)

// Text is a Recorder that prints the account for people: a line or two for each event, at most MapWidth columns wide.
// Of each kind of event with a span it prints the first linesShown of every stream, and says once that more follow.
type Text struct {
	mu    sync.Mutex
	w     io.Writer
	style Style
	lines map[lineKey]int
}

type lineKey struct {
	streamKey
	ev Kind
}

const linesShown = 12

// NewText returns a Text that prints to w.
func NewText(w io.Writer, style Style) *Text {
	return &Text{w: w, style: style, lines: make(map[lineKey]int)}
}

// Record prints e.
func (t *Text) Record(e Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := lineKey{streamKey{e.Conn, e.Dir}, e.Ev}
	if e.Span != nil {
		t.lines[key]++
	}
	if e.Ev == Close {
		t.forget(e.Conn)
	}
	switch n := t.lines[key]; {
	case n > linesShown+1:
	case n == linesShown+1:
		t.print(Event{Ev: e.Ev, Conn: e.Conn, Text: "and so on: more are counted, but not shown (-json has them all)"})
	default:
		t.print(e)
	}
}

// forget drops the counts of a connection that is over.
func (t *Text) forget(conn int) {
	for key := range t.lines {
		if key.conn == conn {
			delete(t.lines, key)
		}
	}
}

// kindWidth is the width of the column that names the kind of event.
const kindWidth = len("shutdown") + 1

func (t *Text) print(e Event) {
	head := fmt.Sprintf("%-*s", kindWidth, e.Ev)
	if e.Conn > 0 {
		head = fmt.Sprintf("#%-2d %s", e.Conn, head)
	}
	paint := t.style.Bold
	if e.Ev == Failed || e.Ev == Refused {
		paint = t.style.Bad
	}
	for i, line := range t.describe(e, MapWidth-len(head)) {
		if i > 0 {
			head = strings.Repeat(" ", len(head))
		}
		fmt.Fprintln(t.w, paint(harmless(head))+harmless(line))
	}
}

// describe is what stands behind the kind of event, in lines of at most the given columns.
func (t *Text) describe(e Event, columns int) []string {
	lines := Fold(e.Sentence(), columns)
	if e.Ev == Request || e.Ev == Response {
		return append(lines, httpLines(e.Bytes, columns)...)
	}
	if e.Bytes == nil || e.FrameHeader != nil && len(e.Bytes) == 0 {
		return lines
	}
	const (
		widest = 24 // "65,536 bytes at 1,048,576", so that the bytes begin in one column
		least  = 16 // of room, or bytes that need more have a line of their own
	)
	text := lines[0] + strings.Repeat(" ", max(0, widest-Columns(lines[0]))) + "  "
	room := columns - Columns(text)
	b := quoted(e, room)
	whole := Columns(b) <= room && !strings.HasSuffix(b, dots)
	if len(lines) == 1 && (room >= least || whole) {
		return []string{text + b}
	}
	return append(lines, quoted(e, columns))
}

// harmless is a line with nothing in it that a terminal would obey.
func harmless(line string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, line)
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
			return append(lines, indent+dots)
		}
		lines = append(lines, indent+fit(line, room-len(indent)))
	}
	return lines
}

// fit is as much of the line as has room in the given columns.
func fit(line string, room int) string {
	n, cut := 0, 0
	for i, r := range line {
		if n <= room-len(dots) {
			cut = i
		}
		if n += columns(r); n > room {
			return line[:cut] + dots
		}
	}
	return line
}

// quoted is as much of e's bytes as has room in the given columns: of a Close frame, its code and its reason.
func quoted(e Event, room int) string {
	if e.FrameHeader == nil {
		return QuoteColumns(e.Bytes, room)
	}
	code, b := "", e.Bytes
	if e.Opcode == opClose && len(b) >= 2 { // RFC 6455 section 5.5.1
		code, b = fmt.Sprintf("code %d", binary.BigEndian.Uint16(b)), b[2:]
		if len(b) == 0 {
			return code
		}
		code += " "
	}
	q := QuoteColumns(b, room-len(code)-len(dots))
	if e.cutShort() && !strings.HasSuffix(q, dots) {
		return code + q + dots
	}
	return code + QuoteColumns(b, room-len(code))
}

// Fold breaks text at its spaces into lines of at most the given columns, and where it has line breaks; a longer word
// has a line of its own. A space is lost only where a line breaks.
func Fold(text string, columns int) []string {
	var lines []string
	for part := range strings.SplitSeq(text, "\n") {
		words := strings.Split(part, " ")
		line := words[0]
		for _, word := range words[1:] {
			if Columns(line)+1+Columns(word) > columns {
				lines = append(lines, line)
				line = word
			} else {
				line += " " + word
			}
		}
		lines = append(lines, line)
	}
	return lines
}
