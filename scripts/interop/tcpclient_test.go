package interop

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// samples are how many messages tcpclient sends if it is not told which.
const samples = 3

// large is a file with messages of every kind of size: an empty line, and one of a mebibyte that compresses badly.
func large(t *testing.T) (path string, messages int) {
	t.Helper()
	random := make([]byte, mebibyte/2)
	_, _ = rand.Read(random) // which never fails
	lines := []string{"한글", "", strings.Repeat("a", 125), strings.Repeat("b", 126), strings.Repeat("c", 65535),
		strings.Repeat("d", 65536), hex.EncodeToString(random), "the last"}
	path = filepath.Join(t.TempDir(), "messages")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	return path, len(lines)
}

// An exchange is what the last line of tcpclient's account says.
type exchange struct {
	Ev               string
	OK               bool
	WebSocket        bool
	Error            string
	Verdict          string
	MessagesSent     int `json:"messages_sent"`
	MessagesReceived int `json:"messages_received"`
	FramesSent       int `json:"frames_sent"`
	FramesReceived   int `json:"frames_received"`
	Pings, Pongs     int
	CloseSent        int `json:"close_sent"`
	CloseReceived    int `json:"close_received"`
	Compressed       bool
}

// run runs tcpclient -ws, which must succeed, and returns its result.
func run(t *testing.T, addr, cert string, args []string) (last exchange) {
	t.Helper()
	args = append([]string{"-ws", "-json", "-addr", addr}, args...)
	if cert != "" {
		args = append(args, "-tls", "-ca", cert)
	}
	p := start(t, nil, nil, program("tcpclient"), args...)
	p.succeed()
	assert.Empty(t, p.stderr.text())
	lines := bytes.Split(bytes.TrimSpace([]byte(p.stdout.text())), []byte("\n"))
	require.NoError(t, json.Unmarshal(lines[len(lines)-1], &last))
	require.Equal(t, "result", last.Ev)
	return last
}

func TestTcpclientGetsBackWhatItSendsFromEveryServer(t *testing.T) {
	file, lines := large(t)
	ways := []struct {
		name string
		args []string
	}{
		{"plain", nil},
		{"glued", []string{"-glue"}},
		{"byte by byte", []string{"-chunk", "1"}},
		{"fragments", []string{"-fragment", "4"}},
		{"pings", []string{"-ping"}},
		{"pings between fragments", []string{"-fragment", "4", "-ping"}},
		{"compressed", []string{"-compress"}},
		{"compressed, in fragments, with pings", []string{"-compress", "-fragment", "3", "-ping"}},
		{"close code", []string{"-close", "3001"}},
		{"large", []string{"-file", file}},
		{"large, compressed", []string{"-file", file, "-compress"}},
		{"large, in fragments", []string{"-file", file, "-fragment", "4096", "-ping"}},
	}
	for _, server := range echoServers {
		for _, scheme := range []string{"ws", "wss"} {
			t.Run(server.name+", "+scheme, func(t *testing.T) {
				addr, cert := server.start(t, scheme == "wss")
				for _, way := range ways {
					t.Run(way.name, func(t *testing.T) {
						t.Parallel()
						messages := samples
						if slices.Contains(way.args, file) {
							messages = lines
						}
						checkExchange(t, run(t, addr, cert, way.args), messages, way.args)
					})
				}
			})
		}
	}
}

// checkExchange holds the result of an exchange against what it was asked for.
func checkExchange(t *testing.T, r exchange, messages int, args []string) {
	t.Helper()
	asked := func(flag string) bool { return slices.Contains(args, flag) }
	assert.True(t, r.OK)
	assert.True(t, r.WebSocket)
	assert.Empty(t, r.Error)
	assert.NotEmpty(t, r.Verdict)
	assert.Equal(t, messages, r.MessagesSent)
	assert.Equal(t, messages, r.MessagesReceived)
	assert.Equal(t, asked("-compress"), r.Compressed)
	assert.Equal(t, r.Pings, r.Pongs)
	assert.Equal(t, asked("-ping"), r.Pings > 0)
	if sent := messages + r.Pings + 1; asked("-fragment") { // 1 for the Close
		assert.Greater(t, r.FramesSent, sent)
	} else {
		assert.Equal(t, sent, r.FramesSent)
	}
	assert.GreaterOrEqual(t, r.FramesReceived, messages+r.Pongs+1)
	code := 1000
	if asked("-close") {
		code = 3001
	}
	assert.Equal(t, code, r.CloseSent)
	assert.Equal(t, code, r.CloseReceived)
}
