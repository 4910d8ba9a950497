package event

import (
	"fmt"
	"strings"

	"echolab/internal/text"
)

// Sentence is what is known of e besides its bytes, for people.
func (e Event) Sentence() string {
	var parts []string
	if e.Span != nil {
		span := fmt.Sprintf("%s at %s", text.Bytes(int64(e.N)), text.Number(e.Off))
		if e.FrameHeader != nil {
			span += ": " + e.FrameHeader.words()
		}
		parts = append(parts, span)
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
	return strings.Join(parts, "; ")
}
