package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"echolab/internal/event"
	"echolab/internal/strace"
	"echolab/internal/text"
)

// match finds the calls that the event stands for: by descriptor, offset and size, and, where both were kept, by their
// bytes. A call is found once, and it returned before the event was recorded.
func (p *program) match(e *entry) {
	calls, why := p.search(e)
	switch {
	case why == "":
		for _, c := range calls {
			p.found[c] = e
		}
		e.calls = calls
	case e.Ev != event.End:
		e.missing = why
	}
}

// search returns the calls that the event stands for, or why there are none.
func (p *program) search(e *entry) (calls []*strace.Call, why string) {
	switch e.Ev {
	case event.Socket, event.Bind, event.Listen, event.Connect, event.Accept:
		return p.searchByDescriptor(e)
	}
	s := p.conns[e.Conn]
	if s == nil {
		return nil, "no system call made a socket for this connection"
	}
	switch e.Ev {
	case event.Write, event.Read:
		return p.searchBytes(s, e)
	case event.Shutdown:
		return p.searchOne(s, e, func(c *strace.Call) bool { return c.Name == "shutdown" && c.Value >= 0 && before(c, e) })
	case event.End:
		return p.searchOne(s, e, func(c *strace.Call) bool { return c.IsRead() && c.Value == 0 && before(c, e) })
	}
	// A close may be recorded before it is done.
	return p.searchOne(s, e, func(c *strace.Call) bool { return c.Name == "close" && c.Value == 0 })
}

// searchByDescriptor searches the call of an event that names a descriptor, and notes whose socket that is.
func (p *program) searchByDescriptor(e *entry) (calls []*strace.Call, why string) {
	if e.Sock == nil {
		return nil, "the account does not name the descriptor"
	}
	s := p.latest(e)
	if s == nil {
		return nil, fmt.Sprintf("no system call made a socket with descriptor %d that was open then", e.Sock.FD)
	}
	calls, why = p.searchOne(s, e, func(c *strace.Call) bool {
		if !before(c, e) {
			return false
		}
		// The port is enough, and a connect to 0.0.0.0 arrives at another address.
		toRemote := func() bool { return c.Addr().Port() == e.Sock.Remote.Port() }
		switch e.Ev {
		case event.Accept:
			return c.IsAccept() && c.Value >= 0 && toRemote()
		case event.Connect:
			return c.Name == "connect" && (c.Value == 0 || c.Errno == "EINPROGRESS") && toRemote()
		}
		return c.Name == string(e.Ev) && c.Value >= 0 // the kinds are named after the calls
	})
	if why == "" && e.Ev != event.Bind && e.Ev != event.Listen {
		p.conns[e.Conn] = s
	}
	return calls, why
}

// latest is the socket that had the event's descriptor when it was recorded.
func (p *program) latest(e *entry) *strace.Socket {
	for _, s := range slices.Backward(p.trace.Sockets) {
		if s.FD == e.Sock.FD && before(s.Calls[0], e) {
			if last := s.Calls[len(s.Calls)-1]; last.Name == "close" && last.Time.Before(e.Time) {
				return nil
			}
			return s
		}
	}
	return nil
}

// before says whether the call returned before the event was recorded.
func before(c *strace.Call, e *entry) bool { return !c.Time.After(e.Time) }

// searchOne searches the socket's first call that stands for no event yet and that fits.
func (p *program) searchOne(s *strace.Socket, e *entry, fits func(c *strace.Call) bool) (calls []*strace.Call, why string) {
	for i, c := range s.Calls {
		if fits(c) && p.found[c] == nil {
			return s.Calls[i : i+1 : i+1], ""
		}
	}
	return nil, fmt.Sprintf("no system call on descriptor %d does that before the account has it", s.FD)
}

// searchBytes searches the calls that moved the bytes of a write or a read. A write may have needed several.
func (p *program) searchBytes(s *strace.Socket, e *entry) (calls []*strace.Call, why string) {
	moved := s.Writes
	if e.Ev == event.Read {
		moved = s.Reads
	}
	if e.Span == nil || e.N == 0 {
		return nil, "the account does not say which bytes"
	}
	at, end := e.Off, e.Off+int64(e.N)
	from, _ := slices.BinarySearchFunc(moved, at, func(c *strace.Call, off int64) int { return cmp.Compare(c.Off, off) })
	for _, c := range moved[from:] {
		if at >= end || c.Off != at || p.found[c] != nil || !before(c, e) {
			break
		}
		calls, at = append(calls, c), at+c.Value
	}
	switch {
	case len(calls) == 0:
		return nil, fmt.Sprintf("no %s on descriptor %d begins at %s before the account has it", e.Ev, s.FD, text.Number(e.Off))
	case at != end || e.Ev == event.Read && len(calls) > 1:
		return nil, fmt.Sprintf("the system call on descriptor %d at %s moved %s", s.FD, text.Number(e.Off),
			text.Bytes(calls[0].Value))
	case !agree(e.Data, calls[0].Data()):
		return nil, fmt.Sprintf("the system call on descriptor %d at %s moved other bytes", s.FD, text.Number(e.Off))
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
	return text[:n] == string(seen[:n])
}
