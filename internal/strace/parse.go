package strace

import (
	"fmt"
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
	thread, at, text, ok := stamp(line)
	if !ok {
		return errNotStrace
	}
	now := time.UnixMicro(at).UTC()
	if p.First.IsZero() {
		p.First = now
	}
	p.Last = now
	for _, other := range []string{"---", "+++", "strace: "} {
		if strings.HasPrefix(text, other) {
			return nil
		}
	}
	if half, ok := strings.CutPrefix(text, "<... "); ok {
		name, rest, ok := strings.Cut(half, " resumed>")
		if !ok || !isName(name) {
			return errNotStrace
		}
		return p.resume(thread, name, rest, at)
	}
	name, rest, ok := strings.Cut(text, "(")
	if !ok || !isName(name) {
		return errNotStrace
	}
	c := &Call{Thread: thread, Time: now, Name: name, Result: "?", Value: -1}
	for _, end := range []string{" <unfinished ...>", " <detached ...>"} {
		if c.Args, ok = strings.CutSuffix(rest, end); ok {
			p.enter(c)
			return nil
		}
	}
	args, result, took, ok := cutResult(rest)
	if !ok {
		return errNotStrace
	}
	c.Args = args
	p.enter(c)
	p.leave(c, result, at+took)
	return nil
}

// resume takes the second half of a call. The time of that line is when it returned.
func (p *parser) resume(thread int, name, rest string, at int64) error {
	c := p.open[thread]
	if c == nil || c.Name != name {
		return fmt.Errorf("resumes a %s that was not begun: the trace must be whole, and of one strace -f", name)
	}
	args, result, _, ok := cutResult(rest)
	if !ok {
		return errNotStrace
	}
	c.Args += args
	p.leave(c, result, at)
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

// stamp takes the thread and the time, in microseconds, off the line.
func stamp(line string) (thread int, at int64, text string, ok bool) {
	number, rest, _ := strings.Cut(line, " ")
	seconds, text, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	n, err := strconv.ParseUint(number, 10, 31)
	at, ok = micros(seconds)
	return int(n), at, text, ok && err == nil && text != ""
}

// cutResult takes the result off a call's arguments, and the time that it took (strace -T) off the result. The result
// is after the last ") =": bytes among the arguments may hold others.
func cutResult(text string) (args, result string, took int64, ok bool) {
	const equals = " = "
	at := len(text)
	for end := len(text); !ok; end = at + len(equals) - 1 {
		if at = strings.LastIndex(text[:end], equals); at < 0 {
			return "", "", 0, false
		}
		args, ok = strings.CutSuffix(strings.TrimRight(text[:at], " "), ")")
	}
	result = text[at+len(equals):]
	if at := strings.LastIndex(result, " <"); at >= 0 {
		if duration, ok := strings.CutSuffix(result[at+len(" <"):], ">"); ok {
			if took, ok = micros(duration); ok {
				result = result[:at]
			}
		}
	}
	return args, result, took, true
}

// micros reads seconds with six digits after the point. With at most eleven before it, sums of two stay before the year
// 9999, which is the last that JSON can write.
func micros(text string) (n int64, ok bool) {
	whole, part, _ := strings.Cut(text, ".")
	if len(whole) < 1 || len(whole) > 11 || len(part) != 6 {
		return 0, false
	}
	u, err := strconv.ParseUint(whole+part, 10, 63)
	return int64(u), err == nil
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

// isName says whether it can be the name of a call.
func isName(text string) bool {
	if strings.Trim(text, "?") == "" {
		return text != ""
	}
	for _, c := range []byte(text) {
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
