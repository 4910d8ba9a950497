package lab

import (
	"context"
	"fmt"

	"echolab/internal/sock"
	"echolab/internal/streammap"
	"echolab/internal/text"
)

// Segments is how frames, writes, TCP segments and reads went together: four frames in one write, and then one frame in
// two.
type Segments struct {
	Four Crossing `json:"four"`
	One  Crossing `json:"one"`

	stream *streammap.Map
}

// A Crossing is what it took to bring frames across.
type Crossing struct {
	Frames   int `json:"frames"`
	Messages int `json:"messages"`
	Writes   int `json:"writes"`
	Out      int `json:"segments_out"` // segments with data that the sender's kernel sent; -1 if it does not report them
	In       int `json:"segments_in"`  // and that the receiver's got
	Reads    int `json:"reads"`
}

// RunSegments writes four frames at once and reads them when all have come; then it writes the halves of a frame, each
// read before the next is written.
func RunSegments(ctx context.Context) (f Segments, err error) {
	defer caught(&err)
	p := newWebPair(ctx)
	defer p.close()
	var four [][]byte
	for _, msg := range []string{"one", "two", "three", "four"} {
		four = append(four, p.client.text(msg))
		p.client.note(len(p.client.text(msg)))
	}
	f.Four = p.cross(ctx, 4, join(four))
	one := p.client.text("in two")
	p.client.note(len(one))
	f.One = p.cross(ctx, 1, one[:8], one[8:])
	f.stream = p.client.out()
	return f, nil
}

// cross writes the pieces, reads each when all of it has come, and counts.
func (p *pair) cross(ctx context.Context, messages int, pieces ...[]byte) Crossing {
	before, outBefore, inBefore := p.client.out(), segments(p.client), segments(p.server)
	for _, piece := range pieces {
		p.client.write(piece)
		check(sock.AwaitUnread(ctx, p.server, len(piece)))
		must(p.server.r.Peek(p.server.r.Buffered() + 1)) // one read
	}
	for range messages {
		p.server.nextMessage()
	}
	after, out, in := p.client.out(), segments(p.client), segments(p.server)
	count := func(l streammap.Layer) int { return after.Row(l).Count - before.Row(l).Count }
	c := Crossing{Frames: count(streammap.Frames), Messages: count(streammap.Received), Writes: count(streammap.Writes),
		Reads: count(streammap.Reads), Out: -1, In: -1}
	if out.told && in.told {
		c.Out, c.In = out.sent-outBefore.sent, in.received-inBefore.received
	}
	return c
}

// A segmentCount is how many segments with data a socket has sent, those sent again left out, and received.
type segmentCount struct {
	sent, received int
	told           bool // the kernel tells
}

func (f Segments) Report() Report {
	step := func(how string, c Crossing) string {
		crossed := "this system does not report segment counts"
		if c.Out >= 0 {
			crossed = fmt.Sprintf("%s out, %d in", text.Count(c.Out, "segment", "segments"), c.In)
		}
		return fmt.Sprintf("%s: %s, %s; %s, %s.", how, text.Count(c.Frames, "frame", "frames"),
			text.Count(c.Writes, "write", "writes"), crossed, text.Count(c.Reads, "read", "reads"))
	}
	r := Report{
		Steps: []string{
			step("Four frames, written at once and read when all had arrived", f.Four),
			step("One frame, written in two parts, the first read before the second was written", f.One),
		},
		Maps: []*streammap.Map{f.stream},
		Answer: "Neither. TCP has bytes to send and sends what it has: four frames in one segment, or one frame in two. " +
			"Packets in a capture are not frames, and neither is what a read returned: only the frames' own headers say where one ends.",
	}
	r.expect(f.Four.Frames == 4 && f.Four.Reads == 1 && f.Four.Writes == 1, "four frames did not come with one read")
	r.expect(f.One.Frames == 1 && f.One.Reads == 2 && f.One.Writes == 2, "one frame did not come with two reads")
	if f.Four.Out >= 0 {
		r.expect(f.Four.Out == 1 && f.One.Out == 2, "the kernel did not send a segment for each write")
	}
	return r
}
