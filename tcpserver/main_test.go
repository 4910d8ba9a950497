package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/internal/cli"
	"echolab/internal/cli/clitest"
	"echolab/internal/sock"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func start(t *testing.T, args ...string) *clitest.Server {
	t.Helper()
	return clitest.Start(t, run, args...)
}

func once(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	return clitest.Once(t, run, args...)
}

func TestEveryCodecEchoesUntilItIsInterrupted(t *testing.T) {
	for codec, text := range map[string]string{
		"raw": "hello", "lines": "hello\n\nworld\n", "fixed=5": "helloworld", "length": "\x00\x00\x00\x05hello\x00\x00\x00\x00",
	} {
		for _, quiet := range []string{"-quiet=false", "-quiet"} {
			s := start(t, "-codec", codec, quiet)
			assert.Equal(t, text, s.Exchange(t, text), codec)
			assert.Equal(t, 0, s.Stop(t))
		}
	}
}

func TestTheAccountIsForPeople(t *testing.T) {
	s := start(t)
	s.Exchange(t, "hello")
	s.Stdout.Await(t, `^#1  close `)
	assert.Equal(t, 0, s.Stop(t))
	account := s.Stdout.String()
	for _, line := range []string{"socket ", "bind ", "listen ", "listening on ", "#1  accept ", "#1  read ", "#1  write ", "#1  end ", "#1  close ", "stopped: "} {
		assert.Contains(t, "\n"+account, "\n"+line)
	}
	assert.NotContains(t, account, "\x1b", "a buffer is no terminal")
	assert.Contains(t, clitest.Unfolded(account), "stopped: 1 connection (0 failed, 0 refused), 5 bytes in, 5 bytes out; none had to be cut off")
	for line := range strings.Lines(account) {
		assert.LessOrEqual(t, len([]rune(strings.TrimRight(line, "\n"))), 80, line)
	}
}

func TestQuietSaysOnlyWhereItListensAndThatItStopped(t *testing.T) {
	s := start(t, "-quiet")
	s.Exchange(t, "hello")
	assert.Equal(t, 0, s.Stop(t))
	assert.Regexp(t, `^listening on 127\.0\.0\.1:\d+\nstopped: 1 connection [^\n]*\n[^\n]*\n?$`, s.Stdout.String())
	assert.Empty(t, s.Stderr.String())
}

func TestInJSONEveryLineIsAnEventAndTheLastTheResult(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		args := []string{"-json", "-codec", "lines"}
		if quiet {
			args = append(args, "-quiet")
		}
		s := start(t, args...)
		s.Exchange(t, "hello\nworld\n")
		assert.Equal(t, 0, s.Stop(t))
		assert.Equal(t, map[string]any{
			"ev": "result", "ok": true, "conns": 1.0, "refused": 0.0, "failed": 0.0, "messages": 2.0,
			"bytes_in": 12.0, "bytes_out": 12.0, "closed": 0.0,
		}, s.Result(t))
		assert.Equal(t, quiet, strings.Count(s.Stdout.String(), "\n") == 1)
		assert.Equal(t, "listening on "+s.Addr+"\n", s.Stderr.String())
	}
}

func TestTheAccountNamesTheFlagOfALimit(t *testing.T) {
	s := start(t, "-idle-timeout", "50ms")
	_, err := s.Dial(t).Read(make([]byte, 1))
	assert.Equal(t, io.EOF, err)
	s.Stdout.Await(t, `\(-idle-timeout\)`)
}

func TestListeningOnEveryAddressIsWarnedOf(t *testing.T) {
	for addr, warns := range map[string]bool{"0.0.0.0:0": true, "127.0.0.1:0": false, ":0": true} {
		s := start(t, "-addr", addr)
		assert.Equal(t, warns, strings.Contains(s.Stderr.String(), "every machine that reaches this one can connect; -addr 127.0.0.1:"), addr)
		assert.Equal(t, 0, s.Stop(t))
	}
}

func TestAnInterruptWhileItStartsIsAnInterruptToo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, stderr bytes.Buffer
	status := run(ctx, []string{"-addr", "127.0.0.1:0"}, &out, &stderr)
	assert.Contains(t, []int{cli.OK, cli.Interrupted}, status, "%s%s", &out, &stderr)
}

func TestTheKernelIsAskedForTheAccount(t *testing.T) {
	s := start(t)
	c := s.Dial(t)
	info, err := sock.Inspect(c)
	if err != nil {
		t.Skip("this system does not report on its sockets: ", err)
	}
	require.Equal(t, info.Local.String(), s.Stdout.Await(t, `^#1  accept [^\n]*<->\s+(\S+),`))
}

func TestHelpAndVersion(t *testing.T) {
	clitest.Help(t, run, "tcpserver", "addr", "codec", "read", "chunk", "delay", "glue", "max-message", "max-conns", "idle-timeout", "json", "quiet")
}

func TestMisuseIsNamed(t *testing.T) {
	clitest.Misuse(t, run, "tcpserver", [][2]string{
		{"-no-such-flag", "-no-such-flag"},
		{"stray", `"stray": only flags are allowed`},
		{"-codec morse", `-codec: codec "morse" is not known: it is one of raw|lines|fixed=N|length`},
		{"-codec fixed=100 -max-message 10", "-codec fixed=100 and -max-message 10: … limit"},
		{"-read 67108865", "-read 67108865: … 67108864 or less"},
		{"-idle-timeout 100000h", "-idle-timeout 100000h0m0s: … 8760h0m0s or less"},
		{"-chunk 1 -glue", "-chunk … -glue … combined"},
		{"-read 0 -max-conns 0", "-max-conns 0: … 1 or more"},
	})
}

func TestAnAddressOfAnotherMachineCannotBeListenedOn(t *testing.T) {
	status, _, stderr := once(t, "-addr", "192.0.2.1:0") // RFC 5737: nobody has it
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "tcpserver: cannot listen on 192.0.2.1:0: ")
}

func TestInJSONAFailureIsAResultToo(t *testing.T) {
	first := start(t)
	status, stdout, _ := once(t, "-addr", first.Addr, "-json")
	assert.Equal(t, 1, status)
	last := clitest.LastLine(t, stdout)
	assert.Equal(t, "result", last["ev"])
	assert.Equal(t, false, last["ok"])
	assert.Contains(t, last["error"], "in use")
}

func TestAnAccountThatNobodyReadsHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	for name, account := range map[string][]string{"text": nil, "JSON": {"-json"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it waits
			ctx, interrupt := context.WithCancel(t.Context())
			stdout, unread := io.Pipe()
			var stderr clitest.Printed
			ended := make(chan int, 1)
			go func() { ended <- run(ctx, append(account, "-addr", "127.0.0.1:0"), unread, &stderr) }()
			var addr string
			if account != nil {
				addr = stderr.Await(t, `^listening on (\S+)$`)
			} else {
				for s := bufio.NewScanner(stdout); addr == "" && s.Scan(); {
					addr, _ = strings.CutPrefix(s.Text(), "listening on ")
					if addr == s.Text() {
						addr = ""
					}
				}
			}
			for range 2 { // one, and one that comes after it
				c, err := net.Dial("tcp", addr)
				require.NoError(t, err)
				require.NoError(t, c.SetDeadline(time.Now().Add(clitest.Watchdog)))
				for range 100 {
					_, err = io.WriteString(c, "x")
					require.NoError(t, err)
					_, err = io.ReadFull(c, make([]byte, 1))
					require.NoError(t, err)
				}
				require.NoError(t, c.Close())
			}
			interrupt()
			select {
			case status := <-ended:
				assert.Equal(t, cli.Failed, status, "what it had to say was not read")
			case <-time.After(clitest.Watchdog):
				require.FailNow(t, "an interrupt does not end it")
			}
			stdout.Close() // or what writes the account would wait for ever
		})
	}
}
