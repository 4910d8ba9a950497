package framingtest_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"echolab/framing"
)

// options are the ways in which readPrefixed can go wrong. With none it keeps the contract.
type options struct {
	peek      int                                               // look at so many bytes before anything else
	header    func(error) error                                 // what becomes of an error in the header
	check     func(length uint32, max int) error                // the limit
	body      func(r *bufio.Reader, n, max int) ([]byte, error) // the bytes of the message
	afterward func(*bufio.Reader)                               // what is done to r at the end
}

// readPrefixed reads messages after a length of four bytes, as framing.LengthPrefix makes them.
func readPrefixed(o options) func(r *bufio.Reader, max int) ([]byte, error) {
	return func(r *bufio.Reader, max int) ([]byte, error) {
		if o.peek > 0 {
			if b, err := r.Peek(min(o.peek, r.Size())); err != nil && len(b) < 4 {
				if len(b) > 0 && err == io.EOF {
					err = io.ErrUnexpectedEOF
				}
				return nil, err
			}
		}
		var header [4]byte
		if _, err := io.ReadFull(r, header[:]); err != nil {
			if o.header != nil {
				err = o.header(err)
			}
			return nil, err
		}
		length := binary.BigEndian.Uint32(header[:])
		check := checkLength
		if o.check != nil {
			check = o.check
		}
		if err := check(length, max); err != nil {
			return nil, err
		}
		body := readBody
		if o.body != nil {
			body = o.body
		}
		msg, err := body(r, int(length), max)
		if o.afterward != nil {
			o.afterward(r)
		}
		return msg, err
	}
}

func checkLength(length uint32, max int) error {
	if int64(length) > int64(max) && length > 0 {
		return &framing.SizeError{Length: uint64(length), Max: atLeastZero(max)}
	}
	return nil
}

func atLeastZero(n int) int { return max(n, 0) }

func readBody(r *bufio.Reader, n, _ int) ([]byte, error) {
	msg := make([]byte, n)
	if _, err := io.ReadFull(r, msg); err != nil {
		return nil, inside(err)
	}
	return msg, nil
}

func inside(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func prefixed(o options) framing.Codec {
	return broken{Codec: framing.LengthPrefix{}, read: readPrefixed(o)}
}

// bodyFaults read the bytes of a message in a wrong way.
var bodyFaults = []fault{
	{"one Read where ReadFull is meant: the rest of the message is zeros", prefixed(options{
		body: func(r *bufio.Reader, n, _ int) ([]byte, error) {
			msg := make([]byte, n)
			_, err := r.Read(msg)
			if n == 0 {
				err = nil
			}
			return msg, err
		}}), []string{"delivery", "end inside"}},
	{"one Read, and a message that is what it brought", prefixed(options{
		body: func(r *bufio.Reader, n, _ int) ([]byte, error) {
			msg := make([]byte, n)
			n, err := r.Read(msg)
			if len(msg) == 0 {
				err = nil
			}
			return msg[:n], err
		}}), []string{"delivery", "glued", "end inside"}},
	{"the message is taken from its place in the buffer before it has come", broken{
		Codec: framing.LengthPrefix{}, read: readTooEarly}, []string{"delivery"}},
	{"one byte of the message is left in the stream", prefixed(options{
		body: func(r *bufio.Reader, n, max int) ([]byte, error) {
			if n < 2 {
				return readBody(r, n, max)
			}
			msg, err := readBody(r, n-1, max)
			if err != nil {
				return nil, err
			}
			last, err := r.Peek(1)
			return append(msg, last...), err
		}}), []string{"glued", "exact bytes"}},
	{"one byte too many is taken from the stream", prefixed(options{
		afterward: func(r *bufio.Reader) {
			if r.Buffered() > 0 {
				r.Discard(1)
			}
		}}), []string{"glued", "exact bytes"}},
	{"the message is closed with a zero byte, in place of the stream's next one", prefixed(options{
		body: func(r *bufio.Reader, n, max int) ([]byte, error) {
			if n >= r.Size() {
				return readBody(r, n, max)
			}
			msg, err := r.Peek(n)
			if err != nil {
				return nil, inside(err)
			}
			r.Discard(n)
			return append(msg, 0)[:n], nil
		}}), []string{"exact bytes"}},
	{"the length is cut to 16 bits", broken{
		Codec: framing.LengthPrefix{},
		append: func(dst, msg []byte) ([]byte, error) {
			dst = binary.BigEndian.AppendUint32(dst, uint32(uint16(len(msg))))
			return append(dst, msg...), nil
		}}, []string{"round trip"}},
	{"an empty message is skipped", prefixed(options{
		body: func(r *bufio.Reader, n, max int) ([]byte, error) {
			if n == 0 {
				return framing.LengthPrefix{}.Read(r, max)
			}
			return readBody(r, n, max)
		}}), []string{"round trip", "glued"}},
	{"an empty message is taken for the end", prefixed(options{
		body: func(r *bufio.Reader, n, max int) ([]byte, error) {
			if n == 0 {
				return nil, io.EOF
			}
			return readBody(r, n, max)
		}}), []string{"round trip", "glued"}},
	{"what was read ahead is thrown away: a new bufio.Reader for each message", broken{
		Codec: framing.LengthPrefix{},
		read: func(r *bufio.Reader, max int) ([]byte, error) {
			return framing.LengthPrefix{}.Read(bufio.NewReaderSize(r, 2*r.Size()), max)
		}}, []string{"glued", "exact bytes"}},
	{"what was read ahead is thrown away: the buffer is emptied", prefixed(options{
		afterward: func(r *bufio.Reader) { r.Discard(r.Buffered()) }}), []string{"glued", "exact bytes"}},
}

// endFaults report ends and errors wrongly.
var endFaults = []fault{
	{"the end inside a message is taken for its end", prefixed(options{
		body: func(r *bufio.Reader, n, _ int) ([]byte, error) {
			msg := make([]byte, n)
			n, err := io.ReadFull(r, msg)
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				err = nil
			}
			return msg[:n], err
		}}), []string{"end inside"}},
	{"io.EOF after the header, when the body has not begun", prefixed(options{
		body: func(r *bufio.Reader, n, _ int) ([]byte, error) {
			msg := make([]byte, n)
			_, err := io.ReadFull(r, msg)
			if err != nil {
				msg = nil
			}
			return msg, err
		}}), []string{"end inside"}},
	{"io.EOF inside the header", prefixed(options{header: func(err error) error {
		if err == io.ErrUnexpectedEOF {
			return io.EOF
		}
		return err
	}}), []string{"end inside"}},
	{"io.EOF is wrapped", prefixed(options{header: func(err error) error {
		return fmt.Errorf("reading the length: %w", err)
	}}), []string{"clean end"}},
	{"io.ErrUnexpectedEOF wraps io.EOF", prefixed(options{header: func(err error) error {
		if err == io.ErrUnexpectedEOF {
			return errors.Join(io.EOF, err)
		}
		return err
	}}), []string{"end inside"}},
	{"io.ErrUnexpectedEOF at the clean end", prefixed(options{header: inside}), []string{"clean end"}},
	{"a part of the message beside the error", prefixed(options{
		body: func(r *bufio.Reader, n, _ int) ([]byte, error) {
			msg := make([]byte, n)
			n, err := io.ReadFull(r, msg)
			return msg[:n], inside(err)
		}}), []string{"beside an error"}},
	{"an error of the connection is turned into io.EOF", prefixed(options{
		header: func(error) error { return io.EOF }}), []string{"read error", "end inside"}},
	{"an error of the connection is swallowed", prefixed(options{
		body: func(r *bufio.Reader, n, _ int) ([]byte, error) {
			msg := make([]byte, n)
			io.ReadFull(r, msg)
			return msg, nil
		}}), []string{"read error", "end inside"}},
	{"a deadline that passed is tried again", prefixed(options{
		body: func(r *bufio.Reader, n, _ int) ([]byte, error) {
			msg := make([]byte, n)
			for done := 0; done < n; {
				m, err := r.Read(msg[done:])
				done += m
				if err != nil && done < n && !errors.Is(err, os.ErrDeadlineExceeded) {
					return nil, inside(err)
				}
			}
			return msg, nil
		}}), []string{"read error"}},
	{"an error of the connection is told in words, not wrapped", prefixed(options{
		header: func(err error) error {
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				return err
			}
			return fmt.Errorf("reading the length: %v", err)
		}}), []string{"read error"}},
}

// readLittleEndian reads a length with its bytes in the wrong order.
func readLittleEndian(r *bufio.Reader, max int) ([]byte, error) {
	header, err := r.Peek(4)
	if err != nil {
		if len(header) > 0 {
			err = inside(err)
		}
		return nil, err
	}
	length := binary.LittleEndian.Uint32(header)
	if err := checkLength(length, max); err != nil {
		return nil, err
	}
	r.Discard(4)
	return readBody(r, int(length), max)
}

// readTooEarly is right where the buffer still holds the same message from another reading.
func readTooEarly(r *bufio.Reader, max int) ([]byte, error) {
	header, err := r.Peek(4)
	if err != nil {
		if len(header) > 0 {
			err = inside(err)
		}
		return nil, err
	}
	whole := 4 + uint64(binary.BigEndian.Uint32(header))
	if whole > uint64(cap(header)) || whole > 4+uint64(atLeastZero(max)) {
		return framing.LengthPrefix{}.Read(r, max)
	}
	msg := bytes.Clone(header[4:whole])
	if _, err := r.Discard(int(whole)); err != nil {
		return nil, inside(err)
	}
	return msg, nil
}
