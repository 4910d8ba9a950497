package interop

import (
	"bytes"
	"context"
	"io"
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/tshark"
)

// record has what the clients of a server send captured.
func (s *wsserver) record(t *testing.T) *tshark.Recording {
	t.Helper()
	return tshark.Record(t, netip.MustParseAddrPort(s.addr).Port())
}

// frames is how many frames crossed, as the server tells it.
func (s *wsserver) frames(t *testing.T) int {
	t.Helper()
	var count frameCount
	require.NoError(t, event.ReadJSON(strings.NewReader(s.stdout.text()), &count))
	return int(count)
}

// A frameCount counts the frames of all connections.
type frameCount int

func (c *frameCount) Record(e event.Event) {
	if e.Ev == event.Frame {
		*c++
	}
}

// Of what each client sends, and of what it is sent, the server, tshark and this project's own reading of the capture
// have the same frames.
func TestWhatEveryClientSendsIsCapturedAsTsharkReadsIt(t *testing.T) {
	for _, c := range clients {
		for _, offer := range []bool{true, false} {
			if c.offers != asTold && !offer {
				continue
			}
			name := c.name
			if offer {
				name += ", offers compression"
			}
			t.Run(name, func(t *testing.T) {
				v := visit{client: c, offer: offer}
				v.server = startServer(t, "-compress", "-origin", "*")
				recording := v.server.record(t)
				results := v.visit(t, v.target())
				require.NotEmpty(t, results)
				v.server.end(t)
				counts := tshark.CompareLive(t, recording.End())
				assert.Positive(t, counts.Frames)
				assert.Equal(t, v.server.frames(t), counts.Frames)
			})
		}
	}
}

// Inside TLS there are frames, but not in a capture.
func TestACaptureOfTLSShowsNoFrames(t *testing.T) {
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			v := visit{client: c, offer: true, tls: true}
			v.server = startSecure(t, "-origin", "*")
			recording := v.server.record(t)
			results := v.visit(t, v.target())
			require.NotEmpty(t, results)
			v.server.end(t)
			counts := tshark.CompareLive(t, recording.End())
			assert.Positive(t, counts.Segments)
			assert.Zero(t, counts.Frames)
			assert.Positive(t, v.server.frames(t))
		})
	}
}

func TestWhatCurlGetsIsCapturedAsTsharkReadsIt(t *testing.T) {
	server := startServer(t)
	recording := server.record(t)
	page := curl(t, "http://"+server.addr+"/")
	assert.Contains(t, page, "<!doctype html>")
	assert.Contains(t, curl(t, "http://"+server.addr+"/healthz"), "\r\n\r\nok\n")
	server.end(t)
	counts := tshark.CompareLive(t, recording.End())
	assert.Equal(t, 3, counts.Connections, "the two of curl, and the last one")
	assert.Zero(t, counts.Frames)
}

// curl sends what it is given on standard input, here after the answer. Frames
// that come in front of it, as in the test of curl alone, tshark takes for HTTP.
func TestTheUpgradeThatCurlAsksForIsCapturedAsTsharkReadsIt(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		missing(t, "curl", "curl")
	}
	server := startServer(t)
	recording := server.record(t)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "curl", "-q", "-sS", "-i", "-N", "--noproxy", "*", "-X", "GET", "-T", "-",
		"-H", "Transfer-Encoding:", "-H", "Expect:", // the frames are no body
		"-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13",
		"-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "http://"+server.addr+"/ws")
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	require.NoError(t, cmd.Start())
	require.True(t, server.stdout.contains(`"ev":"write"`), "the server ended before it answered")
	_, err = io.WriteString(stdin, curlHello+curlBye)
	require.NoError(t, err)
	require.NoError(t, stdin.Close())
	require.NoError(t, cmd.Wait())
	head, frames, _ := strings.Cut(stdout.String(), "\r\n\r\n")
	assert.True(t, strings.HasPrefix(head, "HTTP/1.1 101 "), head)
	assert.Equal(t, curlAnswer, frames)
	server.end(t)
	counts := tshark.CompareLive(t, recording.End())
	assert.Equal(t, 4, counts.Frames)
}

// contains waits until a text is there, and says whether it came.
func (o *output) contains(text string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for !strings.Contains(o.all.String(), text) {
		if o.ended {
			return false
		}
		o.grown.Wait()
	}
	return true
}

// A frame of each kind that curl is given, and what comes back.
const (
	curlHello  = "\x81\x85\x00\x00\x00\x00hello"    // a text, masked with a key that changes nothing
	curlBye    = "\x88\x82\x00\x00\x00\x00\x03\xe8" // a Close, 1000
	curlAnswer = "\x81\x05hello" + "\x88\x02\x03\xe8"
)
