package lab

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"echolab/framing"
	"echolab/internal/sock"
	"echolab/internal/streammap"
)

// Framings is what each framing made of the same messages, with the stream cut in several ways.
type Framings struct {
	Messages []string     `json:"messages"`
	Runs     []FramingRun `json:"runs"`
}

// A FramingRun is one framing and one way of cutting.
type FramingRun struct {
	Codec string   `json:"codec"`
	Cut   int      `json:"cut"` // bytes in one write; 0 for everything in one
	Reads int      `json:"reads"`
	Got   []string `json:"got"` // the messages that the receiver made out

	stream *streammap.Map
}

// equals are messages of one size, so that a fixed size can carry them too: 15 bytes.
func equals() [][]byte {
	return [][]byte{[]byte("hello, stream! "), []byte(hangul), []byte("goodbye, bytes!")}
}

// framingCases are the framings by their names, each with the codec of the client's side and of the server's.
func framingCases() []struct {
	name           string
	client, server framing.Codec
} {
	type both = struct {
		name           string
		client, server framing.Codec
	}
	same := func(c framing.Codec) both { return both{fmt.Sprint(c), c, c} }
	return []both{
		same(framing.Raw{}),
		same(framing.Lines{}),
		same(framing.Fixed(15)),
		same(framing.LengthPrefix{}),
		{"websocket", framing.WebSocket{Side: framing.ClientSide, Text: true}, framing.WebSocket{Side: framing.ServerSide}},
	}
}

// cuts are the ways of cutting: everything in one write, one byte a write, and sizes that fall anywhere.
var cuts = []int{0, 1, 4, 7, 20}

// RunFramings sends the same messages with each framing and each way of cutting. Every write is read before the next
// is made, so that every cut is seen by the receiver.
func RunFramings(ctx context.Context) (Framings, error) {
	f := Framings{}
	for _, msg := range equals() {
		f.Messages = append(f.Messages, string(msg))
	}
	for _, c := range framingCases() {
		for _, cut := range cuts {
			run, err := runFraming(ctx, c.client, c.server, cut)
			if err != nil {
				return f, fmt.Errorf("%s in pieces of %d: %w", c.name, cut, err)
			}
			run.Codec = c.name
			f.Runs = append(f.Runs, run)
		}
	}
	return f, nil
}

func runFraming(ctx context.Context, client, server framing.Codec, cut int) (FramingRun, error) {
	p, err := newPair(ctx)
	if err != nil {
		return FramingRun{}, err
	}
	defer p.close()
	var framed []byte
	for _, msg := range equals() {
		had := len(framed)
		if framed, err = client.Append(framed, msg); err != nil {
			return FramingRun{}, err
		}
		p.note(len(framed) - had)
	}
	run := FramingRun{Cut: cut}
	received := make(chan error, 1)
	go func() { received <- p.receive(server, &run.Got) }()
	if cut == 0 {
		cut = len(framed)
	}
	for piece := range slices.Chunk(framed, cut) {
		if _, err := p.fromClient.Write(piece); err != nil {
			return run, err
		}
		if err := sock.AwaitDrained(ctx, p.client, p.server); err != nil {
			return run, err
		}
	}
	if err := errors.Join(p.client.CloseWrite(), <-received); err != nil {
		return run, err
	}
	run.stream = p.stream()
	run.Reads = run.stream.Row(streammap.Reads).Count
	return run, nil
}

// receive reads messages until the stream ends.
func (p *pair) receive(codec framing.Codec, got *[]string) error {
	counted := &counter{r: p.atServer}
	r := bufio.NewReader(counted)
	for {
		start := counted.n - r.Buffered()
		msg, err := codec.Read(r, 1024)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		*got = append(*got, string(msg))
		p.received(counted.n - r.Buffered() - start)
	}
}

// counter counts what was read.
type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// Whole says whether the receiver got the messages that were sent.
func (f Framings) Whole(run FramingRun) bool { return slices.Equal(run.Got, f.Messages) }

func (f Framings) Report() Report {
	var r Report
	whole := map[string]int{}
	var names []string
	for _, run := range f.Runs {
		if !slices.Contains(names, run.Codec) {
			names = append(names, run.Codec)
		}
		if f.Whole(run) {
			whole[run.Codec]++
		}
		if run.Cut == 20 && (run.Codec == "raw" || run.Codec == "length" || run.Codec == "websocket") {
			stream := *run.stream
			stream.Title = run.Codec + ", 20 bytes a write"
			r.Maps = append(r.Maps, &stream)
		}
	}
	r.Steps = []string{fmt.Sprintf("%d messages of 15 bytes each were sent in one write, and in writes of 1, 4, 7 and 20 bytes, each read before the next.", len(f.Messages))}
	var kept bytes.Buffer
	for i, name := range names {
		if i > 0 {
			kept.WriteString(", ")
		}
		fmt.Fprintf(&kept, "%s %d of %d", name, whole[name], len(cuts))
	}
	r.Steps = append(r.Steps, "How often the messages arrived whole: "+kept.String()+".")
	r.Answer = "A framing: the stream itself says where a message ends, by a line feed, a size that both sides know, a " +
		"length prefix, or the header of a WebSocket frame. Raw reads return whatever the cuts made of the bytes."
	for _, name := range names {
		if name != "raw" {
			r.expect(whole[name] == len(cuts), name+" did not give the messages back for every cut")
		}
	}
	r.expect(whole["raw"] == 0, "raw reads kept the messages whole")
	return r
}
