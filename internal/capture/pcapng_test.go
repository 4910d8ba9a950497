package capture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture/capturetest"
	"echolab/internal/text/texttest"
)

const (
	resolution = 9 // the options of an interface
	offset     = 14
)

var orders = []capturetest.Order{binary.LittleEndian, binary.BigEndian}

func TestInterfacesAndSectionsEachHaveTheirOwnWays(t *testing.T) {
	p := v4()[0]
	ethernet, _ := capturetest.Frame(t, layers.LinkTypeEthernet, p)
	raw, _ := capturetest.Frame(t, layers.LinkTypeRaw, p)
	at := uint64(p.Time.Unix())
	var file []byte
	for _, order := range orders {
		file = append(file, join(
			capturetest.Section(order),
			capturetest.Interface(order, layers.LinkTypeEthernet, 0),
			capturetest.Interface(order, layers.LinkTypeRaw, 0, capturetest.Option(order, resolution, 0)),
			capturetest.Interface(order, layers.LinkTypeIEEE802_11, 0), // without packets it is no harm
			capturetest.Block(order, 5, make([]byte, 40)),              // statistics
			capturetest.EnhancedPacket(order, 1, at, raw, len(raw)),
			capturetest.Block(order, 0xbad, bytes.Repeat([]byte("of a later time"), 50_000)),
			capturetest.EnhancedPacket(order, 0, at*1e6, ethernet, len(ethernet)),
		)...)
	}
	got, _ := read(t, file)
	require.Len(t, got, 4)
	for i, packet := range got {
		packet.Number -= i
		assert.Equal(t, p, packet)
	}

	order := binary.LittleEndian
	lost := join(file, capturetest.Section(order), capturetest.EnhancedPacket(order, 0, 0, raw, 40))
	_, _, err := all(bytes.NewReader(lost))
	texttest.Error(t, err, "after packet 4: … damaged … interface 0 … 0", "the interfaces are of the section before")
}

func TestTimesInEveryResolution(t *testing.T) {
	frame, _ := capturetest.Frame(t, layers.LinkTypeRaw, v4()[0])
	second := uint64(capturetest.Start.Unix())
	half := capturetest.Start.Add(time.Second / 2)
	for _, order := range orders {
		ahead := order.AppendUint64(nil, ^uint64(0)) // -1 s
		for _, c := range []struct {
			options []byte
			ticks   uint64
			want    time.Time
		}{
			{nil, second*1e6 + 500_000, half},
			{capturetest.Option(order, resolution, 0), second, capturetest.Start},
			{capturetest.Option(order, resolution, 3), second*1e3 + 500, half},
			{capturetest.Option(order, resolution, 9), second*1e9 + 5e8, half},
			{capturetest.Option(order, resolution, 0x80|1), second*2 + 1, half},
			{capturetest.Option(order, resolution, 0x80|20), second<<20 + 1<<19, half},
			{capturetest.Option(order, resolution, 0x80|63), 1 << 62, time.Unix(0, 5e8).UTC()},
			{capturetest.Option(order, resolution, 19), 15e18, time.Unix(1, 5e8).UTC()},
			{capturetest.Option(order, offset, ahead...), second*1e6 + 1_500_000, half},
			{join(capturetest.Option(order, 2, []byte("lo")...), capturetest.Option(order, 1, []byte("five!")...),
				capturetest.Option(order, resolution, 3), capturetest.Option(order, 0)), second*1e3 + 500, half},
			{capturetest.Option(order, resolution, 0), 1 << 63, time.Time{}},
			{join(capturetest.Option(order, resolution, 0), capturetest.Option(order, offset, order.AppendUint64(nil, 9)...)),
				1<<64 - 5, time.Time{}}, // with the offset it would be 1970 again
			{capturetest.Option(order, offset, order.AppendUint64(nil, 1<<63)...), 5, time.Time{}},
			{capturetest.Option(order, offset, order.AppendUint64(nil, 1<<63-1)...), 5, time.Time{}},
		} {
			got, _ := read(t, join(capturetest.Section(order), capturetest.Interface(order, layers.LinkTypeRaw, 0, c.options),
				capturetest.EnhancedPacket(order, 0, c.ticks, frame, len(frame))))
			require.Len(t, got, 1)
			assert.Equal(t, c.want, got[0].Time, "%x %d", c.options, c.ticks)
		}
	}
}

func TestPacketsOfTheOtherKindsOfBlocks(t *testing.T) {
	p := v4()[3]
	frame, _ := capturetest.Frame(t, layers.LinkTypeRaw, p)
	for _, order := range orders {
		simple := join(order.AppendUint32(nil, uint32(len(frame))), frame)
		obsolete := capturetest.EnhancedPacket(order, 0, uint64(p.Time.UnixMicro()), frame, len(frame))
		body := obsolete[8 : len(obsolete)-4]
		order.PutUint16(body[2:], 77) // packets dropped
		got, _ := read(t, join(
			capturetest.Section(order), capturetest.Interface(order, layers.LinkTypeRaw, 0),
			capturetest.Block(order, 3, simple), capturetest.Block(order, 2, body),
			capturetest.Section(order), capturetest.Interface(order, layers.LinkTypeRaw, 40),
			capturetest.Block(order, 3, simple[:4+40]),
		))
		require.Len(t, got, 3)
		assert.Equal(t, p.Payload, got[0].Payload)
		assert.Zero(t, got[0].Time)
		assert.Equal(t, p.Payload, got[1].Payload)
		assert.Equal(t, p.Time, got[1].Time)
		assert.Empty(t, got[2].Payload)
		assert.Equal(t, p.Length, got[2].Length, "the snap length of the interface cut it")
	}
}

func TestCommentsAreNotPayload(t *testing.T) {
	p := v4()[3]
	frame, _ := capturetest.Frame(t, layers.LinkTypeRaw, p)
	order := binary.LittleEndian
	block := capturetest.EnhancedPacket(order, 0, uint64(p.Time.UnixMicro()), frame, len(frame))
	body := join(block[8:len(block)-4], capturetest.Option(order, 1, []byte("a comment")...))
	got, _ := read(t, join(capturetest.Section(order), capturetest.Interface(order, layers.LinkTypeRaw, 0),
		capturetest.Block(order, 6, body)))
	require.Len(t, got, 1)
	p.Number = 1
	assert.Equal(t, p, got[0])
}

func TestDamageIsReportedWhereItIs(t *testing.T) {
	order := binary.LittleEndian
	section := capturetest.Section(order)
	raw := capturetest.Interface(order, layers.LinkTypeRaw, 0)
	packet := capturetest.EnhancedPacket(order, 0, 0, make([]byte, 40), 40)
	change := func(b []byte, at int, value uint32) []byte {
		b = slices.Clone(b)
		order.PutUint32(b[at:], value)
		return b
	}
	last := len(packet) - 4
	for want, file := range map[string][]byte{
		"a block of 8 bytes":         join(section, change(packet, 4, 8)),
		"a block of 4294967295":      join(section, change(packet, 4, 1<<32-1)),
		"a block of 71 bytes":        join(section, change(packet, 4, 71)),
		"a block of 4294967292":      join(section, change(packet, 4, 1<<32-4)),
		"ends with the length 68":    join(section, raw, change(packet, last, 68)),
		"a packet of interface 0":    join(section, packet),
		"a packet of interface 1,":   join(section, raw, change(packet, 8, 1)),
		"a packet of 262145 bytes":   join(section, raw, change(packet, 20, 262145)),
		"longer than its block":      join(section, raw, change(packet, 20, 41)),
		"whose byte order is":        join(section, change(section, 8, 7)),
		"a section has pcapng":       join(section, change(section, 12, 2)),
		"section header that is too": join(section, capturetest.Block(order, 0x0a0d0d0a, section[8:16])),
		"description that is too":    join(section, capturetest.Block(order, 1, []byte{1, 0, 0, 0})),
		"longer than its interface":  join(section, capturetest.Interface(order, 1, 0, []byte{9, 0, 200, 0})),
		"10^-20 s: too fine":         join(section, capturetest.Interface(order, 1, 0, capturetest.Option(order, 9, 20))),
		"2^-127 s: too fine":         join(section, capturetest.Interface(order, 1, 0, capturetest.Option(order, 9, 255))),
		"interface 0 has link type 105, 802.11": join(section, capturetest.Interface(order, layers.LinkTypeIEEE802_11, 0),
			packet),
		"more than 65536 interfaces": join(section, bytes.Repeat(raw, 65537)),
	} {
		_, _, err := all(bytes.NewReader(file))
		assert.ErrorContains(t, err, want)
		assert.NotErrorIs(t, err, io.EOF)
	}
	for _, kind := range []uint32{2, 3, 6} {
		for n := range 17 { // with padding, more would be enough
			_, _, err := all(bytes.NewReader(join(section, raw, capturetest.Block(order, kind, make([]byte, n)))))
			if kind != 3 || n == 0 {
				assert.ErrorContains(t, err, "a packet that is longer than its block", fmt.Sprintf("%d: %d bytes", kind, n))
			}
		}
	}
}

func TestAPcapPacketOfImpossibleLength(t *testing.T) {
	order := binary.LittleEndian
	file := capturetest.PcapHeader(order, time.Microsecond, layers.LinkTypeRaw)
	largest := capturetest.PcapRecord(order, time.Microsecond, capturetest.Start, make([]byte, 262144), 1<<31)
	_, skipped := read(t, join(file, largest))
	assert.Equal(t, 1, skipped.Total())
	order.PutUint32(largest[8:], 262145)
	_, _, err := all(bytes.NewReader(join(file, largest)))
	texttest.Error(t, err, "before the first packet: … damaged … 262145 bytes … 262144")
}
