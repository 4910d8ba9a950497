package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// curl runs curl, which must succeed, and returns what came, heads included.
func curl(t *testing.T, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		missing(t, "curl", "curl")
	}
	p := start(t, nil, "curl", append([]string{"-q", "-sS", "-i", "--noproxy", "*", "--max-time", "10"}, args...)...)
	p.succeed()
	return p.stdout.text()
}

func TestCurlGetsThePageWithTLSAndWithout(t *testing.T) {
	server := startSecure(t)
	for _, args := range [][]string{
		{"http://" + server.addr + "/"},
		{"--cacert", server.cert, "https://" + server.addr + "/"},
		{"--http2", "--cacert", server.cert, "https://" + server.addr + "/"}, // which it only asks for
	} {
		got := curl(t, args...)
		assert.True(t, strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n"), got)
		assert.Contains(t, got, "\r\nContent-Type: text/html")
		assert.Contains(t, got, "<!doctype html>")
	}
	assert.Contains(t, curl(t, "http://"+server.addr+"/healthz"), "\r\n\r\nok\n")
	server.end(t)
}

// curl in Debian 12 does not speak WebSocket. It can ask for one, and send frames that somebody else has made: here
// after the request, before there is an answer.
func TestCurlAsksForAWebSocketAndSendsFramesMadeByHand(t *testing.T) {
	const (
		hello  = "\x81\x85\x00\x00\x00\x00hello"    // a text, masked with a key that changes nothing
		bye    = "\x88\x82\x00\x00\x00\x00\x03\xe8" // a Close, 1000
		answer = "\x81\x05hello" + "\x88\x02\x03\xe8"
	)
	server := startSecure(t)
	frames := filepath.Join(t.TempDir(), "frames")
	require.NoError(t, os.WriteFile(frames, []byte(hello+bye), 0o600))
	for _, to := range [][]string{
		{"http://" + server.addr + "/ws"},
		{"--cacert", server.cert, "https://" + server.addr + "/ws"},
	} {
		got := curl(t, append([]string{"-X", "GET", "-T", frames,
			"-H", "Content-Length:", "-H", "Expect:", // the frames are no body
			"-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13",
			"-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}, to...)...) // the key and answer of RFC 6455 section 1.3
		head, body, ok := strings.Cut(got, "\r\n\r\n")
		require.True(t, ok, got)
		assert.True(t, strings.HasPrefix(head, "HTTP/1.1 101 "), head)
		assert.Contains(t, head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
		assert.Equal(t, answer, body)
	}
	server.end(t)
}
