package client

import (
	"cmp"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"

	"echolab/internal/deflate"
	"echolab/internal/streammap"
	"echolab/internal/websocket"
)

// Frames make a Client speak WebSocket: it asks for one on /ws, sends each message as masked frames, as text if it is
// UTF-8 and else as binary, and ends with a Close. The zero value sends a frame a message, and closes with 1000.
type Frames struct {
	Fragment int  // the most bytes of payload in a frame of a message; 0 for one frame a message
	Ping     bool // a Ping between two messages, and between two frames of one
	Close    int  // the code of the Close; 1000 if 0. It must be one that may be sent (RFC 6455 section 7.4)
	Deflate  bool // offers permessage-deflate, and uses it if the server accepts
}

// FramesResult is what a Client counts of a WebSocket besides.
type FramesResult struct {
	WebSocket      bool `json:"websocket"`
	FramesSent     int  `json:"frames_sent"` // control frames among them
	FramesReceived int  `json:"frames_received"`
	Pings          int  `json:"pings,omitempty"`      // sent
	Pongs          int  `json:"pongs,omitempty"`      // that answered them
	PongsSent      int  `json:"pongs_sent,omitempty"` // that answered the server's
	CloseSent      int  `json:"close_sent,omitempty"` // the code
	CloseReceived  int  `json:"close_received,omitempty"`
	Compressed     bool `json:"compressed,omitempty"` // permessage-deflate was agreed on
	Declined       bool `json:"declined,omitempty"`   // permessage-deflate was offered, and not accepted

	messageFrames int // of the frames sent
}

// A webSocket is what an exchange has besides once its handshake succeeded.
type webSocket struct {
	Frames
	writer *deflate.Writer // nil without permessage-deflate
	packed []byte          // a message, compressed

	mu        sync.Mutex   // held while frames are put together and written: a Pong must not cut into another frame
	closed    atomic.Int32 // the code of the one Close that was sent; 0 before it
	pings     atomic.Int64 // sent
	silent    atomic.Bool  // the sender must not write any more
	held      queue        // with Glue: the messages that go in the one write
	glued     int          // the most that they take as frames
	leaving   atomic.Bool  // the connection ends for an error, and messages are of no more interest
	pong      pong         // the one that is owed
	ponging   atomic.Bool  // it is being written
	pongsSent int

	messageFrames int // that were sent

	echo atomic.Int64 // bytes that the echo takes if the server sends each message as one frame, and the Pongs

	in deframer

	// What there was before the Close: the maps have it all.
	before *counts
}

// counts are the calls, and the bytes that they moved, between the two handshakes.
type counts struct {
	writes, reads int
	sent, read    int64
}

// closeCode is the code of the Close that ends a WebSocket when all went well.
func (f *Frames) closeCode() int { return cmp.Or(f.Close, websocket.CodeNormal) }

// split yields the frames of one message, unmasked, from the header that its first frame has. With Ping there is a Ping
// in front of each further one; pings is the number of those before.
func (f *Frames) split(h ws.Header, payload []byte, pings int64) iter.Seq2[ws.Header, []byte] {
	size := len(payload)
	if f.Fragment > 0 {
		size = min(size, f.Fragment)
	}
	return func(yield func(ws.Header, []byte) bool) {
		for left := payload; ; h.OpCode, h.Rsv = ws.OpContinuation, 0 {
			h.Fin = len(left) <= size
			n := min(size, len(left))
			if !yield(h, left[:n]) || h.Fin {
				return
			}
			left = left[n:]
			if f.Ping {
				pings++
				if !yield(pingHeader, pingPayload(pings)) {
					return
				}
			}
		}
	}
}

var pingHeader = ws.Header{Fin: true, OpCode: ws.OpPing}

// pingPayload tells the Pings of a connection apart.
func pingPayload(number int64) []byte { return fmt.Appendf(nil, "ping %d", number) }

// frameSize is how many bytes a client's frame takes on the wire.
func frameSize(payload int) int {
	return ws.HeaderSize(ws.Header{Length: int64(payload), Masked: true}) + payload
}

// framed is the most that a message of n bytes takes as frames, and Pings between them.
func (f *Frames) framed(n int) int {
	frames, header := 1, frameSize(n)-n
	if f.Fragment > 0 {
		frames, header = max(1, (n-1)/f.Fragment+1), frameSize(f.Fragment)-f.Fragment
	}
	if f.Ping {
		header += frameSize(len("ping 9223372036854775807"))
	}
	return n + frames*header
}

// echoSize is how many bytes a server's frame takes on the wire.
func echoSize(payload int) int64 {
	return int64(ws.HeaderSize(ws.Header{Length: int64(payload)}) + payload)
}

// result is what there is to say of the frames; r has the maps.
func (w *webSocket) result(r *Result) *FramesResult {
	f := &FramesResult{
		WebSocket: true, Pings: int(w.pings.Load()), Pongs: int(w.in.pongs.Load()), PongsSent: w.pongsSent,
		CloseSent: int(w.closed.Load()), Compressed: w.writer != nil, Declined: w.Deflate && w.writer == nil,
		messageFrames: w.messageFrames,
	}
	f.FramesSent, f.FramesReceived = r.Sent.Row(streammap.Frames).Count, r.Echoed.Row(streammap.Frames).Count
	if w.in.close != nil {
		f.CloseReceived = w.in.close.Code
	}
	return f
}

// closeWait is how long the server may take for what the end of a WebSocket needs of it.
func (x *exchange) closeWait() time.Duration { return min(2*time.Second, x.Timeout) }
