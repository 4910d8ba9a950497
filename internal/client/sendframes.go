package client

import (
	"crypto/rand"
	"errors"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"echolab/internal/event"
	"echolab/internal/streammap"
	"echolab/internal/websocket"
)

// errSilenced ends a sender that must not write any more: the receiver knows why.
var errSilenced = errors.New("the connection is about to be closed")

// sendFrames sends a message. With Glue it only keeps it: no frame may be put together before the one write, because a
// Pong that goes out in the meantime has its place in the stream before them.
func (x *exchange) sendFrames(number int64, msg []byte) error {
	if x.Glue {
		if x.ws.glued += x.ws.framed(len(msg)); x.ws.glued > GlueLimit {
			return errGlueLimit
		}
		x.ws.held.push(msg)
		return nil
	}
	x.owe(msg) // which may wait: nothing else must wait for that
	x.ws.mu.Lock()
	err := x.sendLocked(number, msg)
	x.ws.mu.Unlock()
	if err != nil {
		return err
	}
	return x.sendPong()
}

func (x *exchange) sendLocked(number int64, msg []byte) error {
	if x.ws.silent.Load() || x.ws.closed.Load() != 0 { // after a Close no message can follow (RFC 6455, 5.5.1)
		return errSilenced
	}
	if err := x.appendMessage(number, msg); err != nil {
		return err
	}
	return x.writeDue()
}

// appendMessage puts the frames of a message after what is pending, and with Ping a Ping between it and the one before.
func (x *exchange) appendMessage(number int64, msg []byte) error {
	w := x.ws
	if w.Ping && number > 1 {
		x.appendPing()
	}
	h, payload := ws.Header{OpCode: ws.OpBinary}, msg
	if utf8.Valid(msg) {
		h.OpCode = ws.OpText
	}
	if w.writer != nil {
		var err error
		if w.packed, err = w.writer.Append(w.packed[:0], msg); err != nil {
			return err
		}
		h.Rsv, payload = ws.Rsv(true, false, false), w.packed
	}
	w.echo.Add(echoSize(len(msg)))
	pings := w.pings.Load()
	size := 0
	for _, part := range w.split(h, payload, pings) {
		size += frameSize(len(part))
	}
	x.tell(event.Event{Ev: event.Message, Dir: event.ClientToServer, Bytes: msg,
		Span: &event.Span{Off: x.out.framed, N: size}})
	for h, part := range w.split(h, payload, pings) {
		if h.OpCode == ws.OpPing {
			x.appendPing()
		} else {
			x.appendFrame(h, part)
		}
	}
	x.out.messages.Store(number)
	return nil
}

func (x *exchange) appendPing() {
	payload := pingPayload(x.ws.pings.Add(1))
	x.ws.echo.Add(echoSize(len(payload)))
	x.appendFrame(pingHeader, payload)
}

// appendFrame masks a frame with a fresh key, which must be unpredictable (RFC 6455 section 10.3), puts it after what
// is pending, and tells of it.
func (x *exchange) appendFrame(h ws.Header, payload []byte) {
	if !h.OpCode.IsControl() {
		x.ws.messageFrames++
	}
	h.Masked, h.Length = true, int64(len(payload))
	rand.Read(h.Mask[:]) // it never fails (crypto/rand)
	x.tell(event.FrameEvent(event.ClientToServer, x.out.framed, ws.HeaderSize(h), h, payload))
	x.out.pending = websocket.AppendFrame(x.out.pending, h, payload)
	x.out.framed += int64(frameSize(len(payload)))
}

// endFrames sends what is pending. The Close follows when all of it has come back: a server that gets one need not
// answer what came before it any more. If the messages ended with an error, there is nothing to wait for, and the Close
// says 1001: there is no more to come from here.
func (x *exchange) endFrames(err error) error {
	if err == nil {
		if err = x.sendPending(); err == nil {
			err = x.sendPong()
		}
		x.finish()
		x.closeIfDone()
		return err
	}
	x.ws.mu.Lock()
	defer x.ws.mu.Unlock()
	x.finish() // before the server can answer the Close; the receiver sends none while this one is on its way
	if !x.ws.silent.Load() {
		_ = x.writeClose(websocket.CodeGoingAway, "")
	}
	return err
}

// sendPending sends what a Chunk was not full of, or all that was to go in one write.
func (x *exchange) sendPending() error {
	x.ws.mu.Lock()
	defer x.ws.mu.Unlock()
	if x.ws.silent.Load() || x.ws.closed.Load() != 0 {
		return errSilenced
	}
	for x.ws.held.n > 0 {
		msg := x.ws.held.pop()
		x.owe(msg) // it has room for all of them
		if err := x.appendMessage(x.out.messages.Load()+1, msg); err != nil {
			return err
		}
	}
	return x.writePending(len(x.out.pending), x.piece())
}

// closeIfDone sends the Close if everything has come back. Sender and receiver both ask, each when it has done its
// part: so one of them sees that it is the last. If the Close cannot be sent, the next read says why.
func (x *exchange) closeIfDone() {
	w := x.ws
	if x.NoEcho {
		return // there is more to come, perhaps
	}
	if messages, _ := x.unechoed.left(); messages > 0 || !x.unechoed.ended() || w.in.pongs.Load() < w.pings.Load() {
		return
	}
	x.sendClose(w.closeCode())
}

// sendClose sends the Close, unless there was one, and notes what there was before it.
func (x *exchange) sendClose(code int) {
	w := x.ws
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.silent.Load() || w.closed.Load() != 0 {
		return
	}
	writes := x.maps.Map(0, event.ClientToServer)
	reads := x.maps.Map(0, event.ServerToClient)
	w.before = &counts{
		writes: writes.Row(streammap.Writes).Count, sent: writes.Row(streammap.Writes).End - writes.Start,
		reads: reads.Row(streammap.Reads).Count, read: reads.Row(streammap.Reads).End - reads.Start,
	}
	_ = x.writeClose(code, "")
}

// writeClose writes what is pending, and the one Close if that was not there yet (RFC 6455 section 5.5.1).
func (x *exchange) writeClose(code int, reason string) error {
	if x.ws.closed.CompareAndSwap(0, int32(code)) {
		x.appendFrame(ws.Header{Fin: true, OpCode: ws.OpClose}, websocket.ClosePayload(code, reason))
	}
	return x.writePending(len(x.out.pending), x.piece())
}

// piece is how many bytes go into one write, of what is pending.
func (x *exchange) piece() int {
	if x.Chunk > 0 {
		return x.Chunk
	}
	return max(len(x.out.pending), 1)
}
