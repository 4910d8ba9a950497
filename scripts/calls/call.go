package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A call is one system call, as strace saw it.
type call struct {
	name    string
	args    string // what stands between the brackets
	result  string // what stands behind the "=": a number, or -1 and the error
	value   int64  // of the result; -1 if it is no number
	thread  int
	entered int       // the line on which it was entered
	done    int       // the line on which it returned; 0 if it never did
	time    time.Time // when it returned, or, without strace -T, when it was entered, unless others came in between
	life    *life     // the socket that it belongs to: of an accept, the new one; nil if none
	on      *life     // of an accept, the socket that listens
	off     int64     // of a read or a write that moved bytes: where they lie in their stream
	event   *entry    // what it was found for; nil if nothing yet
}

// The names of the calls that are looked at; any other is left alone.
var (
	accepts   = []string{"accept", "accept4"}
	reads     = []string{"read", "readv", "recvfrom", "recvmsg"}
	writes    = []string{"write", "writev", "sendto", "sendmsg"}
	settings  = []string{"setsockopt"}
	questions = []string{"getsockopt", "getsockname", "getpeername"}

	known = slices.Concat(accepts, reads, writes, settings, questions,
		[]string{"socket", "bind", "listen", "connect", "shutdown", "close", "epoll_ctl"})
)

// is says whether the call has one of these names.
func (c *call) is(names ...string) bool { return slices.Contains(names, c.name) }

// failed says whether the call returned that error, such as EAGAIN.
func (c *call) failed(errno string) bool { return strings.HasPrefix(c.result, "-1 "+errno) }

var (
	firstArg = regexp.MustCompile(`^\d+`)
	epollArg = regexp.MustCompile(`^\d+(?:<[^>]*>)?, EPOLL_CTL_\w+, (\d+)`)
)

// fd is the descriptor that the call was made on, -1 if it was made on none.
func (c *call) fd() int {
	number := firstArg.FindString(c.args)
	switch {
	case c.name == "socket":
		return -1
	case c.name == "epoll_ctl":
		groups := epollArg.FindStringSubmatch(c.args)
		if groups == nil {
			return -1
		}
		number = groups[1]
	}
	fd, err := strconv.Atoi(number)
	if err != nil {
		return -1
	}
	return fd
}

// hasPort says whether a socket address among the arguments has that port.
func (c *call) hasPort(port uint16) bool {
	return strings.Contains(c.args, "port=htons("+strconv.Itoa(int(port))+")")
}
