package echo

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"echolab/framing"
	"echolab/internal/trace"
)

// sender is the sending goroutine's part of an exchange.
type sender struct {
	pending  []byte // framed, not written yet
	framed   int64  // bytes that messages took so far
	messages atomic.Int64
	bytes    atomic.Int64 // written
}

// send frames the messages, writes them in the pieces that were asked for, and ends our side, also after an error: so
// the receiver need not wait. It holds back what it has to send, and closes much when it is too much to hold.
func (x *exchange) send(messages iter.Seq2[[]byte, error], much chan<- struct{}) error {
	defer x.endSending()
	defer x.owed.finish()
	var held [][]byte
	size := 0
	for msg, err := range messages {
		if err != nil {
			return err
		}
		if size > patient {
			if err := x.sendMessage(msg); err != nil {
				return err
			}
			continue
		}
		held = append(held, slices.Clone(msg))
		if size += len(msg) + 16; size > patient { // 16 for whatever a framing adds
			close(much)
			if err := x.sendAll(held); err != nil {
				return err
			}
			held = nil
		}
	}
	if err := x.sendAll(held); err != nil {
		return err
	}
	return x.write(x.out.pending)
}

func (x *exchange) sendAll(messages [][]byte) error {
	for _, msg := range messages {
		if err := x.sendMessage(msg); err != nil {
			return err
		}
	}
	return nil
}

func (x *exchange) sendMessage(msg []byte) error {
	number := x.out.messages.Load() + 1
	if len(msg) > x.MaxMessage {
		err := &framing.SizeError{Length: uint64(len(msg)), Max: x.MaxMessage}
		return fmt.Errorf("message %d: %w (-max-message)", number, err)
	}
	had := len(x.out.pending)
	framed, err := x.Codec.Append(x.out.pending, msg)
	if err != nil {
		return fmt.Errorf("message %d: %w", number, err)
	}
	x.out.pending = framed
	x.out.messages.Store(number)
	n := len(framed) - had
	x.tell(trace.Event{Ev: trace.Message, Dir: trace.ClientToServer, Span: &trace.Span{Off: x.out.framed, N: n}, Bytes: msg})
	x.out.framed += int64(n)
	x.owed.add(msg)
	return x.writeDue()
}

// writeDue writes what is due after a message.
func (x *exchange) writeDue() error {
	due := x.out.pending
	switch {
	case x.Glue && len(due) > GlueLimit:
		return fmt.Errorf("more than %d MiB cannot go in one write, because all of it has to be in memory: use -chunk", GlueLimit>>20)
	case x.Glue:
		x.owed.hold()
		return nil
	case x.Chunk == 0:
		x.out.pending = due[:0]
		return x.write(due)
	}
	for len(due) >= x.Chunk {
		if err := x.write(due[:x.Chunk]); err != nil {
			return err
		}
		due = due[x.Chunk:]
	}
	if len(due) < len(x.out.pending) { // else it lies where it should: a copy for each message would cost
		x.out.pending = append(x.out.pending[:0], due...)
	}
	if len(due) > 0 {
		x.owed.hold()
	}
	return nil
}

// write writes b whole. A server that takes little is waited for as long as it takes anything within the Timeout; what
// then is left takes another write, and counts as one.
func (x *exchange) write(b []byte) error {
	for len(b) > 0 {
		x.tcp.SetWriteDeadline(time.Now().Add(x.Timeout))
		if x.ctx.Err() != nil { // asked after the deadline was set, which the end of ctx may have set before
			return x.ctx.Err()
		}
		n, err := x.conn.Write(b)
		x.out.bytes.Add(int64(n))
		b = b[n:]
		switch timeout := errors.Is(err, os.ErrDeadlineExceeded); {
		case timeout && n == 0:
			return fmt.Errorf("the server took no more bytes for %v: it does not read", x.Timeout)
		case err != nil && !timeout:
			return fmt.Errorf("the server ended the connection while it was written to: %w", err)
		}
	}
	return nil
}

// endSending ends our side of the connection: the server reads the end of the stream.
func (x *exchange) endSending() {
	if err := x.tcp.CloseWrite(); err != nil {
		return // the connection is over already, and whoever ended it has been heard
	}
	x.tell(trace.Event{Ev: trace.Shutdown, Text: "nothing more to send: the server will read the end of the stream"})
}
