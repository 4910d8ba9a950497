package strace_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/strace"
)

// FuzzRead holds that whatever the lines are, Read takes the same ones as a slower reader made of regular expressions, and
// finds the same in them; and that sockets, offsets and bytes fit together.
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

func TestTheKeptRecordingsAreReadAsTheTwinReadsThem(t *testing.T) {
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
	twins, ok := readTwins(text)
	require.Equal(t, ok, err == nil, "%v", err)
	if err != nil {
		assert.NotContains(t, err.Error(), "\n")
		return
	}
	twins = slices.DeleteFunc(twins, func(c *twin) bool { return !slices.Contains(strace.Names(), c.name) })
	require.Len(t, rec.Calls, len(twins))
	for i, c := range rec.Calls {
		assert.Equal(t, *twins[i], twin{c.Thread, c.Time.UnixMicro(), c.Name, c.Args, c.Result})
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

// What strace writes, as regular expressions.
var (
	stamped = regexp.MustCompile(`^(\d+) +(\d{1,11})\.(\d{6}) (.+)$`)
	other   = regexp.MustCompile(`^(?:---|\+\+\+|strace: )`)
	begun   = regexp.MustCompile(`^(\w+|\?+)\((.*) <(?:unfinished|detached) \.\.\.>$`)
	resumed = regexp.MustCompile(`^<\.\.\. (\w+|\?+) resumed>(.*)$`)
	entire  = regexp.MustCompile(`^(\w+|\?+)\((.*)$`)
	ended   = regexp.MustCompile(`^(.*)\) += (.*?)(?: <(\d{1,11})\.(\d{6})>)?$`) // the last ") =": bytes may have others
)

// A twin is a call as the regular expressions find it.
type twin struct {
	thread             int
	time               int64 // microseconds
	name, args, result string
}

// readTwins is Read with regular expressions: the calls of any name, or false for what is no trace.
func readTwins(text string) (calls []*twin, ok bool) {
	open := make(map[int]*twin)
	body, ok := strings.CutSuffix(text, "\n")
	for line := range strings.SplitSeq(body, "\n") {
		parts := stamped.FindStringSubmatch(line)
		if parts == nil || !ok {
			return nil, false
		}
		thread, err := strconv.ParseInt(parts[1], 10, 32)
		if err != nil {
			return nil, false
		}
		at, text := number(parts[2]+parts[3]), parts[4]
		if other.MatchString(text) {
			continue
		}
		c, rest, half := open[int(thread)], "", false
		if second := resumed.FindStringSubmatch(text); second != nil {
			if c == nil || c.name != second[1] {
				return nil, false
			}
			rest, half = second[2], true
		} else {
			first := begun.FindStringSubmatch(text)
			if half = first != nil; !half {
				first = entire.FindStringSubmatch(text)
			}
			if first == nil {
				return nil, false
			}
			c = &twin{int(thread), at, first[1], "", "?"}
			calls, open[c.thread] = append(calls, c), c
			if half {
				c.args = first[2]
				continue
			}
			rest = first[2]
		}
		end := ended.FindStringSubmatch(rest)
		if end == nil {
			return nil, false
		}
		c.time, c.args, c.result = at, c.args+end[1], end[2]
		if !half {
			c.time += number(end[3] + end[4])
		}
		delete(open, c.thread)
	}
	return calls, ok
}

// number is a number of digits, of which there are few, or none.
func number(digits string) int64 {
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}
