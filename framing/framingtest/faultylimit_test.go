package framingtest_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"

	"echolab/framing"
)

// limitFaults check the limit too late, wrongly or not at all.
var limitFaults = []fault{
	{"memory is set aside before the length is checked", broken{
		Codec: framing.LengthPrefix{}, read: readMakeFirst}, []string{"memory"}},
	{"a 64-bit length goes to make unchecked: ten bytes take a server down", wide(func(int64, int) error { return nil }),
		[]string{"limit", "memory"}},
	{"a length is compared as a signed number", wide(func(length int64, max int) error {
		if length > int64(max) {
			return &framing.SizeError{Length: uint64(length), Max: atLeastZero(max)}
		}
		return nil
	}), []string{"panic"}},
	{"the sum of length and header overflows", wide(func(length int64, max int) error {
		if length < 0 || length+8 > int64(max)+8 {
			return &framing.SizeError{Length: uint64(length), Max: atLeastZero(max)}
		}
		return nil
	}), []string{"limit", "panic"}},
	{"the limit is ignored", prefixed(options{check: func(uint32, int) error { return nil }}),
		[]string{"limit", "memory"}},
	{"the limit is one too high", prefixed(options{check: func(length uint32, max int) error {
		if int64(length) <= int64(max)+1 {
			return nil
		}
		return checkLength(length, max)
	}}), []string{"limit"}},
	{"the limit is one too low", prefixed(options{check: func(length uint32, max int) error {
		if max > 0 && int64(length) == int64(max) {
			return &framing.SizeError{Length: uint64(length), Max: max}
		}
		return checkLength(length, max)
	}}), []string{"limit"}},
	{"a limit of 0 means none", prefixed(options{check: func(length uint32, max int) error {
		if max == 0 {
			return nil
		}
		return checkLength(length, max)
	}}), []string{"limit"}},
	{"a negative limit means none", prefixed(options{check: func(length uint32, max int) error {
		if uint64(length) > uint64(max) {
			return &framing.SizeError{Length: uint64(length), Max: max}
		}
		return nil
	}}), []string{"limit"}},
	{"a flag in the length's top bit leads past the limit", prefixed(options{
		check: func(length uint32, max int) error {
			if length>>31 == 1 {
				return nil
			}
			return checkLength(length, max)
		},
		body: func(r *bufio.Reader, n, max int) ([]byte, error) { return readBody(r, n&0xffff, max) },
	}), []string{"hostile bytes"}},
	{"a negative limit goes to make", prefixed(options{body: func(r *bufio.Reader, n, max int) ([]byte, error) {
		msg := make([]byte, 0, max)
		return msg, nil
	}}), []string{"panic"}},
	{"the limit plus one overflows", prefixed(options{check: func(length uint32, max int) error {
		if int(length) >= max+1 && length > 0 {
			return &framing.SizeError{Length: uint64(length), Max: atLeastZero(max)}
		}
		return nil
	}}), []string{"limit"}},
	{"the limit is checked when the message has been read", broken{
		Codec: framing.LengthPrefix{}, read: readCheckLast}, []string{"too large, unread"}},
	{"the limit is checked for each chunk, not for the message", broken{
		Codec: chunks{eachAlone: true}}, []string{"limit"}},
	{"the SizeError says nothing", prefixed(options{check: func(length uint32, max int) error {
		if checkLength(length, max) != nil {
			return &framing.SizeError{}
		}
		return nil
	}}), []string{"size error"}},
	{"the SizeError has the limit as its length", prefixed(options{check: func(length uint32, max int) error {
		if checkLength(length, max) != nil {
			return &framing.SizeError{Length: uint64(atLeastZero(max)), Max: atLeastZero(max)}
		}
		return nil
	}}), []string{"size error"}},
	{"the SizeError has a negative limit as it came", prefixed(options{check: func(length uint32, max int) error {
		if checkLength(length, max) != nil {
			return &framing.SizeError{Length: uint64(length), Max: max}
		}
		return nil
	}}), []string{"size error"}},
	{"the SizeError has no room for the largest lengths", prefixed(options{check: func(length uint32, max int) error {
		if checkLength(length, max) != nil {
			return &framing.SizeError{Length: uint64(length & 0x1ffff), Max: atLeastZero(max)}
		}
		return nil
	}}), []string{"size error"}},
	{"the SizeError counts the header in", prefixed(options{check: func(length uint32, max int) error {
		if checkLength(length, max) != nil {
			return &framing.SizeError{Length: uint64(length) + 4, Max: atLeastZero(max)}
		}
		return nil
	}}), []string{"size error"}},
	{"ErrTooLarge without a SizeError", prefixed(options{check: func(length uint32, max int) error {
		if checkLength(length, max) != nil {
			return fmt.Errorf("length %d: %w", length, framing.ErrTooLarge)
		}
		return nil
	}}), []string{"size error"}},
	{"an error of one's own for what is too large", prefixed(options{check: func(length uint32, max int) error {
		if checkLength(length, max) != nil {
			return errors.New("too big")
		}
		return nil
	}}), []string{"size error"}},
	{"a message too large is cut to the limit", prefixed(options{
		check: func(uint32, int) error { return nil },
		body: func(r *bufio.Reader, n, max int) ([]byte, error) {
			msg, err := readBody(r, n, max)
			return msg[:min(len(msg), atLeastZero(max))], err
		}}), []string{"limit"}},
}

func readMakeFirst(r *bufio.Reader, max int) ([]byte, error) {
	header, err := r.Peek(4)
	if err != nil {
		if len(header) > 0 {
			err = inside(err)
		}
		return nil, err
	}
	length := binary.BigEndian.Uint32(header)
	msg := make([]byte, length&0xffffff) // 16 MiB must do to show it
	runtime.KeepAlive(&msg)
	if err := checkLength(length, max); err != nil {
		return nil, err
	}
	r.Discard(4)
	if _, err := io.ReadFull(r, msg); err != nil {
		return nil, inside(err)
	}
	return msg, nil
}

func readCheckLast(r *bufio.Reader, max int) ([]byte, error) {
	msg, err := framing.LengthPrefix{}.Read(r, 1<<20)
	if err != nil {
		return nil, err
	}
	if err := checkLength(uint32(len(msg)), max); err != nil {
		return nil, err
	}
	return msg, nil
}

// wide has lengths of eight bytes, as WebSocket has in its largest form.
func wide(check func(length int64, max int) error) framing.Codec {
	return broken{
		append: func(dst, msg []byte) ([]byte, error) {
			return append(binary.BigEndian.AppendUint64(dst, uint64(len(msg))), msg...), nil
		},
		read: func(r *bufio.Reader, max int) ([]byte, error) {
			var header [8]byte
			if _, err := io.ReadFull(r, header[:]); err != nil {
				return nil, err
			}
			length := int64(binary.BigEndian.Uint64(header[:]))
			if err := check(length, max); err != nil {
				return nil, err
			}
			return readBody(r, int(length), max)
		},
	}
}

// chunks cuts a message into pieces of at most 100 bytes, as WebSocket may with its fragments: a byte with the piece's
// size, with the top bit set for the last one, and the piece.
type chunks struct {
	eachAlone bool // the fault: the limit is for each piece
}

func (chunks) Append(dst, msg []byte) ([]byte, error) {
	for len(msg) > 100 {
		dst = append(append(dst, 100), msg[:100]...)
		msg = msg[100:]
	}
	return append(append(dst, 0x80|byte(len(msg))), msg...), nil
}

func (c chunks) Read(r *bufio.Reader, max int) ([]byte, error) {
	var msg []byte
	for first := true; ; first = false {
		head, err := r.ReadByte()
		if err != nil {
			if !first {
				err = inside(err)
			}
			return nil, err
		}
		size, sum := int(head&0x7f), uint64(head&0x7f)
		if !c.eachAlone {
			sum += uint64(len(msg))
		}
		if sum > uint64(atLeastZero(max)) {
			return nil, &framing.SizeError{Length: sum, Max: atLeastZero(max)}
		}
		piece, err := readBody(r, size, max)
		if err != nil {
			return nil, err
		}
		if msg = append(msg, piece...); head >= 0x80 {
			return msg, nil
		}
	}
}

// waitFaults wait for bytes that nobody need send.
var waitFaults = []fault{
	{"14 bytes are waited for, the largest header: a short message hangs", prefixed(options{peek: 14}),
		[]string{"waiting"}},
	{"a full buffer is waited for", prefixed(options{peek: math.MaxInt}), []string{"waiting"}},
	{"the next header is waited for", prefixed(options{
		afterward: func(r *bufio.Reader) { r.Peek(1) }}), []string{"waiting"}},
	{"an end of the stream is read past again and again", prefixed(options{
		body: func(r *bufio.Reader, n, _ int) ([]byte, error) {
			msg := make([]byte, n)
			for have := 0; have < n; {
				got, _ := r.Read(msg[have:])
				have += got
			}
			return msg, nil
		}}), []string{"hang"}},
}

// readThatWaits waits for another reader to have taken its message, until stop is closed.
func readThatWaits(stop <-chan struct{}) framing.Codec {
	return prefixed(options{afterward: func(*bufio.Reader) { <-stop }})
}

// oneLockForAll has one lock for the reads of all connections.
func oneLockForAll(stop <-chan struct{}) framing.Codec {
	lock := make(chan struct{}, 1)
	return broken{
		Codec: framing.LengthPrefix{},
		read: func(r *bufio.Reader, max int) ([]byte, error) {
			select {
			case lock <- struct{}{}:
			case <-stop:
				return nil, errors.New("stopped")
			}
			defer func() { <-lock }()
			return framing.LengthPrefix{}.Read(r, max)
		}}
}
