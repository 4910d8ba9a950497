package lab

import (
	"context"
	"fmt"
	"slices"

	"github.com/gobwas/ws"

	"echolab/internal/event"
	"echolab/internal/server"
	"echolab/internal/streammap"
	"echolab/internal/text"
)

// Cuts is what a WebSocket echo made of the same masked frames, with their stream cut in several ways.
type Cuts struct {
	Messages []string  `json:"messages"`
	Bytes    int       `json:"bytes"` // of all of them, in their frames
	Runs     []CutsRun `json:"runs"`
}

// A CutsRun is one way of cutting.
type CutsRun struct {
	How    string `json:"how"`
	Times  int    `json:"times"`  // how often the stream was sent, on one connection
	Writes int    `json:"writes"` // of the client's
	Reads  int    `json:"reads"`  // of the server's
	Frames int    `json:"frames"` // that the server made out: one message is made of two, and a Ping is between them
	Whole  int    `json:"whole"`  // how often the messages came back as they were sent

	stream *streammap.Map
}

// RunCuts sends the frames cut at every byte, then a byte a write, then to a server that reads 3 bytes at a time. Where
// the writes make the cuts, each is read before the next is made.
func RunCuts(ctx context.Context) (f Cuts, err error) {
	defer caught(&err)
	for _, way := range []struct {
		how  string
		read int                       // the most bytes that the server takes with one read
		cut  func(b []byte) [][][]byte // of each time that b is sent, the writes
	}{
		{"Cut in two, at every byte in turn", 4096, everyCut},
		{"A byte a write", 4096, func(b []byte) [][][]byte { return [][][]byte{slices.Collect(slices.Chunk(b, 1))} }},
		{"Everything in one write, 3 bytes a read", 3, func(b []byte) [][][]byte { return [][][]byte{{b}} }},
	} {
		run := CutsRun{How: way.how}
		maps := withEcho(ctx, &server.Server{ReadBuffer: way.read}, func(c *end) {
			messages := f.framed(c)
			frames := join(messages)
			f.Bytes = len(frames)
			for _, writes := range way.cut(frames) {
				if run.Times++; slices.Equal(c.echoed(ctx, sizes(messages), writes), f.Messages) {
					run.Whole++
				}
			}
		})
		run.stream = maps.Map(1, event.ClientToServer)
		run.Writes, run.Reads = run.stream.Row(streammap.Writes).Count, run.stream.Row(streammap.Reads).Count
		run.Frames = run.stream.Row(streammap.Frames).Count
		f.Runs = append(f.Runs, run)
	}
	return f, nil
}

// framed is each message in its frames: "hello" in one, Hangul in two, the cut inside a character, with a Ping between
// them.
func (f *Cuts) framed(c *end) [][]byte {
	f.Messages = []string{"hello", hangul, "goodbye, TCP!"}
	return [][]byte{
		c.text(f.Messages[0]),
		slices.Concat(c.frame(ws.OpText, false, hangul[:4]), c.frame(ws.OpPing, true, ""), c.frame(ws.OpContinuation, true, hangul[4:])),
		c.text(f.Messages[2]),
	}
}

// everyCut is b in two pieces, in all ways that there are.
func everyCut(b []byte) (ways [][][]byte) {
	for i := 1; i < len(b); i++ {
		ways = append(ways, [][]byte{b[:i], b[i:]})
	}
	return ways
}

// echoed sends messages of these sizes with these writes, and returns the messages that come back.
func (e *end) echoed(ctx context.Context, sizes []int, writes [][]byte) (got []string) {
	for _, n := range sizes {
		e.note(n)
	}
	for _, piece := range writes {
		e.write(piece)
		e.awaitRead(ctx)
	}
	for range sizes {
		got = append(got, e.nextMessage())
	}
	return got
}

func (f Cuts) Report() Report {
	r := Report{Steps: []string{fmt.Sprintf("%d messages in %s of masked frames, the second in two, with a Ping between them.",
		len(f.Messages), text.Bytes(int64(f.Bytes)))}}
	cuts, whole := 0, 0
	for _, run := range f.Runs {
		r.Steps = append(r.Steps, fmt.Sprintf("%s: sent %s in %s; the server took %s in %s. The messages came back whole %d of %d times.",
			run.How, text.Count(run.Times, "time", "times"), text.Count(run.Writes, "write", "writes"),
			text.Count(run.Frames, "frame", "frames"), text.Count(run.Reads, "read", "reads"), run.Whole, run.Times))
		r.expect(run.Whole == run.Times && run.Times > 0, run.How+": the messages did not come back")
		cuts += run.Times
		whole += run.Whole
	}
	if n := len(f.Runs); n > 0 {
		r.Maps = []*streammap.Map{f.Runs[n-1].stream}
	}
	r.Answer = fmt.Sprintf("Yes, %d of %d times. Where a write or a read ends means nothing: a frame says how long it is, and its "+
		"receiver waits for the rest, even of its header. A receiver that takes a read for a frame loses all of that.",
		whole, cuts)
	r.expect(len(f.Runs) == 3, "not every way of cutting was tried")
	return r
}
