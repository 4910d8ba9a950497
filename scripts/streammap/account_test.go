package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture/capturetest"
	"echolab/internal/cli/clitest"
	"echolab/internal/event"
	"echolab/internal/sock"
)

// A diary is an account of one end of the connection that glued makes.
type diary struct {
	side   event.Side
	ends   event.Ends
	events []event.Event
}

func newDiary(side event.Side) *diary {
	return &diary{side: side, ends: event.Ends{Client: netip.MustParseAddrPort(client), Server: netip.MustParseAddrPort(server)}}
}

// tells adds an event at a time after the capture's start, with a span of the stream and the bytes in it.
func (d *diary) tells(after time.Duration, ev event.Kind, dir event.Dir, off int64, data string) {
	d.events = append(d.events, event.Event{Time: capturetest.Start.Add(after), Ev: ev, At: d.side, Dir: dir,
		Span: &event.Span{Off: off, N: len(data)}, Bytes: []byte(data)})
}

// file writes the diary as the programs do.
func (d *diary) file(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	out := event.NewJSON(&b)
	info, ev, conn := &sock.Info{Local: d.ends.Client, Remote: d.ends.Server}, event.Connect, 0
	if d.side == event.Server {
		info, ev, conn = &sock.Info{Local: d.ends.Server, Remote: d.ends.Client}, event.Accept, 3
	}
	out.Record(event.Event{Time: capturetest.Start.Add(2500 * time.Microsecond), Ev: ev, At: d.side, Conn: conn, Sock: info})
	for _, e := range d.events {
		e.Conn = conn
		out.Record(e)
	}
	out.Line(map[string]any{"ev": "result", "ok": true})
	name := filepath.Join(t.TempDir(), string(d.side)+".jsonl")
	require.NoError(t, os.WriteFile(name, b.Bytes(), 0o600))
	return name
}

// written and read are the two sides of what glued captured of the client's stream.
func written() *diary {
	d := newDiary(event.Client)
	for i, word := range []string{"hello\n", "world\n", "again\n"} {
		d.tells(2600*time.Microsecond, event.Message, event.ClientToServer, int64(6*i), word)
		d.tells(2700*time.Microsecond, event.Write, event.ClientToServer, int64(6*i), word)
	}
	return d
}

func read() *diary {
	d := newDiary(event.Server)
	d.tells(4500*time.Microsecond, event.Read, event.ClientToServer, 0, "hello\nworld\n")
	d.tells(4600*time.Microsecond, event.Read, event.ClientToServer, 12, "again\n")
	return d
}

func TestOneRulerShowsWritesSegmentsAndReads(t *testing.T) {
	args := []string{"-account", written().file(t), "-account", read().file(t)}
	got := on(t, pcap(t, glued()), args...)
	assert.Zero(t, got.status, got.stderr)
	assert.Contains(t, got.stdout, `
3 messages  ├────────6────────┼────────6────────┼────────6────────┤
3 writes    ├────────6────────┼────────6────────┼────────6────────┤
1 segment   ├─────────────────╎───────18────────╎─────────────────┤
2 reads     ├──────────────12─╎─────────────────┼────────6────────┤
`)
	assert.Contains(t, clitest.Unfolded(got.stdout), "client → server: 3 writes, 1 segment, 2 reads, 3 messages; the writes keep every "+
		"boundary, the segment loses 2 boundaries, the reads lose 1 boundary.")

	got = on(t, pcap(t, glued()), append(args, "-json")...)
	assert.Contains(t, got.stdout, `"ev":"write","at":"client","conn":1,"dir":"c2s","off":6,"n":6,`)
	assert.Contains(t, got.stdout, `"ev":"read","at":"server","conn":1,"dir":"c2s","off":12,"n":6,`)
	assert.Contains(t, got.stdout, `{"ev":"agreement","conn":1,"dir":"c2s","text":"client → server: 3 writes, 1 segment, 2 reads`)
}

func TestAccountsStandBesideThePacketsInTheOrderOfTime(t *testing.T) {
	got := on(t, pcap(t, glued()), "-packets", "-account", written().file(t), "-account", read().file(t))
	assert.Zero(t, got.status, got.stderr)
	rest := got.stdout
	for _, next := range []string{"▶ 1 ", "◀ 2 ", "▶ 3 ", "client connect", "server #3 accept", "client message", "client write", "▶ 4 ",
		"◀ 5 ", "server #3 read", "◀ 6 "} {
		_, after, found := strings.Cut(rest, next)
		if !found && strings.Contains(next, "#3 ") {
			_, after, found = strings.Cut(rest, strings.Replace(next, "#3 ", "", 1))
		}
		require.True(t, found, "%q in %q", next, rest)
		rest = after
	}
}

func TestAnAccountOfAnotherCaptureIsRefused(t *testing.T) {
	elsewhere := written()
	elsewhere.ends.Client = netip.MustParseAddrPort("192.0.2.1:40009")
	otherBytes := read()
	otherBytes.events[1].Bytes = []byte("AGAIN\n")
	more := read()
	more.tells(time.Second, event.Read, event.ClientToServer, 18, "and more")
	oneMore := read()
	oneMore.tells(time.Second, event.Read, event.ClientToServer, 18, "!")
	for says, d := range map[string]*diary{
		"19 bytes from 192.0.2.1:40000, and only 18 bytes":                    oneMore,
		"its connection 192.0.2.1:40009 -> 192.0.2.2:9000 is not in this one": elsewhere,
		"read of 6 bytes at 12, and the capture has other bytes":              otherBytes,
		"26 bytes from 192.0.2.1:40000, and only 18 bytes":                    more,
	} {
		got := on(t, pcap(t, glued()), "-account", d.file(t))
		assert.Equal(t, 1, got.status)
		assert.Contains(t, got.stderr, says)
		assert.Contains(t, got.stderr, "belongs to another capture")
		assert.Equal(t, 1, strings.Count(got.stderr, "\n"))
		assert.Empty(t, got.stdout, "nothing is shown that may be wrong")
	}
}

func TestAFileThatIsNotAnAccountIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "account")
	for says, text := range map[string]string{
		"not an account of tcpclient, tcpserver or wsserver": "",
		"line 1 is not an event":                             "hello\n",
		"has no connection":                                  `{"ev":"socket","at":"server"}` + "\n",
	} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		got := on(t, pcap(t, glued()), "-account", file)
		assert.Equal(t, 1, got.status, text)
		assert.Contains(t, got.stderr, says)
	}
	assert.Contains(t, on(t, nil, "-account", filepath.Join(t.TempDir(), "none")).stderr, "no such file or directory")
}

func TestAServerThatNeverAcceptedMayBeTheOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "server.jsonl")
	for addr, status := range map[string]int{server: 0, "0.0.0.0:9000": 0, "192.0.2.2:9001": 1, "192.0.2.3:9000": 1} {
		listens := `{"time":"2026-01-02T03:04:04Z","ev":"listen","at":"server","sock":{"fd":5,"local":"` + addr + `"}}` + "\n"
		require.NoError(t, os.WriteFile(file, []byte(listens), 0o600))
		got := on(t, pcap(t, glued()), "-account", file, "-packets")
		assert.Equal(t, status, got.status, addr)
		assert.Contains(t, got.stdout, "server listen  ")
	}
}

func TestOffsetsInsideTLSAreNotMixedWithThoseOfTheWire(t *testing.T) {
	d := written()
	d.events = append([]event.Event{{Time: capturetest.Start, Ev: event.TLS, At: d.side}}, d.events...)
	got := on(t, pcap(t, glued()), "-account", d.file(t))
	assert.Zero(t, got.status)
	assert.Contains(t, clitest.Unfolded(got.stdout), "counts what is inside TLS, the capture what is outside: it is not on the maps")
	assert.NotContains(t, got.stdout, "3 writes")
}

func TestAnAccountIsNotDrawnWhereTheStartIsMissing(t *testing.T) {
	s := glued()
	s.Packets = s.Packets[3:]
	got := on(t, pcap(t, s), "-account", written().file(t), "-port", "9000")
	assert.Zero(t, got.status, got.stderr)
	assert.Contains(t, clitest.Unfolded(got.stdout), "counts from the connection's start, which is not in the capture")
	assert.NotContains(t, got.stdout, "3 writes")
}

func TestTheSameEndsMayComeAgain(t *testing.T) {
	s := glued()
	again := s.Conn(client, server)
	again.ClientISN, again.ServerISN = 7_000_000, 9_000_000
	again.Handshake()
	again.Send(event.ClientToServer, "hello\nworld\nagain\n")
	got := on(t, pcap(t, s), "-account", written().file(t))
	assert.Zero(t, got.status, got.stderr)
	assert.Equal(t, 1, strings.Count(got.stdout, "3 writes    "), fmt.Sprint("one of the two has the account:\n", got.stdout))
}
