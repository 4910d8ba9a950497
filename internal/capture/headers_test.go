package capture_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
	"echolab/internal/capture/capturetest"
)

// one reads a capture of a single frame, that was length bytes long on the wire.
func one(t *testing.T, link layers.LinkType, frame []byte, length int) (*capture.Packet, capture.Skipped) {
	t.Helper()
	file := capturetest.PcapHeader(binary.LittleEndian, time.Nanosecond, link)
	file = append(file, capturetest.PcapRecord(binary.LittleEndian, time.Nanosecond, capturetest.Start, frame, length)...)
	packets, skipped := read(t, file)
	if len(packets) == 0 {
		require.Equal(t, 1, skipped.Total())
		return nil, skipped
	}
	require.Zero(t, skipped)
	return packets[0], skipped
}

// hello is a packet with a payload, and its IP packet.
func hello(t *testing.T, client, server string) (*capture.Packet, []byte) {
	t.Helper()
	s := new(capturetest.Script)
	p := s.Conn(client, server).Send(c2s, "hello")
	b, _ := capturetest.Frame(t, layers.LinkTypeRaw, p)
	return p, b
}

func hello4(t *testing.T) (*capture.Packet, []byte) {
	return hello(t, "192.0.2.1:40000", "192.0.2.2:80")
}
func hello6(t *testing.T) (*capture.Packet, []byte) {
	return hello(t, "[2001:db8::1]:1", "[2001:db8::2]:2")
}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

func TestTagsOfEthernetArePassed(t *testing.T) {
	want, ip := hello4(t)
	addresses := make([]byte, 12)
	for name, tags := range map[string][]byte{
		"802.1Q":          {0x81, 0x00, 0x00, 0x07},
		"QinQ":            {0x88, 0xa8, 0x00, 0x07, 0x81, 0x00, 0x00, 0x08},
		"QinQ of old":     {0x91, 0x00, 0x00, 0x07, 0x81, 0x00, 0x00, 0x08},
		"a priority only": {0x81, 0x00, 0xe0, 0x00},
	} {
		frame := join(addresses, tags, []byte{8, 0}, ip)
		got, _ := one(t, layers.LinkTypeEthernet, frame, len(frame))
		assert.Equal(t, want, got, name)
	}
	endless := join(addresses, slices.Repeat([]byte{0x81, 0x00, 0, 0}, 1000))
	_, skipped := one(t, layers.LinkTypeEthernet, endless, len(endless))
	assert.Equal(t, capture.Skipped{capture.Malformed: 1}, skipped)
}

func TestTagsAfterALinuxCookedHeaderArePassed(t *testing.T) {
	want, ip := hello4(t)
	sll := make([]byte, 16)
	sll[14], sll[15] = 0x81, 0x00
	frame := join(sll, []byte{0, 7, 8, 0}, ip)
	got, _ := one(t, layers.LinkTypeLinuxSLL, frame, len(frame))
	assert.Equal(t, want, got)
}

func TestLoopbackOfEverySystem(t *testing.T) {
	want, ip := hello6(t)
	for _, family := range []byte{10, 24, 28, 30} {
		for _, header := range [][]byte{{family, 0, 0, 0}, {0, 0, 0, family}} {
			frame := join(header, ip)
			got, _ := one(t, layers.LinkTypeNull, frame, len(frame))
			assert.Equal(t, want, got, "%v", header)
		}
	}
	_, skipped := one(t, layers.LinkTypeNull, join([]byte{7, 0, 0, 0}, ip), len(ip)+4)
	assert.Equal(t, capture.Skipped{capture.NotIP: 1}, skipped)
}

func TestPaddingIsNotPayload(t *testing.T) {
	s := new(capturetest.Script)
	for _, address := range []string{"192.0.2.1:1", "[2001:db8::1]:1"} {
		want := s.Conn(address, address).ACK(c2s)
		want.Number = 1
		want.Time = capturetest.Start
		frame, _ := capturetest.Frame(t, layers.LinkTypeEthernet, want)
		frame = append(frame, "padding and a checksum"...)
		got, _ := one(t, layers.LinkTypeEthernet, frame, len(frame))
		assert.Equal(t, want, got)
	}
}

// Where a capture is taken before the packet is segmented, IP may have no length, as 64 KiB do not fit into it.
func TestWithoutALengthOfIPTheCaptureCounts(t *testing.T) {
	payload := strings.Repeat("x", 100)
	s := new(capturetest.Script)
	for _, c := range []struct {
		address string
		length  int // where IP's is
	}{{"192.0.2.1:1", 2}, {"[2001:db8::1]:1", 4}} {
		want := s.Conn(c.address, c.address).Send(c2s, payload)
		want.Number, want.Time = 1, capturetest.Start
		frame, _ := capturetest.Frame(t, layers.LinkTypeRaw, want)
		frame[c.length], frame[c.length+1] = 0, 0
		got, _ := one(t, layers.LinkTypeRaw, frame, len(frame))
		assert.Equal(t, want, got)

		got, _ = one(t, layers.LinkTypeRaw, frame[:len(frame)-60], len(frame)+100_000)
		assert.Equal(t, payload[:40], string(got.Payload))
		assert.Equal(t, 100_100, got.Length)
	}
}

func TestOptionsOfIPv4ArePassed(t *testing.T) {
	want, ip := hello4(t)
	ip = join(ip[:20], []byte{0x94, 4, 0, 0, 1, 1, 1, 0}, ip[20:]) // router alert, and padding
	ip[0], ip[3] = 0x47, ip[3]+8
	got, _ := one(t, layers.LinkTypeRaw, ip, len(ip))
	assert.Equal(t, want, got)

	ip[21] = 200 // longer than the header: that is of no interest here
	got, _ = one(t, layers.LinkTypeRaw, ip, len(ip))
	assert.Equal(t, want, got)
}

// extended puts extension headers between IPv6 and TCP; the first of them has a number.
func extended(ip []byte, first byte, headers ...byte) []byte {
	b := join(ip[:40], headers, ip[40:])
	b[6] = first
	binary.BigEndian.PutUint16(b[4:], uint16(len(b)-40))
	return b
}

func TestExtensionHeadersOfIPv6ArePassed(t *testing.T) {
	want, ip := hello6(t)
	for name, frame := range map[string][]byte{
		"hop by hop":  extended(ip, 0, 6, 0, 1, 4, 0, 0, 0, 0),
		"routing":     extended(ip, 43, append([]byte{6, 2}, make([]byte, 22)...)...),
		"destination": extended(ip, 60, 6, 0, 1, 4, 0, 0, 0, 0),
		"AH":          extended(ip, 51, append([]byte{6, 4}, make([]byte, 22)...)...),
		"hop by hop, destination, routing": extended(ip, 0,
			60, 0, 1, 4, 0, 0, 0, 0, 43, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0),
		"a fragment that is the whole": extended(ip, 44, 6, 0, 0, 0, 1, 2, 3, 4),
	} {
		got, _ := one(t, layers.LinkTypeRaw, frame, len(frame))
		assert.Equal(t, want, got, name)
	}
}

func TestWhatIsNotTCPIsCounted(t *testing.T) {
	_, ip4 := hello4(t)
	_, ip6 := hello6(t)
	change := func(b []byte, at int, value ...byte) []byte {
		b = slices.Clone(b)
		copy(b[at:], value)
		return b
	}
	for name, c := range map[string]struct {
		ip   []byte
		want capture.Skipped
	}{
		"UDP":                        {change(ip4, 9, 17), capture.Skipped{capture.UDP: 1}},
		"UDP over IPv6":              {change(ip6, 6, 17), capture.Skipped{capture.UDP: 1}},
		"ICMP":                       {change(ip4, 9, 1), capture.Skipped{capture.OtherIP: 1}},
		"ICMPv6":                     {change(ip6, 6, 58), capture.Skipped{capture.OtherIP: 1}},
		"a fragment of UDP":          {change(change(ip4, 9, 17), 6, 0x20), capture.Skipped{capture.UDP: 1}},
		"the first fragment":         {change(ip4, 6, 0x20), capture.Skipped{capture.Fragment: 1}},
		"a later fragment":           {change(ip4, 6, 0, 1), capture.Skipped{capture.Fragment: 1}},
		"the first fragment of IPv6": {extended(ip6, 44, 6, 0, 0, 1, 1, 2, 3, 4), capture.Skipped{capture.Fragment: 1}},
		"a later fragment of IPv6":   {extended(ip6, 44, 6, 0, 1, 0, 1, 2, 3, 4), capture.Skipped{capture.Fragment: 1}},
		"IP of another version":      {change(ip4, 0, 0x55), capture.Skipped{capture.NotIP: 1}},
		"an IPv4 header of 16 bytes": {change(ip4, 0, 0x44), capture.Skipped{capture.Malformed: 1}},
		"an IPv4 length of 19":       {change(ip4, 2, 0, 19), capture.Skipped{capture.Malformed: 1}},
		"an IPv4 header that is longer than the packet": {change(change(ip4, 0, 0x4f), 2, 0, 40),
			capture.Skipped{capture.Malformed: 1}},
		"too short for TCP":             {change(ip4, 2, 0, 39), capture.Skipped{capture.Malformed: 1}},
		"too short for TCP over IPv6":   {change(ip6, 4, 0, 19), capture.Skipped{capture.Malformed: 1}},
		"a TCP header of 16 bytes":      {change(ip4, 32, 0x40), capture.Skipped{capture.Malformed: 1}},
		"a TCP header beyond the end":   {change(ip4, 32, 0xf0), capture.Skipped{capture.Malformed: 1}},
		"an extension beyond the end":   {extended(ip6, 0, 6, 200, 0, 0, 0, 0, 0, 0), capture.Skipped{capture.Malformed: 1}},
		"extensions until the very end": {change(ip6, 6, 60), capture.Skipped{capture.Malformed: 1}},
	} {
		_, skipped := one(t, layers.LinkTypeRaw, c.ip, len(c.ip))
		assert.Equal(t, c.want, skipped, name)
	}
	arp := join(make([]byte, 12), []byte{8, 6}, make([]byte, 28))
	_, skipped := one(t, layers.LinkTypeEthernet, arp, len(arp))
	assert.Equal(t, capture.Skipped{capture.NotIP: 1}, skipped)
}

// While TCP packets are read, it can be asked what was passed over in front of them.
func TestWhatIsSkippedIsReportedWhileReading(t *testing.T) {
	_, ip := hello4(t)
	file := capturetest.PcapHeader(binary.LittleEndian, time.Nanosecond, layers.LinkTypeRaw)
	for _, n := range []int{30, len(ip), 39, 10, len(ip)} {
		record := capturetest.PcapRecord(binary.LittleEndian, time.Nanosecond, capturetest.Start, ip[:n], len(ip))
		file = append(file, record...)
	}
	r, err := capture.NewReader(bytes.NewReader(file))
	require.NoError(t, err)
	assert.Zero(t, r.Skipped())
	for _, want := range []int{1, 3} {
		_, err := r.Next()
		require.NoError(t, err)
		assert.Equal(t, capture.Skipped{capture.Cut: want}, r.Skipped())
	}
}

func TestSnapLengthCutsThePayloadNotItsLength(t *testing.T) {
	for _, packet := range []func(*testing.T) (*capture.Packet, []byte){hello4, hello6} {
		want, ip := packet(t)
		headers := len(ip) - 5
		for n := range len(ip) {
			got, skipped := one(t, layers.LinkTypeRaw, ip[:n], len(ip))
			if n < headers {
				assert.Equal(t, capture.Skipped{capture.Cut: 1}, skipped, "cut at %d", n)
				continue
			}
			assert.Equal(t, "hello"[:n-headers], string(got.Payload))
			assert.Equal(t, 5, got.Length)
			assert.Equal(t, want.Seq, got.Seq)
		}
		got, _ := one(t, layers.LinkTypeRaw, ip, headers+2)
		assert.Equal(t, "he", string(got.Payload), "what is beyond the packet's length was not captured of it")
		assert.Equal(t, 2, got.Length)
	}
}

// A packet is not longer than it was on the wire, whatever IP says.
func TestALengthOfIPBeyondTheWireIsNotBelieved(t *testing.T) {
	for _, c := range []struct {
		packet func(*testing.T) (*capture.Packet, []byte)
		length int // where IP's is
	}{{hello4, 2}, {hello6, 4}} {
		want, ip := c.packet(t)
		binary.BigEndian.PutUint16(ip[c.length:], 9000)
		got, _ := one(t, layers.LinkTypeRaw, ip, len(ip))
		assert.Equal(t, want, got)

		got, _ = one(t, layers.LinkTypeRaw, ip[:len(ip)-3], len(ip))
		assert.Equal(t, "he", string(got.Payload))
		assert.Equal(t, 5, got.Length)

		_, skipped := one(t, layers.LinkTypeRaw, ip[:len(ip)-6], len(ip)-6)
		assert.Equal(t, capture.Skipped{capture.Malformed: 1}, skipped, "no room for the header of TCP")
	}
}

func TestBrokenOptionsOfTCPHarmOnlyThemselves(t *testing.T) {
	s := new(capturetest.Script)
	s.Conn("192.0.2.1:1", "192.0.2.2:2").Handshake()
	ip, _ := capturetest.Frame(t, layers.LinkTypeRaw, s.Packets[0])
	const options = 40
	for name, c := range map[string]struct {
		at    int
		value byte
		want  capture.Packet
	}{
		"nothing broken":   {at: 0, value: 0x45, want: capture.Packet{MSS: 1460, WindowScale: 7}},
		"MSS too long":     {at: options + 1, value: 200, want: capture.Packet{WindowScale: -1}},
		"MSS of a byte":    {at: options + 1, value: 3, want: capture.Packet{WindowScale: -1}},
		"length 0":         {at: options + 5, value: 0, want: capture.Packet{MSS: 1460, WindowScale: -1}},
		"an end at once":   {at: options, value: 0, want: capture.Packet{WindowScale: -1}},
		"an unknown first": {at: options, value: 99, want: capture.Packet{WindowScale: 7}},
	} {
		b := slices.Clone(ip)
		b[c.at] = c.value
		got, _ := one(t, layers.LinkTypeRaw, b, len(b))
		require.NotNil(t, got, name)
		assert.Equal(t, c.want.MSS, got.MSS, name)
		assert.Equal(t, c.want.WindowScale, got.WindowScale, name)
		assert.Empty(t, got.Payload, name)
	}
	ip[33] = 0x10 // ACK: a packet that is not of a handshake
	got, _ := one(t, layers.LinkTypeRaw, ip, len(ip))
	assert.Equal(t, 0, got.MSS)
	assert.Equal(t, -1, got.WindowScale)
}
