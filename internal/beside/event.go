package beside

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"echolab/internal/event"
	"echolab/internal/text"
)

// Account prints an event of an account in the left column: who saw it, what it is, the sentence, and the first bytes.
func (p *Printer) Account(e event.Event) {
	mark := join(" ", string(e.At), conn(e), string(e.Ev))
	sentence := e.Sentence()
	if data := data(e, p.room()); text.Columns(join(gap, mark, sentence, data)) <= p.room() {
		sentence = join(gap, sentence, data)
	} else {
		sentence = join("\n", sentence, data)
	}
	p.Left(mark, sentence)
}

// Packet prints a packet in the right column: its direction, its number in the capture, its flags, what is not as usual
// about it, the sentence on it, and the first bytes of a segment. Other events of a capture, such as a gap, have their
// kind in the number's place.
func (p *Printer) Packet(e event.Event) {
	text := e.Text
	if text == "" {
		text = e.Sentence()
	}
	number := string(e.Ev)
	if e.PacketHeader != nil {
		number = strconv.Itoa(e.Number) + " " + e.Flags
		text = withoutFlags(text, e.Flags)
		for _, mark := range e.Marks {
			number += fmt.Sprintf(" [%s]", mark)
		}
	}
	p.Right(join(" ", arrow(e.Dir), conn(e), number), join("\n", text, data(e, p.room())))
}

// withoutFlags is the sentence without the flags that many begin with: they are printed before it.
func withoutFlags(text, flags string) string {
	if first, rest, found := strings.Cut(text, ": "); found && (first == flags || first+" ACK" == flags) {
		return rest
	}
	return text
}

// arrow is the direction in one column: the client stands on the left.
func arrow(d event.Dir) string {
	switch d {
	case event.ClientToServer:
		return "▶"
	case event.ServerToClient:
		return "◀"
	}
	return ""
}

// conn names the connection, if it is not the first: most accounts have no other.
func conn(e event.Event) string {
	if e.Conn > 1 {
		return fmt.Sprintf("#%d", e.Conn)
	}
	return ""
}

// room is what a line of the left column has room for.
func (p *Printer) room() int { return p.left - len(indent) }

// data is the beginning of the event's bytes, quoted, with that room in one line.
func data(e event.Event, room int) string {
	if e.Bytes != nil {
		return text.QuoteColumns(e.Bytes, room-len(more))
	}
	quoted, err := strconv.QuotedPrefix(e.Data)
	if err != nil {
		return e.Data // none, or not from event.JSON: shown as it is
	}
	b, _ := strconv.Unquote(quoted)
	shown := text.QuoteColumns([]byte(b), room-len(more))
	if len(quoted) < len(e.Data) && !strings.HasSuffix(shown, more) {
		return shown + more
	}
	return shown
}

// more is what stands after quoted bytes that are not all.
const more = "..."

// join joins those of the words that are not empty.
func join(sep string, words ...string) string {
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	return strings.Join(words, sep)
}
