package decode

import (
	"fmt"
	"strings"

	"github.com/gobwas/ws"

	"echolab/internal/event"
	"echolab/internal/text"
)

// carried collects what one call of Bytes carried, to be put into words on demand.
type carried struct {
	groups []group
	more   bool // there was no room for another group
}

// A group is things of one kind, one after the other.
type group struct {
	kind  kind
	count int
	first [3]thing // as many as are named
}

// A thing is a part of a stream, or several that are one for people.
type thing struct {
	text     string // what it is, if the kind does not say
	op       ws.OpCode
	masked   bool
	rsv1     bool  // set, as in the first frame of a compressed message
	code     int   // of a Close
	from, to int64 // which bytes of it were carried
	size     int64 // how many it has
}

type kind int

const (
	inWords kind = iota // text says it all
	inPart              // part of text
	ofBody              // to bytes of the body of text
	aFrame              // a whole one
	frameIn             // a part of one
	aRecord
	aMessage
)

// maxGroups is more than fits a sentence.
const maxGroups = 4

func (c *carried) reset() { c.groups, c.more = c.groups[:0], false }

// add adds a thing, to the last group if it is of its kind.
func (c *carried) add(k kind, t thing) {
	if last := len(c.groups) - 1; last >= 0 && !c.more && c.groups[last].takes(k, t) {
		return
	}
	if len(c.groups) == maxGroups {
		c.more = true
		return
	}
	c.groups = append(c.groups, group{kind: k, count: 1, first: [3]thing{t}})
}

// takes adds a thing to the group, if it is of its kind.
func (g *group) takes(k kind, t thing) bool {
	if g.kind != k {
		return false
	}
	switch k {
	case inWords, frameIn:
		return false
	case inPart:
		return g.first[0].text == t.text
	case ofBody:
		if g.first[0].text != t.text {
			return false
		}
		g.first[0].to += t.to
		return true
	}
	if g.count < len(g.first) {
		g.first[g.count] = t
	}
	g.count++
	return true
}

// words takes a thing in words, and part takes a part of one.
func (c *carried) words(text string) { c.add(inWords, thing{text: text}) }
func (c *carried) part(of string)    { c.add(inPart, thing{text: of}) }

// frame takes n bytes of a frame's payload, after the first done, known or not.
func (c *carried) frame(h ws.Header, done, n int64) {
	t := thing{op: h.OpCode, masked: h.Masked, rsv1: h.Rsv1(), from: done, to: done + n, size: h.Length}
	if last := len(c.groups) - 1; last >= 0 && !c.more {
		g := &c.groups[last]
		if begun := &g.first[0]; g.kind == frameIn && begun.to == done { // by the same call
			t.from = begun.from
			c.groups = c.groups[:last]
		}
	}
	if t.to-t.from == t.size {
		c.add(aFrame, t)
	} else {
		c.add(frameIn, t)
	}
}

// closed takes the code of the Close frame that ended last.
func (c *carried) closed(code int) {
	if last := len(c.groups) - 1; last >= 0 && !c.more {
		if g := &c.groups[last]; g.kind == aFrame && g.count <= len(g.first) {
			g.first[g.count-1].code = code
		}
	}
}

func (c *carried) String() string {
	var all []string
	for i := range c.groups {
		all = append(all, c.groups[i].String())
	}
	if c.more {
		all = append(all, "and more")
	}
	return strings.Join(all, "; ")
}

// nouns has the words for one of a kind, and for several.
var nouns = map[kind][2]string{
	aFrame: {"frame: ", "frames"}, aRecord: {"", "TLS records"}, aMessage: {"message of ", "messages"},
}

func (g *group) String() string {
	t := &g.first[0]
	switch g.kind {
	case inWords:
		return t.text
	case inPart:
		return "part of " + t.text
	case ofBody:
		return text.Bytes(t.to) + " of the body of " + t.text
	case frameIn:
		return t.part() + " of a " + t.name() + " frame of " + text.Number(t.size)
	}
	if g.kind == aRecord && g.count == 1 {
		return "TLS " + t.text + ", " + text.Bytes(t.size)
	}
	if g.count == 1 {
		words := nouns[g.kind][0] + t.words(g.kind)
		if t.masked {
			words += ", masked"
		}
		return words
	}
	var named []string
	for i := range min(g.count, len(g.first)) {
		named = append(named, g.first[i].words(g.kind))
	}
	if g.count > len(named) {
		named = append(named, "...")
	}
	return fmt.Sprintf("%s %s: %s", text.Number(int64(g.count)), nouns[g.kind][1], strings.Join(named, ", "))
}

// words is the thing itself.
func (t *thing) words(k kind) string {
	switch {
	case k == aRecord:
		return t.text + " of " + text.Number(t.size)
	case k == aMessage:
		return text.Number(t.size)
	case t.code > 0:
		return fmt.Sprintf("close %d", t.code)
	case t.size == 0:
		return t.name() + ", empty"
	}
	return t.name() + " of " + text.Number(t.size)
}

// name is what kind of frame it is.
func (t *thing) name() string {
	if t.rsv1 {
		return "RSV1 " + event.OpcodeName(byte(t.op))
	}
	return event.OpcodeName(byte(t.op))
}

// part is which bytes of a frame's payload were carried.
func (t *thing) part() string {
	switch {
	case t.to == 0:
		return "the header"
	case t.from == 0:
		return "the first " + text.Bytes(t.to)
	case t.to == t.size:
		return "the last " + text.Bytes(t.to-t.from)
	}
	return "bytes " + text.Number(t.from) + " to " + text.Number(t.to)
}
