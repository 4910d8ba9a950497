package server_test

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// The tests in rfc*_test.go hold the server against RFC 6455 and RFC 7692, section by section. They have frames and an
// idea of the rules of their own: what the server's packages think of a frame is not asked.

// askWebSocket is an opening handshake that can only be accepted; the key is the RFC's own (section 1.3).
const askWebSocket = "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// switched is what must come for it (section 4.2.2), in any order.
var switched = []string{"HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}

// maskKey is not 0 in any byte, so that what is not unmasked, or in the wrong place, is seen.
var maskKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// sends is a client's frame: its first byte (FIN, RSV, opcode), then the payload, masked, with its length in the
// shortest form.
func sends(first byte, payload string) string {
	return head(first, uint64(len(payload))) + masked(payload)
}

// head is the header of a client's frame.
func head(first byte, length uint64) string {
	var b []byte
	switch {
	case length < 126:
		b = []byte{first, 0x80 | byte(length)}
	case length < 1<<16:
		b = binary.BigEndian.AppendUint16([]byte{first, 0x80 | 126}, uint16(length))
	default:
		b = binary.BigEndian.AppendUint64([]byte{first, 0x80 | 127}, length)
	}
	return string(append(b, maskKey[:]...))
}

func masked(payload string) string {
	b := []byte(payload)
	for i := range b {
		b[i] ^= maskKey[i%4]
	}
	return string(b)
}

// closing is the payload of a Close.
func closing(code int, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason
}

// line shows a frame: its first byte and its payload, of a long one only what tells it from others. Of a Close that
// gives a reason the words do not matter.
func line(first byte, payload string) string {
	switch {
	case first == 0x88 && len(payload) > 2:
		return fmt.Sprintf("88 %d with a reason", binary.BigEndian.Uint16([]byte(payload)))
	case first == 0x88 && len(payload) == 2:
		return fmt.Sprintf("88 %d", binary.BigEndian.Uint16([]byte(payload)))
	case len(payload) > 64:
		return fmt.Sprintf("%02x %d bytes, SHA-256 %x", first, len(payload), sha256.Sum256([]byte(payload)))
	}
	return fmt.Sprintf("%02x %q", first, payload)
}

// refused is the server's own Close.
func refused(code int) string { return fmt.Sprintf("88 %d with a reason", code) }

// fromServer takes the stream of a server apart, frame by frame, and finds what is wrong with it: section 5 binds the
// server too.
func fromServer(stream string) (frames []string, err error) {
	for len(stream) > 0 {
		if len(frames) > 0 && strings.HasPrefix(frames[len(frames)-1], "88") {
			return frames, fmt.Errorf("%d bytes after the Close", len(stream))
		}
		first, payload, rest, err := serverFrame(stream)
		if err != nil {
			return frames, err
		}
		if first == 0x88 && len(payload) > 2 && !utf8.ValidString(payload[2:]) {
			return frames, errors.New("a reason that is not UTF-8")
		}
		frames, stream = append(frames, line(first, payload)), rest
	}
	return frames, nil
}

// messagesFrom takes the stream of a server apart, message by message, in whatever fragments they come. A window inflates
// those that are compressed; without one, none may be.
func messagesFrom(stream string, window *takeover) (messages []string, err error) {
	var begun byte
	var whole strings.Builder
	for len(stream) > 0 {
		first, payload, rest, err := serverFrame(stream)
		if err != nil {
			return messages, err
		}
		stream = rest
		if first&0x08 != 0 {
			messages = append(messages, line(first, payload))
			continue
		}
		switch opcode := first & 0x0f; {
		case opcode != 0 && begun != 0:
			return messages, errors.New("a message inside a message")
		case opcode == 0 && begun == 0:
			return messages, errors.New("nothing to continue")
		case first&0x30 != 0, first&0x40 != 0 && (window == nil || opcode == 0):
			return messages, errors.New("an RSV bit")
		case opcode != 0:
			begun = first | 0x80
		}
		if whole.WriteString(payload); first&0x80 == 0 {
			continue
		}
		msg := whole.String()
		if begun&0x40 != 0 {
			if msg, err = window.unpack(msg); err != nil {
				return messages, fmt.Errorf("what came does not inflate: %w", err)
			}
		}
		messages = append(messages, line(begun&^0x40, msg))
		begun = 0
		whole.Reset()
	}
	if begun != 0 {
		err = fmt.Errorf("the end inside a message: %w", io.ErrUnexpectedEOF)
	}
	return messages, err
}

func serverFrame(b string) (first byte, payload, rest string, err error) {
	if len(b) < 2 {
		return 0, "", "", io.ErrUnexpectedEOF
	}
	first, length, size := b[0], uint64(b[1]), 2
	number := func(n int) uint64 { return binary.BigEndian.Uint64(append(make([]byte, 8-n, 8), b[2:2+n]...)) }
	switch {
	case length > 127:
		return 0, "", "", errors.New("a server's frame is masked")
	case first&0x08 != 0 && (first&0x80 == 0 || length > 125):
		return 0, "", "", errors.New("a control frame is fragmented or too long")
	case length == 126 && len(b) >= 4:
		length, size = number(2), 4
	case length == 127 && len(b) >= 10:
		length, size = number(8), 10
	case length > 125:
		return 0, "", "", io.ErrUnexpectedEOF
	}
	if size == 4 && length < 126 || size == 10 && length < 1<<16 {
		return 0, "", "", errors.New("a length is not in its shortest form")
	}
	if uint64(len(b)-size) < length {
		return 0, "", "", io.ErrUnexpectedEOF
	}
	end := size + int(length)
	return first, b[size:end], b[end:], nil
}
