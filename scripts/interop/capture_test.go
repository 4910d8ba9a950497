package interop

import (
	"fmt"
	"io"
	"net/netip"
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

// captured has a client visit a server of its own, and compares the capture of that as tshark reads it and as this
// project does.
func captured(t *testing.T, v *visit, start func(*testing.T, ...string) *wsserver, args ...string) tshark.Counts {
	t.Helper()
	v.server = start(t, append(args, "-origin", "*")...)
	recording := v.server.record(t)
	require.NotEmpty(t, v.visit(t, v.target()))
	v.server.end(t)
	return tshark.CompareLive(t, recording.End())
}

// Of what each client sends, and of what it is sent, the server, tshark and this project's own reading of the capture
// have the same frames.
func TestWhatEveryClientSendsIsCapturedAsTsharkReadsIt(t *testing.T) {
	for _, c := range clients {
		for _, offer := range c.offers.ways() {
			t.Run(fmt.Sprintf("%s, offers compression: %v", c.name, offer), func(t *testing.T) {
				v := &visit{client: c, offer: offer}
				counts := captured(t, v, startServer, "-compress")
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
			v := &visit{client: c, offer: true, tls: true}
			counts := captured(t, v, startSecure)
			assert.Positive(t, counts.Segments)
			assert.Zero(t, counts.Frames)
			assert.Positive(t, v.server.frames(t))
		})
	}
}

func TestWhatCurlGetsIsCapturedAsTsharkReadsIt(t *testing.T) {
	server := startServer(t)
	recording := server.record(t)
	page := curl(t, nil, "http://"+server.addr+"/")
	assert.Contains(t, page, "<!doctype html>")
	assert.Contains(t, curl(t, nil, "http://"+server.addr+"/healthz"), "\r\n\r\nok\n")
	server.end(t)
	counts := tshark.CompareLive(t, recording.End())
	assert.Equal(t, 3, counts.Connections, "the two of curl, and the last one")
	assert.Zero(t, counts.Frames)
}

// curl sends what it is given on standard input, here after the answer. Frames
// that come in front of it, as in the test of curl alone, tshark takes for HTTP.
func TestTheUpgradeThatCurlAsksForIsCapturedAsTsharkReadsIt(t *testing.T) {
	server := startServer(t)
	recording := server.record(t)
	frames, w := io.Pipe()
	defer frames.Close()
	go func() {
		server.stdout.until(func(text string) bool { return strings.Contains(text, `"ev":"write"`) })
		_, _ = io.WriteString(w, curlHello+curlBye) // fails if curl has ended
		_ = w.Close()
	}()
	upgraded(t, curl(t, frames, upgrading("-", "-N", "http://"+server.addr+"/ws")...))
	server.end(t)
	counts := tshark.CompareLive(t, recording.End())
	assert.Equal(t, 4, counts.Frames)
}
