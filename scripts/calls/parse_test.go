package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestHalvesOfACallAreJoined(t *testing.T) {
	rec, err := readTrace(strings.NewReader(`
30 1795385680.101299 read(6,  <unfinished ...>
29 1795385680.101300 futex(0xab, FUTEX_WAKE_PRIVATE, 1 <unfinished ...>
29 1795385680.101324 write(1, "a) = 7 <unfinished ...>", 22) = 22
29 1795385680.101330 --- SIGURG {si_signo=SIGURG, si_code=SI_TKILL, si_pid=26, si_uid=0} ---
30 1795385680.101361 <... read resumed>"hello", 65536) = 5
31 1795385680.101400 exit_group(0) = ?
31 1795385680.101401 +++ exited with 0 +++
6  1795385680.101402 ???( <unfinished ...>
7  1795385680.101402 read(6,  <unfinished ...>
7  1795385680.101403 <... read resumed> <unfinished ...>) = ?
6  1795385680.101403 <... ??? resumed>) = ?
`[1:]))
	require.NoError(t, err)
	require.Len(t, rec.calls, 3)
	read, write := rec.calls[0], rec.calls[1]
	assert.Equal(t, `("hello", 65536) = 5`, strings.Replace(read.String(), "6, ", "", 1))
	assert.Equal(t, []int{30, 1, 5}, []int{read.thread, read.entered, read.done})
	assert.Equal(t, time.Date(2026, 11, 22, 22, 14, 40, 101361000, time.UTC), read.time)
	assert.EqualValues(t, 5, read.value)
	assert.Equal(t, "a) = 7 <unfinished ...>", string(write.data()))
	assert.EqualValues(t, 22, write.value)
	assert.Equal(t, "?", rec.calls[2].result)
	assert.EqualValues(t, -1, rec.calls[2].value)
}

func TestTheTimeInACallIsCountedIfItIsTold(t *testing.T) {
	rec, err := readTrace(strings.NewReader("7 1795385680.999999 close(3)                = 0 <0.000002>\n"))
	require.NoError(t, err)
	require.Len(t, rec.calls, 1)
	assert.Equal(t, time.Unix(1795385681, 1000).UTC(), rec.calls[0].time)
	assert.Equal(t, "0", rec.calls[0].result)
}

func TestWhatIsNoTraceIsNamed(t *testing.T) {
	cases := []struct{ trace, says string }{
		{"", "it is empty"},
		{"\n", "line 1 is not what strace -f -ttt -o writes"},
		{"hello\n", "line 1 is not what strace"},
		{`read(6, "", 5) = 0` + "\n", "line 1 is not what strace"},                             // without -f and -ttt
		{`22:14:40 read(6, "", 5) = 0` + "\n", "line 1 is not what strace"},                    // without -f, and with -t
		{`30 1795385680.101299 read(6, "", 5)` + "\n", "line 1 is not what strace"},            // no result
		{`30 1795385680.101299 read(6, "", 5) = 0` + "\n30 17953", "line 2 is cut off"},        // no end of the line
		{`30 1795385680.101299 read(6, "", 5) = 0`, "line 1 is cut off"},                       //
		{`30 1795385680.101299 <... read resumed>"", 5) = 0` + "\n", "line 1 resumes a read"},  // nothing begun
		{strings.Repeat("x", maxLine+1), "line 1 is longer than 1048576 bytes"},                // without an end
		{"99999999999999999999 1795385680.101299 close(3) = 0\n", "line 1 is not what strace"}, // no such thread
		{
			"3 1795385680.101299 close(3 <unfinished ...>\n3 1795385680.101300 <... read resumed>) = 0\n",
			"line 2 resumes a read that was not begun",
		},
	}
	for _, c := range cases {
		_, err := readTrace(strings.NewReader(c.trace))
		if assert.Error(t, err, c.trace) {
			assert.Contains(t, err.Error(), c.says)
		}
	}
}

func TestALongTraceIsRefused(t *testing.T) {
	line := "30 1795385680.101299 --- " + strings.Repeat("x", maxLine/2) + "\n"
	_, err := readTrace(strings.NewReader(strings.Repeat(line, maxTrace/len(line)+2)))
	assert.ErrorContains(t, err, "this is for shorter runs")
}

func TestEscapesAreUndone(t *testing.T) {
	for escaped, want := range map[string]string{
		`hello`:                   "hello",
		`\354\225\210`:            "안",
		`\0\7\0011\377`:           "\x00\x07\x011\xff",
		`\n\t\v\f\r\"\\`:          "\n\t\v\f\r\"\\",
		`\xec\x95\x88`:            "안",
		`\\354 is no escape \\\\`: `\354 is no escape \\`,
	} {
		assert.Equal(t, want, string(unescape(escaped)), escaped)
	}
}

func TestACallIsPrintedAsStraceDoesButForTheBytes(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{`7, "\354\225\210", 3`, `(7, "안", 3) = 3`},
		{`7, "abc"..., 300`, `(7, "abc"..., 300) = 3`},
		{`7, "` + strings.Repeat("x", 50) + `", 50`, `(7, "` + strings.Repeat("x", 48) + `"..., 50) = 3`},
		{`7, "` + strings.Repeat("x", 50) + `"..., 300`, `(7, "` + strings.Repeat("x", 48) + `"..., 300) = 3`},
		{`7, SHUT_WR`, `(7, SHUT_WR) = 3`},
	} {
		assert.Equal(t, c.want, (&call{name: "write", args: c.args, result: "3"}).String())
	}
}

func FuzzReadTrace(f *testing.F) {
	f.Add(clientTrace)
	f.Add(serverTrace)
	f.Add("1 1.000000 read(6,  <unfinished ...>\n1 1.000000 <... read resumed>\"\\x\", 1) = 1 <0.000001>\n")
	f.Add("1 1.000000 socket(2) = 5\n1 1.000000 accept4(5) = 5\n1 1.000000 close(5) = -1 EBADF\n") // a socket in its own place
	f.Fuzz(func(t *testing.T, text string) {
		rec, err := readTrace(strings.NewReader(text))
		if err != nil {
			assert.NotContains(t, err.Error(), "\n")
			return
		}
		owned := 0
		for _, l := range lives(rec.calls) {
			assert.EqualValues(t, l.fd, l.calls[0].value, "a socket begins with the call that made it")
			for _, c := range l.calls {
				assert.Same(t, l, c.life)
				_ = c.String()
			}
			owned += len(l.calls)
		}
		assert.LessOrEqual(t, owned, len(rec.calls), "a call belongs to one socket")
	})
}
