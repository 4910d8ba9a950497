package lab

import (
	"context"
	"fmt"

	"github.com/gobwas/ws"

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
	w, err := newWebPair(ctx)
	if err != nil {
		return f, err
	}
	defer w.close()
	var four []byte
	for _, text := range []string{"one", "two", "three", "four"} {
		frame := w.webClient.frame(ws.OpText, true, text)
		w.webClient.note(w.webClient.out+int64(len(four)), len(frame))
		four = append(four, frame...)
	}
	if f.Four, err = w.cross(ctx, 4, four); err != nil {
		return f, err
	}
	one := w.webClient.frame(ws.OpText, true, "in two")
	w.webClient.note(w.webClient.out, len(one))
	if f.One, err = w.cross(ctx, 1, one[:8], one[8:]); err != nil {
		return f, err
	}
	f.stream = w.stream()
	return f, nil
}

// cross writes the pieces, reads each when all of it has come, and counts.
func (w *webPair) cross(ctx context.Context, messages int, pieces ...[]byte) (c Crossing, err error) {
	before := w.stream()
	outBefore, inBefore := segments(w.client), segments(w.server)
	for _, piece := range pieces {
		if err := w.webClient.write(piece); err != nil {
			return c, err
		}
		if err := sock.AwaitUnread(ctx, w.server, len(piece)); err != nil {
			return c, err
		}
		if err := w.webServer.readOnce(); err != nil {
			return c, err
		}
	}
	for range messages {
		if _, err := w.webServer.nextMessage(); err != nil {
			return c, err
		}
	}
	out, in := segments(w.client), segments(w.server)
	after := w.stream()
	count := func(l streammap.Layer) int { return after.Row(l).Count - before.Row(l).Count }
	c = Crossing{Frames: count(streammap.Frames), Messages: count(streammap.Received), Writes: count(streammap.Writes),
		Reads: count(streammap.Reads), Out: -1, In: -1}
	if out.told && in.told {
		c.Out, c.In = out.sent-outBefore.sent, in.received-inBefore.received
	}
	return c, nil
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
			"Packets in a capture are not frames, and neither is what a read returned: only the frames' own headers " +
			"say where one ends.",
	}
	r.expect(f.Four.Frames == 4 && f.Four.Reads == 1 && f.Four.Writes == 1, "four frames did not come with one read")
	r.expect(f.One.Frames == 1 && f.One.Reads == 2 && f.One.Writes == 2, "one frame did not come with two reads")
	if f.Four.Out >= 0 {
		r.expect(f.Four.Out == 1 && f.One.Out == 2, "the kernel did not send a segment for each write")
	}
	return r
}
