package terminal_test

import (
	"fmt"
	"io"
	"net"
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

// A connection that is wrapped tells Maps of its writes: they are on the map of what the client sent.
func ExampleWrap() {
	client, server := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.Discard, server)
	}()
	var maps streammap.Maps
	c := event.Wrap(client, &maps, 1, event.Client)
	for _, msg := range []string{"hello", ", ", "world"} {
		_, _ = io.WriteString(c, msg)
	}
	c.Close()
	<-done
	fmt.Print(terminal.String(maps.Map(1, event.ClientToServer)))
	// Output:
	// client → server, 12 bytes
	// offset    0       2       4       6       8       10      12
	// bytes      h   e   l   l   o   ,       w   o   r   l   d
	// hex        68  65  6c  6c  6f  2c  20  77  6f  72  6c  64
	// 3 writes  ├─────────5─────────│───2───│─────────5─────────┤
	// │ boundary where no message is known
}
