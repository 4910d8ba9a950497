//go:build linux && !race

package main_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/proc"
	"echolab/internal/tshark"
)

// A capture of 500 MB is read right, in little memory, and faster than tshark reads it.
func TestLargeCapture(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes 500 MB and reads them three times")
	}
	const size, memory = 500e6, 200e6
	file := filepath.Join(t.TempDir(), "large.pcap")
	want := writeLarge(t, file, size)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.GreaterOrEqual(t, info.Size(), int64(size))

	program := filepath.Join(t.TempDir(), "streammap")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", program, "./scripts/streammap")
	build.Dir = proc.Root(t)
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	var got tally
	asJSON := measured(t, got.read, program, "-json", file)
	t.Logf("streammap -json: %v", asJSON)
	assert.Equal(t, want, got)
	assert.Less(t, asJSON.memory, int64(memory))

	ours := measured(t, discard, program, file)
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
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
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

// counted are the kinds of lines that are counted.
var counted = []string{"segment", "packet", "frame", "message", "gap", "error"}

// read takes the lines of JSON that streammap prints.
func (c *tally) read(r io.Reader) error {
	c.Events = make(map[string]int)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Bytes()
		for _, kind := range counted {
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

// writeLarge writes a capture of at least size bytes, and returns what is in it: a WebSocket
// whose client sends, one that sends both ways, and a raw connection that does, all at the same time, in segments of
// 1448 bytes, of which each 500th crosses twice.
func writeLarge(t *testing.T, file string, size int64) tally {
	t.Helper()
	f, err := os.Create(file)
	require.NoError(t, err)
	w := newLarge(f)
	conns := []*largeConn{
		{client: 40001, web: true, sends: [2][]byte{webBlock(true), nil}},
		{client: 40002, web: true, sends: [2][]byte{webBlock(true), webBlock(false)}},
		{client: 40003, sends: [2][]byte{rawBlock, rawBlock}},
	}
	for _, c := range conns {
		w.open(c)
	}
	for w.size < size {
		for _, c := range conns {
			w.round(c)
		}
	}
	for i, c := range conns {
		w.close(c, i+1)
	}
	require.NoError(t, w.Flush())
	require.NoError(t, f.Close())
	w.tally.Connections = len(conns)
	return w.tally
}

var rawBlock = bytes.Repeat([]byte(strings.Repeat("raw bytes have no messages in them. ", 4)), 500)
