package interop

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/trace"
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
	require.NoError(t, trace.ReadJSON(strings.NewReader(s.stdout.text()), &count))
	return int(count)
}

// A frameCount counts the frames of all connections.
type frameCount int

func (c *frameCount) Record(e trace.Event) {
	if e.Ev == trace.Frame {
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
			v := visit{client: c, offer: offer}
			t.Run(v.name(), func(t *testing.T) {
				v.server = startServer(t, "-compress", "-origin", "*")
				recording := v.server.record(t)
				results := v.visit(t, v.target())
				require.NotEmpty(t, results)
				v.server.end(t)
				counts := tshark.Compare(t, recording.End())
				assert.Positive(t, counts.Frames)
				assert.Equal(t, v.server.frames(t), counts.Frames)
			})
		}
	}
}

// Inside TLS there are frames, but not in a capture.
func TestACaptureOfTLSShowsNoFrames(t *testing.T) {
	for _, c := range clients {
		v := visit{client: c, offer: true, tls: true}
		t.Run(v.name(), func(t *testing.T) {
			v.server = startSecure(t, "-origin", "*")
			recording := v.server.record(t)
			results := v.visit(t, v.target())
			require.NotEmpty(t, results)
			v.server.end(t)
			counts := tshark.Compare(t, recording.End())
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
	counts := tshark.Compare(t, recording.End())
	assert.Equal(t, 3, counts.Connections, "the two of curl, and the last one")
	assert.Zero(t, counts.Frames)
}
