package wire

import (
	"net/netip"

	"echolab/internal/capture"
)

// maxOpen and maxOver bound how many connections are known at a time: those that are open, and the last ones that
// ended, whose late packets may still come.
const (
	maxOpen = 1 << 16
	maxOver = 1 << 10
)

// A table has the connections by their addresses, and in the order in which they were last heard of.
type table struct {
	conns map[addresses]*conn
	last  *conn // what find found: the next packet is likely to be of the same one

	open, over      int
	opened, retired list
}

// addresses are those of the two ends, the smaller one first, so that both directions have the same.
type addresses [2]netip.AddrPort

func addressesOf(a, b netip.AddrPort) addresses {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	return addresses{a, b}
}

// find returns the connection with the packet's addresses, or nil.
func (t *table) find(p *capture.Packet) *conn {
	c := t.last
	if c == nil || !c.between(p.Src, p.Dst) {
		if c = t.conns[addressesOf(p.Src, p.Dst)]; c == nil {
			return nil
		}
		t.last = c
	}
	if !c.over && t.opened.newest != c {
		t.opened.remove(c)
		t.opened.add(c)
	}
	return c
}

// add adds a connection that is open.
func (t *table) add(c *conn) {
	if t.conns == nil {
		t.conns = make(map[addresses]*conn)
	}
	t.conns[addressesOf(c.ends.Client, c.ends.Server)] = c
	t.last = c
	t.opened.add(c)
	t.open++
}

// retire keeps a connection that is over for a while.
func (t *table) retire(c *conn) {
	t.opened.remove(c)
	t.open--
	c.over = true
	t.retired.add(c)
	if t.over++; t.over > maxOver {
		t.forget(t.retired.oldest)
	}
}

// forget drops a connection that is over.
func (t *table) forget(c *conn) {
	t.retired.remove(c)
	t.over--
	delete(t.conns, addressesOf(c.ends.Client, c.ends.Server))
	if t.last == c {
		t.last = nil
	}
}

// oldest is the open connection that has been idle longest; nil if there is none.
func (t *table) oldest() *conn { return t.opened.oldest }

// A list has connections, each in one list at most.
type list struct{ oldest, newest *conn }

func (l *list) add(c *conn) {
	c.older, c.newer = l.newest, nil
	if l.newest == nil {
		l.oldest = c
	} else {
		l.newest.newer = c
	}
	l.newest = c
}

func (l *list) remove(c *conn) {
	if c.older == nil {
		l.oldest = c.newer
	} else {
		c.older.newer = c.newer
	}
	if c.newer == nil {
		l.newest = c.older
	} else {
		c.newer.older = c.older
	}
	c.older, c.newer = nil, nil
}
