//go:build linux

package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture/capturetest"
	"echolab/internal/event"
	"echolab/internal/tshark"
	"echolab/internal/websocket"
)

// A capture of 250 MB is read right, in little memory, and faster than tshark reads it.
func TestLargeCapture(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes 250 MB and reads them three times")
	}
	const size, memory = 250e6, 100e6
	file := filepath.Join(t.TempDir(), "large.pcap")
	want := writeLarge(t, file, size)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.GreaterOrEqual(t, info.Size(), int64(size))

	var got tally
	asJSON := measured(t, got.read, program("streammap"), "-json", file)
	t.Logf("streammap -json: %v", asJSON)
	assert.Equal(t, want, got)
	assert.Less(t, asJSON.memory, int64(memory))

	ours := measured(t, discard, program("streammap"), file)
	t.Logf("streammap:       %v", ours)
	assert.Less(t, ours.memory, int64(memory))

	// tshark is asked for the packets and bytes of each TCP connection, and spared HTTP and what is inside: it does
	// nothing that streammap does not do as well. With its WebSocket frames it takes many times as long.
	theirs := measured(t, discard, tshark.Program(t), "-r", file, "-n", "-q", "-z", "conv,tcp",
		"--disable-protocol", "http")
	t.Logf("tshark:          %v", theirs)
	ratio := theirs.cpu.Seconds() / ours.cpu.Seconds()
	t.Logf("streammap is %.1f times as fast, by the time on the processors", ratio)
	assert.Greater(t, ratio, 1.0)
}

// An effort is what it took to run a program.
type effort struct {
	took, cpu time.Duration
	memory    int64 // bytes, at most
}

func (e effort) String() string {
	return fmt.Sprintf("%v, %v on the processors, %d MB at most",
		e.took.Round(time.Millisecond), e.cpu.Round(time.Millisecond), e.memory/1e6)
}

// measured runs a program to its end, which must be a good one, and says what it took.
func measured(t *testing.T, read func(io.Reader) error, name string, args ...string) effort {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	// What a process takes at most begins, for the kernel, with what the one took that started it: this one.
	debug.FreeOSMemory()
	require.NoError(t, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0), "forget the peak (proc_pid_clear_refs(5))")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	began := time.Now()
	require.NoError(t, cmd.Start())
	unread := read(stdout)
	require.NoError(t, cmd.Wait(), "%s", &stderr)
	took := time.Since(began)
	require.NoError(t, unread)
	state := cmd.ProcessState
	return effort{
		took: took, cpu: state.UserTime() + state.SystemTime(),
		memory: state.SysUsage().(*syscall.Rusage).Maxrss << 10,
	}
}

func discard(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// A tally is what there is in a capture.
type tally struct {
	Packets, Connections int
	Events               map[string]int // the lines of JSON, by their kinds
	Streams              []streamTally
}

// A streamTally is what there is in a stream.
type streamTally struct {
	Conn                       int
	Dir                        string
	Bytes                      int64
	Segments, Frames, Messages int
}

// countedKinds are the kinds of lines that are counted.
var countedKinds = []string{"segment", "packet", "frame", "message", "gap", "error"}

// read takes the lines of JSON that streammap prints.
func (c *tally) read(r io.Reader) error {
	c.Events = make(map[string]int)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Bytes()
		for _, kind := range countedKinds {
			if bytes.Contains(line, []byte(`"ev":"`+kind+`"`)) {
				c.Events[kind]++
			}
		}
		switch {
		case bytes.HasPrefix(line, []byte(`{"ev":"stream"`)):
			var s streamTally
			if err := json.Unmarshal(line, &s); err != nil {
				return err
			}
			c.Streams = append(c.Streams, s)
		case bytes.HasPrefix(line, []byte(`{"ev":"result"`)):
			if err := json.Unmarshal(line, c); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}

// A largeFile is a capture in the making, whose packets are written as they come.
type largeFile struct {
	capturetest.Script
	t     *testing.T
	w     *bufio.Writer
	size  int64
	tally tally
}

var ways = []event.Dir{event.ClientToServer, event.ServerToClient}

// A largeConn is one of its connections, and what its ends send with each round.
type largeConn struct {
	*capturetest.Conn
	sends                 [2]string
	frames, messages, sum int // of a round in a direction, and of all segments
	counts                [2]streamTally
}

// send cuts bytes into segments, of which each 500th crosses twice, and which the other end acknowledges by twos.
func (l *largeFile) send(c *largeConn, dir int, b string) {
	const mss, twice = 1448, 500
	for i := 0; len(b) > 0; i++ {
		n := min(len(b), mss)
		p := c.Send(ways[dir], b[:n])
		if c.sum++; c.sum%twice == 0 {
			l.Packets = append(l.Packets, p)
		}
		c.counts[dir].Segments++
		c.counts[dir].Bytes += int64(n)
		if b = b[n:]; i%2 == 1 || len(b) == 0 {
			c.ACK(ways[1-dir])
		}
	}
	l.flush()
}

// flush writes the packets that were made.
func (l *largeFile) flush() {
	for _, p := range l.Packets {
		frame, _ := capturetest.Frame(l.t, layers.LinkTypeEthernet, p)
		at := capturetest.Start.Add(time.Duration(l.tally.Packets) * time.Microsecond)
		n, _ := l.w.Write(capturetest.PcapRecord(binary.LittleEndian, time.Nanosecond, at, frame, len(frame)))
		l.size += int64(n)
		l.tally.Packets++
		if p.Length > 0 {
			l.tally.Events["segment"]++
		} else {
			l.tally.Events["packet"]++
		}
	}
	l.Packets = l.Packets[:0]
}

// webBlock is what a WebSocket sends with each round: 50 messages of 1,000 bytes, and one of 70,000 in two frames, a
// Ping between them.
func webBlock(masked bool) (block string, frames, messages int) {
	text := bytes.Repeat([]byte("0123456789"), 7000)
	list := slices.Repeat([]ws.Frame{ws.NewTextFrame(text[:1000])}, 50)
	list = append(list, ws.NewFrame(ws.OpBinary, false, text[:40_000]), ws.NewPingFrame(nil),
		ws.NewFrame(ws.OpContinuation, true, text[40_000:]))
	var b []byte
	for i, f := range list {
		f.Header.Masked, f.Header.Mask = masked, [4]byte{1, 2, 3, byte(i)}
		b = websocket.AppendFrame(b, f.Header, f.Payload)
	}
	return string(b), len(list), len(list) - 2
}

// writeLarge writes a capture of at least size bytes, and returns what is in it: a WebSocket whose client sends, one that
// sends both ways, and a raw connection that does, all at the same time.
func writeLarge(t *testing.T, file string, size int64) tally {
	t.Helper()
	f, err := os.Create(file)
	require.NoError(t, err)
	l := &largeFile{t: t, w: bufio.NewWriterSize(f, 1<<20), tally: tally{Connections: 3, Events: map[string]int{}}}
	l.w.Write(capturetest.PcapHeader(binary.LittleEndian, time.Nanosecond, layers.LinkTypeEthernet))
	toServer, frames, messages := webBlock(true)
	toClient, _, _ := webBlock(false)
	raw := strings.Repeat("raw bytes have no messages in them. ", 2000)
	conns := []*largeConn{
		{sends: [2]string{toServer, ""}, frames: frames, messages: messages},
		{sends: [2]string{toServer, toClient}, frames: frames, messages: messages},
		{sends: [2]string{raw, raw}},
	}
	for i, c := range conns {
		c.Conn = l.Conn(fmt.Sprintf("192.0.2.1:%d", 40001+i), "192.0.2.2:8080")
		c.ClientISN = 1<<32 - 5000 // it wraps soon
		c.Handshake()
		if c.frames > 0 {
			key := websocket.NewKey()
			l.send(c, 0, string(websocket.Request("a.example", "/", key, "")))
			l.send(c, 1, string(websocket.Response(key, "")))
		}
	}
	for l.size < size {
		for _, c := range conns {
			for dir, b := range c.sends {
				l.send(c, dir, b)
				if b != "" {
					c.counts[dir].Frames += c.frames
					c.counts[dir].Messages += c.messages
				}
			}
		}
	}
	for i, c := range conns {
		for dir, way := range ways {
			c.FIN(way)
			c.counts[dir].Conn, c.counts[dir].Dir = i+1, string(way)
			l.tally.Streams = append(l.tally.Streams, c.counts[dir])
			l.tally.Events["frame"] += c.counts[dir].Frames
			l.tally.Events["message"] += c.counts[dir].Messages
		}
		c.ACK(event.ClientToServer)
	}
	l.flush()
	require.NoError(t, l.w.Flush())
	require.NoError(t, f.Close())
	return l.tally
}
