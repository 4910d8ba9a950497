package deflate

import (
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/flate"

	"echolab/framing"
)

// maxFinals is how many blocks of a payload of n bytes may call themselves final. To begin anew after one costs as
// much as to inflate some KiB: a payload of nothing else would keep a receiver busy.
func maxFinals(n int) int { return 16 + n/64 }

// inflaters holds the buffers and tables for inflating, which no connection needs between two messages.
var inflaters = sync.Pool{New: func() any { return newInflater() }}

// An inflater decodes the data of one message at a time.
type inflater struct {
	source source
	flate  io.Reader // a flate.Resetter too
	probe  [1]byte
	dict   []byte
}

func newInflater() *inflater {
	f := new(inflater)
	f.flate = flate.NewReader(&f.source)
	return f
}

var errEndsInside = corrupt("the data ends inside a block (RFC 7692, 7.2.2)")

// inflate appends the message to dst. past is what it may refer to.
func (f *inflater) inflate(dst, payload, past []byte, max int) ([]byte, error) {
	f.source = source{payload: payload}
	defer func() { f.source = source{} }() // the pool must not hold anybody's bytes
	start, dict := len(dst), past
	for range maxFinals(len(payload)) {
		if err := f.flate.(flate.Resetter).Reset(&f.source, dict); err != nil {
			return nil, err
		}
		var err error
		if dst, err = f.untilFinal(dst, start, max); err != nil {
			return nil, err
		}
		if f.source.whole() {
			return dst, nil
		}
		dict = f.history(past, dst[start:])
	}
	return nil, corrupt("more final blocks than any compressor needs")
}

// untilFinal appends the blocks up to a final one to the message that begins at start.
func (f *inflater) untilFinal(dst []byte, start, max int) ([]byte, error) {
	for {
		n, err := 0, error(nil)
		if len(dst)-start < max {
			dst = grow(dst, max-(len(dst)-start))
			n, err = f.flate.Read(dst[len(dst):min(cap(dst), start+max)])
			dst = dst[:len(dst)+n]
		} else if n, err = f.flate.Read(f.probe[:]); n > 0 {
			return nil, &framing.SizeError{Length: uint64(max) + 1, AtLeast: true, Max: max}
		}
		switch {
		case err == io.EOF:
			return dst, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errEndsInside
		case err != nil:
			return nil, corrupt(err.Error())
		}
	}
}

// grow makes room in dst if it has none, by what it holds already but no more than limit.
func grow(dst []byte, limit int) []byte {
	if len(dst) < cap(dst) {
		return dst
	}
	return slices.Grow(dst, min(limit, max(512, len(dst))))
}

// history is the end of what came before and of the message so far.
func (f *inflater) history(past, message []byte) []byte {
	const most = 1 << MaxWindowBits
	if len(message) >= most {
		return message[len(message)-most:]
	}
	past = past[len(past)-min(len(past), most-len(message)):]
	f.dict = append(append(f.dict[:0], past...), message...)
	return f.dict
}

func corrupt(text string) error {
	return &framing.ProtocolError{Code: framing.CodeInvalidPayload, Text: "permessage-deflate: " + text}
}
