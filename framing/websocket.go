package framing

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
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

// The close codes of RFC 6455 section 7.4.1 that this package's errors carry.
const (
	CodeProtocolError  = 1002
	CodeNoStatus       = 1005 // stands for a Close without a code; never on the wire
	CodeInvalidPayload = 1007
)

// A ProtocolError says that the peer's bytes break RFC 6455.
type ProtocolError struct {
	Code int    // the code for the Close frame that answers it (section 7.4.1)
	Text string // what is wrong, and the section that says so
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("websocket: %s (close code %d)", e.Text, e.Code)
}

// A CloseError says that the peer sent a Close frame: no message will follow.
type CloseError struct {
	Code   int    // 1005 if the frame carried none
	Reason string // UTF-8, 123 bytes at most
}

func (e *CloseError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("websocket: the peer sent Close %d", e.Code)
	}
	return fmt.Sprintf("websocket: the peer sent Close %d %q", e.Code, e.Reason)
}

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
	start := len(dst)
	dst = slices.Grow(dst, ws.MaxHeaderSize+len(msg))
	// The header is encoded in its place: the writer would only get a copy of it.
	if err := ws.WriteHeaderBuffer(io.Discard, h, dst[start:start:start+ws.MaxHeaderSize]); err != nil {
		return dst, err
	}
	payload := start + ws.HeaderSize(h)
	dst = append(dst[:payload], msg...)
	if h.Masked {
		ws.Cipher(dst[payload:], h.Mask, 0)
	}
	return dst, nil
}

// newMask is unpredictable, as section 10.3 asks: a key that a page's script could guess would let it choose the bytes
// on the wire.
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
	var msg []byte // the fragments so far
	var text bool
	for {
		h, err := readFrameHeader(r, state)
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

// readFrameHeader takes the next header, checked against section 5. It returns io.EOF only before its first byte.
func readFrameHeader(r *bufio.Reader, state ws.State) (ws.Header, error) {
	for size := ws.MinHeaderSize; ; {
		b, err := peekHeader(r, size)
		h, n, bad := ParseFrameHeader(b, state)
		switch {
		case bad != nil: // whatever would have followed
			return h, bad
		case err != nil:
			return h, err
		case n <= len(b):
			_, err = r.Discard(n)
			return h, err
		}
		size = n
	}
}

// readControl takes the payload of a control frame. For a Close it returns the *CloseError.
func readControl(r *bufio.Reader, h ws.Header) error {
	payload, err := take(r, int(h.Length)) // at most 125: CheckHeader has seen to it
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

// ParseClose returns the content of a Close frame as a *CloseError, or a *ProtocolError that says what is wrong with it
// (RFC 6455 sections 5.5.1 and 7.4). The payload is unmasked.
func ParseClose(payload []byte) error {
	if len(payload) == 0 {
		return &CloseError{Code: CodeNoStatus}
	}
	if len(payload) == 1 {
		return &ProtocolError{CodeProtocolError, "a Close frame's code has 2 bytes, this one has 1 (RFC 6455, 5.5.1)"}
	}
	code := int(binary.BigEndian.Uint16(payload))
	if !sendable(code) {
		return &ProtocolError{CodeProtocolError, fmt.Sprintf("close code %d may not be sent (RFC 6455, 7.4)", code)}
	}
	if !utf8.Valid(payload[2:]) {
		return &ProtocolError{CodeInvalidPayload, "a Close frame's reason is not UTF-8 (RFC 6455, 5.5.1)"}
	}
	return &CloseError{Code: code, Reason: string(payload[2:])}
}

// sendable says whether a Close frame may carry the code: those that section 7.4.1 or IANA's registry defines for the
// wire, and the ranges for libraries and applications.
func sendable(code int) bool {
	switch code {
	case 1004, 1005, 1006, 1015:
		return false
	}
	return code >= 1000 && code <= 1014 || code >= 3000 && code <= 4999
}
