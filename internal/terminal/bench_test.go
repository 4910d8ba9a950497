package terminal_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"echolab/internal/event"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
	"echolab/internal/terminal"
	"echolab/internal/text"
)

// plenty is a connection whose reads fill the buffer at once.
type plenty struct{ net.Conn }

func (plenty) Read(p []byte) (int, error) { return len(p), nil }

func BenchmarkRead(b *testing.B) {
	for _, rec := range []struct {
		name string
		event.Recorder
	}{
		{"nobody", nil}, {"Maps", new(streammap.Maps)}, {"JSON", event.NewJSON(io.Discard)}, {"Text", terminal.NewAccount(io.Discard, text.Style{})},
	} {
		b.Run("recorded by "+rec.name, func(b *testing.B) {
			c := event.Wrap(plenty{}, rec.Recorder, 1, event.Server)
			buf := make([]byte, 4096)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = c.Read(buf)
			}
		})
	}
}

func BenchmarkDraw(b *testing.B) {
	const size = 10 << 20
	for _, message := range []int{50, 1024, size} {
		b.Run(fmt.Sprintf("10 MiB in messages of %d", message), func(b *testing.B) {
			messages := maptest.Times(size/message, message, size)
			m := maptest.Stream(strings.Repeat("x", 1<<17), maptest.Sent(messages...), maptest.Writes(messages...), maptest.Reads(maptest.Times(160, 65536, 0)...), maptest.Received(messages...))
			b.ReportAllocs()
			for b.Loop() {
				_ = terminal.Draw(io.Discard, m, text.Style{Color: true})
			}
		})
	}
}
