package trace

import (
	"fmt"
	"io"
	"strings"
	"sync"
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
		t.print(e, "and so on: more are counted, but not shown (-json has them all)")
	default:
		t.print(e, t.describe(e))
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

func (t *Text) print(e Event, text string) {
	head := fmt.Sprintf("%-*s", kindWidth, e.Ev)
	if e.Conn > 0 {
		head = fmt.Sprintf("#%-2d %s", e.Conn, head)
	}
	paint := t.style.Bold
	if e.Ev == Failed || e.Ev == Refused {
		paint = t.style.Bad
	}
	for i, line := range Fold(text, MapWidth-len(head)) {
		if i > 0 {
			head = strings.Repeat(" ", len(head))
		}
		fmt.Fprintln(t.w, paint(head)+line)
	}
}

// describe is what stands behind the kind of event.
func (t *Text) describe(e Event) string {
	var parts []string
	if e.Span != nil {
		parts = append(parts, fmt.Sprintf("%s at %s", Bytes(int64(e.N)), Number(e.Off)))
	}
	switch {
	case e.Sock == nil:
	case e.Ev == Bind:
		// Whoever asks after bind alone asks for the address; net.Listen has called listen(2) by then as well.
		parts = append(parts, fmt.Sprintf("descriptor %d: its address is %v", e.Sock.FD, e.Sock.Local))
	default:
		parts = append(parts, e.Sock.String())
	}
	if e.Text != "" {
		parts = append(parts, e.Text)
	}
	text := strings.Join(parts, "; ")
	if e.Bytes == nil {
		return text
	}
	const widest = 24 // "65,536 bytes at 1,048,576", so that the bytes begin in one column
	return fmt.Sprintf("%-*s  %s", widest, text, quoteColumns(e.Bytes, MapWidth-kindWidth-widest-len("#1000 ")))
}

// quoteColumns quotes as much of b as has room in the given columns.
func quoteColumns(b []byte, room int) string {
	for n := room; ; n-- {
		if q := Quote(b, n); textColumns(q) <= room || n <= 0 {
			return q
		}
	}
}

func textColumns(s string) int {
	n := 0
	for _, r := range s {
		n += columns(r)
	}
	return n
}

// Fold breaks text at its spaces into lines of at most the given columns; a longer word has a line of its own.
func Fold(text string, columns int) []string {
	if textColumns(text) <= columns {
		return []string{text}
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && textColumns(line)+1+textColumns(word) > columns {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
