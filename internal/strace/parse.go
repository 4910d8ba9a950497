package strace

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A parser joins the halves of a call where strace wrote of another thread in between.
type parser struct {
	Recording
	open    map[int]*Call   // by thread: those entered and not returned, whatever their names
	current map[int]*Socket // by descriptor: those not closed
}

// parse takes one of the lines that strace writes, each after the number of a thread and the time:
//
//	read(7, "hello", 65536) = 5 <0.000012>
//	read(7,  <unfinished ...>
//	<... read resumed>"hello", 65536) = 5
//	read(7,  <detached ...>
//	--- SIGURG {si_signo=SIGURG, ...} ---
//	+++ exited with 0 +++
//
// A call of a thread that has ended has the name ??? where strace can no longer ask for it.
func (p *parser) parse(line string) error {
	parts := stamped.FindStringSubmatch(line)
	if parts == nil {
		return errNotStrace
	}
	thread, err := strconv.Atoi(parts[1])
	if err != nil || thread > math.MaxInt32 {
		return errNotStrace
	}
	at, text := micros(parts[2]+parts[3]), parts[4]
	now := time.UnixMicro(at).UTC()
	if p.First.IsZero() {
		p.First = now
	}
	p.Last = now
	if other.MatchString(text) {
		return nil
	}
	if half := resumed.FindStringSubmatch(text); half != nil {
		return p.resume(thread, half[1], half[2], at)
	}
	whole := called.FindStringSubmatch(text)
	if whole == nil {
		return errNotStrace
	}
	c := &Call{Thread: thread, Time: now, Name: whole[1], Result: "?", Value: -1}
	for _, end := range []string{" <unfinished ...>", " <detached ...>"} {
		var cut bool
		if c.Args, cut = strings.CutSuffix(whole[2], end); cut {
			p.enter(c)
			return nil
		}
	}
	end := returned.FindStringSubmatch(whole[2])
	if end == nil {
		return errNotStrace
	}
	c.Args = end[1]
	p.enter(c)
	p.leave(c, end[2], at+micros(end[3]+end[4]))
	return nil
}

// What strace writes. A line has a thread and a time: with at most eleven digits in front of the point, sums of two times
// stay before the year 9999, which is the last that JSON can write. The result is after the last ") =", as the bytes
// among the arguments may hold others, and with -T the time that the call took is after the result.
var (
	stamped  = regexp.MustCompile(`^(\d+) +(\d{1,11})\.(\d{6}) (.+)$`)
	other    = regexp.MustCompile(`^(?:---|\+\+\+|strace: )`)
	resumed  = regexp.MustCompile(`^<\.\.\. (\w+|\?+) resumed>(.*)$`)
	called   = regexp.MustCompile(`^(\w+|\?+)\((.*)$`)
	returned = regexp.MustCompile(`^(.*)\) += (.*?)(?: <(\d{1,11})\.(\d{6})>)?$`)
)

// micros is a number of so few digits that it is one, or 0 for none.
func micros(digits string) int64 {
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}

// resume takes the second half of a call. The time of that line is when it returned.
func (p *parser) resume(thread int, name, rest string, at int64) error {
	c := p.open[thread]
	if c == nil || c.Name != name {
		return fmt.Errorf("resumes a %s that was not begun: the trace must be whole, and of one strace -f", name)
	}
	end := returned.FindStringSubmatch(rest)
	if end == nil {
		return errNotStrace
	}
	c.Args += end[1]
	p.leave(c, end[2], at)
	return nil
}

// enter takes a call that begins on this line. The descriptor is among the arguments that strace knows by then.
func (p *parser) enter(c *Call) {
	p.open[c.Thread] = c
	if !c.isKnown() {
		return
	}
	c.FD = c.descriptor()
	c.Socket = p.current[c.FD]
	p.Calls = append(p.Calls, c)
	if c.Name == "close" {
		delete(p.current, c.FD) // from here on the kernel may give the number away again
	}
}

// leave takes the return of a call.
func (p *parser) leave(c *Call, result string, at int64) {
	delete(p.open, c.Thread)
	c.Time, c.Result, c.Value = time.UnixMicro(at).UTC(), result, int64(leading(result))
	if words := strings.Fields(result); len(words) > 1 && words[0] == "-1" {
		c.Errno = words[1]
	}
	if c.Value >= 0 && (c.Name == "socket" || c.IsAccept()) {
		s := &Socket{FD: int(c.Value), Listener: c.Socket}
		p.Sockets, p.current[s.FD] = append(p.Sockets, s), s
		c.Socket = s
	}
	if c.Socket != nil {
		c.Socket.add(c)
	}
}

// leading is the number with which the text begins, -1 if it begins with none. Larger ones than 32 bits have room for are
// none: Linux moves less than 2 GiB in a call.
func leading(text string) int {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	n, err := strconv.ParseInt(text[:digits], 10, 32)
	if err != nil {
		return -1
	}
	return int(n)
}
