package main

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"echolab/internal/event"
	"echolab/internal/text"
)

// match finds the calls that the event stands for: by descriptor, offset and size, and, where both were kept, by their
// bytes. A call is found once, and it returned before the event was told.
func (p *program) match(e *entry) {
	calls, why := p.search(e)
	switch {
	case why == "":
		for _, c := range calls {
			c.event = e
		}
		e.calls = calls
	case e.Ev != event.End:
		e.missing = why
	}
}

// search returns the calls that the event stands for, or why there are none.
func (p *program) search(e *entry) (calls []*call, why string) {
	switch e.Ev {
	case event.Socket, event.Bind, event.Listen, event.Connect, event.Accept:
		return p.searchByDescriptor(e)
	}
	l := p.conns[e.Conn]
	if l == nil {
		return nil, "no system call made a socket for this connection"
	}
	before := func(c *call) bool { return c.value >= 0 && !c.time.After(e.Time) }
	switch e.Ev {
	case event.Write, event.Read:
		return l.searchBytes(e)
	case event.Shutdown:
		return one(l.find(before, "shutdown"), l, e)
	case event.End:
		return one(l.find(func(c *call) bool { return before(c) && c.value == 0 }, reads...), l, e)
	}
	// A close may be told before it is done.
	return one(l.find(func(c *call) bool { return c.value == 0 }, "close"), l, e)
}

// one is the result of a search for one call.
func one(c *call, l *life, e *entry) (calls []*call, why string) {
	if c == nil {
		return nil, fmt.Sprintf("no system call on descriptor %d does that before it is told", l.fd)
	}
	return []*call{c}, ""
}

// searchByDescriptor searches the call of an event that names a descriptor, and notes whose socket that is.
func (p *program) searchByDescriptor(e *entry) (calls []*call, why string) {
	if e.Sock == nil {
		return nil, "the account does not name the descriptor"
	}
	l := p.latest(e)
	if l == nil {
		return nil, fmt.Sprintf("no system call made a socket with descriptor %d that is open then", e.Sock.FD)
	}
	fits := func(c *call) bool { return c.value >= 0 }
	names := []string{string(e.Ev)} // the kinds are named after the calls
	switch e.Ev {
	case event.Accept:
		names = accepts
		fits = func(c *call) bool { return c.value >= 0 && c.hasPort(e.Sock.Remote.Port()) }
	case event.Connect:
		fits = func(c *call) bool {
			return (c.value == 0 || c.failed("EINPROGRESS")) && c.hasPort(e.Sock.Remote.Port())
		}
	}
	calls, why = one(l.find(func(c *call) bool { return fits(c) && !c.time.After(e.Time) }, names...), l, e)
	if why == "" && e.Ev != event.Bind && e.Ev != event.Listen {
		p.conns[e.Conn] = l
	}
	return calls, why
}

// latest is the socket that had the event's descriptor when it was told.
func (p *program) latest(e *entry) *life {
	for _, l := range slices.Backward(p.lives) {
		if l.fd == e.Sock.FD && !l.calls[0].time.After(e.Time) {
			if end := l.calls[len(l.calls)-1]; end.name == "close" && end.time.Before(e.Time) {
				return nil
			}
			return l
		}
	}
	return nil
}

// searchBytes searches the calls that moved the bytes of a write or a read. A write may have needed several.
func (l *life) searchBytes(e *entry) (calls []*call, why string) {
	moved := l.writes
	if e.Ev == event.Read {
		moved = l.reads
	}
	if e.Span == nil || e.N == 0 {
		return nil, "the account does not say of which bytes"
	}
	at, end := e.Off, e.Off+int64(e.N)
	from, _ := slices.BinarySearchFunc(moved, at, func(c *call, off int64) int { return cmp.Compare(c.off, off) })
	for _, c := range moved[from:] {
		if at >= end || c.off != at || c.event != nil || c.time.After(e.Time) {
			break
		}
		calls, at = append(calls, c), at+c.value
	}
	switch {
	case len(calls) == 0:
		return nil, fmt.Sprintf("no %s on descriptor %d begins at %s before it is told", e.Ev, l.fd, text.Number(e.Off))
	case at != end || e.Ev == event.Read && len(calls) > 1:
		return nil, fmt.Sprintf("the system call on descriptor %d at %s moved %s", l.fd, text.Number(e.Off),
			text.Bytes(calls[0].value))
	case !agree(e.Data, calls[0].data()):
		return nil, fmt.Sprintf("the system call on descriptor %d at %s moved other bytes", l.fd, text.Number(e.Off))
	}
	return calls, ""
}

// agree says whether the bytes of the account and those of the call begin alike, as far as both are known.
func agree(told string, seen []byte) bool {
	quoted, err := strconv.QuotedPrefix(told)
	if err != nil {
		return told == "" // else it is no account's
	}
	text, _ := strconv.Unquote(quoted)
	n := min(len(text), len(seen))
	return bytes.Equal([]byte(text[:n]), seen[:n])
}
