//go:build linux && !race

package main_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"time"

	"github.com/gobwas/ws"
)

// A large is a capture in the making. It is Ethernet, and knows nothing of checksums.
type large struct {
	*bufio.Writer
	size     int64
	time     time.Time
	segments int // so far, to know which one crosses twice
	tally    tally
}

// A largeConn is one of its connections. What has an index is for client → server and back.
type largeConn struct {
	client uint16 // the port; the server's is 8080
	web    bool
	sends  [2][]byte // what is sent with each round
	next   [2]uint32 // the sequence number
	counts [2]streamTally
}

const (
	webRequest = "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	webResponse = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

	blockFrames, blockMessages = 53, 51 // of a webBlock
)

// webBlock is what a WebSocket sends with each round: 50 messages of 1,000 bytes, and one of 70,000 in two frames, a
// Ping between them.
func webBlock(masked bool) []byte {
	text := bytes.Repeat([]byte("0123456789"), 7000)
	var frames []ws.Frame
	for range 50 {
		frames = append(frames, ws.NewTextFrame(text[:1000]))
	}
	frames = append(frames, ws.NewFrame(ws.OpBinary, false, text[:40_000]), ws.NewPingFrame(nil),
		ws.NewFrame(ws.OpContinuation, true, text[40_000:]))
	var b bytes.Buffer
	for i, f := range frames {
		if masked {
			f = ws.MaskFrameWith(f, [4]byte{1, 2, 3, byte(i)})
		}
		if err := ws.WriteFrame(&b, f); err != nil {
			panic(err) // a Buffer has none
		}
	}
	return b.Bytes()
}

// newLarge begins a capture, with times in nanoseconds.
func newLarge(w io.Writer) *large {
	l := &large{Writer: bufio.NewWriterSize(w, 1<<20), time: time.Unix(1_800_000_000, 0)}
	l.tally.Events = make(map[string]int)
	header := binary.LittleEndian.AppendUint32(nil, 0xa1b23c4d)
	header = append(header, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	header = binary.LittleEndian.AppendUint32(header, 262144)
	header = binary.LittleEndian.AppendUint32(header, 1) // Ethernet
	l.write(header)
	return l
}

// write keeps an error for Flush.
func (l *large) write(b []byte) {
	n, _ := l.Writer.Write(b)
	l.size += int64(n)
}

const (
	fin, syn, ack = 1, 2, 16

	headers = 14 + 20 + 20 // Ethernet, IPv4, TCP
)

// packet writes a packet whose sequence number is seq.
func (l *large) packet(c *largeConn, dir int, flags byte, seq uint32, payload []byte) {
	l.time = l.time.Add(time.Microsecond)
	p := binary.LittleEndian.AppendUint32(make([]byte, 0, 16+headers), uint32(l.time.Unix()))
	p = binary.LittleEndian.AppendUint32(p, uint32(l.time.Nanosecond()))
	n := uint32(headers + len(payload))
	p = binary.LittleEndian.AppendUint32(p, n)
	p = binary.LittleEndian.AppendUint32(p, n)

	p = append(p, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0)
	p = append(p, 0x45, 0)
	p = binary.BigEndian.AppendUint16(p, uint16(n-14))
	p = append(p, 0, 0, 0, 0, 64, 6, 0, 0)
	hosts, ports := [2]byte{1, 2}, [2]uint16{c.client, 8080}
	p = append(p, 192, 0, 2, hosts[dir], 192, 0, 2, hosts[1-dir])
	p = binary.BigEndian.AppendUint16(p, ports[dir])
	p = binary.BigEndian.AppendUint16(p, ports[1-dir])
	p = binary.BigEndian.AppendUint32(p, seq)
	p = binary.BigEndian.AppendUint32(p, c.next[1-dir])
	p = append(p, 5<<4, flags, 255, 255, 0, 0, 0, 0)
	l.write(p)
	l.write(payload)

	l.tally.Packets++
	kind := "packet"
	if len(payload) > 0 {
		kind = "segment"
	}
	l.tally.Events[kind]++
}

// send cuts bytes into segments, which the other end acknowledges by twos.
func (l *large) send(c *largeConn, dir int, b []byte) {
	const mss, twice = 1448, 500
	for i := 0; len(b) > 0; i++ {
		n := min(len(b), mss)
		l.packet(c, dir, ack, c.next[dir], b[:n])
		if l.segments++; l.segments%twice == 0 {
			l.packet(c, dir, ack, c.next[dir], b[:n])
		}
		c.counts[dir].Segments++
		c.counts[dir].Bytes += int64(n)
		c.next[dir] += uint32(n)
		if b = b[n:]; i%2 == 1 || len(b) == 0 {
			l.packet(c, 1-dir, ack, c.next[1-dir], nil)
		}
	}
}

// open writes a connection's beginning.
func (l *large) open(c *largeConn) {
	c.next = [2]uint32{1<<32 - 5000, 7000} // one that wraps soon
	l.packet(c, 0, syn, c.next[0], nil)
	c.next[0]++
	l.packet(c, 1, syn|ack, c.next[1], nil)
	c.next[1]++
	l.packet(c, 0, ack, c.next[0], nil)
	if c.web {
		l.send(c, 0, []byte(webRequest))
		l.send(c, 1, []byte(webResponse))
	}
}

// round has both ends send once.
func (l *large) round(c *largeConn) {
	for dir, b := range c.sends {
		l.send(c, dir, b)
		if c.web && b != nil {
			c.counts[dir].Frames += blockFrames
			c.counts[dir].Messages += blockMessages
			l.tally.Events["frame"] += blockFrames
			l.tally.Events["message"] += blockMessages
		}
	}
}

// close writes a connection's end; number is the connection's.
func (l *large) close(c *largeConn, number int) {
	for dir, name := range []string{"c2s", "s2c"} {
		l.packet(c, dir, fin|ack, c.next[dir], nil)
		c.next[dir]++
		c.counts[dir].Conn, c.counts[dir].Dir = number, name
		l.tally.Streams = append(l.tally.Streams, c.counts[dir])
	}
	l.packet(c, 0, ack, c.next[0], nil)
}
