package capture_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
	"echolab/internal/capture/capturetest"
	"echolab/internal/event"
	"echolab/internal/text/texttest"
)

const (
	c2s = event.ClientToServer
	s2c = event.ServerToClient
)

// conversation is a connection with every kind of packet that a capture can tell apart: options, all lengths modulo
// four, flags, one packet that a snap length cut.
func conversation(client, server string) []*capture.Packet {
	s := new(capturetest.Script)
	c := s.Conn(client, server)
	c.ClientISN = 1<<32 - 3
	c.Handshake()
	for n := range 5 {
		c.Send(c2s, strings.Repeat("a", n+1))
		c.ACK(s2c)
	}
	cut := c.Send(s2c, strings.Repeat("b", 1000))
	cut.Payload = cut.Payload[:10]
	p := c.ACK(c2s)
	p.Flags |= capture.URG | capture.ECE | capture.CWR
	p.Window = 65535
	c.FIN(s2c)
	c.RST(c2s)
	return s.Packets
}

func v4() []*capture.Packet { return conversation("192.0.2.1:40000", "198.51.100.2:80") }
func v6() []*capture.Packet { return conversation("[2001:db8::1]:40000", "[2001:db8::2]:443") }

// all reads a capture to its end. The packets are copies.
func all(r io.Reader) (packets []*capture.Packet, skipped capture.Skipped, err error) {
	c, err := capture.NewReader(r)
	if err != nil {
		return nil, skipped, err
	}
	for {
		p, err := c.Next()
		if err == io.EOF {
			return packets, c.Skipped(), nil
		}
		if err != nil {
			return packets, c.Skipped(), err
		}
		own := *p
		own.Payload = bytes.Clone(p.Payload)
		packets = append(packets, &own)
	}
}

// read reads a capture that is right.
func read(t *testing.T, file []byte) ([]*capture.Packet, capture.Skipped) {
	t.Helper()
	packets, skipped, err := all(bytes.NewReader(file))
	require.NoError(t, err)
	return packets, skipped
}

var links = []layers.LinkType{
	layers.LinkTypeEthernet, layers.LinkTypeLinuxSLL, layers.LinkTypeLinuxSLL2, layers.LinkTypeNull, layers.LinkTypeLoop,
	layers.LinkTypeRaw, 12, 14,
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	check := func(link layers.LinkType, packets []*capture.Packet) {
		for name, file := range map[string][]byte{
			"pcap": capturetest.Pcap(t, link, packets), "pcapng": capturetest.Pcapng(t, link, packets),
		} {
			t.Run(fmt.Sprintf("%s of link type %d", name, link), func(t *testing.T) {
				got, skipped := read(t, file)
				assert.Equal(t, packets, got)
				assert.Zero(t, skipped)
			})
		}
	}
	for _, link := range links {
		check(link, v4())
		check(link, v6())
	}
	check(layers.LinkTypeIPv4, v4())
	check(layers.LinkTypeIPv6, v6())
}

func TestPcapOfEitherByteOrderAndUnit(t *testing.T) {
	frame, _ := capturetest.Frame(t, layers.LinkTypeRaw, v4()[0])
	for _, order := range []capturetest.Order{binary.LittleEndian, binary.BigEndian} {
		for _, unit := range []time.Duration{time.Microsecond, time.Nanosecond} {
			at := capturetest.Start.Add(123456789).Truncate(unit)
			file := capturetest.PcapHeader(order, unit, layers.LinkTypeRaw)
			file = append(file, capturetest.PcapRecord(order, unit, at, frame, len(frame))...)
			got, _ := read(t, file)
			require.Len(t, got, 1)
			assert.Equal(t, at, got[0].Time, "%v %v", order, unit)
			assert.Equal(t, uint32(1<<32-3), got[0].Seq)
		}
	}
}

func TestGzippedCapture(t *testing.T) {
	for _, file := range [][]byte{
		capturetest.Pcap(t, layers.LinkTypeEthernet, v4()), capturetest.Pcapng(t, layers.LinkTypeEthernet, v4()),
	} {
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		_, err := z.Write(file)
		require.NoError(t, err)
		require.NoError(t, z.Close())
		got, _ := read(t, zipped.Bytes())
		assert.Equal(t, v4(), got)

		_, _, err = all(bytes.NewReader(zipped.Bytes()[:zipped.Len()-9]))
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
		_, _, err = all(bytes.NewReader(zipped.Bytes()[:5]))
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
}

func TestNotACaptureSaysWhatItIs(t *testing.T) {
	for input, want := range map[string]string{
		"":                        "it is empty: not even the header of a capture is in it",
		"GE":                      `not a capture: it begins with "GE", neither pcap nor pcapng`,
		"GET / HTTP/1.1\r\nHost:": `not a capture: it begins with "GET / HTTP/1.1\r\n", neither pcap nor pcapng`,
		"\x1f\x8bGET / HTTP/1.1":  "compressed with gzip: gzip: invalid header",
	} {
		_, err := capture.NewReader(strings.NewReader(input))
		assert.EqualError(t, err, want)
	}
}

func TestUnknownVersionAndLinkTypeAreNamed(t *testing.T) {
	file := capturetest.PcapHeader(binary.BigEndian, time.Microsecond, layers.LinkTypeIEEE80211Radio)
	_, err := capture.NewReader(bytes.NewReader(file))
	texttest.Error(t, err, "link type 127 … RadioTap … Ethernet")
	file[23] = 147 // for private use
	_, err = capture.NewReader(bytes.NewReader(file))
	assert.ErrorContains(t, err, "link type 147")
	file[5] = 3
	_, err = capture.NewReader(bytes.NewReader(file))
	texttest.Error(t, err, "pcap version 3.4 … 2.4")
}

func TestAReaderErrorPassesThrough(t *testing.T) {
	file := capturetest.Pcap(t, layers.LinkTypeEthernet, v4())
	broken := errors.New("broken")
	for n := range file {
		_, _, err := all(io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken)))
		require.ErrorIs(t, err, broken, "at %d", n)
	}
}

// Whatever a capture is cut down to, the packets before the cut come out, and the end is told from a cut.
func TestCutAtEveryByte(t *testing.T) {
	packets := v4()
	for name, file := range map[string][]byte{
		"pcap":   capturetest.Pcap(t, layers.LinkTypeEthernet, packets),
		"pcapng": capturetest.Pcapng(t, layers.LinkTypeEthernet, packets),
	} {
		t.Run(name, func(t *testing.T) {
			most, clean := 0, 0
			for n := range len(file) + 1 {
				got, _, err := all(iotest.OneByteReader(bytes.NewReader(file[:n])))
				require.GreaterOrEqual(t, len(got), most, "at %d", n)
				require.LessOrEqual(t, len(got), len(packets))
				most = len(got)
				if most > 0 {
					require.Equal(t, packets[:most], got, "at %d", n)
				}
				switch {
				case err == nil:
					clean++
				case n >= 4:
					require.ErrorIs(t, err, io.ErrUnexpectedEOF, "at %d", n)
					require.NotErrorIs(t, err, io.EOF, "at %d", n)
					if most > 0 {
						require.ErrorContains(t, err, fmt.Sprintf("after packet %d: the capture ends inside a ", most))
					}
				}
			}
			assert.Equal(t, len(packets), most)
			headers := 1 // after which a capture may end, without a packet
			if name == "pcapng" {
				headers = 2
			}
			assert.Equal(t, len(packets)+headers, clean, "ends between two packets")
		})
	}
}

func TestTheErrorStays(t *testing.T) {
	file := capturetest.Pcap(t, layers.LinkTypeEthernet, v4()[:1])
	r, err := capture.NewReader(bytes.NewReader(file[:len(file)-1]))
	require.NoError(t, err)
	_, first := r.Next()
	_, second := r.Next()
	texttest.Error(t, first, "before the first packet: … ends inside a packet … unexpected EOF")
	assert.Equal(t, first, second)
}

// A packet is handed over when its last byte is there, not when the next begins.
func TestALivePipeIsNotReadAhead(t *testing.T) {
	for name, file := range map[string]func(testing.TB, layers.LinkType, []*capture.Packet) []byte{
		"pcap": capturetest.Pcap, "pcapng": capturetest.Pcapng,
	} {
		t.Run(name, func(t *testing.T) {
			packets := v4()
			in, out := io.Pipe()
			read := make(chan capture.Packet)
			go func() {
				defer close(read)
				r, err := capture.NewReader(in)
				if !assert.NoError(t, err) {
					in.CloseWithError(err)
					return
				}
				for {
					p, err := r.Next()
					if err != nil {
						assert.Equal(t, io.EOF, err)
						return
					}
					own := *p
					own.Payload = bytes.Clone(p.Payload)
					read <- own
				}
			}()
			sent := 0
			for n := range len(packets) + 1 {
				next := file(t, layers.LinkTypeEthernet, packets[:n])[sent:]
				_, err := out.Write(next)
				require.NoError(t, err)
				sent += len(next)
				if n > 0 {
					assert.Equal(t, *packets[n-1], <-read, "nothing after it was written yet")
				}
			}
			require.NoError(t, out.Close())
			_, more := <-read
			assert.False(t, more)
		})
	}
}

func TestFlagsReadAsPeopleSayThem(t *testing.T) {
	for flags, want := range map[capture.Flags]string{
		0:                              "",
		capture.ACK:                    "ACK",
		capture.SYN:                    "SYN",
		capture.SYN | capture.ACK:      "SYN ACK",
		capture.FIN | capture.ACK:      "FIN ACK",
		capture.PSH | capture.ACK:      "PSH ACK",
		capture.RST:                    "RST",
		capture.FIN | capture.PSH | 16: "FIN PSH ACK",
		0xff:                           "SYN FIN RST PSH URG ECE CWR ACK",
	} {
		assert.Equal(t, want, flags.String())
	}
}

func TestSkippedIsAList(t *testing.T) {
	assert.Equal(t, "no packets", capture.Skipped{}.String())
	texttest.Says(t, capture.Skipped{capture.UDP: 12, capture.NotIP: 1}.String(), "12 UDP packets … 1 packet … not IP")
	every := capture.Skipped{capture.NotIP: 2, capture.UDP: 1, capture.OtherIP: 1, capture.Fragment: 1234, capture.Cut: 1, capture.Malformed: 1}
	texttest.Says(t, every.String(), "1 UDP … 1 packet of another … 2 packets … not IP … 1,234 … fragments … 1 packet cut … headers … 1 malformed")
	assert.Equal(t, 1240, every.Total())
}
