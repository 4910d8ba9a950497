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
func RunCuts(ctx context.Context) (Cuts, error) {
	var f Cuts
	for _, run := range []struct {
		how  string
		read int                       // the most bytes that the server takes with one read
		cut  func(b []byte) [][][]byte // of each time that b is sent, the writes
	}{
		{"Cut in two, at every byte in turn", 4096, everyCut},
		{"A byte a write", 4096, func(b []byte) [][][]byte { return [][][]byte{slices.Collect(slices.Chunk(b, 1))} }},
		{"Everything in one write, 3 bytes a read", 3, func(b []byte) [][][]byte { return [][][]byte{{b}} }},
	} {
		done := CutsRun{How: run.how}
		maps, err := withWebEcho(ctx, &server.Server{ReadBuffer: run.read}, func(w *webEcho) error {
			messages, frames := f.frames(w)
			f.Bytes = len(frames)
			for _, writes := range run.cut(frames) {
				got, err := w.sendInPieces(ctx, messages, writes)
				if err != nil {
					return fmt.Errorf("%s: %w", run.how, err)
				}
				if done.Times++; slices.Equal(got, f.Messages) {
					done.Whole++
				}
			}
			return nil
		})
		if err != nil {
			return f, err
		}
		done.stream = maps.Map(1, event.ClientToServer)
		done.Writes, done.Reads = done.stream.Row(streammap.Writes).Count, done.stream.Row(streammap.Reads).Count
		done.Frames = done.stream.Row(streammap.Frames).Count
		f.Runs = append(f.Runs, done)
	}
	return f, nil
}

// frames returns the stream and how long each message is in it: "hello" in one frame, Hangul in two, the cut inside a
// character, with a Ping between them.
func (f *Cuts) frames(w *webEcho) (sizes []int, stream []byte) {
	f.Messages = []string{"hello", hangul, "goodbye, TCP!"}
	for _, frames := range [][][]byte{
		{w.frame(ws.OpText, true, f.Messages[0])},
		{w.frame(ws.OpText, false, hangul[:4]), w.frame(ws.OpPing, true, ""), w.frame(ws.OpContinuation, true, hangul[4:])},
		{w.frame(ws.OpText, true, f.Messages[2])},
	} {
		sizes = append(sizes, len(join(frames)))
		stream = append(stream, join(frames)...)
	}
	return sizes, stream
}

// everyCut is b in two pieces, in all ways that there are.
func everyCut(b []byte) (ways [][][]byte) {
	for i := 1; i < len(b); i++ {
		ways = append(ways, [][]byte{b[:i], b[i:]})
	}
	return ways
}

// sendInPieces sends messages of these sizes with these writes, and returns the messages that come back.
func (w *webEcho) sendInPieces(ctx context.Context, sizes []int, writes [][]byte) (got []string, err error) {
	at := w.out
	for _, n := range sizes {
		w.note(at, n)
		at += int64(n)
	}
	for _, piece := range writes {
		if err := w.write(piece); err != nil {
			return nil, err
		}
		if err := w.awaitTaken(ctx); err != nil {
			return nil, err
		}
	}
	for range sizes {
		msg, err := w.nextMessage()
		if err != nil {
			return got, err
		}
		got = append(got, msg)
	}
	return got, nil
}

func (f Cuts) Report() Report {
	r := Report{Steps: []string{fmt.Sprintf("%d messages in %s of masked frames, the second in two, with a Ping between them.",
		len(f.Messages), text.Bytes(int64(f.Bytes)))}}
	cuts := 0
	for _, run := range f.Runs {
		r.Steps = append(r.Steps, fmt.Sprintf("%s: sent %s in %s; the server took %s in %s. The messages came back "+
			"whole %d of %d times.",
			run.How, text.Count(run.Times, "time", "times"), text.Count(run.Writes, "write", "writes"),
			text.Count(run.Frames, "frame", "frames"), text.Count(run.Reads, "read", "reads"), run.Whole, run.Times))
		r.expect(run.Whole == run.Times && run.Times > 0, run.How+": the messages did not come back")
		cuts += run.Times
	}
	if n := len(f.Runs); n > 0 {
		r.Maps = []*streammap.Map{f.Runs[n-1].stream}
	}
	r.Answer = fmt.Sprintf("Yes, %d of %d times. Where a write or a read ends means nothing: a frame says how long it is, and its "+
		"receiver waits for the rest, even of its header. A receiver that takes a read for a frame loses all of "+
		"that.",
		whole(f.Runs), cuts)
	r.expect(len(f.Runs) == 3, "not every way of cutting was tried")
	return r
}

func whole(runs []CutsRun) (n int) {
	for _, run := range runs {
		n += run.Whole
	}
	return n
}
