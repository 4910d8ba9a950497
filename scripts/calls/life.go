package main

import (
	"cmp"
	"slices"
)

// A life is a socket from the call that made it to its close: the kernel gives descriptors away again.
type life struct {
	fd     int
	calls  []*call // the one that made it first
	reads  []*call // of calls, those that moved bytes
	writes []*call
	told   bool // an event is about it, or it was accepted on one of those
}

// lives finds the sockets of a recording, and gives each of their calls to them. What a call did to a descriptor counts
// from its return, but a close from its beginning: from then on the kernel may give the number away.
func lives(calls []*call) []*life {
	var all []*life
	current := make(map[int]*life)
	for _, s := range steps(calls) {
		c, returned := s.call, s.returned
		switch {
		case !returned:
			c.life = current[c.fd()]
			if c.name == "close" {
				delete(current, c.fd())
			}
		case c.value >= 0 && (c.name == "socket" || c.is(accepts...)):
			l := &life{fd: int(c.value)}
			all, current[l.fd] = append(all, l), l
			c.on, c.life = c.life, l
		}
	}
	for _, c := range calls {
		if c.life != nil {
			c.life.calls = append(c.life.calls, c)
		}
	}
	for _, l := range all {
		l.measure()
	}
	return all
}

// A step is the beginning or the return of a call.
type step struct {
	call     *call
	returned bool
	line     int
}

// steps returns the steps of all calls in the order of the trace.
func steps(calls []*call) []step {
	var all []step
	for _, c := range calls {
		all = append(all, step{call: c, line: c.entered})
		if c.done > 0 {
			all = append(all, step{c, true, c.done})
		}
	}
	slices.SortStableFunc(all, func(a, b step) int { return cmp.Compare(a.line, b.line) })
	return all
}

// measure gives the reads and the writes their offsets.
func (l *life) measure() {
	var in, out int64
	for _, c := range l.calls {
		switch {
		case c.value <= 0:
		case c.is(reads...):
			c.off = in
			in += c.value
			l.reads = append(l.reads, c)
		case c.is(writes...):
			c.off = out
			out += c.value
			l.writes = append(l.writes, c)
		}
	}
}

// find returns the socket's first call of one of these names that is not taken and that fits.
func (l *life) find(fits func(c *call) bool, names ...string) *call {
	for _, c := range l.calls {
		if c.event == nil && c.is(names...) && fits(c) {
			return c
		}
	}
	return nil
}
