package strace_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/strace"
)

// FuzzRead holds that whatever the lines are, sockets, offsets and bytes fit together.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"1 1.000000 read(6,  <unfinished ...>\n1 1.000000 <... read resumed>\"\\x\", 1) = 1 <0.000001>\n",
		"1 1.000000 socket(2) = 5\n1 1.000000 accept4(5) = 5\n1 1.000000 close(5) = -1 EBADF\n", // a socket in its own place
		"1 1.000000 socket(2) = 5\n1 1.000000 write(5, [{iov_base=\"a) = 7\\\"\"...) = 9 <1> <0.000001>\n",
		"1 1.000000 socket(2) = 5\n1 1.000000 recvmsg(5, \"\\777\\\", MSG_PEEK) = 2147483647\n1 1.000000 read(5 <detached ...>\n",
		"1   1.000000 --- SIGURG ---\n1 1.000000 ???( <unfinished ...>\n1 2.000000 <... ??? resumed>) = ?\n",
		"1 1.000000 connect(5, {sin6_port=htons(65536), inet_pton(AF_INET6, \"::\\x31\") = 0 = 1\n", // numbers that do not fit
		"1 1.000000 close(5) = = \n",
	} {
		f.Add(text)
	}
	f.Fuzz(check)
}

func TestTheSocketsOfTheKeptRecordingsFitTogether(t *testing.T) {
	files, err := filepath.Glob("../../scripts/captures/calls/*.strace")
	require.NoError(t, err)
	require.Len(t, files, 4)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotEmpty(t, read(t, string(text)).Sockets)
		check(t, string(text))
	}
}

func check(t *testing.T, text string) {
	rec, err := strace.Read(strings.NewReader(text))
	if err != nil {
		assert.Nil(t, rec)
		assert.NotContains(t, err.Error(), "\n")
		return
	}
	assert.LessOrEqual(t, len(rec.Calls), strings.Count(text, "\n"), "a call has a line to itself, or two")
	for _, c := range rec.Calls {
		assert.Contains(t, strace.Names(), c.Name)
		assert.True(t, c.Result == "?" || strings.Contains(text, c.Result))
		assert.LessOrEqual(t, len(c.Data()), max(int(c.Value), 0))
		_, _ = c.String(), c.Addr()
	}
	checkSockets(t, rec)
}

func checkSockets(t *testing.T, rec *strace.Recording) {
	owned := 0
	for _, s := range rec.Sockets {
		assert.EqualValues(t, s.FD, s.Calls[0].Value, "a socket begins with the call that made it")
		for _, c := range s.Calls {
			assert.Same(t, s, c.Socket)
		}
		owned += len(s.Calls)
		for _, moved := range [][]*strace.Call{s.Reads, s.Writes} {
			var at int64
			for _, c := range moved {
				assert.Equal(t, at, c.Off)
				assert.Positive(t, c.Value)
				at += c.Value
			}
		}
	}
	assert.LessOrEqual(t, owned, len(rec.Calls), "a call belongs to one socket")
}
