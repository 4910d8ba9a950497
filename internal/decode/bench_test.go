package decode

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/gobwas/ws"

	"echolab/framing"
	"echolab/internal/event"
)

// count is a Recorder that costs next to nothing.
type count struct{ events int }

func (c *count) Record(event.Event) { c.events++ }

// segment is how many bytes a packet of Ethernet carries.
const segment = 1448

// feed hands b, a stream of whole frames, to a Conversation again and again until it was given n bytes.
func feed(c *Conversation, dir event.Dir, off *int64, b []byte) {
	for len(b) > 0 {
		n := min(len(b), segment)
		c.Bytes(noon, dir, *off, b[:n], n)
		*off += int64(n)
		b = b[n:]
	}
}

func BenchmarkFrames(b *testing.B) {
	for _, size := range []int{16, 1 << 10, 64 << 10, 1 << 20} {
		for _, masked := range []bool{false, true} {
			b.Run(fmt.Sprintf("payload=%d/masked=%t", size, masked), func(b *testing.B) {
				one := frameOf(ws.OpBinary, true, masked, string(make([]byte, size)))
				many := bytes.Repeat(one, max(1, 1<<20/len(one)))
				dir := s2c
				if masked {
					dir = c2s
				}
				var told count
				c := New(1, framing.WebSocket{}, &told)
				off := int64(0)
				b.SetBytes(int64(len(many)))
				b.ReportAllocs()
				for b.Loop() {
					feed(c, dir, &off, many)
				}
				b.ReportMetric(float64(told.events)/2/b.Elapsed().Seconds(), "frames/s")
			})
		}
	}
}

func BenchmarkMessages(b *testing.B) {
	for _, codec := range []framing.Codec{framing.Lines{}, framing.Fixed(1024), framing.LengthPrefix{}} {
		for _, size := range []int{1024, 256 << 10} {
			if _, fixed := codec.(framing.Fixed); fixed && size != 1024 {
				continue
			}
			b.Run(fmt.Sprintf("%v/message=%d", codec, size), func(b *testing.B) {
				one, err := codec.Append(nil, bytes.Repeat([]byte{'x'}, size))
				if err != nil {
					b.Fatal(err)
				}
				many := bytes.Repeat(one, 1<<20/size)
				var told count
				c := New(1, codec, &told)
				off := int64(0)
				b.SetBytes(int64(len(many)))
				b.ReportAllocs()
				for b.Loop() {
					feed(c, c2s, &off, many)
				}
			})
		}
	}
}
