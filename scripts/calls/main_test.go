package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli/clitest"
	"echolab/internal/event"
	"echolab/internal/text"
	"echolab/internal/text/texttest"
)

func once(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	status, stdout, stderr = clitest.Once(t, run, args...)
	for line := range strings.Lines(strings.ReplaceAll(stdout, "    \t", strings.Repeat(" ", 8))) {
		if !strings.HasPrefix(line, "{") {
			assert.LessOrEqual(t, text.Columns(strings.TrimSuffix(line, "\n")), 80, line)
		}
	}
	return status, stdout, stderr
}

func TestBothEndsAreShownInTheOrderOfTime(t *testing.T) {
	args := append(files(t, clientAccount, clientTrace), files(t, serverAccount, serverTrace)...)
	status, stdout, stderr := once(t, args...)
	assert.Zero(t, status)
	assert.Empty(t, stderr)
	place := 0
	for _, part := range []string{
		"server  listen(5, 4096) = 0 → listen",
		"server listen  descriptor 5",
		"→ nobody there",
		"client  socket(AF_INET, SOCK_STREAM |",
		"client asks  the kernel of descriptor",
		"7: 1 × getsockopt, 1 × getsockname",
		"client socket  descriptor 7",
		"→ connect, its",
		"client sets  on descriptor 7:",
		"TCP_NODELAY 1, SO_KEEPALIVE 1",
		`client  write(7, "hello", 5) = 5 →`,
		`client write  5 bytes at 0  "hello"    │`,
		`server  read(6, "hello안", 65536) = 8 →`,
		`server read  8 bytes at 0  "hello안"   │`,
		`client  read(7, 0xc000180000, 65536) =`,
		"→ nothing there yet",
		"client close  the client closes second │",
		"client  close(7) = 0 → close",
		"= 6 → no event for", // the connection that was turned away
	} {
		at := strings.Index(stdout[place:], part)
		require.GreaterOrEqual(t, at, 0, "%s\n%s", part, stdout[place:])
		place += at
	}
	assert.Regexp(t, `\n16 events [^:]*: 16 [^.]*, 0 without\.\n`, stdout)
	assert.Contains(t, clitest.Unfolded(stdout), "Not shown: 1 other socket that no event is about.")
	assert.NotContains(t, stdout, "SOCK_DGRAM")
}

func TestAnEventWithoutItsCallFails(t *testing.T) {
	args := files(t, clientAccount, strings.Replace(clientTrace, "29 1795385680.200750 shutdown(7, SHUT_WR) = 0\n", "", 1))
	status, stdout, _ := once(t, args...)
	assert.Equal(t, 1, status)
	assert.Contains(t, stdout, "│ NOT FOUND  no system call on descriptor")
	assert.Regexp(t, `\n8 events [^:]*: 7 [^.]*, 1 without\.\n`, stdout)
	status, stdout, _ = once(t, append(args, "-json")...)
	assert.Equal(t, 1, status)
	last := clitest.LastLine(t, stdout)
	assert.Equal(t, false, last["ok"])
	assert.EqualValues(t, 1, last["missing"])
}

func TestInJSONEveryEventHasItsCalls(t *testing.T) {
	status, stdout, _ := once(t, append(files(t, serverAccount, serverTrace), "-json")...)
	assert.Zero(t, status)
	events, without := 0, 0
	for line := range strings.Lines(stdout) {
		if strings.HasPrefix(line, `{"ev":"result"`) {
			continue
		}
		var row jsonRow
		require.NoError(t, json.Unmarshal([]byte(line), &row))
		switch row.Ev {
		case "event":
			events++
			assert.NotEmpty(t, row.Calls)
			if row.Event.Ev == event.Write {
				assert.Len(t, row.Calls, 2)
				assert.Equal(t, 6, row.Calls[0].FD)
			}
		case "call":
			without++
			assert.Nil(t, row.Event)
		}
	}
	assert.Equal(t, 8, events)
	assert.Equal(t, 5, without)
	last := clitest.LastLine(t, stdout)
	assert.EqualValues(t, 8, last["found"])
	assert.EqualValues(t, 5, last["calls_without"])
}

func TestBadInputIsOneLine(t *testing.T) {
	earlier := strings.ReplaceAll(clientAccount, "2026-11-22T22:14", "2026-11-22T21:14")
	later := strings.ReplaceAll(clientAccount, "2026-11-22T22:14", "2026-11-22T22:15")
	inTLS := clientAccount + `{"time":"2026-11-22T22:14:40.2Z","ev":"tls","at":"client"}` + "\n"
	cases := []struct{ account, trace, says string }{
		{clientAccount, "", "run.strace: it is empty"},
		{clientAccount, "hello\n", "run.strace: line 1 … not … strace -f -ttt -o FILE"},
		{clientAccount, clientTrace[:200], "run.strace: line 4 is cut off"},
		{clientAccount, clientAccount, "run.strace: line 1 … not … strace"},
		{"", clientTrace, "account.jsonl: … not an account"},
		{clientTrace, clientTrace, "account.jsonl: line 1 … event"},
		{earlier, clientTrace, "belongs to another run"},
		{later, clientTrace, "belongs to another run"},
		{strings.ReplaceAll(clientAccount, `"fd":7`, `"fd":9`), clientTrace, "belongs to another run"},
		{clientAccount, strings.Replace(clientTrace, "IPPROTO_IP) = 7\n29", "IPPROTO_IP) = 8\n29", 1), "belongs to another run"},
		{inTLS, clientTrace, "account.jsonl: … TLS"},
		{`{"ev":"result","ok":true}`, clientTrace, "it is not an account"},
	}
	for _, c := range cases {
		status, stdout, stderr := once(t, files(t, c.account, c.trace)...)
		assert.Equal(t, 1, status)
		assert.Empty(t, stdout)
		texttest.Mentions(t, stderr, c.says)
		assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	}
	status, _, stderr := once(t, "-account", "no such", "-trace", "file")
	assert.Equal(t, 1, status)
	assert.Equal(t, "calls: no such: no such file or directory\n", stderr)
}

func TestHelpAndMisuse(t *testing.T) {
	clitest.Help(t, run, "scripts/calls", "account", "trace", "json")
	clitest.Misuse(t, run, "calls", [][2]string{
		{"", "which run?"},
		{"-account a", "1 -account and 0 -trace"},
		{"-account a -trace b -trace c", "1 -account and 2 -trace"},
		{"stray", "only flags"},
	})
}
