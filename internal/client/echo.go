package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gobwas/ws"

	"echolab/internal/event"
	"echolab/internal/sock"
	"echolab/internal/text"
)

// awaitEcho keeps the receiver from reading until the kernel holds the whole echo: then it is no luck how many reads
// that takes. It does so only for an input that is little and not Live, and ends as soon as more is sent, as no more
// can come, or as a Ping is there that wants its answer.
//
// It cannot know how many bytes TLS or compression makes of an echo, and does not wait for them.
func (x *exchange) awaitEcho() error {
	if x.Live || x.NoEcho || x.Delay > 0 || x.TLS != nil || x.ws != nil && x.ws.writer != nil {
		return nil
	}
	patience := x.Timeout
	if x.ws != nil {
		patience = x.closeWait() // it need not answer every Ping
	}
	var says string
	unread, moved := -1, time.Now()
	err := sock.Await(x.ctx, func() (done bool, err error) {
		all := x.out.done.Load() // asked first: then what is wanted is the last
		state, err := sock.State(x.tcp)
		if err != nil {
			return true, err
		}
		n, err := sock.Unread(x.tcp) // after the state: once the stream has ended, the count is the last
		if err != nil {
			return true, err
		}
		there, want := int64(n+x.in.r.Buffered()), x.wanted()
		news := n != unread
		if news {
			unread, moved = n, time.Now()
		}
		ended := state != sock.StateEstablished && state != sock.StateFinWait1 && state != sock.StateFinWait2
		switch {
		case x.out.begun.Load() > patient:
			return true, nil
		case all && there >= want:
			says = "the kernel holds the whole echo: " + text.Bytes(there) + ", not read yet"
		case all && ended:
			says = fmt.Sprintf("no more echo will come: the kernel holds %s of %s", text.Number(there), text.Bytes(want))
		case news && x.pinged(n):
			says = "a Ping came before the whole echo: the kernel holds " + text.Bytes(there) + ", not read yet"
		case time.Since(moved) <= patience && (x.ws == nil || x.overdue() > 0):
			return false, nil
		case x.ws != nil || !all: // an input that is slow: what comes is read from here on
			says = fmt.Sprintf("the kernel holds %s of %s, and no more came", text.Number(there), text.Bytes(want))
		default:
			return true, hinted(HintCodec, "no more of the echo came within %v: %s of %s are there",
				x.Timeout, text.Number(there), text.Bytes(want))
		}
		return true, nil
	})
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return nil // then it is luck how many reads there will be
	case err != nil:
		return err
	}
	if says != "" {
		x.tell(event.Event{Ev: event.Wait, Text: says})
	}
	return nil
}

// wanted is how many bytes the echo of what was sent takes; as frames, if each message comes back as one.
func (x *exchange) wanted() int64 {
	if x.ws != nil {
		return x.ws.echo.Load()
	}
	return x.out.bytes.Load()
}

// pinged says whether there is a Ping among the frames that have come, n bytes of them still in the kernel.
func (x *exchange) pinged(n int) bool {
	if x.ws == nil {
		return false
	}
	frames, _ := x.in.r.Peek(x.in.r.Buffered()) // what came with the answer to the handshake
	if n > 0 {
		queue := make([]byte, min(n, 2*patient))
		n, _ = sock.Peek(x.tcp, queue)
		frames = append(frames[:len(frames):len(frames)], queue[:n]...)
	}
	for r := bytes.NewReader(frames); ; {
		h, err := ws.ReadHeader(r)
		if err != nil || h.OpCode == ws.OpPing || h.Length > int64(r.Len()) {
			return err == nil && h.OpCode == ws.OpPing
		}
		_, _ = r.Seek(h.Length, io.SeekCurrent) // it is there
	}
}
