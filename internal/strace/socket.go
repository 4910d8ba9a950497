package strace

// A Socket is a socket from the call that made it to its close: the kernel gives descriptors away again.
type Socket struct {
	FD       int
	Listener *Socket // the one that it was accepted on; nil if it was not accepted, or on one made before the trace began
	Calls    []*Call // in the order in which they returned: first the one that made it, last its close, if there was one
	Reads    []*Call // of Calls, those that moved bytes, in the order of their offsets
	Writes   []*Call

	in, out int64 // moved so far
}

// add takes a call that returned.
func (s *Socket) add(c *Call) {
	s.Calls = append(s.Calls, c)
	switch {
	case c.Value <= 0:
	case c.IsRead() && !c.peeks():
		c.Off = s.in
		s.in += c.Value
		s.Reads = append(s.Reads, c)
	case c.IsWrite():
		c.Off = s.out
		s.out += c.Value
		s.Writes = append(s.Writes, c)
	}
}
