package trace

import (
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
	lines := Fold(strings.Join(parts, "; "), columns)
	if e.Bytes == nil {
		return lines
	}
	const (
		widest = 24 // "65,536 bytes at 1,048,576", so that the bytes begin in one column
		least  = 16 // of room, or the bytes have a line of their own
	)
	text := lines[0] + strings.Repeat(" ", max(0, widest-textColumns(lines[0]))) + "  "
	if room := columns - textColumns(text); len(lines) == 1 && room >= least {
		return []string{text + quoteColumns(e.Bytes, room)}
	}
	return append(lines, quoteColumns(e.Bytes, columns))
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

// quoteColumns quotes as much of b as has room in the given columns.
func quoteColumns(b []byte, room int) string {
	for n := room; ; n-- {
		if q := Quote(b, max(n, 0)); textColumns(q) <= room || n <= 0 {
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

// Fold breaks text at its spaces into lines of at most the given columns, and where it has line breaks; a longer word
// has a line of its own. A space is lost only where a line breaks.
func Fold(text string, columns int) []string {
	var lines []string
	for part := range strings.SplitSeq(text, "\n") {
		words := strings.Split(part, " ")
		line := words[0]
		for _, word := range words[1:] {
			if textColumns(line)+1+textColumns(word) > columns {
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
