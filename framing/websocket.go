package framing

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// WebSocket frames messages as RFC 6455 section 5 does, on a connection whose handshake is over and which negotiated
// no extension. Append makes one frame of a message, masked on the client's side; Read puts fragmented messages
// together again, requires the masking on the server's side and refuses it on the client's.
//
// Of the control frames Read returns only Close, as a *CloseError. It checks Ping and Pong and passes over them: who
// must be answered is for the owner of the connection, which alone can write. A stream that ends between two messages
// without a Close is io.EOF like any other; it is the owner who calls that 1006 (section 7.1.5).
//
// Bytes that the RFC does not allow get a *ProtocolError with the close code that it asks for.
//
// The frames are gobwas/ws's: ws.ReadHeader (its form that is lent a buffer), ws.CheckHeader, ws.Cipher and ws.WriteHeader. Around them stands what they
// leave to their caller, and the contract of Codec or the RFC asks for:
//   - a length must be in its shortest form (section 5.2),
//   - a message has a limit, which counts for the sum of its fragments and before memory is set aside,
//   - a stream that ends after the second byte of a longer header ends inside a message: ws.ReadHeader returns io.EOF,
//   - text is UTF-8 (section 8.1),
//   - a Close has a code that may be sent (section 7.4), or no payload: ws.CheckCloseFrameData lets those from 5000 on
//     pass, ws.ParseCloseFrameData a payload of 1 byte.
type WebSocket struct {
	Side Side // who uses this codec; the default is the server
	Text bool // Append makes text frames, and cannot carry what is not UTF-8; the default is binary. Read takes both.
}

// Side tells the two ends of a WebSocket connection apart: what the client sends is masked, what the server sends is
// not.
type Side uint8

const (
	ServerSide Side = iota
	ClientSide
)

func (c WebSocket) String() string { return "websocket" }

// Append appends msg as one frame, masked with a fresh key on the client's side.
func (c WebSocket) Append(dst, msg []byte) ([]byte, error) {
	h := ws.Header{Fin: true, OpCode: ws.OpBinary, Length: int64(len(msg))}
	if c.Text {
		if !utf8.Valid(msg) {
			return dst, fmt.Errorf("websocket: %w: a text message must be UTF-8", ErrUnframable)
		}
		h.OpCode = ws.OpText
	}
	if c.Side == ClientSide {
		h.Masked = true
		h.Mask = newMask()
	}
	frame := bytes.NewBuffer(dst)
	frame.Grow(ws.HeaderSize(h) + len(msg))
	if err := ws.WriteHeader(frame, h); err != nil {
		return dst, err
	}
	payload := frame.Len()
	frame.Write(msg)
	if h.Masked {
		ws.Cipher(frame.Bytes()[payload:], h.Mask, 0)
	}
	return frame.Bytes(), nil
}

// newMask is unpredictable, as section 10.3 asks: a key that a page's script could guess would let it choose the bytes
// on the wire. ws.NewMask is faster, and can be guessed.
func newMask() (mask [4]byte) {
	rand.Read(mask[:]) // it never fails (crypto/rand)
	return mask
}

// Read returns the payload of the next data message.
func (c WebSocket) Read(r *bufio.Reader, max int) ([]byte, error) {
	state := ws.StateServerSide
	if c.Side == ClientSide {
		state = ws.StateClientSide
	}
	var header headerReader
	var msg []byte // the fragments so far
	var text bool
	for {
		h, err := header.next(r, state)
		if err != nil {
			if state.Fragmented() {
				err = inside(err)
			}
			return nil, err
		}
		if h.OpCode.IsControl() {
			if err := readControl(r, h); err != nil {
				return nil, err
			}
			continue
		}
		// A limit on each frame would not bound a message: the sum counts. Both are below 2^63, so it cannot wrap.
		if err := checkSize(uint64(len(msg))+uint64(h.Length), max); err != nil {
			return nil, err
		}
		if !state.Fragmented() {
			text = h.OpCode == ws.OpText
		}
		if msg, err = readPayload(r, h, msg, h.Fin && !state.Fragmented()); err != nil {
			return nil, err
		}
		if h.Fin {
			return c.finish(msg, text)
		}
		state = state.Set(ws.StateFragmented)
	}
}

// finish checks a whole text message (section 8.1): a character may be cut by fragments, so only the whole can tell.
func (WebSocket) finish(msg []byte, text bool) ([]byte, error) {
	if text && !utf8.Valid(msg) {
		return nil, &ProtocolError{CodeInvalidPayload, "a text message is not UTF-8 (RFC 6455, 8.1)"}
	}
	return msg, nil
}

// readPayload appends the frame's payload, unmasked, to msg; alone, when it is the whole message, it may be a view
// into r's buffer.
func readPayload(r *bufio.Reader, h ws.Header, msg []byte, alone bool) ([]byte, error) {
	start, n := len(msg), int(h.Length) // it has passed the limit, which is an int
	var err error
	if alone {
		msg, err = take(r, n)
	} else {
		msg, err = appendFrom(msg, r, n)
	}
	if err == nil && h.Masked {
		ws.Cipher(msg[start:], h.Mask, 0)
	}
	return msg, err
}

// A headerReader reads headers with gobwas/ws. One serves for all frames of a message: who sends a million Pings gets no
// million buffers.
type headerReader struct {
	peeked bytes.Reader
	buffer [ws.MaxHeaderSize]byte
}

// next takes the next header of r, checked against section 5. It returns io.EOF only before its first byte, and leaves
// a header that is wrong where it is, for whoever wants to show it.
func (hr *headerReader) next(r *bufio.Reader, state ws.State) (ws.Header, error) {
	b, err := peekHeader(r, ws.MinHeaderSize)
	if err != nil {
		return ws.Header{}, err
	}
	size := sizeOnWire(b[1])
	if b, err = peekHeader(r, size); err != nil {
		return ws.Header{}, err
	}
	hr.peeked.Reset(b)
	h, err := ws.ReadHeaderBuffer(&hr.peeked, hr.buffer[:])
	if err == nil {
		err = ws.CheckHeader(h, state)
	}
	switch {
	case err != nil:
		return h, &ProtocolError{CodeProtocolError, err.Error() + " (RFC 6455, 5)"}
	case size != ws.HeaderSize(h):
		return h, &ProtocolError{CodeProtocolError, "a length must be in its shortest form (RFC 6455, 5.2)"}
	}
	_, err = r.Discard(size)
	return h, err
}

// sizeOnWire is how many bytes a header has, by its second one.
func sizeOnWire(second byte) int {
	size := ws.MinHeaderSize
	switch second & 0x7f {
	case 126:
		size += 2
	case 127:
		size += 8
	}
	if second&0x80 != 0 {
		size += 4
	}
	return size
}

// readControl takes the payload of a control frame. For a Close it returns the *CloseError.
func readControl(r *bufio.Reader, h ws.Header) error {
	payload, err := take(r, int(h.Length)) // at most 125: ws.CheckHeader has seen to it
	if err != nil {
		return err
	}
	if h.OpCode != ws.OpClose {
		return nil
	}
	if h.Masked {
		ws.Cipher(payload, h.Mask, 0)
	}
	return ParseClose(payload)
}
