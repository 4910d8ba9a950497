package strace

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"echolab/internal/text"
)

// A Call is one system call, as strace saw it.
//
// Its Time is when it returned, with the clock of the machine and to the microsecond. Without strace -T that is known
// only of calls that strace wrote of in two halves; for the others it is when they were entered.
type Call struct {
	Thread int
	Time   time.Time
	Name   string
	FD     int     // the descriptor that it was made on: an accept's is the listener's; -1 if on none
	Socket *Socket // the one that it was made on, or that it made; nil if none, or none that the trace saw being made
	Args   string  // what stands between the brackets
	Result string  // what stands after the "=": a number, or -1 and the error; "?" if it never returned
	Value  int64   // of Result; -1 if it is no number
	Errno  string  // the error's name, such as EAGAIN; "" if there was none
	Off    int64   // of a read or a write on a Socket that moved bytes: the place of the first in its stream
}

var (
	accepts = []string{"accept", "accept4"}
	reads   = []string{"read", "readv", "recvfrom", "recvmsg"}
	writes  = []string{"write", "writev", "sendto", "sendmsg"}

	known = slices.Concat(accepts, reads, writes, []string{
		"setsockopt", "getsockopt", "getsockname", "getpeername",
		"socket", "bind", "listen", "connect", "shutdown", "close", "epoll_ctl",
	})
)

// Names are those of the calls that [Read] keeps, related ones beside each other.
func Names() []string { return slices.Clone(known) }

// IsAccept says whether it waits for a connection: accept or accept4.
func (c *Call) IsAccept() bool { return slices.Contains(accepts, c.Name) }

// IsRead says whether it takes bytes from a descriptor, whether there were any or not.
func (c *Call) IsRead() bool { return slices.Contains(reads, c.Name) }

// IsWrite says whether it hands bytes to a descriptor, whether there was room or not.
func (c *Call) IsWrite() bool { return slices.Contains(writes, c.Name) }

func (c *Call) isKnown() bool { return slices.Contains(known, c.Name) }

// peeks says whether it leaves in the socket what it reads.
func (c *Call) peeks() bool {
	_, end := c.literal()
	return strings.Contains(c.Args[end:], "MSG_PEEK")
}

// descriptor is the one among the arguments that the call is about, -1 if there is none.
func (c *Call) descriptor() int {
	switch c.Name {
	case "socket":
		return -1
	case "epoll_ctl":
		_, op, _ := strings.Cut(c.Args, ", EPOLL_CTL_")
		_, fd, _ := strings.Cut(op, ", ")
		return leading(fd)
	}
	return leading(c.Args)
}

// Addr is the address of the Internet among the arguments, such as where a connect goes or whom an accept found. It is
// the zero AddrPort if there is none. The zone of an IPv6 address is left out.
func (c *Call) Addr() netip.AddrPort {
	_, rest, _ := strings.Cut(c.Args, "port=htons(")
	port, rest, _ := strings.Cut(rest, ")")
	for _, before := range []string{`inet_addr("`, `inet_pton(AF_INET6, "`} {
		if _, text, ok := strings.Cut(rest, before); ok {
			text, _, _ = strings.Cut(text, `"`)
			ip, err := netip.ParseAddr(string(unescape(text, len(text))))
			n, errPort := strconv.ParseUint(port, 10, 16)
			if err == nil && errPort == nil {
				return netip.AddrPortFrom(ip, uint16(n))
			}
		}
	}
	return netip.AddrPort{}
}

// Data is the beginning of the bytes that a read or a write moved: as many as strace kept (32, or what -s says), of
// several buffers the first. It is nil if none were moved or kept.
func (c *Call) Data() []byte {
	if c.Value <= 0 || !c.IsRead() && !c.IsWrite() {
		return nil
	}
	start, end := c.literal()
	return unescape(c.Args[start:end], int(c.Value))
}

// shown is how many bytes are quoted at most.
const shown = 48

// String is the call as strace printed it, but for the first string: that is quoted as everywhere in this project, and
// cut after 48 bytes.
func (c *Call) String() string {
	args := c.Args
	if start, end := c.literal(); start > 0 {
		quoted := text.Quote(unescape(args[start:end], shown+utf8.UTFMax), shown)
		rest := args[end+1:]
		if strings.HasPrefix(rest, "...") {
			quoted = strings.TrimSuffix(quoted, "...")
		}
		args = args[:start-1] + quoted + rest
	}
	return c.Name + "(" + args + ") = " + c.Result
}
