package lab

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"echolab/internal/streammap"
)

// Hangul is what became of a message of five Hangul characters, three bytes each, that was cut after its fourth byte:
// by a read on a raw stream, and by two WebSocket frames.
type Hangul struct {
	Cut        int      `json:"cut"`
	Pieces     []string `json:"pieces"`      // what each read returned, taken for text
	Valid      []bool   `json:"valid"`       // whether that is UTF-8
	Joined     string   `json:"joined"`      // the pieces' bytes put together
	Frames     int      `json:"frames"`      // of the WebSocket message
	FrameValid []bool   `json:"frame_valid"` // whether each frame alone is UTF-8
	Message    string   `json:"message"`     // the WebSocket message, as it was read

	raw *streammap.Map
}

// RunHangul cuts the message both ways.
func RunHangul(ctx context.Context) (f Hangul, err error) {
	defer caught(&err)
	f.Cut = 4
	f.cutByRead(ctx)
	f.cutByFrames(ctx)
	return f, nil
}

func (f *Hangul) cutByRead(ctx context.Context) {
	p := newPair(ctx)
	defer p.close()
	p.client.send([]byte(hangul))
	first := p.server.readAll(f.Cut, f.Cut)
	for _, piece := range append(first, p.server.readAll(len(hangul)-f.Cut, 64)...) {
		f.Pieces = append(f.Pieces, string(piece))
		f.Valid = append(f.Valid, utf8.Valid(piece))
		f.Joined += string(piece)
	}
	f.raw = p.client.out()
}

// cutByFrames sends the message as two text frames, cut at the same byte: RFC 6455 section 5.6 asks for UTF-8 of the
// message, not of its frames.
func (f *Hangul) cutByFrames(ctx context.Context) {
	p := newPair(ctx)
	defer p.close()
	p.client.write(p.client.frame(ws.OpText, false, hangul[:f.Cut]))
	p.client.write(p.client.frame(ws.OpContinuation, true, hangul[f.Cut:]))
	var arrived bytes.Buffer
	f.Message = string(must(wsutil.ReadClientText(readWriter{io.TeeReader(p.server, &arrived), p.server})))
	for arrived.Len() > 0 {
		h := must(ws.ReadHeader(&arrived))
		payload := arrived.Next(int(h.Length))
		ws.Cipher(payload, h.Mask, 0)
		f.Frames++
		f.FrameValid = append(f.FrameValid, utf8.Valid(payload))
	}
}

// A readWriter reads here and writes there.
type readWriter struct {
	io.Reader
	io.Writer
}

func (f Hangul) Report() Report {
	r := Report{
		Steps: []string{fmt.Sprintf("%q is %d bytes. The server's first read took %d.", hangul, len(hangul), f.Cut)},
		Maps:  []*streammap.Map{f.raw},
	}
	validity := map[bool]string{true: "valid", false: "not valid"}
	for i, piece := range f.Pieces {
		r.Steps = append(r.Steps, fmt.Sprintf("Read %d as text: %q, which is %s UTF-8.", i+1, piece, validity[f.Valid[i]]))
	}
	r.Steps = append(r.Steps, fmt.Sprintf("Sent as a WebSocket message in %d frames, cut at the same byte, it arrived as %q.", f.Frames, f.Message))
	r.Answer = fmt.Sprintf("Each piece alone is broken text; only put together are they %q again. Decode messages, never reads. "+
		"WebSocket requires valid UTF-8 of a message, not of each of its frames: a frame may end inside a "+
		"character, and the message still arrives whole.", f.Joined)
	r.expect(!slices.Contains(f.Valid, true), "a piece was valid UTF-8 by itself")
	r.expect(!slices.Contains(f.FrameValid, true), "a frame was valid UTF-8 by itself")
	r.expect(f.Joined == hangul && f.Message == hangul, "the message did not come back")
	return r
}
