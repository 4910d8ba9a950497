package terminal_test

import (
	"fmt"
	"os"

	"echolab/internal/event"
	"echolab/internal/streammap"
	"echolab/internal/terminal"
	"echolab/internal/text"
)

// Three messages are written one by one, and read with one read.
func ExampleDraw() {
	m := &streammap.Map{Title: "client → server"}
	for _, msg := range []string{"hello", "안녕하세요", "goodbye, TCP!"} {
		at := event.Span{Off: m.Size(), N: len(msg)}
		m.Keep(at.Off, []byte(msg))
		m.Row(streammap.Sent).Add(at)
		m.Row(streammap.Writes).Add(at)
	}
	m.Row(streammap.Reads).Add(event.Span{Off: 0, N: 33})
	if err := terminal.Draw(os.Stdout, m, text.Style{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// client → server, 33 bytes
	// offset      0         5         10        15        20        25        30
	// bytes        h e l l o 안    녕    하    세    요    g o o d b y e ,   T C P !
	// 3 messages  ├────5────┼─────────────15──────────────┼───────────13────────────┤
	// 3 writes    ├────5────┼─────────────15──────────────┼───────────13────────────┤
	// 1 read      ├─────────╎─────────────────────33──────╎─────────────────────────┤
	// ┼ boundary of a message   ╎ message boundary, lost in this row
}
