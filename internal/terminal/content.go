package terminal

import (
	"fmt"
	"io"

	"echolab/internal/text"
)

// content has the bytes, as far as they were kept: those of payloads unmasked, but in hexadecimal as they are on the
// wire.
func (v *view) content(w io.Writer, style text.Style) {
	shown, label, wire := v.Content()
	hex := "hex"
	if label == "payload" {
		hex = "wire"
	}
	if len(shown) > 0 {
		v.line(w, label, v.text(shown), style.Plain)
	}
	if len(wire) > 0 && v.perByte >= hexPerByte {
		v.line(w, hex, v.hex(wire), style.Dim)
	}
}

// text has every character at the column of its first byte; bytes that are none, or only part of one, are dots.
func (v *view) text(data []byte) string {
	cells := blank(v.cols)
	inset := min(1, v.perByte-1) // leaves the boundaries' columns free where there is room
	for i, n := 0, 0; i < len(data); i += n {
		var s string
		s, n = text.Visible(data[i:])
		put(cells, i*v.perByte+inset, s)
	}
	return joinCells(cells)
}

func (v *view) hex(data []byte) string {
	cells := blank(v.cols)
	for i, b := range data {
		put(cells, i*v.perByte+1, fmt.Sprintf("%02x", b))
	}
	return joinCells(cells)
}
