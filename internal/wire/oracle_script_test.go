package wire_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
	"echolab/internal/capture/capturetest"
	"echolab/internal/tshark"
)

const (
	// The key and its answer are those of RFC 6455 section 1.3.
	request = "GET /ws HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	response = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

// clientFrames are frames as a client sends them: of each length that has another form, empty ones, fragments, a Ping
// between them, a Close.
func clientFrames() (bytes string, count int) {
	body := func(n int) []byte { return []byte(strings.Repeat("0123456789", n/10+1)[:n]) }
	frames := []ws.Frame{
		ws.NewTextFrame([]byte("hello")), ws.NewTextFrame(nil), ws.NewBinaryFrame(body(125)),
		ws.NewBinaryFrame(body(126)), ws.NewBinaryFrame(body(127)), ws.NewBinaryFrame(body(300)),
		ws.NewFrame(ws.OpText, false, body(20)), ws.NewPingFrame([]byte("?")),
		ws.NewFrame(ws.OpContinuation, false, nil), ws.NewFrame(ws.OpContinuation, true, body(30)),
		ws.NewBinaryFrame(body(65535)), ws.NewBinaryFrame(body(65536)),
		ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, "bye")),
	}
	return compiled(frames, true), len(frames)
}

func compiled(frames []ws.Frame, masked bool) string {
	var b bytes.Buffer
	for i, f := range frames {
		if masked {
			f = ws.MaskFrameWith(f, [4]byte{byte(i + 1), 0xa5, 0x5a, byte(i)})
		}
		if err := ws.WriteFrame(&b, f); err != nil {
			panic(err) // a Buffer has none
		}
	}
	return b.String()
}

// A segment is a part of a stream: n bytes from an offset on.
type segment struct{ off, n int }

// cut is a stream of n bytes from an offset on, in segments.
func cut(off, n, size int) (all []segment) {
	for ; n > 0; off, n = off+size, n-size {
		all = append(all, segment{off, min(n, size)})
	}
	return all
}

// A script is how the frames of a client cross.
type script struct {
	name string
	v6   bool // or IPv4
	isn  uint32
	way  func([]segment) []segment
	size int // of a segment; 1448 if it is 0
}

// A written is a capture in the making, of many connections: tshark takes longer to begin than to read them.
type written struct {
	capturetest.Script
	t           *testing.T
	connections int
}

// conn begins a connection, from a port of its own. Where a test fails the log says which packets are whose.
func (w *written) conn(name string, v6 bool) *capturetest.Conn {
	w.t.Helper()
	w.t.Logf("from packet %d on: %s", len(w.Packets)+1, name)
	client, server := "192.0.2.1", "192.0.2.2:8080"
	if v6 {
		client, server = "[2001:db8::1]", "[2001:db8::2]:8080"
	}
	w.connections++
	return w.Conn(fmt.Sprintf("%s:%d", client, 40000+w.connections), server)
}

func (w *written) pcap() (file string) {
	return keep(w.t, capturetest.Pcap(w.t, layers.LinkTypeEthernet, w.Packets))
}

// keep writes a capture into a file.
func keep(t *testing.T, capture []byte) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "written")
	require.NoError(t, os.WriteFile(file, capture, 0o600))
	return file
}

// isReadAsTsharkReadsIt has the capture's file compared, and returns how many frames are in it.
func (w *written) isReadAsTsharkReadsIt(compare func(testing.TB, string) tshark.Counts, file string) (frames int) {
	w.t.Helper()
	counts := compare(w.t, file)
	assert.Equal(w.t, len(w.Packets), counts.Packets)
	assert.Equal(w.t, w.connections, counts.Connections)
	return counts.Frames
}

// play adds the script's connection to a capture, and returns how many frames cross.
func (s script) play(made *written) (frames int) {
	stream, frames := clientFrames()
	stream = request + stream
	c := made.conn(s.name, s.v6)
	if s.isn != 0 {
		c.ClientISN, c.ServerISN = s.isn, s.isn-10
	}
	c.Handshake()
	c.Send(c2s, request)
	c.Send(s2c, response)
	size := s.size
	if size == 0 {
		size = 1448
	}
	segments := cut(len(request), len(stream)-len(request), size)
	if s.way != nil {
		segments = s.way(segments)
	}
	for _, seg := range segments {
		c.At(c2s, int64(seg.off), stream[seg.off:seg.off+seg.n])
	}
	c.Skip(c2s, len(stream)-len(request))
	c.ACK(s2c)
	c.Send(s2c, compiled([]ws.Frame{ws.NewTextFrame([]byte("hello")), ws.NewPongFrame([]byte("?"))}, false))
	c.Send(s2c, compiled([]ws.Frame{ws.NewCloseFrame(nil)}, false))
	c.FIN(s2c)
	c.FIN(c2s)
	c.ACK(s2c)
	return frames + 3
}

// scripts are ways for frames to cross of which tshark makes the frames as well.
var scripts = []script{
	{name: "in order"},
	{name: "small segments", size: 61},
	{name: "one segment", size: 60_000},
	{name: "IPv6", v6: true},
	{name: "sequence numbers that wrap", isn: 1<<32 - 1000},
	{name: "a SYN that wraps", isn: 1<<32 - 1},
	{name: "a retransmission of each", way: func(s []segment) (twice []segment) {
		for _, seg := range s {
			twice = append(twice, seg, seg)
		}
		return twice
	}},
	{name: "neighbours swapped", way: func(s []segment) []segment {
		for i := 0; i+1 < len(s); i += 2 {
			s[i], s[i+1] = s[i+1], s[i]
		}
		return s
	}},
	{name: "overlaps at the front", way: func(s []segment) []segment {
		for i := range s[1:] {
			s[i+1].off, s[i+1].n = s[i+1].off-100, s[i+1].n+100
		}
		return s
	}},
	{name: "the third before the second", way: func(s []segment) []segment {
		s[1], s[2] = s[2], s[1]
		return s
	}},
}

// shuffled are segments in any order, some of them twice.
func shuffled(seed uint64) script {
	random := rand.New(rand.NewPCG(1, seed))
	return script{name: fmt.Sprint("shuffled, seed ", seed), size: 1000, way: func(s []segment) []segment {
		for i := range s {
			if random.IntN(5) == 0 {
				s = append(s, s[i])
			}
		}
		const window = 4 // how far a segment may be from its place
		for i := range s {
			j := i + random.IntN(min(window, len(s)-i))
			s[i], s[j] = s[j], s[i]
		}
		return s
	}}
}

// marked are connections of which something is not as usual, without bytes being lost. tshark marks it as well.
var marked = map[string]func(c *capturetest.Conn){
	"a zero window and an update": func(c *capturetest.Conn) {
		c.Send(c2s, "hello")
		c.ACK(s2c).Window = 0
		c.ACK(s2c)
		c.Send(c2s, "again")
	},
	// What follows a probe is not compared: tshark goes on as if its byte had never been sent.
	"a probe against a zero window": func(c *capturetest.Conn) {
		c.Send(c2s, "hello")
		c.ACK(s2c).Window = 0
		c.Send(c2s, "a")
	},
	"keepalives": func(c *capturetest.Conn) {
		c.Send(c2s, "hello")
		c.ACK(s2c)
		for range 2 {
			c.ACK(c2s).Seq--
			c.ACK(s2c)
		}
		c.Send(c2s, "again")
		c.ACK(s2c)
	},
	"a keepalive with a byte": func(c *capturetest.Conn) {
		c.Send(c2s, "hello")
		c.ACK(s2c)
		c.At(c2s, 4, "o")
		c.ACK(s2c)
	},
	"duplicate ACKs": func(c *capturetest.Conn) {
		c.Send(c2s, "hello")
		c.ACK(s2c)
		lost := c.Send(c2s, "1")
		for _, text := range []string{"2", "3", "4"} {
			c.Send(c2s, text)
			c.ACK(s2c).Ack = lost.Seq
		}
		c.At(c2s, 5, "1")
		c.ACK(s2c)
	},
	"the same ports again": func(c *capturetest.Conn) {
		c.Send(c2s, "hello")
		c.FIN(c2s)
		c.FIN(s2c)
		c.ACK(c2s)
	},
	"RST": func(c *capturetest.Conn) {
		c.Send(c2s, "hello")
		c.RST(s2c)
	},
}

func TestWrittenCapturesAreReadAsTsharkReadsThem(t *testing.T) {
	t.Parallel()
	made, frames := &written{t: t}, 0
	for _, s := range scripts {
		frames += s.play(made)
	}
	for seed := range uint64(10) {
		frames += shuffled(seed).play(made)
	}
	for name, cross := range marked {
		c := made.conn(name, false)
		c.Handshake()
		made.Packets[len(made.Packets)-2].Window = uint16(len("hello")) // of the server, to fill up
		cross(c)
		if name == "the same ports again" {
			last := made.Packets[len(made.Packets)-1]
			c := made.Conn(last.Src.String(), last.Dst.String())
			c.ClientISN, c.ServerISN = 1_000_000, 2_000_000
			c.Handshake()
			c.Send(c2s, "another")
			made.connections++
		}
	}
	assert.Equal(t, frames, made.isReadAsTsharkReadsIt(tshark.Compare, made.pcap()))
}

// Each capture is written on its own, and all are read as one.
func TestEveryLinkAndFormatIsReadAsTsharkReadsIt(t *testing.T) {
	t.Parallel()
	made, frames := &written{t: t}, 0
	var files []string
	for _, c := range []struct {
		v4, v6 layers.LinkType
		file   func(testing.TB, layers.LinkType, []*capture.Packet) []byte
	}{
		{layers.LinkTypeEthernet, layers.LinkTypeEthernet, capturetest.Pcap},
		{layers.LinkTypeEthernet, layers.LinkTypeEthernet, capturetest.Pcapng},
		{layers.LinkTypeLinuxSLL, layers.LinkTypeLinuxSLL, capturetest.Pcap},
		{layers.LinkTypeLinuxSLL2, layers.LinkTypeLinuxSLL2, capturetest.Pcap},
		{layers.LinkTypeNull, layers.LinkTypeNull, capturetest.Pcap},
		{layers.LinkTypeLoop, layers.LinkTypeLoop, capturetest.Pcap},
		{layers.LinkTypeRaw, layers.LinkTypeRaw, capturetest.Pcap},
		{layers.LinkTypeIPv4, layers.LinkTypeIPv6, capturetest.Pcap},
	} {
		for v6, link := range map[bool]layers.LinkType{false: c.v4, true: c.v6} {
			before := len(made.Packets)
			frames += script{name: link.String(), v6: v6}.play(made)
			files = append(files, keep(t, c.file(t, link, made.Packets[before:])))
		}
	}
	assert.Equal(t, frames, made.isReadAsTsharkReadsIt(tshark.Compare, tshark.Join(t, files...)))
}

// Where bytes are missing tshark gives up on the frames; the packets are compared.
func TestDamagedCapturesAreReadAsTsharkReadsThem(t *testing.T) {
	t.Parallel()
	made := &written{t: t}
	for name, damage := range map[string]func([]*capture.Packet) []*capture.Packet{
		"a snap length": func(packets []*capture.Packet) []*capture.Packet {
			for _, p := range packets {
				p.Payload = p.Payload[:min(len(p.Payload), 40)]
			}
			return packets
		},
		"a packet is missing": func(packets []*capture.Packet) []*capture.Packet {
			return append(packets[:10:10], packets[11:]...)
		},
		"the start is missing": func(packets []*capture.Packet) []*capture.Packet { return packets[8:] },
		"the SYN is missing":   func(packets []*capture.Packet) []*capture.Packet { return packets[1:] },
		"every third packet is missing": func(packets []*capture.Packet) (rest []*capture.Packet) {
			for i, p := range packets {
				if i%3 != 2 {
					rest = append(rest, p)
				}
			}
			return rest
		},
	} {
		whole := len(made.Packets)
		script{name: name}.play(made)
		made.Packets = append(made.Packets[:whole], damage(made.Packets[whole:])...)
	}
	made.isReadAsTsharkReadsIt(tshark.ComparePackets, made.pcap())
}
