package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A run in which the client writes twice, the server reads once, and answers in one write that the kernel took in two.
// Descriptor 7 was a file and another socket before.
const (
	clientAccount = `
{"time":"2026-11-22T22:14:40.200100Z","ev":"socket","at":"client","sock":{"fd":7,"family":"IPv4","type":"stream"}}
{"time":"2026-11-22T22:14:40.200400Z","ev":"connect","at":"client","sock":{"fd":7,"local":"127.0.0.1:41342","remote":"127.0.0.1:9000"}}
{"time":"2026-11-22T22:14:40.200500Z","ev":"message","at":"client","dir":"c2s","off":0,"n":5,"data":"\"hello\""}
{"time":"2026-11-22T22:14:40.200600Z","ev":"write","at":"client","dir":"c2s","off":0,"n":5,"data":"\"hello\""}
{"time":"2026-11-22T22:14:40.200700Z","ev":"write","at":"client","dir":"c2s","off":5,"n":3,"data":"\"안\""}
{"time":"2026-11-22T22:14:40.200800Z","ev":"shutdown","at":"client","text":"nothing more to send"}
{"time":"2026-11-22T22:14:40.201500Z","ev":"read","at":"client","dir":"s2c","off":0,"n":8,"data":"\"hello안\""}
{"time":"2026-11-22T22:14:40.201600Z","ev":"end","at":"client","text":"end of the stream"}
{"time":"2026-11-22T22:14:40.201700Z","ev":"close","at":"client","text":"the client closes second"}
{"ev":"result","ok":true}
`
	clientTrace = `
26 1795385680.200001 read(7, "root", 832) = 4
26 1795385680.200002 socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_IP) = 7
26 1795385680.200003 close(7) = 0
29 1795385680.200050 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_IP) = 7
29 1795385680.200060 getsockopt(7, SOL_SOCKET, SO_TYPE, [1], [4]) = 0
29 1795385680.200070 getsockname(7, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("0.0.0.0")}, [112 => 16]) = 0
29 1795385680.200200 connect(7, {sa_family=AF_INET, sin_port=htons(9000), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 EINPROGRESS (Operation now in progress)
29 1795385680.200210 epoll_ctl(5, EPOLL_CTL_ADD, 7, {events=EPOLLIN|EPOLLOUT|EPOLLRDHUP|EPOLLET, data={u32=1, u64=1}}) = 0
29 1795385680.200300 setsockopt(7, SOL_TCP, TCP_NODELAY, [1], 4) = 0
29 1795385680.200310 setsockopt(7, SOL_SOCKET, SO_KEEPALIVE, [1], 4) = 0
29 1795385680.200550 write(7, "hello", 5) = 5
29 1795385680.200650 write(7, "\354\225\210", 3) = 3
29 1795385680.200750 shutdown(7, SHUT_WR) = 0
30 1795385680.201300 read(7, 0xc000180000, 65536) = -1 EAGAIN (Resource temporarily unavailable)
30 1795385680.201400 read(7, "hello\354\225\210", 65536) = 8
30 1795385680.201550 read(7, "", 65536) = 0
30 1795385680.201750 close(7) = 0
30 1795385680.201760 +++ exited with 0 +++
`
	serverAccount = `
{"time":"2026-11-22T22:14:40.100100Z","ev":"socket","at":"server","sock":{"fd":5,"family":"IPv4","type":"stream"}}
{"time":"2026-11-22T22:14:40.100400Z","ev":"bind","at":"server","sock":{"fd":5,"local":"127.0.0.1:9000","listening":true}}
{"time":"2026-11-22T22:14:40.100400Z","ev":"listen","at":"server","sock":{"fd":5,"local":"127.0.0.1:9000","listening":true}}
{"time":"2026-11-22T22:14:40.200500Z","ev":"accept","at":"server","conn":1,"sock":{"fd":6,"local":"127.0.0.1:9000","remote":"127.0.0.1:41342"}}
{"time":"2026-11-22T22:14:40.201000Z","ev":"read","at":"server","conn":1,"dir":"c2s","off":0,"n":8,"data":"\"hello안\""}
{"time":"2026-11-22T22:14:40.201200Z","ev":"write","at":"server","conn":1,"dir":"s2c","off":0,"n":8,"data":"\"hello안\""}
{"time":"2026-11-22T22:14:40.201300Z","ev":"end","at":"server","conn":1,"text":"end of the stream"}
{"time":"2026-11-22T22:14:40.201400Z","ev":"close","at":"server","conn":1,"text":"8 bytes in, 1 read; 8 bytes out, 1 write"}
{"ev":"result","ok":true,"conns":1}
`
	serverTrace = `
31 1795385680.100050 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_MPTCP) = 5
31 1795385680.100200 bind(5, {sa_family=AF_INET, sin_port=htons(9000), sin_addr=inet_addr("127.0.0.1")}, 16) = 0
31 1795385680.100300 listen(5, 4096) = 0
31 1795385680.100500 accept4(5, 0x1a4646708b34, [112], SOCK_CLOEXEC|SOCK_NONBLOCK) = -1 EAGAIN (Resource temporarily unavailable)
31 1795385680.200300 accept4(5,  <unfinished ...>
32 1795385680.200310 write(8, "\1\0\0\0\0\0\0\0", 8) = 8
31 1795385680.200320 <... accept4 resumed>{sa_family=AF_INET, sin_port=htons(41342), sin_addr=inet_addr("127.0.0.1")}, [112 => 16], SOCK_CLOEXEC|SOCK_NONBLOCK) = 6
32 1795385680.200900 read(6, "hello\354\225\210", 65536) = 8
32 1795385680.201100 write(6, "hello\354\225\210", 8) = 6
32 1795385680.201110 write(6, "\225\210", 2) = -1 EAGAIN (Resource temporarily unavailable)
32 1795385680.201120 write(6, "\225\210", 2) = 2
32 1795385680.201250 read(6, "", 65536) = 0
32 1795385680.201350 close(6) = 0
31 1795385680.300000 accept4(5, {sa_family=AF_INET, sin_port=htons(41343), sin_addr=inet_addr("127.0.0.1")}, [112 => 16], SOCK_CLOEXEC|SOCK_NONBLOCK) = 6
31 1795385680.300010 close(6) = 0
31 1795385680.300020 close(5) = 0
`
)

// files writes an account and a trace, and returns the flags that name them.
func files(t *testing.T, account, recording string) []string {
	t.Helper()
	dir := t.TempDir()
	a, r := filepath.Join(dir, "account.jsonl"), filepath.Join(dir, "run.strace")
	require.NoError(t, os.WriteFile(a, []byte(strings.TrimPrefix(account, "\n")), 0o600))
	require.NoError(t, os.WriteFile(r, []byte(strings.TrimPrefix(recording, "\n")), 0o600))
	return []string{"-account", a, "-trace", r}
}

// found is what each event of the run was found to be: its kind, and the calls.
func found(t *testing.T, account, recording string) []string {
	t.Helper()
	args := files(t, account, recording)
	p, err := readProgram(t.Context(), args[1], args[3])
	require.NoError(t, err)
	var all []string
	for _, e := range p.events {
		line := string(e.Ev) + ":"
		for _, c := range e.calls {
			line += " " + c.String()
		}
		all = append(all, strings.TrimSpace(line+" "+e.missing))
	}
	return all
}

func TestEveryEventHasItsCall(t *testing.T) {
	assert.Equal(t, []string{
		`socket: socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_IP) = 7`,
		`connect: connect(7, {sa_family=AF_INET, sin_port=htons(9000), sin_addr=inet_addr("127.0.0.1")}, 16) = ` +
			`-1 EINPROGRESS (Operation now in progress)`,
		`write: write(7, "hello", 5) = 5`,
		`write: write(7, "안", 3) = 3`,
		`shutdown: shutdown(7, SHUT_WR) = 0`,
		`read: read(7, "hello안", 65536) = 8`,
		`end: read(7, "", 65536) = 0`,
		`close: close(7) = 0`, // which was told before it was done
	}, found(t, clientAccount, clientTrace))
}

func TestAWriteMayNeedSeveralCalls(t *testing.T) {
	assert.Equal(t, []string{
		`socket: socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_MPTCP) = 5`,
		`bind: bind(5, {sa_family=AF_INET, sin_port=htons(9000), sin_addr=inet_addr("127.0.0.1")}, 16) = 0`,
		`listen: listen(5, 4096) = 0`,
		`accept: accept4(5, {sa_family=AF_INET, sin_port=htons(41342), sin_addr=inet_addr("127.0.0.1")}, [112 => 16], ` +
			`SOCK_CLOEXEC|SOCK_NONBLOCK) = 6`,
		`read: read(6, "hello안", 65536) = 8`,
		`write: write(6, "hello안", 8) = 6 write(6, "\x95\x88", 2) = 2`,
		`end: read(6, "", 65536) = 0`,
		`close: close(6) = 0`,
	}, found(t, serverAccount, serverTrace))
}

func TestWhatTheKernelWasNotAskedIsNotFound(t *testing.T) {
	cases := []struct{ old, new, missing string }{
		{`write(7, "hello", 5) = 5`, `write(7, "hello", 5) = 4`, `write: the system call on descriptor 7 at 0 moved 4 bytes`},
		{`write(7, "hello", 5) = 5`, `write(7, "jello", 5) = 5`, `write: the system call on descriptor 7 at 0 moved other bytes`},
		{`write(7, "hello", 5) = 5`, `write(8, "hello", 5) = 5`, `write: no write on descriptor 7 begins at 0`},
		{`680.200650 write(7`, `680.200701 write(7`, `write: no write on descriptor 7 begins at 5`},
		{`680.200750 shutdown(7`, `680.200801 shutdown(7`, `shutdown: no system call on descriptor 7`},
		{`read(7, "hello\354\225\210", 65536) = 8`, `read(7, "hello\354\225\210", 65536) = 9`,
			`read: the system call on descriptor 7 at 0 moved 9 bytes`},
		{`htons(9000)`, `htons(9001)`, `connect: no system call on descriptor 7`},
		{`30 1795385680.201750 close(7) = 0`, `30 1795385680.201750 close(9) = 0`,
			`close: no system call on descriptor 7`},
	}
	for _, c := range cases {
		require.Contains(t, clientTrace, c.old)
		assert.Contains(t, strings.Join(found(t, clientAccount, strings.Replace(clientTrace, c.old, c.new, 1)), "\n"), c.missing)
	}
}

func TestTwoReadsAreNotOne(t *testing.T) {
	two := strings.Replace(clientTrace, `read(7, "hello\354\225\210", 65536) = 8`,
		`read(7, "hello", 5) = 5`+"\n30 1795385680.201401 "+`read(7, "\354\225\210", 65531) = 3`, 1)
	assert.Contains(t, found(t, clientAccount, two), "read: the system call on descriptor 7 at 0 moved 5 bytes")
}

func TestEachReadHasItsOwnCall(t *testing.T) {
	account := strings.Replace(clientAccount, `"off":0,"n":8,"data":"\"hello안\""`, `"off":0,"n":5,"data":"\"hello\""}
{"time":"2026-11-22T22:14:40.201520Z","ev":"read","at":"client","dir":"s2c","off":5,"n":3,"data":"\"안\""`, 1)
	two := strings.Replace(clientTrace, `read(7, "hello\354\225\210", 65536) = 8`,
		`read(7, "hello", 65536) = 5`+"\n30 1795385680.201510 "+`read(7, "\354\225\210", 65536) = 3`, 1)
	all := found(t, account, two)
	assert.Contains(t, all, `read: read(7, "hello", 65536) = 5`)
	assert.Contains(t, all, `read: read(7, "안", 65536) = 3`)
}

func TestAnAcceptOfAnotherClientIsNotFound(t *testing.T) {
	other := strings.Replace(serverTrace, "htons(41342)", "htons(41340)", 1)
	assert.Contains(t, found(t, serverAccount, other),
		"accept: no system call on descriptor 6 does that before the account has it")
}
