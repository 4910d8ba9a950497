package client

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"echolab/framing"
	"echolab/internal/event"
)

// sender is the sending goroutine's part of an exchange.
type sender struct {
	pending  []byte // framed, not written yet
	framed   int64  // bytes that messages took so far
	messages atomic.Int64
	begun    atomic.Int64 // bytes that were given to a write so far
	bytes    atomic.Int64 // written
	done     atomic.Bool  // it has returned
	busy     sync.Mutex   // held by it unless it waits for its input
}

// letGo yields the messages, and does not hold busy while it waits for the next.
func (s *sender) letGo(messages iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		s.busy.Unlock()
		defer s.busy.Lock()
		for msg, err := range messages {
			s.busy.Lock()
			more := yield(msg, err)
			s.busy.Unlock()
			if !more {
				return
			}
		}
	}
}

// paced yields the messages with the Delay between two of them, unless the sender is let go before.
func (x *exchange) paced(messages iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	if x.Delay == 0 {
		return messages
	}
	return func(yield func([]byte, error) bool) {
		first := true
		for msg, err := range messages {
			if !first && err == nil {
				delay := time.NewTimer(x.Delay)
				select {
				case <-delay.C:
				case <-x.ctx.Done():
				case <-x.over:
				}
				delay.Stop()
			}
			first = false
			if !yield(msg, err) {
				return
			}
		}
	}
}

// send frames the messages, writes them in the pieces that were asked for, and ends our side, also after an error: so
// the receiver need not wait.
//
// A WebSocket ends with a Close instead, see endFrames.
func (x *exchange) send(messages iter.Seq2[[]byte, error]) (err error) {
	if x.ws == nil {
		defer x.endSending()
		defer x.finish()
	} else {
		defer func() { err = x.endFrames(err) }()
	}
	for msg, err := range messages {
		if err != nil {
			return err
		}
		if err := x.sendMessage(msg); err != nil {
			return err
		}
	}
	if x.ws != nil {
		return nil // endFrames does the rest
	}
	return x.writePending(len(x.out.pending), x.piece())
}

func (x *exchange) sendMessage(msg []byte) error {
	number := x.out.messages.Load() + 1
	if x.ws != nil {
		number += int64(x.ws.held.n)
	}
	if len(msg) > x.MaxMessage {
		err := &framing.SizeError{Length: uint64(len(msg)), Max: x.MaxMessage}
		return hinted(HintMaxMessage, "message %d: %w", number, err)
	}
	if x.ws != nil {
		return x.sendFrames(number, msg)
	}
	had := len(x.out.pending)
	framed, err := x.Codec.Append(x.out.pending, msg)
	if errors.Is(err, framing.ErrUnframable) {
		return hinted(HintUnframable, "message %d: %w", number, err)
	} else if err != nil {
		return fmt.Errorf("message %d: %w", number, err)
	}
	x.out.pending = framed
	x.out.messages.Store(number)
	n := len(framed) - had
	x.tell(event.Event{Ev: event.Message, Dir: event.ClientToServer, Span: &event.Span{Off: x.out.framed, N: n}, Bytes: msg})
	x.out.framed += int64(n)
	x.owe(msg)
	return x.writeDue()
}

// owe adds a message to what the server is to echo. It may wait until there is room.
func (x *exchange) owe(msg []byte) {
	if x.NoEcho {
		return
	}
	x.progressed() // before it is due
	x.unechoed.add(msg)
}

// finish says that the server is owed nothing more: its end of the stream is due, or its Close.
func (x *exchange) finish() {
	x.progressed()
	x.unechoed.finish()
}

var errGlueLimit = hinted(HintGlue, "more than %d MiB cannot go in one write, because all of it has to be in memory", GlueLimit>>20)

// writeDue writes what is due after a message.
func (x *exchange) writeDue() error {
	due := x.out.pending
	switch {
	case x.Glue && len(due) > GlueLimit:
		return errGlueLimit
	case x.Glue:
		x.unechoed.hold()
		return nil
	case x.Chunk == 0:
		return x.writePending(len(due), len(due))
	}
	if err := x.writePending(len(due)/x.Chunk*x.Chunk, x.Chunk); err != nil {
		return err
	}
	if len(x.out.pending) > 0 {
		x.unechoed.hold()
	}
	return nil
}

// writePending writes the first n bytes that are pending, in pieces of the given size, and keeps the rest.
func (x *exchange) writePending(n, size int) (err error) {
	due := x.out.pending
	done := 0
	for done < n && err == nil {
		written := 0
		written, err = x.write(due[done:min(n, done+size)])
		done += written
	}
	if done > 0 { // else it lies where it should: a copy for each message would cost
		x.out.pending = append(due[:0], due[done:]...)
	}
	return err
}

// write writes b whole. A server that takes little is waited for as long as it takes anything within the Timeout; what
// then is left takes another write, and counts as one.
func (x *exchange) write(b []byte) (written int, err error) {
	x.out.begun.Add(int64(len(b)))
	for written < len(b) {
		if err := x.armWrite(); err != nil {
			return written, err
		}
		n, err := x.conn.Write(b[written:])
		x.out.bytes.Add(int64(n))
		written += n
		if n > 0 && (x.ws == nil || !x.ws.ponging.Load()) {
			x.progressed()
		}
		if err := x.writeError(n, err); err != nil {
			return written, err
		}
	}
	return written, nil
}

// armWrite gives the server time to take something.
func (x *exchange) armWrite() error {
	if x.ws != nil && x.ws.leaving.Load() {
		x.tcp.SetWriteDeadline(x.in.until) // the last that is written
		return nil
	}
	if x.ws == nil || !x.ws.ponging.Load() { // a Pong has its own, for all of it
		x.tcp.SetWriteDeadline(time.Now().Add(x.Timeout))
	}
	// Asked after the deadline was set, which whoever wants the end may have set before.
	if x.ws != nil && x.ws.silent.Load() {
		return errSilenced
	}
	return x.ctx.Err()
}

// errStuck is a write that waited for nothing.
var errStuck = errors.New("it does not read")

// writeError is what the outcome of a write means: it may go on if anything moved.
func (x *exchange) writeError(n int, err error) error {
	switch timeout := errors.Is(err, os.ErrDeadlineExceeded); {
	case err == nil || timeout && n > 0:
		return nil
	case x.ctx.Err() != nil || errors.Is(err, errSilenced):
		return err
	case timeout:
		return fmt.Errorf("the server took no more bytes for %v: %w", x.Timeout, errStuck)
	}
	return fmt.Errorf("the server ended the connection while it was written to: %w", err)
}

// endSending ends our side of the connection: the server reads the end of the stream.
func (x *exchange) endSending() {
	if err := x.closeWrite(); err != nil {
		return // the connection is over already, and whoever ended it has been heard
	}
	x.tell(event.Event{Ev: event.Shutdown, Text: "nothing more to send: the server will read the end of the stream"})
}
