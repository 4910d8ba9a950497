package strace_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/strace"
)

// call is the call that is printed like this.
func call(t *testing.T, text string) *strace.Call {
	t.Helper()
	rec := read(t, "1 1.000000 "+text+"\n")
	if assert.Len(t, rec.Calls, 1) {
		return rec.Calls[0]
	}
	return new(strace.Call)
}

func TestEscapesAreUndone(t *testing.T) {
	for escaped, want := range map[string]string{
		`hello`:                   "hello",
		`\354\225\210`:            "안",
		`\0\7\0011\377`:           "\x00\x07\x011\xff",
		`\n\t\v\f\r\"\\`:          "\n\t\v\f\r\"\\",
		`\xec\x95\x88`:            "안",
		`\x4`:                     "x4",
		`\xzz`:                    "xzz",
		`\\354 is no escape \\\\`: `\354 is no escape \\`,
	} {
		assert.Equal(t, want, string(call(t, `read(7, "`+escaped+`", 99) = 99`).Data()), escaped)
	}
}

func TestDataIsWhatTheCallMovedAsFarAsItWasKept(t *testing.T) {
	for text, want := range map[string]string{
		`write(7, "hello", 5) = 5`:                   "hello",
		`write(7, "hello", 5) = 2`:                   "he",
		`write(7, "hello"..., 500) = 300`:            "hello",
		`write(7, "hello", 5) = -1 EAGAIN (Not now)`: "",
		`write(7, "hello, 5) = 5`:                    "", // no end of the string
		`write(7, "hello\", 5) = 5`:                  "",
		`read(7, 0xc000180000, 65536) = 9`:           "",
		`read(7, "", 65536) = 0`:                     "",
		`readv(7, [{iov_base="he", iov_len=2}, {iov_base="llo", iov_len=9}], 2) = 5`: "he",
		`recvmsg(7, {msg_name={sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr("127.0.0.1")}, ` +
			`msg_iov=[{iov_base="hello", iov_len=9}], msg_iovlen=1}, 0) = 5`: "hello",
		`sendto(7, "hi", 2, 0, {sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr("127.0.0.1")}, 16) = 2`: "hi",
		`read(7<TCP:[127.0.0.1:9000->127.0.0.1:41342]>, "hello", 65536) = 5`:                                     "hello",
		`setsockopt(7, SOL_TCP, TCP_CONGESTION, "cubic", 5) = 0`:                                                 "",
		`getsockopt(7, SOL_TCP, TCP_CONGESTION, "cubic", [5]) = 5`:                                               "",
	} {
		assert.Equal(t, want, string(call(t, text).Data()), text)
	}
}

func TestTheDescriptorIsFound(t *testing.T) {
	for text, want := range map[string]int{
		`close(7) = 0`: 7,
		`close(7<TCP:[127.0.0.1:9000->127.0.0.1:41342]>) = 0`:                                            7,
		`socket(2, SOCK_STREAM, IPPROTO_IP) = 7`:                                                         -1,
		`close(-1) = -1 EBADF (Bad file descriptor)`:                                                     -1,
		`epoll_ctl(5, EPOLL_CTL_ADD, 7, {events=EPOLLIN, data={u32=1, u64=1}}) = 0`:                      7,
		`epoll_ctl(5<anon_inode:[eventpoll]>, EPOLL_CTL_DEL, 7<TCP:[1.2.3.4:1->1.2.3.4:2]>, 0xc0f3) = 0`: 7,
		`epoll_ctl(5, 0x1, 7, 0xc0f3) = -1 EINVAL (Invalid argument)`:                                    -1,
	} {
		assert.Equal(t, want, call(t, text).FD, text)
	}
}

func TestResults(t *testing.T) {
	c := call(t, `read(7, 0xc0, 9) = -1 EAGAIN (Resource temporarily unavailable)`)
	assert.Equal(t, "EAGAIN", c.Errno)
	assert.EqualValues(t, -1, c.Value)
	assert.Equal(t, "-1 EAGAIN (Resource temporarily unavailable)", c.Result)
	c = call(t, `accept4(5, NULL, NULL, 0) = 6<TCP:[127.0.0.1:9000->127.0.0.1:41342]>`)
	assert.Empty(t, c.Errno)
	assert.EqualValues(t, 6, c.Value)
	c = call(t, `read(7, 0xc0, 9) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)`)
	assert.Empty(t, c.Errno)
	assert.EqualValues(t, -1, c.Value)
}

func TestTheAddressIsFound(t *testing.T) {
	for args, want := range map[string]string{
		`7, {sa_family=AF_INET, sin_port=htons(9000), sin_addr=inet_addr("127.0.0.1")}, 16`: "127.0.0.1:9000",
		`7, {sa_family=AF_INET6, sin6_port=htons(9000), sin6_flowinfo=htonl(0), ` +
			`inet_pton(AF_INET6, "fe80::1", &sin6_addr), sin6_scope_id=2}, 28`: "[fe80::1]:9000",
		`7, {sa_family=AF_INET, sin_port=htons(9000), sin_addr=inet_addr("\x31\x2e\x32\x2e\x33\x2e\x34")}, 16`: "1.2.3.4:9000",
		`7, {sa_family=AF_INET, sin_port=htons(90000), sin_addr=inet_addr("127.0.0.1")}, 16`:                   "",
		`7, {sa_family=AF_INET, sin_port=htons(9000), sin_addr=inet_addr("127.0.0.")}, 16`:                     "",
		`7, {sa_family=AF_UNIX, sun_path="/tmp/a"}, 9`:                                                         "",
		`7, 0xc0, 16`: "",
	} {
		var addr netip.AddrPort
		if want != "" {
			addr = netip.MustParseAddrPort(want)
		}
		assert.Equal(t, addr, call(t, "connect("+args+") = 0").Addr(), args)
	}
}

func TestACallIsPrintedAsStraceDoesButForTheBytes(t *testing.T) {
	long := strings.Repeat("x", 46) + `\355\225\234` // the 48th byte is inside a character
	for text, want := range map[string]string{
		`write(7, "\354\225\210", 3) = 3`:                           `write(7, "안", 3) = 3`,
		`write(7, "abc"..., 300) = 300`:                             `write(7, "abc"..., 300) = 300`,
		`write(7, "` + long + `", 49) = 49`:                         `write(7, "` + strings.Repeat("x", 46) + `"..., 49) = 49`,
		`write(7, "` + strings.Repeat("x", 50) + `"..., 300) = 300`: `write(7, "` + strings.Repeat("x", 48) + `"..., 300) = 300`,
		`write(7, "hello", 5) = 2`:                                  `write(7, "hello", 5) = 2`,
		`shutdown(7, SHUT_WR) = 0`:                                  `shutdown(7, SHUT_WR) = 0`,
	} {
		assert.Equal(t, want, call(t, text).String())
	}
}
