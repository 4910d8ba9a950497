package framingtest

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"echolab/framing"
)

// A rule is one sentence of the contract. The order here is the order of the report.
type rule int

const (
	carries rule = iota
	appends
	refuses
	roundTrip
	delivery
	glued
	exact
	capacity
	cleanEnd
	endInside
	beside
	limit
	sizeError
	waiting
	unread
	readError
	hostile
	memory
	shared
	panics
	hangs
	rules // how many there are
)

var contract = [rules]struct{ name, says string }{
	carries:   {"carries", "a codec carries some of the suite's messages"},
	appends:   {"append", "Append puts the framed message after dst's bytes, and neither changes nor keeps what it was given"},
	refuses:   {"unframable", "a message that cannot be carried gets ErrUnframable, and dst comes back as it was"},
	roundTrip: {"round trip", "what Append framed, Read returns: the same bytes, one message for each"},
	delivery:  {"delivery", "it makes no difference in which pieces the stream arrives"},
	glued:     {"glued", "messages that arrive together come back one by one and in order, empty ones too"},
	exact:     {"exact bytes", "Read takes exactly its message's bytes from r; those after it are for the next who reads"},
	capacity:  {"capacity", "an append to a message that Read returned overwrites neither what comes next nor another message"},
	cleanEnd:  {"clean end", "where the stream ends between two messages, Read returns io.EOF itself, not wrapped"},
	endInside: {"end inside", "where the stream ends inside a message, Read returns io.ErrUnexpectedEOF, never io.EOF"},
	beside:    {"beside an error", "beside an error there is no message, not even a part of one"},
	limit:     {"limit", "a message of max bytes passes, and one byte more is too large"},
	sizeError: {"size error", "a message over max gets a *SizeError: ErrTooLarge, its length and the limit"},
	waiting:   {"waiting", "Read never waits for more bytes than the message needs"},
	unread:    {"too large, unread", "a message over max is reported without waiting for its bytes"},
	readError: {"read error", "an error of r other than io.EOF comes out as it is, or wrapped"},
	hostile:   {"hostile bytes", "whatever arrives, no message is over max, and every Read takes bytes or fails, and ends"},
	memory:    {"memory", "memory is set aside for bytes that arrived and up to max, not for what is only claimed"},
	shared:    {"shared state", "a codec keeps nothing between calls: one connection does not touch another's messages"},
	panics:    {"panic", "a codec returns errors"},
	hangs:     {"hang", "every call returns"},
}

// examples is how many findings of one rule are shown; the others are counted.
const examples = 2

// A report collects findings. It may be used from several goroutines.
type report struct {
	mu     sync.Mutex
	shown  [rules][]string
	counts [rules]int
	enough []rule // when all of these are found to be broken, the suite may end; none: it does all its checks
}

// find notes where the codec broke a rule, what came, and what the contract wants. That is put into words only if it is
// shown: a codec that is wrong everywhere breaks a rule tens of thousands of times.
func (s *suite) find(broken rule, at scene, came, want any) {
	r := &s.report
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[broken]++
	if slices.Contains(r.enough, broken) {
		r.enough = slices.DeleteFunc(r.enough, func(b rule) bool { return b == broken })
		if len(r.enough) == 0 {
			s.watch.stop()
		}
	}
	if len(r.shown[broken]) == examples {
		return
	}
	text := fmt.Sprintf("\n  - %v\n      came: %v\n      want: %v", at, came, want)
	if !slices.Contains(r.shown[broken], text) {
		r.shown[broken] = append(r.shown[broken], text)
	}
}

// has says whether the codec is known to break one of the rules.
func (r *report) has(broken ...rule) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(broken, func(b rule) bool { return r.counts[b] > 0 })
}

// err is nil if there are no findings.
func (r *report) err(sender, receiver framing.Codec) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var text strings.Builder
	broken := 0
	for i, found := range r.counts {
		if found == 0 {
			continue
		}
		broken++
		fmt.Fprintf(&text, "\n\n%s: %s%s", contract[i].name, contract[i].says, strings.Join(r.shown[i], ""))
		if more := found - len(r.shown[i]); more > 0 {
			fmt.Fprintf(&text, "\n    and %d more like it", more)
		}
	}
	if broken == 0 {
		return nil
	}
	who := name(sender)
	if other := name(receiver); other != who {
		who += ", read by " + other + ","
	}
	order := ""
	if broken > 1 {
		order = "\nFix the first one first: others may follow from it."
	}
	return fmt.Errorf("framingtest: %s breaks %s of the contract of framing.Codec:%s%s",
		who, count(broken, "rule"), order, &text)
}

// A scene is where something happened: which messages, what became of them on their way, and how they were read.
// Empty parts are left out.
type scene struct {
	what   string // the messages
	event  phrase // what befell them
	read   int    // which of them was being read, from 1
	way    string // in which pieces they arrived
	buffer int    // the size of the bufio.Reader, where there is one
	max    int    // the limit, where there is a bufio.Reader
}

func (at scene) String() string {
	parts := []string{at.what, at.event.String()}
	if at.read > 0 {
		parts = append(parts, fmt.Sprintf("read %d", at.read))
	}
	if parts = append(parts, at.way); at.buffer > 0 {
		parts = append(parts, fmt.Sprintf("bufio.Reader of %d bytes", at.buffer), fmt.Sprintf("max %d", at.max))
	}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	if len(parts) == 0 {
		return "all messages of the suite"
	}
	return strings.Join(parts, "; ")
}

// A phrase is a text that is put together only when it is read.
type phrase struct {
	format string
	args   []any
}

func say(format string, args ...any) phrase { return phrase{format, args} }

func (p phrase) String() string { return fmt.Sprintf(p.format, p.args...) }

// An outcome is what a Read returned.
type outcome struct {
	msg []byte
	err error
}

func (o outcome) String() string {
	switch {
	case o.err == nil:
		return "a message of " + content(o.msg).String()
	case len(o.msg) > 0:
		return fmt.Sprintf("error %q (%T) beside %s", o.err, o.err, content(o.msg))
	}
	return fmt.Sprintf("error %q (%T)", o.err, o.err)
}

// A content is a message as a reader of the report sees it: its length and how it begins.
type content []byte

func (msg content) String() string {
	const enough = 24
	if len(msg) > enough {
		return fmt.Sprintf("%s, %q...", count(len(msg), "byte"), []byte(msg[:enough]))
	}
	return fmt.Sprintf("%s, %q", count(len(msg), "byte"), []byte(msg))
}

// name is what the codec calls itself, and its type.
func name(c framing.Codec) string {
	if s, ok := c.(fmt.Stringer); ok {
		return fmt.Sprintf("%v (%T)", s, c)
	}
	return fmt.Sprintf("%T", c)
}

// count is "1 byte", "2 bytes".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
