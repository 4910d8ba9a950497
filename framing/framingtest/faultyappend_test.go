package framingtest_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"echolab/framing"
)

func appending(f func(dst, msg []byte) ([]byte, error)) framing.Codec {
	return broken{Codec: framing.LengthPrefix{}, append: f}
}

// frame is msg as framing.LengthPrefix frames it.
func frame(msg []byte) []byte {
	framed, _ := framing.LengthPrefix{}.Append(nil, msg)
	return framed
}

// appendFaults are in Append.
var appendFaults = []fault{
	{"msg is masked in place: who sends it twice sends garbage", broken{
		append: func(dst, msg []byte) ([]byte, error) {
			for i := range msg {
				msg[i] ^= 0x37
			}
			return framing.LengthPrefix{}.Append(dst, msg)
		},
		read: func(r *bufio.Reader, max int) ([]byte, error) {
			msg, err := framing.LengthPrefix{}.Read(r, max)
			for i := range msg {
				msg[i] ^= 0x37
			}
			return msg, err
		}}, []string{"append"}},
	{"dst is overwritten", appending(func(dst, msg []byte) ([]byte, error) {
		return framing.LengthPrefix{}.Append(dst[:0], msg)
	}), []string{"append"}},
	{"dst is left out", appending(func(_, msg []byte) ([]byte, error) { return frame(msg), nil }), []string{"append"}},
	{"the length goes to the beginning of dst", appending(func(dst, msg []byte) ([]byte, error) {
		dst = append(append(dst, 0, 0, 0, 0), msg...)
		binary.BigEndian.PutUint32(dst, uint32(len(msg)))
		return dst, nil
	}), []string{"append"}},
	{"something is counted in dst's first byte", appending(func(dst, msg []byte) ([]byte, error) {
		if len(dst) > 0 {
			dst[0]++
		}
		return framing.LengthPrefix{}.Append(dst, msg)
	}), []string{"append"}},
	{"the header is or-ed into memory that is not zero", appending(func(dst, msg []byte) ([]byte, error) {
		if cap(dst)-len(dst) < 4 {
			return framing.LengthPrefix{}.Append(dst, msg)
		}
		header := dst[len(dst) : len(dst)+4]
		binary.BigEndian.PutUint32(header, binary.BigEndian.Uint32(header)|uint32(len(msg)))
		return append(dst[:len(dst)+4], msg...), nil
	}), []string{"append"}},
	{"one buffer for all calls", sharedBuffer(), []string{"append"}},
	{"the message itself comes back, not a copy", broken{
		Codec: framing.Fixed(16),
		append: func(dst, msg []byte) ([]byte, error) {
			if len(dst) == 0 && len(msg) == 16 {
				return msg, nil
			}
			return framing.Fixed(16).Append(dst, msg)
		}}, []string{"append"}},
	{"a refusal is not ErrUnframable", appending(func(dst, msg []byte) ([]byte, error) {
		if len(msg) > 1000 {
			return dst, errors.New("too long for me")
		}
		return framing.LengthPrefix{}.Append(dst, msg)
	}), []string{"unframable"}},
	{"a refusal loses dst", appending(func(dst, msg []byte) ([]byte, error) {
		framed, _ := framing.LengthPrefix{}.Append(dst, msg)
		if len(msg) > 1000 {
			return framed[:len(dst)+4], fmt.Errorf("%w: too long", framing.ErrUnframable)
		}
		return framed, nil
	}), []string{"unframable"}},
	{"nothing can be carried", appending(func(dst, _ []byte) ([]byte, error) {
		return dst, framing.ErrUnframable
	}), []string{"carries"}},
	{"Append panics", appending(func(dst, msg []byte) ([]byte, error) {
		var array [126]byte
		copy(array[:len(msg)], msg)
		return framing.LengthPrefix{}.Append(dst, msg)
	}), []string{"panic"}},
	{"Append ends the goroutine", appending(func(dst, msg []byte) ([]byte, error) {
		runtime.Goexit()
		return nil, nil
	}), []string{"panic"}},
}

func sharedBuffer() framing.Codec {
	buffer := make([]byte, 0, 1<<20)
	return appending(func(dst, msg []byte) ([]byte, error) {
		if len(dst) > 0 {
			return framing.LengthPrefix{}.Append(dst, msg)
		}
		return framing.LengthPrefix{}.Append(buffer[:0], msg)
	})
}

// stateFaults keep something between calls.
var stateFaults = []fault{
	{"one buffer for the messages of all connections", sharedMessages(), []string{"shared state"}},
	{"one header for all connections", sharedHeader(), []string{"shared state"}},
	{"what one step of Read hands to the next lies where all connections have it", sharedStep(), []string{"shared state"}},
	{"what a broken connection left is put before the next one's message", leftovers(), []string{"shared state"}},
	{"a message without bytes, for which nothing was taken", broken{
		Codec: framing.LengthPrefix{},
		read: func(r *bufio.Reader, max int) ([]byte, error) {
			if b, _ := r.Peek(4); len(b) == 4 && b[0] != 0 {
				return nil, nil
			}
			return framing.LengthPrefix{}.Read(r, max)
		}}, []string{"hostile bytes"}},
	{"io.EOF for bytes that are not understood", broken{
		Codec: framing.LengthPrefix{},
		read: func(r *bufio.Reader, max int) ([]byte, error) {
			if b, _ := r.Peek(4); len(b) == 4 && b[0] != 0 {
				return nil, io.EOF
			}
			return framing.LengthPrefix{}.Read(r, max)
		}}, []string{"hostile bytes"}},
}

// sharedMessages gives each goroutine's race a chance to be seen, but needs none: two connections in turn are enough.
func sharedMessages() framing.Codec {
	buffer := newShared(1 << 17)
	return prefixed(options{body: func(r *bufio.Reader, n, max int) ([]byte, error) {
		msg, err := readBody(r, n, max)
		if err != nil {
			return nil, err
		}
		return buffer.put(msg), nil
	}})
}

func sharedHeader() framing.Codec {
	header := newShared(4)
	return broken{
		Codec: framing.LengthPrefix{},
		read: func(r *bufio.Reader, max int) ([]byte, error) {
			for i := range 4 {
				b, err := r.ReadByte()
				if err != nil {
					if i > 0 {
						err = inside(err)
					}
					return nil, err
				}
				header.set(i, b)
			}
			length := binary.BigEndian.Uint32(header.get())
			if err := checkLength(length, max); err != nil {
				return nil, err
			}
			return readBody(r, int(length), max)
		}}
}

// sharedStep is wrong only when two goroutines read at the same time: between the steps no byte is waited for.
func sharedStep() framing.Codec {
	step := newShared(1 << 17)
	return prefixed(options{body: func(r *bufio.Reader, n, max int) ([]byte, error) {
		msg, err := readBody(r, n, max)
		if err != nil {
			return nil, err
		}
		step.put(msg)
		for range 10 {
			runtime.Gosched()
		}
		return step.get(), nil
	}})
}

func leftovers() framing.Codec {
	rest := newShared(64)
	return prefixed(options{body: func(r *bufio.Reader, n, _ int) ([]byte, error) {
		msg := make([]byte, n)
		got, err := io.ReadFull(r, msg)
		if err != nil {
			rest.put(msg[:got])
			return nil, inside(err)
		}
		if left := rest.get(); len(left) > 0 && left[0] != 0 && n > len(left) {
			rest.put(nil)
			return append(left, msg...), nil
		}
		return msg, nil
	}})
}

// A shared is the memory that a broken codec uses for all its connections. It has a lock, so that the race detector
// is content and the suite must see the fault by the bytes alone.
type shared struct {
	mu  sync.Mutex
	mem []byte
	n   int
}

func newShared(size int) *shared { return &shared{mem: make([]byte, size), n: min(size, 64)} }

// put copies b in, and returns the copy: a view, which the next put changes.
func (s *shared) put(b []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n = copy(s.mem, b)
	return s.mem[:s.n]
}

func (s *shared) set(i int, b byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mem[i] = b
}

func (s *shared) get() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.mem[:s.n])
}
