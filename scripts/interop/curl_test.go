package interop

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// curl runs curl, which must succeed, and returns what came, heads included.
func curl(t *testing.T, stdin io.Reader, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		missing(t, "curl", "curl")
	}
	p := start(t, stdin, nil, "curl", append([]string{"-q", "-sS", "-i", "--noproxy", "*", "--max-time", "60"}, args...)...)
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
		got := curl(t, nil, args...)
		assert.True(t, strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n"), got)
		assert.Contains(t, got, "\r\nContent-Type: text/html")
		assert.Contains(t, got, "<!doctype html>")
	}
	assert.Contains(t, curl(t, nil, "http://"+server.addr+"/healthz"), "\r\n\r\nok\n")
	server.end(t)
}

// A frame of each kind that curl is given, and what comes back.
const (
	curlHello  = "\x81\x85\x00\x00\x00\x00hello"    // a text, masked with a key that changes nothing
	curlBye    = "\x88\x82\x00\x00\x00\x00\x03\xe8" // a Close, 1000
	curlAnswer = "\x81\x05hello" + "\x88\x02\x03\xe8"
)

// upgrading has curl ask for a WebSocket, with the key of RFC 6455 section 1.3, and send frames, which are no body.
func upgrading(frames string, args ...string) []string {
	return append([]string{"-X", "GET", "-T", frames, "-H", "Content-Length:", "-H", "Transfer-Encoding:", "-H", "Expect:",
		"-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13",
		"-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}, args...)
}

// upgraded holds what curl got against the answers to the upgrade and to the frames.
func upgraded(t *testing.T, got string) {
	t.Helper()
	head, body, ok := strings.Cut(got, "\r\n\r\n")
	require.True(t, ok, got)
	assert.True(t, strings.HasPrefix(head, "HTTP/1.1 101 "), head)
	assert.Contains(t, head, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
	assert.Equal(t, curlAnswer, body)
}

// curl in Debian 12 does not speak WebSocket. It can ask for one, and send frames that somebody else has made: here
// after the request, before there is an answer.
func TestCurlAsksForAWebSocketAndSendsFramesMadeByHand(t *testing.T) {
	server := startSecure(t)
	frames := filepath.Join(t.TempDir(), "frames")
	require.NoError(t, os.WriteFile(frames, []byte(curlHello+curlBye), 0o600))
	upgraded(t, curl(t, nil, upgrading(frames, "http://"+server.addr+"/ws")...))
	upgraded(t, curl(t, nil, upgrading(frames, "--cacert", server.cert, "https://"+server.addr+"/ws")...))
	server.end(t)
}
