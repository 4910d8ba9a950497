package main

import (
	"fmt"
	"time"

	"echolab/internal/event"
	"echolab/internal/streammap"
	"echolab/internal/text"
)

// A connection is what is known of one connection of the capture.
type connection struct {
	number      int
	ends        event.Ends
	start       string // what there is to say about its start
	how         string // it ended
	packets     int
	first, last time.Time
	streams     [2]stream // client → server, server → client
	marks       map[event.Mark]int
	notes       []string
	moreNotes   int
	maps        *streammap.Maps // nil if it is not drawn
	told        []*told
}

// A stream is what is known of one direction.
type stream struct {
	segments, frames, messages int
	bytes                      int64 // as far as it is known
	missing                    int64 // of them, not in the capture
	tls                        bool
	compressed                 bool // frames are
	unplaced                   bool // its offset 0 is the first byte that the capture has
	finished                   bool // its FIN is there
	failed                     bool // something of it could not be decoded
}

// notesKept bounds the notes of one connection.
const notesKept = 8

var directions = [2]event.Dir{event.ClientToServer, event.ServerToClient}

func (c *connection) stream(dir event.Dir) *stream {
	if dir == event.ClientToServer {
		return &c.streams[0]
	}
	return &c.streams[1]
}

// packet takes what the follower says of the packets.
func (c *connection) packet(e event.Event) {
	if e.Ev == event.Connection {
		c.ends, c.start, c.first, c.last = *e.Ends, e.Text, e.Time, e.Time
		return
	}
	c.packets++
	c.last = e.Time
	for _, mark := range e.Marks {
		if c.marks == nil {
			c.marks = make(map[event.Mark]int)
		}
		c.marks[mark]++
		if mark == event.Unplaced {
			c.stream(e.Dir).unplaced = true
		}
	}
	if e.Has(event.FIN) {
		c.stream(e.Dir).finished = true
	}
}

// content takes what the follower says of the streams.
func (c *connection) content(e event.Event) {
	s := c.stream(e.Dir)
	switch e.Ev {
	case event.Segment:
		s.segments++
		s.bytes = max(s.bytes, e.Off+int64(e.N))
	case event.Gap:
		s.bytes = max(s.bytes, e.Off+int64(e.N))
		s.missing += int64(e.N)
	case event.Frame:
		s.frames++
		s.compressed = s.compressed || e.RSV&4 != 0
	case event.Message:
		s.messages++
	case event.TLS:
		s.tls = true
	case event.Failed:
		s.failed = true
		c.note(e.Dir.Words() + ": " + e.Text)
	}
	if c.maps != nil {
		c.maps.Record(e)
	}
}

func (c *connection) note(text string) {
	if len(c.notes) == notesKept {
		c.moreNotes++
		return
	}
	c.notes = append(c.notes, text)
}

// apart says why the offsets of an account cannot be held against the capture's; nothing, if they can.
func (c *connection) apart(t *told) string {
	switch {
	case t.inTLS:
		return t.file + " counts what is inside TLS, the capture what is outside: it is not on the maps"
	case c.ends.Guessed || c.streams[0].unplaced || c.streams[1].unplaced:
		return t.file + " counts from the connection's start, which is not in the capture: it is not on the maps"
	}
	return ""
}

// join checks what the accounts tell of this connection, which is drawn.
func (c *connection) join() error {
	for _, t := range c.told {
		if why := c.apart(t); why != "" {
			c.note(why)
			continue
		}
		for i, dir := range directions {
			s := &c.streams[i]
			whole := s.finished && s.missing == 0
			if err := t.check(dir, c.maps.Map(c.number, dir), whole); err != nil {
				return err
			}
		}
	}
	return nil
}

// drawing is a stream's map, with the rows of the accounts.
func (c *connection) drawing(dir event.Dir) *streammap.Map {
	m := c.maps.Map(c.number, dir)
	for _, t := range c.told {
		if c.apart(t) == "" {
			m.Adopt(t.maps.Map(t.number, dir))
		}
	}
	return m
}

// title names the connection.
func (c *connection) title() string {
	return fmt.Sprintf("connection %d: %v → %v", c.number, c.ends.Client, c.ends.Server)
}

// extent is how many packets it had in what time.
func (c *connection) extent() string {
	text := text.Count(c.packets, "packet", "packets")
	if c.packets > 1 {
		text += " in " + rounded(c.last.Sub(c.first)).String()
	}
	if c.how != "" {
		text += "; " + c.how
	}
	return text
}

// rounded is a duration with about three digits that count.
func rounded(d time.Duration) time.Duration {
	for unit := time.Microsecond; unit < time.Hour; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit)
		}
	}
	return d.Round(time.Second)
}
