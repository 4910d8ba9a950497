package strace_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/strace"
	"echolab/internal/text/texttest"
)

// read reads lines that strace could have written.
func read(t *testing.T, lines string) *strace.Recording {
	t.Helper()
	rec, err := strace.Read(strings.NewReader(strings.TrimPrefix(lines, "\n")))
	require.NoError(t, err)
	return rec
}

func TestHalvesOfACallAreJoined(t *testing.T) {
	rec := read(t, `
30 1795385680.101299 read(6,  <unfinished ...>
29 1795385680.101300 futex(0xab, FUTEX_WAKE_PRIVATE, 1 <unfinished ...>
29 1795385680.101324 write(1, "a) = 7 <unfinished ...>", 23) = 23
29 1795385680.101330 --- SIGURG {si_signo=SIGURG, si_code=SI_TKILL, si_pid=26, si_uid=0} ---
30 1795385680.101361 <... read resumed>"hello", 65536) = 5
31 1795385680.101400 exit_group(0) = ?
31 1795385680.101401 +++ exited with 0 +++
6  1795385680.101402 ???( <unfinished ...>
7  1795385680.101402 read(6,  <unfinished ...>
7  1795385680.101403 <... read resumed> <unfinished ...>) = ?
6  1795385680.101403 <... ??? resumed>) = ?
8  1795385680.101404 strace: Process 8 attached
`)
	require.Len(t, rec.Calls, 3)
	first, write, last := rec.Calls[0], rec.Calls[1], rec.Calls[2]
	assert.Equal(t, `read(6, "hello", 65536) = 5`, first.String())
	assert.Equal(t, 30, first.Thread)
	assert.Equal(t, 6, first.FD)
	assert.Equal(t, time.Date(2026, 11, 22, 22, 14, 40, 101361000, time.UTC), first.Time, "when it returned")
	assert.EqualValues(t, 5, first.Value)
	assert.Equal(t, "hello", string(first.Data()))
	assert.Equal(t, "a) = 7 <unfinished ...>", string(write.Data()))
	assert.EqualValues(t, 23, write.Value)
	assert.Equal(t, "?", last.Result)
	assert.EqualValues(t, -1, last.Value)
	assert.Equal(t, time.UnixMicro(1795385680_101299).UTC(), rec.First)
	assert.Equal(t, time.UnixMicro(1795385680_101404).UTC(), rec.Last)
}

func TestACallThatNeverReturnedIsKept(t *testing.T) {
	rec := read(t, `
30 1.000000 socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 6
30 1.000001 read(6,  <unfinished ...>
31 1.000002 accept4(6,  <detached ...>
`)
	require.Len(t, rec.Calls, 3)
	for _, c := range rec.Calls[1:] {
		assert.Equal(t, "?", c.Result)
		assert.EqualValues(t, -1, c.Value)
		assert.Same(t, rec.Sockets[0], c.Socket)
		assert.Nil(t, c.Data())
	}
	assert.Len(t, rec.Sockets[0].Calls, 1, "those that returned")
}

func TestTheTimeInACallIsCountedIfItIsThere(t *testing.T) {
	c := read(t, "7 1795385680.999999 close(3)                = 0 <0.000002>\n").Calls[0]
	assert.Equal(t, time.UnixMicro(1795385681_000001).UTC(), c.Time)
	assert.Equal(t, "0", c.Result)
	c = read(t, "7 1.000000 read(3,  <unfinished ...>\n7 2.000000 <... read resumed>\"\", 9) = 0 <1.000000>\n").Calls[0]
	assert.Equal(t, time.Unix(2, 0).UTC(), c.Time, "the second half is written when the call returns")
}

func TestAbsurdNumbersAreIgnored(t *testing.T) {
	for _, line := range []string{
		"read(99999999999999999999, \"x\", 1) = 99999999999999999999",
		"read(4294967302, \"x\", 1) = 2147483648",
		"read(-1, \"x\", 1) = -9223372036854775808",
	} {
		c := read(t, "1 1.000000 "+line+"\n").Calls[0]
		assert.Equal(t, -1, c.FD, line)
		assert.EqualValues(t, -1, c.Value, line)
		assert.Nil(t, c.Data(), line)
	}
	far := read(t, "1 99999999999.999999 close(3) = 0 <99999999999.999999>\n").Calls[0].Time
	_, err := far.MarshalJSON()
	assert.NoError(t, err, "the furthest time can be written")
	c := read(t, "1 1.000000 close(3) = 0 <999999999999.999999>\n").Calls[0]
	assert.Equal(t, time.Unix(1, 0).UTC(), c.Time, "no call takes that long")
}

func TestAFileThatIsNotATraceIsRefused(t *testing.T) {
	const whole = `30 1795385680.101299 read(6, "", 5) = 0` + "\n"
	cases := []struct{ trace, says string }{
		{"", "it is empty"},
		{"\n", "line 1 … not … strace -f -ttt -o FILE"},
		{"hello\n", "line 1 … not … strace"},
		{`read(6, "", 5) = 0` + "\n", "line 1 … not … strace"},                                // without -f and -ttt
		{`1795385680.101299 read(6, "", 5) = 0` + "\n", "line 1 … not … strace"},              // without -f
		{`22:14:40 read(6, "", 5) = 0` + "\n", "line 1 … not … strace"},                       // without -f, and with -t
		{`30 22:14:40.101299 read(6, "", 5) = 0` + "\n", "line 1 … not … strace"},             // with -tt
		{`30 1795385680.101299 read(6, "", 5)` + "\n", "line 1 … not … strace"},               // no result
		{`30 1795385680.101299 re ad(6, "", 5) = 0` + "\n", "line 1 … not … strace"},          // no name
		{`30 1795385680.101299 <... read res` + "\n", "line 1 … not … strace"},                // half a half
		{`30 1795385680.101299` + "\n", "line 1 … not … strace"},                              // nothing happened
		{whole + `30 1795385680.101299 x(` + "\x1b[2J\n", "line 2 … not … strace"},            // quoted in the error
		{whole + "30 17953", "line 2 is cut off"},                                             // no end of the line
		{strings.TrimSpace(whole), "line 1 is cut off"},                                       // a whole call, but who knows
		{`30 1795385680.101299 <... read resumed>"", 5) = 0` + "\n", "line 1 resumes a read"}, // nothing begun
		{"99999999999999999999 1795385680.101299 close(3) = 0\n", "line 1 … not … strace"},    // no such thread
		{"2147483648 1795385680.101299 close(3) = 0\n", "line 1 … not … strace"},
		{"1 1795385680.101299000 close(3) = 0\n", "line 1 … not … strace"}, // nanoseconds
		{"1 1795385680.101299 (3) = 0\n", "line 1 … not … strace"},
		{"-1 1795385680.101299 close(3) = 0\n", "line 1 … not … strace"},                                 // nor this
		{"1 -1795385680.101299 close(3) = 0\n", "line 1 … not … strace"},                                 // before 1970
		{"1 179538568000.101299 close(3) = 0\n", "line 1 … not … strace"},                                // after the last year
		{"1 1.000000 <... read resumed> <unfinished ...>\n", "line 1 resumes a read"},                    // not begun, and not ended
		{"1 1.000000 read(1 <unfinished ...>\n1 1.000000 <... read resumed>\n", "line 2 … not … strace"}, // not ended
		{
			"1 1.000000 read(1 <unfinished ...>\n" + strings.Repeat("1 1.000000 <... read resumed>) = 0\n", 2),
			"line 3 resumes a read",
		},
		{
			"3 1795385680.101299 close(3 <unfinished ...>\n3 1795385680.101300 <... read resumed>) = 0\n",
			"line 2 resumes a read",
		},
	}
	for _, c := range cases {
		rec, err := strace.Read(strings.NewReader(c.trace))
		assert.Nil(t, rec)
		if assert.Error(t, err, c.trace) {
			texttest.Mentions(t, err.Error(), c.says)
			assert.NotContains(t, err.Error(), "\x1b")
		}
	}
}

func TestLongInputIsRefused(t *testing.T) {
	const most, all = 1 << 20, 16 << 20
	line := func(n int) string {
		const before = "30 1795385680.101299 --- "
		return before + strings.Repeat("x", n-len(before)-1) + "\n"
	}
	for _, c := range []struct{ trace, says string }{
		{line(most), ""},
		{line(most + 1), "line 1 … longer … 1,048,576 bytes"},
		{strings.Repeat("x", 2*most), "line 1 … longer … 1,048,576 bytes"}, // without an end
		{strings.Repeat(line(most), all/most), ""},
		{strings.Repeat(line(most), all/most) + "1 1.000000 ---\n", "longer … 16,777,216 bytes"},
	} {
		_, err := strace.Read(strings.NewReader(c.trace))
		if c.says == "" {
			assert.NoError(t, err)
		} else {
			if assert.Error(t, err) {
				texttest.Mentions(t, err.Error(), c.says)
			}
		}
	}
}

func TestAReadersErrorIsPassedOn(t *testing.T) {
	lost := errors.New("the disk is gone")
	_, err := strace.Read(io.MultiReader(strings.NewReader("1 1.000000 close(3) = 0\n1 1.0"), iotest.ErrReader(lost)))
	assert.ErrorIs(t, err, lost)
}

// A copy that was cut is taken for a whole one only where a line ends.
func TestARecordingThatIsCutInsideALineIsRefused(t *testing.T) {
	whole, err := os.ReadFile("../../scripts/captures/calls/1-raw.client.strace")
	require.NoError(t, err)
	for n := 1; n <= 2000; n++ { // some twenty lines
		_, err := strace.Read(strings.NewReader(string(whole[:n])))
		if whole[n-1] == '\n' {
			require.NoError(t, err, n)
		} else {
			require.ErrorContains(t, err, "is cut off", n)
		}
	}
}
