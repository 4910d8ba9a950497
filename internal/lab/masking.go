package lab

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"

	"github.com/gobwas/ws"

	"echolab/framing"
	"echolab/internal/server"
)

// Masking is what a server said to a frame that was not masked, and what somebody on the way sees of two that were.
type Masking struct {
	Unmasked string `json:"unmasked"` // the frame without a mask, in hexadecimal
	Code     int    `json:"code"`     // of the Close that answered it
	Reason   string `json:"reason"`

	Text     string   `json:"text"`     // the message that was sent twice, masked
	Captured []string `json:"captured"` // the two frames as they came out of a socket, in hexadecimal
	Keys     []string `json:"keys"`     // the four bytes of each, after its length
	Read     []string `json:"read"`     // its payload, by nothing but these bytes
}

// RunMasking sends a frame without a mask to the lab's server, and two frames with one past somebody who looks.
func RunMasking(ctx context.Context) (f Masking, err error) {
	defer caught(&err)
	withEcho(ctx, &server.Server{}, func(c *end) {
		frame := must(ws.CompileFrame(ws.NewTextFrame([]byte("Hello"))))
		f.Unmasked = hex.EncodeToString(frame)
		c.write(frame)
		f.Code, f.Reason = c.nextClose()
	})
	f.capture(ctx)
	return f, nil
}

// capture sends a message twice, each time with a fresh mask, and decodes what comes out of the socket: what a middlebox
// has, which knows nothing but these bytes.
func (f *Masking) capture(ctx context.Context) {
	p := newWebPair(ctx)
	defer p.close()
	f.Text = "my password"
	for range 2 {
		frame := must(ws.CompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(f.Text)))))
		p.client.write(frame)
		seen := join(p.server.readAll(len(frame), len(frame)))
		f.Captured = append(f.Captured, hex.EncodeToString(seen))
		h := must(ws.ReadHeader(bytes.NewReader(seen)))
		payload := seen[ws.HeaderSize(h):]
		ws.Cipher(payload, h.Mask, 0)
		f.Keys = append(f.Keys, hex.EncodeToString(h.Mask[:]))
		f.Read = append(f.Read, string(payload))
	}
}

func (f Masking) Report() Report {
	r := Report{Steps: []string{
		fmt.Sprintf("A client's frame without a mask: %s. The server answered with Close %d "+
			"%q.", f.Unmasked, f.Code, f.Reason),
	}}
	for i := range f.Captured {
		r.Steps = append(r.Steps, fmt.Sprintf("%q, masked, on its way: %s. The key is in it, after the length: %s. XOR with it gives %q.",
			f.Text, f.Captured[i], f.Keys[i], f.Read[i]))
		r.expect(f.Read[i] == f.Text, "the frame could not be read")
	}
	r.Answer = "No. The key travels in the frame: anyone who sees the bytes can read them, and only TLS (wss://) changes " +
		"that. What a fresh key for each frame is for: a page in a browser cannot choose the bytes on the wire, " +
		"and so cannot make an old proxy take them for an HTTP request and cache the answer. That is why a server " +
		"must refuse a client's frame without one (RFC 6455, 5.1)."
	r.expect(f.Code == framing.CodeProtocolError, "a frame without a mask was not refused with 1002")
	r.expect(len(f.Captured) == 2 && f.Captured[0] != f.Captured[1], "two masks made the same bytes")
	return r
}
