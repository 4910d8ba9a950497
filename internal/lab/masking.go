package lab

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net"

	"github.com/gobwas/ws"

	"echolab/framing"
	"echolab/internal/server"
	"echolab/internal/sock"
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
	_, err = withWebEcho(ctx, &server.Server{}, func(w *webEcho) error {
		frame, err := ws.CompileFrame(ws.NewTextFrame([]byte("Hello")))
		if err != nil {
			return err
		}
		f.Unmasked = hex.EncodeToString(frame)
		if err := w.write(frame); err != nil {
			return err
		}
		closed, err := w.nextClose()
		if err == nil {
			f.Code, f.Reason = closed.Code, closed.Reason
		}
		return err
	})
	if err != nil {
		return f, err
	}
	return f, f.capture(ctx)
}

// capture sends a message twice, each time with a fresh mask, and decodes what comes out on the way.
func (f *Masking) capture(ctx context.Context) error {
	w, err := newWebPair(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	f.Text = "my password"
	for range 2 {
		frame, err := ws.CompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(f.Text))))
		if err != nil {
			return err
		}
		if err := w.webClient.write(frame); err != nil {
			return err
		}
		seen, err := look(ctx, w.server, len(frame))
		if err != nil {
			return err
		}
		h, text, _, err := parseFrame(seen) // who reads it knows nothing but these bytes
		if err != nil {
			return err
		}
		f.Captured = append(f.Captured, hex.EncodeToString(seen))
		f.Keys = append(f.Keys, hex.EncodeToString(h.Mask[:]))
		f.Read = append(f.Read, string(text))
	}
	return nil
}

// look returns n bytes as they come out of the socket: what a middlebox has.
func look(ctx context.Context, c *net.TCPConn, n int) ([]byte, error) {
	if err := sock.AwaitUnread(ctx, c, n); err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err := io.ReadFull(c, b)
	return b, err
}

func (f Masking) Report() Report {
	r := Report{Steps: []string{
		fmt.Sprintf("A client's frame without a mask: %s. The server answered with Close %d "+
			"%q.", f.Unmasked, f.Code, f.Reason),
	}}
	for i := range f.Captured {
		r.Steps = append(r.Steps, fmt.Sprintf("%q, masked, on its way: %s. The key is in it, after the length: %s. "+
			"XOR with it gives %q.",
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
