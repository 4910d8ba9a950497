package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"

	"echolab/internal/capture"
	"echolab/internal/capture/capturetest"
)

// FuzzReader reads any bytes: to an end, without more memory than a packet needs, and no packet has more than there is.
func FuzzReader(f *testing.F) {
	for _, link := range links {
		f.Add(capturetest.Pcap(f, link, v4()))
		f.Add(capturetest.Pcapng(f, link, v6()))
	}
	order := binary.BigEndian // with the blocks and the headers that the files above do not have
	ip := make([]byte, 48)
	copy(ip, []byte{0x60, 0, 0, 0, 0, 8, 44, 64})
	f.Add(join(capturetest.Section(order),
		capturetest.Interface(order, layers.LinkTypeRaw, 64, capturetest.Option(order, 9, 0x83)),
		capturetest.Interface(order, layers.LinkTypeEthernet, 0, capturetest.Option(order, 14, 0, 0, 0, 0, 0, 0, 0, 1)),
		capturetest.Block(order, 3, join([]byte{0, 0, 0, 48}, ip)), capturetest.Block(order, 2, make([]byte, 32)),
		capturetest.Block(order, 4, make([]byte, 32)), capturetest.EnhancedPacket(order, 1, 7, make([]byte, 60), 60)))
	f.Add(join(capturetest.PcapHeader(order, time.Microsecond, layers.LinkTypeNull),
		capturetest.PcapRecord(order, time.Microsecond, capturetest.Start, []byte{0, 0, 0, 2, 0x45}, 100)))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := capture.NewReader(bytes.NewReader(file))
		if err != nil {
			return
		}
		number := 0
		for {
			p, err := r.Next()
			if err != nil {
				if again, second := r.Next(); second != err || again != nil {
					t.Fatalf("%v, and then %v", err, second)
				}
				if err != io.EOF && errors.Is(err, io.EOF) {
					t.Fatalf("an error that looks like the end: %v", err)
				}
				break
			}
			switch {
			case p.Number <= number:
				t.Fatalf("packet %d after %d", p.Number, number)
			case len(p.Payload) > p.Length:
				t.Fatalf("packet %d has %d bytes of %d", p.Number, len(p.Payload), p.Length)
			case p.OptionsCut && len(p.Payload) > 0:
				t.Fatalf("packet %d has bytes after what was cut", p.Number)
			case !p.Src.IsValid() || !p.Dst.IsValid():
				t.Fatalf("packet %d has no address", p.Number)
			case p.Time.Year() > 9999 || !p.Time.IsZero() && p.Time.Year() < 1970:
				t.Fatalf("packet %d is of %v", p.Number, p.Time)
			}
			number = p.Number
		}
	})
}

// A file of any size costs the buffer and no more: lengths that lie, interfaces without end, comments, other blocks.
func TestHostileFilesCostNoMemory(t *testing.T) {
	order := binary.LittleEndian
	section := capturetest.Section(order)
	raw := capturetest.Interface(order, layers.LinkTypeRaw, 1<<31-1)
	long := capturetest.Block(order, 10, make([]byte, 1<<20))
	order.PutUint32(long[4:], 1<<32-4)
	for name, file := range map[string][]byte{
		"a long packet": join(capturetest.PcapHeader(order, time.Microsecond, layers.LinkTypeRaw), make([]byte, 8),
			bytes.Repeat([]byte{0xff}, 1<<20)),
		"many interfaces": join(section, bytes.Repeat(raw, 200_000)),
		"many sections":   bytes.Repeat(join(section, raw), 50_000),
		"a long block":    join(section, long),
		"many blocks":     join(section, bytes.Repeat(capturetest.Block(order, 4, make([]byte, 1<<16)), 200)),
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		_, _, _ = all(bytes.NewReader(file))
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 10<<20 {
			t.Errorf("%s: %d bytes for a file of %d", name, n, len(file))
		}
	}
}

func TestPacketsCostNoAllocations(t *testing.T) {
	for name, file := range map[string][]byte{
		"pcap": capturetest.Pcap(t, layers.LinkTypeEthernet, v4()), "pcapng": capturetest.Pcapng(t, layers.LinkTypeRaw, v6()),
	} {
		header := 24
		if name == "pcapng" {
			header = len(capturetest.Pcapng(t, layers.LinkTypeRaw, nil))
		}
		r, err := capture.NewReader(io.MultiReader(bytes.NewReader(file[:header]), &endless{file[header:], 0}))
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(1000, func() {
			if _, err := r.Next(); err != nil {
				t.Fatal(err)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations a packet", name, n)
		}
	}
}

// endless is the same bytes over and over again.
type endless struct {
	b  []byte
	at int
}

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, e.b[e.at:])
	e.at = (e.at + n) % len(e.b)
	return n, nil
}
