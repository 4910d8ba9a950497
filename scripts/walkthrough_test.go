//go:build unix

package scripts_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"echolab/internal/cli/clitest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// part is what was printed of one step.
func part(t *testing.T, out, step string) string {
	t.Helper()
	_, from, found := strings.Cut(out, "\n== "+step+": ")
	require.True(t, found, "%s is not in\n%s", step, out)
	until, _, _ := strings.Cut(from, "\n== ")
	return until
}

// packets are direction and flags of the packets in a part.
func packets(text string) (all []string) {
	for _, m := range regexp.MustCompile(`│ ([▶◀]) \d+ ((?:[A-Z]{3} ?)+)`).FindAllStringSubmatch(text, -1) {
		all = append(all, m[1]+" "+strings.TrimSpace(m[2]))
	}
	return all
}

// inOrder asserts that the texts stand in out, each after the one before.
func inOrder(t *testing.T, out string, texts ...string) {
	t.Helper()
	rest := out
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !assert.True(t, found, "%q does not come, or too early, in\n%s", text, out) {
			return
		}
		rest = after
	}
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	out, _ := walked(t, "handshake")

	whole := part(t, out, "1-whole")
	assert.Equal(t, []string{"▶ SYN", "◀ SYN ACK", "▶ ACK"}, packets(whole)[:3])
	inOrder(t, whole, "server socket", "server bind", "server listen", "client socket", "▶ 1 SYN", "◀ 2 SYN ACK",
		"▶ 3 ACK", "server accept", "server close")
	inOrder(t, whole, "▶ 3 ACK", "client connect", "client write", "client shutdown", "client read")

	unaccepted := part(t, out, "2-unaccepted")
	assert.Equal(t, []string{"▶ SYN", "◀ SYN ACK", "▶ ACK", "▶ PSH ACK", "◀ ACK", "▶ FIN ACK"}, packets(unaccepted)[:6])
	inOrder(t, unaccepted, "server listen", "client connect", "client write", "The client said:", "no more of the echo came within 500ms")
	assert.NotContains(t, unaccepted, "server accept")
	assert.Regexp(t, `LISTEN +1 `, unaccepted, "one connection waits for accept")
	assert.Regexp(t, `CLOSE-WAIT +6 `, unaccepted, "five bytes and the end")
}

func TestBoundaries(t *testing.T) {
	t.Parallel()
	out, _ := walked(t, "boundaries")
	for step, want := range map[string]string{
		"1-one-read":   "client → server: 3 writes, 3 segments, 1 read",
		"2-many-reads": "client → server: 1 write, 1 segment, 9 reads",
		"3-lines":      "client → server: 3 writes, 3 segments, 1 read, 3 messages",
		"4-length":     "client → server: 1 write, 1 segment, 12 reads, 3 messages",
		// The Close is a frame, a write, a segment and a read of its own.
		"5-frames":     "client → server: 2 writes, 2 segments, 2 reads, 4 frames, 3 messages",
		"6-cut-frames": "client → server: 2 writes, 2 segments, 15 reads, 4 frames, 3 messages",
	} {
		assert.Contains(t, clitest.Unfolded(part(t, out, step)), want, step)
	}
}

func TestSegments(t *testing.T) {
	t.Parallel()
	out, saved := walked(t, "segments")
	assert.Contains(t, clitest.Unfolded(part(t, out, "1-write")), "client → server: 1 write, 7 segments, 1 read")
	write := gists(t, filepath.Join(saved, "1-write.pcap"))["c2s"]
	assert.Equal(t, []int{1448, 1448, 1448, 1448, 1448, 1448, 1312}, write.Segments)

	frame := gists(t, filepath.Join(saved, "2-frame.pcap"))["c2s"]
	assert.Equal(t, []int{1448, 1448, 112, 8}, frame.Segments[1:], "after the request; the Close is the last")
	assert.Equal(t, 3008, frame.Frames[0].N, "one frame: a header of 8, and 3,000 bytes")
	assert.Contains(t, clitest.Unfolded(part(t, out, "2-frame")), "cut inside messages 2 times")
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	out, _ := walked(t, "upgrade")

	upgrade := part(t, out, "1-upgrade")
	inOrder(t, upgrade, "server request", "server response", "client response", "The mask, taken off", "hello")
	// What openssl computed, and what the server sent.
	computed := regexp.MustCompile(`SHA-1, in base64\n +(\S{28})\n.*from the capture\n +(\S{28})\n`).FindStringSubmatch(upgrade)
	require.NotNil(t, computed, upgrade)
	assert.Equal(t, computed[1], computed[2])
	unmasked := regexp.MustCompile(`frame +8185([0-9a-f]{8})([0-9a-f]{10})\n +key +(\S+)\n +masked +(\S+)\n +XOR +68656c6c6f\n +text +hello\n`)
	frame := unmasked.FindStringSubmatch(upgrade)
	require.NotNil(t, frame, upgrade)
	assert.Equal(t, frame[1:3], frame[3:5])
	assert.Contains(t, upgrade, `with "hello" in them: 1`, "the echo, which has no mask")

	secret := part(t, out, "2-tls")
	assert.Contains(t, secret, `with "hello" in them: 0`)
	assert.Contains(t, secret, `with "Sec-WebSocket-Key" in them: 0`)
	assert.Contains(t, clitest.Unfolded(secret), "nothing of what is in them")
}

func TestClose(t *testing.T) {
	t.Parallel()
	out, saved := walked(t, "close")
	countsLikeTcpdump(t, filepath.Join(saved, "*.pcap"))
	timeWait := regexp.MustCompile(`TIME-WAIT +0 +0 +127.0.0.1:(\d+) +127.0.0.1:(\d+)`)
	port := regexp.MustCompile(`→ 127.0.0.1:(\d+)`)
	// server says whether it is the server's end that keeps TIME-WAIT.
	server := func(step string) bool {
		kept, ports := timeWait.FindStringSubmatch(step), port.FindStringSubmatch(step)
		require.NotNil(t, kept, step)
		require.NotNil(t, ports, step)
		return kept[1] == ports[1]
	}

	websocket := part(t, out, "1-websocket")
	assert.Regexp(t, `(?s)1000.*1000`, websocket)
	assert.True(t, server(websocket), "RFC 6455: the server closes first")
	first := func(sign string, all []string) string {
		for _, p := range all {
			if strings.Contains(p, sign) {
				return p[:len("▶")]
			}
		}
		return ""
	}
	assert.Equal(t, "◀", first("FIN", packets(websocket)))

	half := part(t, out, "2-half")
	assert.Equal(t, "▶", first("FIN", packets(half)))
	inOrder(t, half, "client shutdown", "server read", "server write")
	inOrder(t, half, "client shutdown", "client read")
	assert.False(t, server(half), "the client ended first")

	killed := part(t, out, "3-killed")
	assert.Equal(t, "◀", first("FIN", packets(killed)))
	assert.Empty(t, first("RST", packets(killed)))
	assert.Contains(t, killed, "EOF")

	unread := part(t, out, "4-unread")
	assert.Equal(t, "◀", first("RST", packets(unread)))
	assert.NotContains(t, unread, "server read")
	assert.Contains(t, clitest.Unfolded(unread), "connection reset by peer")
	assert.NotContains(t, unread, "TIME-WAIT")
}

func TestCalls(t *testing.T) {
	t.Parallel()
	out, _ := walked(t, "calls")
	for _, step := range []string{"1-raw", "2-frames"} {
		text := part(t, out, step)
		assert.Regexp(t, `\d+ events [^:]*: \d+ [^.]*, 0 without`, clitest.Unfolded(text))
		for _, call := range []string{"socket", "bind", "listen", "accept4"} {
			assert.Regexp(t, `│ server +`+call+` *\(`, text)
		}
		for _, call := range []string{"socket", "connect", "write", "read", "close"} {
			assert.Regexp(t, `│ client +`+call+` *\(`, text)
		}
	}
}
