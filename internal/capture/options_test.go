package capture_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
	"echolab/internal/capture/capturetest"
)

// opening is a SYN and its IP packet: 40 bytes of headers, then MSS up to 44, SACK up to 46, window scale up to 49, and
// padding up to 52.
func opening(t *testing.T) (*capture.Packet, []byte) {
	t.Helper()
	s := new(capturetest.Script)
	p := s.Conn("192.0.2.1:40000", "192.0.2.2:80").SYN(c2s)
	ip, _ := capturetest.Frame(t, layers.LinkTypeRaw, p)
	require.Len(t, ip, 52)
	return p, ip
}

func TestOptionsThatAreCutAreUnknown(t *testing.T) {
	syn, ip := opening(t)
	for n := 40; n <= len(ip); n++ {
		want := *syn
		want.OptionsCut = n < 52
		if n < 44 {
			want.MSS = 0
		}
		if n < 49 {
			want.WindowScale = -1
		}
		got, _ := one(t, layers.LinkTypeRaw, ip[:n], len(ip))
		assert.Equal(t, &want, got, "cut at %d", n)
	}
	_, skipped := one(t, layers.LinkTypeRaw, ip[:39], len(ip))
	assert.Equal(t, capture.Skipped{capture.Cut: 1}, skipped)
}

// The length of the payload is known without the options in front of it.
func TestAPayloadAfterOptionsThatAreCutHasItsLength(t *testing.T) {
	s := new(capturetest.Script)
	p := s.Conn("[2001:db8::1]:1", "[2001:db8::2]:2").Send(c2s, "hello")
	p.MSS = 1460 // any option will do
	ip, _ := capturetest.Frame(t, layers.LinkTypeRaw, p)
	for n := 60; n < 64; n++ {
		got, _ := one(t, layers.LinkTypeRaw, ip[:n], len(ip))
		assert.True(t, got.OptionsCut)
		assert.Empty(t, got.Payload)
		assert.Equal(t, 5, got.Length)
		assert.Equal(t, p.Seq, got.Seq)
		assert.Equal(t, p.Flags, got.Flags)
	}
}

// Nothing of one packet's options is left in the next one's.
func TestCutOptionsAreThoseOfTheirOwnPacket(t *testing.T) {
	_, ip := opening(t)
	file := capturetest.PcapHeader(binary.LittleEndian, time.Nanosecond, layers.LinkTypeRaw)
	for _, n := range []int{51, 43, 52, 40} {
		record := capturetest.PcapRecord(binary.LittleEndian, time.Nanosecond, capturetest.Start, ip[:n], len(ip))
		file = append(file, record...)
	}
	packets, _ := read(t, file)
	require.Len(t, packets, 4)
	for i, want := range []int{1460, 0, 1460, 0} {
		assert.Equal(t, want, packets[i].MSS, "packet %d", i+1)
	}
}
