package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/internal/capture/capturetest"
	"echolab/internal/cli/clitest"
	"echolab/internal/event"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// A try is one run of the program.
type try struct {
	status         int
	stdout, stderr string
}

// runOn runs the program with that input.
func runOn(t *testing.T, stdin io.Reader, args ...string) try {
	t.Helper()
	status, stdout, stderr := clitest.Once(t, clitest.WithInput(run, stdin), args...)
	return try{status, stdout, stderr}
}

// on runs the program on a capture.
func on(t *testing.T, capture []byte, args ...string) try {
	t.Helper()
	return runOn(t, bytes.NewReader(capture), append([]string{"-"}, args...)...)
}

const client, server = "192.0.2.1:40000", "192.0.2.2:9000"

// glued is a connection whose three lines cross the wire in one segment, and come back in two.
func glued() *capturetest.Script {
	s := new(capturetest.Script)
	c := s.Conn(client, server)
	c.Handshake()
	c.Send(event.ClientToServer, "hello\nworld\nagain\n")
	c.ACK(event.ServerToClient)
	c.Send(event.ServerToClient, "hello\nwor")
	c.Send(event.ServerToClient, "ld\nagain\n")
	c.FIN(event.ClientToServer)
	c.FIN(event.ServerToClient)
	c.ACK(event.ClientToServer)
	return s
}

func pcap(t *testing.T, s *capturetest.Script) []byte {
	return capturetest.Pcap(t, layers.LinkTypeEthernet, s.Packets)
}

func TestAConnectionIsDrawn(t *testing.T) {
	got := on(t, pcap(t, glued()), "-codec", "lines")
	assert.Equal(t, `connection 1: 192.0.2.1:40000 → 192.0.2.2:9000, 10 packets in 9ms; closed

client → server, 18 bytes
offset      0     2     4     6     8     10    12    14    16    18
bytes        h  e  l  l  o  ·  w  o  r  l  d  ·  a  g  a  i  n  ·
hex          68 65 6c 6c 6f 0a 77 6f 72 6c 64 0a 61 67 61 69 6e 0a
3 messages  ├────────6────────┼────────6────────┼────────6────────┤
1 segment   ├─────────────────╎───────18────────╎─────────────────┤
┼ boundary of a message   ╎ message boundary, lost in this row

server → client, 18 bytes
offset      0     2     4     6     8     10    12    14    16    18
bytes        h  e  l  l  o  ·  w  o  r  l  d  ·  a  g  a  i  n  ·
hex          68 65 6c 6c 6f 0a 77 6f 72 6c 64 0a 61 67 61 69 6e 0a
3 messages  ├────────6────────┼────────6────────┼────────6────────┤
2 segments  ├────────────9────╎────────╳────────╎───9─────────────┤
┼ boundary of a message   ╳ cut inside a message
╎ message boundary, lost in this row

client → server: 1 segment, 3 messages; the segment loses 2 boundaries.
server → client: 2 segments, 3 messages; the segments lose 2 boundaries and cut
inside messages once.
`, got.stdout)
	assert.Empty(t, got.stderr)
	assert.Zero(t, got.status)
}

func TestTheCodecOfAStreamIsAnyThatThereIs(t *testing.T) {
	lines := on(t, pcap(t, glued()), "-codec", "lines").stdout
	assert.Equal(t, lines, on(t, pcap(t, glued()), "-codec", `delimiter=\n`).stdout)
	raw := on(t, pcap(t, glued()), "-codec", "raw")
	assert.Equal(t, on(t, pcap(t, glued())).stdout, raw.stdout, "a capture has no reads, which are raw's messages")
	assert.NotContains(t, raw.stdout, " messages  ")
	assert.Contains(t, on(t, pcap(t, glued()), "-codec", "length=u16le").stdout, "the message at offset 0 does not end", "of 25,960 bytes")
	assert.Contains(t, on(t, pcap(t, glued()), "-codec", "length").stdout, "\"hell\": is there a length at all?")
}

func TestPacketsHaveASentenceEach(t *testing.T) {
	got := on(t, pcap(t, glued()), "-packets", "-codec", "lines")
	assert.Zero(t, got.status)
	for n, says := range []string{"▶ 1", "◀ 2", "▶ 3", "▶ 4", "◀ 5", "◀ 6", "◀ 7", "▶ 8", "◀ 9", "▶ 10"} {
		assert.Contains(t, "\n"+got.stdout, "\n"+says+" ", n+1)
	}
	assert.Contains(t, got.stdout, "1 segment, 3 messages", "the maps follow")
}

// line is a line of JSON.
type line map[string]any

func lines(t *testing.T, text string) (all []line) {
	for l := range strings.Lines(text) {
		var got line
		require.NoError(t, json.Unmarshal([]byte(l), &got), l)
		all = append(all, got)
	}
	return all
}

func TestJSONHasALineForEachSegmentAndMessage(t *testing.T) {
	got := on(t, pcap(t, glued()), "-json", "-codec", "lines")
	assert.Zero(t, got.status)
	var seen []string
	for _, l := range lines(t, got.stdout) {
		if l["ev"] == "segment" || l["ev"] == "message" {
			b, err := json.Marshal([]any{l["ev"], l["conn"], l["dir"], l["off"], l["n"]})
			require.NoError(t, err)
			seen = append(seen, string(b))
		}
	}
	assert.Equal(t, []string{
		`["message",1,"c2s",0,6]`, `["message",1,"c2s",6,6]`, `["message",1,"c2s",12,6]`, `["segment",1,"c2s",0,18]`,
		`["message",1,"s2c",0,6]`, `["segment",1,"s2c",0,9]`,
		`["message",1,"s2c",6,6]`, `["message",1,"s2c",12,6]`, `["segment",1,"s2c",9,9]`,
	}, seen)
	all := lines(t, got.stdout)
	assert.Equal(t, line{"ev": "connection", "at": "wire", "conn": 1.0, "client": client, "server": server,
		"time": "2026-01-02T03:04:05Z"}, all[0])
	assert.Equal(t, line{"ev": "result", "ok": true, "packets": 10.0, "connections": 1.0}, all[len(all)-1])
	assert.Contains(t, got.stdout, `{"ev":"stream","conn":1,"dir":"s2c","bytes":18,"segments":2,"frames":0,"messages":3}`)
}

func TestAnUnusableCaptureIsReportedInOneLine(t *testing.T) {
	whole := pcap(t, glued())
	quiet := new(capturetest.Script)
	for name, c := range map[string]struct {
		capture []byte
		args    []string
		says    string
	}{
		"nothing":          {nil, nil, "standard input: "},
		"text":             {[]byte("GET / HTTP/1.1\r\n\r\n"), nil, `not a capture: it begins with "GET /`},
		"no packet":        {pcap(t, quiet), nil, "no TCP in it"},
		"another port":     {whole, []string{"-port", "443"}, "no connection with port 443, only port 9000 (10 packets)"},
		"no connection":    {whole, []string{"-conn", "2"}, "no connection 2"},
		"no such codec":    {whole, []string{"-codec", "json"}, "it is one of raw|lines|fixed=N|length|length=KIND|delimiter=TEXT, or websocket\n"},
		"no such size":     {whole, []string{"-codec", "fixed=0"}, "as in fixed=16\n"},
		"no such KIND":     {whole, []string{"-codec", "length=u7"}, "u8, u16, u32 or u64"},
		"two captures":     {whole, []string{"other"}, "one capture at a time"},
		"two outputs":      {whole, []string{"-json", "-packets"}, "-json and -packets"},
		"a directory":      {whole, []string{"-html", t.TempDir()}, "is a directory"},
		"a missing folder": {whole, []string{"-svg", "/nowhere/map.svg"}, "/nowhere/map.svg: no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			got := on(t, c.capture, c.args...)
			assert.Contains(t, got.stderr, c.says)
			assert.NotZero(t, got.status)
			first, rest, _ := strings.Cut(got.stderr, "\n")
			assert.True(t, strings.HasPrefix(first, "streammap: "))
			assert.True(t, rest == "" || got.status == 2, rest)
		})
	}
	got := runOn(t, strings.NewReader(""))
	assert.Equal(t, 2, got.status)
	assert.Contains(t, got.stderr, "which capture?")
	got = runOn(t, strings.NewReader(""), filepath.Join(t.TempDir(), "none.pcap"))
	assert.Equal(t, 1, got.status)
	assert.Regexp(t, `^streammap: /\S+/none.pcap: no such file or directory\n$`, got.stderr)
	got = runOn(t, strings.NewReader(""), t.TempDir())
	assert.Equal(t, 1, got.status)
	assert.Contains(t, got.stderr, "is a directory: name a capture in it\n")
}

func TestACaptureThatEndsInsideAPacketIsShownAsFarAsItGoes(t *testing.T) {
	whole := pcap(t, glued())
	got := on(t, whole[:len(whole)-10])
	assert.Equal(t, 1, got.status)
	assert.Contains(t, got.stdout, "client → server: 1 segment.")
	assert.Equal(t, "streammap: standard input: after packet 9: the capture ends inside a packet: unexpected EOF\n", got.stderr)
}

func TestWhatIsNotKnownOfMessagesIsNotCompared(t *testing.T) {
	s := new(capturetest.Script)
	c := s.Conn("192.0.2.1:40000", "192.0.2.2:9000")
	c.Handshake()
	c.Send(event.ClientToServer, "one\ntwo\n")
	c.Skip(event.ClientToServer, 100)
	c.Send(event.ClientToServer, "ree\nfour\n")
	c.ACK(event.ServerToClient)
	c.FIN(event.ClientToServer)
	got := on(t, pcap(t, s), "-codec", "lines")
	assert.Contains(t, strings.ReplaceAll(got.stdout, "\n", " "), "(compared as far as messages are known).")
}

func TestOnlyConnectionsThatWereAskedForAreShown(t *testing.T) {
	s := glued()
	other := s.Conn("192.0.2.1:40001", "192.0.2.2:443")
	other.Handshake()
	other.Send(event.ClientToServer, "something else")
	file := pcap(t, s)
	assert.Contains(t, on(t, file).stdout, "connection 2: 192.0.2.1:40001 → 192.0.2.2:443, 4 packets")
	byPort := on(t, file, "-port", "443").stdout
	assert.Contains(t, byPort, "192.0.2.2:443")
	assert.NotContains(t, byPort, "192.0.2.2:9000")
	assert.Equal(t, strings.ReplaceAll(byPort, "connection 1", "connection 2"), on(t, file, "-conn", "2").stdout)
	assert.NotContains(t, on(t, file, "-conn", "2", "-json").stdout, `"conn":1,`)
	assert.NotContains(t, on(t, file, "-conn", "2", "-packets").stdout, "▶ 1 ")
}

func TestAfterTheSixteenthConnectionALineIsEnough(t *testing.T) {
	s := new(capturetest.Script)
	for i := range 18 {
		c := s.Conn(fmt.Sprintf("192.0.2.1:%d", 40000+i), server)
		c.Handshake()
		c.Send(event.ClientToServer, "hello")
		c.FIN(event.ClientToServer)
		c.FIN(event.ServerToClient)
		c.ACK(event.ClientToServer)
	}
	got := on(t, pcap(t, s))
	assert.Zero(t, got.status)
	assert.Equal(t, 16, strings.Count(got.stdout, "client → server: 1 segment."))
	assert.Contains(t, clitest.Unfolded(got.stdout), "connection 17: 192.0.2.1:40016 → 192.0.2.2:9000, 7 packets in 6ms; closed; "+
		"client → server: 5 bytes in 1 segment; server → client: 0 bytes in 0 segments")
	assert.Contains(t, got.stdout, "connection 18: ")
	got = on(t, pcap(t, s), "-conn", "18")
	assert.Equal(t, 1, strings.Count(got.stdout, "client → server: 1 segment."))
	assert.Contains(t, on(t, pcap(t, s), "-json").stdout, `"connections":18`)
}

func TestCtrlCEndsALiveCaptureAndDrawsTheMaps(t *testing.T) {
	reader, writer := io.Pipe()
	defer writer.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var stderr bytes.Buffer
	out := new(clitest.Printed)
	done := make(chan int)
	go func() { done <- run(ctx, []string{"-", "-packets"}, reader, out, &stderr) }()
	_, err := writer.Write(pcap(t, glued()))
	require.NoError(t, err)
	out.Await(t, "▶ 10") // the last packet was shown as soon as it was there
	interrupt()
	select {
	case status := <-done:
		assert.Zero(t, status)
	case <-time.After(clitest.Watchdog):
		require.Fail(t, "it did not end")
	}
	assert.Contains(t, out.String(), "client → server: 1 segment.")
	assert.Empty(t, stderr.String())
	reader.Close() // ends the goroutine that reads
}

func TestALiveCaptureOfNothingSaysSo(t *testing.T) {
	reader, writer := io.Pipe()
	defer writer.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	var stdout, stderr bytes.Buffer
	assert.Equal(t, 1, run(ctx, []string{"-"}, reader, &stdout, &stderr))
	assert.Equal(t, "streammap: standard input: no TCP in it: no packets\n", stderr.String())
	reader.Close()
}

func TestWhatWasNotReadIsReported(t *testing.T) {
	s := glued()
	file := pcap(t, s)
	cut := *s.Packets[3]
	frame, _ := capturetest.Frame(t, layers.LinkTypeEthernet, &cut)
	file = append(file, capturetest.PcapRecord(binary.LittleEndian, time.Nanosecond, cut.Time, frame[:40], len(frame))...)
	got := on(t, file)
	assert.Zero(t, got.status, got.stderr)
	const says = "1 packet cut before the end of its headers"
	assert.Contains(t, got.stdout, "Not read, so perhaps missing above: "+says+".\n")
	assert.Contains(t, on(t, file, "-json").stdout, `"unread":"`+says+`"`)
}

func TestALostStreamIsNotAnEmptyOne(t *testing.T) {
	s := new(capturetest.Script)
	c := s.Conn(client, server)
	c.Handshake()
	c.Send(event.ClientToServer, "hello")
	c.Skip(event.ServerToClient, 1000)
	c.ACK(event.ClientToServer)
	c.FIN(event.ServerToClient)
	c.FIN(event.ClientToServer)
	c.ACK(event.ServerToClient)
	got := on(t, pcap(t, s))
	assert.Contains(t, got.stdout, "server → client: none of 1,000 bytes is in the capture.\n")
	assert.NotContains(t, got.stdout, "no byte")
}

func TestAPictureNeverReplacesWhatIsRead(t *testing.T) {
	dir := t.TempDir()
	file, account := filepath.Join(dir, "a.pcap"), filepath.Join(dir, "a.jsonl")
	require.NoError(t, os.WriteFile(file, pcap(t, glued()), 0o600))
	require.NoError(t, os.Link(written().file(t), account))
	other := filepath.Join(dir, "sub", "..", "a.pcap")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	for _, args := range [][]string{{"-svg", file}, {"-html", other}, {"-svg", account}, {"-svg", "x.svg", "-html", "./x.svg"}} {
		got := runOn(t, strings.NewReader(""), append([]string{file, "-account", account}, args...)...)
		assert.Equal(t, 2, got.status, args)
		assert.Contains(t, got.stderr, "would be overwritten")
	}
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, pcap(t, glued()), b)
}

func TestCtrlCEndsTheReadingOfAFile(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	file := filepath.Join(t.TempDir(), "a.pcap")
	require.NoError(t, os.WriteFile(file, pcap(t, glued()), 0o600))
	var stdout, stderr bytes.Buffer
	assert.Equal(t, 130, run(ctx, []string{file}, strings.NewReader(""), &stdout, &stderr))
	assert.Equal(t, "streammap: interrupted\n", stderr.String())
}

func TestHelpAndVersion(t *testing.T) {
	clitest.Help(t, clitest.WithInput(run, strings.NewReader("")), "scripts/streammap", "account", "codec", "conn", "html", "json", "packets", "port", "svg")
}

func TestPicturesAreWritten(t *testing.T) {
	dir := t.TempDir()
	svg, html := filepath.Join(dir, "map.svg"), filepath.Join(dir, "map.html")
	got := on(t, pcap(t, glued()), "-svg", svg, "-html", html)
	assert.Zero(t, got.status)
	for _, file := range []string{svg, html} {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Contains(t, string(b), "connection 1: 192.0.2.1:40000 → 192.0.2.2:9000")
	}
}

// recording is what the walkthrough boundaries.sh recorded of frames that reads cut: the README shows it.
const recording = "../captures/boundaries/6-cut-frames"

func TestTheReadmesPictureIsWhatTheRecordingGives(t *testing.T) {
	svg := filepath.Join(t.TempDir(), "map.svg")
	got := runOn(t, strings.NewReader(""), recording+".pcap", "-svg", svg,
		"-account", recording+".client.jsonl", "-account", recording+".server.jsonl")
	require.Zero(t, got.status, got.stderr)
	drawn, err := os.ReadFile(svg)
	require.NoError(t, err)
	kept, err := os.ReadFile("map.svg")
	require.NoError(t, err)
	assert.Equal(t, string(drawn), string(kept), "scripts/captures/remake.sh draws it anew")
}
