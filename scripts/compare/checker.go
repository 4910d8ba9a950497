package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// A checker compares the bytes of an echo, as they come, with what was sent: every byte, in order. A WebSocket message
// may come back as one frame or as several.
type checker struct {
	sent   *prepared
	done   int // messages that came back whole
	at     int // bytes of the next one that came back
	within bool
	left   int  // bytes of the frame's payload that have not come yet
	fin    bool // it is the message's last frame
	begun  bool // a frame of the message came before

	header [10]byte // of the frame, of which so much has come
	have   int
}

// feed takes the next bytes of the echo. It returns how many messages they completed.
func (c *checker) feed(b []byte) (int, error) {
	before := c.done
	for len(b) > 0 {
		want := c.sent.payloads[c.done%distinct]
		if !c.within {
			n, err := c.begin(b, len(want)-c.at)
			if err != nil {
				return c.done - before, fmt.Errorf("message %d: %w", c.done, err)
			}
			b = b[n:]
			if !c.within {
				break
			}
		}
		n := min(len(b), c.left)
		if !bytes.Equal(b[:n], want[c.at:c.at+n]) {
			return c.done - before, fmt.Errorf("message %d: what came back from byte %d on is not what was sent",
				c.done, c.at)
		}
		b = b[n:]
		c.at += n
		c.left -= n
		if c.left > 0 {
			continue
		}
		c.within, c.begun, c.have = false, !c.fin, 0
		if c.fin {
			if c.at != len(want) {
				return c.done - before, fmt.Errorf("message %d: %d of %d bytes came back", c.done, c.at, len(want))
			}
			c.done, c.at = c.done+1, 0
		}
	}
	return c.done - before, nil
}

// amid says whether a message has begun to come back and has not ended.
func (c *checker) amid() bool { return c.within || c.begun || c.have > 0 }

// begin takes the header of a frame with at most room bytes of payload, as far as it is there, and returns how many
// bytes it took. Without frames, what is left of the message is like one.
func (c *checker) begin(b []byte, room int) (int, error) {
	if !c.sent.framed {
		c.within, c.fin, c.left = true, true, room
		return 0, nil
	}
	n := 0
	for c.have < 2 || c.have < headerSize(c.header[1]) {
		if n == len(b) {
			return n, nil
		}
		c.header[c.have] = b[n]
		n++
		c.have++
	}
	return n, c.understand(room)
}

// headerSize is the size of a server's frame header (RFC 6455 section 5.2) with that second byte.
func headerSize(second byte) int {
	switch second & 0x7f {
	case 126:
		return 4
	case 127:
		return 10
	}
	return 2
}

// understand takes over what the header says.
func (c *checker) understand(room int) error {
	const binaryOpcode, continuation = 2, 0
	opcode := byte(binaryOpcode)
	if c.begun {
		opcode = continuation
	}
	if got := c.header[0] & 0x7f; got != opcode { // with the three reserved bits
		return fmt.Errorf("a frame with %#x in its first byte, which must have opcode %d and no reserved bit",
			c.header[0], opcode)
	}
	if c.header[1]&0x80 != 0 {
		return errors.New("the server masked a frame")
	}
	length := uint64(c.header[1])
	switch length {
	case 126:
		length = uint64(binary.BigEndian.Uint16(c.header[2:]))
	case 127:
		length = binary.BigEndian.Uint64(c.header[2:])
	}
	if length > uint64(room) {
		return fmt.Errorf("a frame of %d bytes where %d bytes are missing", length, room)
	}
	c.within, c.left, c.fin = true, int(length), c.header[0]&0x80 != 0
	return nil
}
