package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"echolab/framing"
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
var equals = []string{"hello, stream! ", hangul, "goodbye, bytes!"}

// framingCases are the framings by their names, each with the codec of the client's side and of the server's.
var framingCases = []struct {
	name           string
	client, server framing.Codec
}{
	{"raw", framing.Raw{}, framing.Raw{}},
	{"lines", framing.Lines{}, framing.Lines{}},
	{"fixed=15", framing.Fixed(15), framing.Fixed(15)},
	{"length", framing.LengthPrefix{}, framing.LengthPrefix{}},
	{"websocket", framing.WebSocket{Side: framing.ClientSide, Text: true}, framing.WebSocket{Side: framing.ServerSide}},
}

// cuts are the ways of cutting: everything in one write, one byte a write, and sizes that fall anywhere.
var cuts = []int{0, 1, 4, 7, 20}

// RunFramings sends the same messages with each framing and each way of cutting. Every write is read before the next
// is made, so that every cut is seen by the receiver.
func RunFramings(ctx context.Context) (f Framings, err error) {
	defer caught(&err)
	f.Messages = equals
	for _, c := range framingCases {
		for _, cut := range cuts {
			run := runFraming(ctx, c.client, c.server, cut)
			run.Codec, run.stream.Title = c.name, fmt.Sprintf("%s, %d bytes a write", c.name, cut)
			f.Runs = append(f.Runs, run)
		}
	}
	return f, nil
}

func runFraming(ctx context.Context, client, server framing.Codec, cut int) FramingRun {
	p := newPair(ctx)
	defer p.close()
	var framed []byte
	for _, msg := range equals {
		had := len(framed)
		framed = must(client.Append(framed, []byte(msg)))
		if _, ok := client.(framing.WebSocket); ok {
			p.client.noteFrame(framed[had:], []byte(msg))
		} else {
			p.client.note(len(framed) - had)
		}
	}
	run := FramingRun{Cut: cut}
	together(func() {
		for piece := range slices.Chunk(framed, cmp.Or(cut, len(framed))) {
			p.client.write(piece)
			p.client.awaitRead(ctx)
		}
		check(p.client.CloseWrite())
	}, func() { run.Got = p.server.receive(server) })
	run.stream = p.client.out()
	run.Reads = run.stream.Row(streammap.Reads).Count
	return run
}

func (f Framings) Report() Report {
	var r Report
	whole := map[string]int{}
	for _, run := range f.Runs {
		if slices.Equal(run.Got, f.Messages) {
			whole[run.Codec]++
		}
		if run.Cut == 20 && slices.Contains([]string{"raw", "length", "websocket"}, run.Codec) {
			r.Maps = append(r.Maps, run.stream)
		}
	}
	var kept []string
	for _, c := range framingCases {
		kept = append(kept, fmt.Sprintf("%s %d of %d", c.name, whole[c.name], len(cuts)))
		if c.name != "raw" {
			r.expect(whole[c.name] == len(cuts), c.name+" did not give the messages back for every cut")
		}
	}
	r.expect(whole["raw"] == 0, "raw reads kept the messages whole")
	r.Steps = []string{
		fmt.Sprintf("%d messages of 15 bytes each were sent in one write, and in writes of 1, 4, 7 and 20 bytes, each read before the next.", len(f.Messages)),
		"How often the messages arrived whole: " + strings.Join(kept, ", ") + ".",
	}
	r.Answer = "A framing: the stream itself says where a message ends, by a line feed, a size that both sides know, a " +
		"length prefix, or the header of a WebSocket frame. Raw reads return whatever the cuts made of the bytes."
	return r
}
