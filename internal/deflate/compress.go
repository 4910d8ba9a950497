package deflate

import (
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
)

// shortMessage is the size below which the windowed compressor finds no matches, but writes literals alone. In messages
// as short as that, almost all there is to save is in what they share with those before them.
const shortMessage = 128

// compress appends a message, which may refer to past, as blocks that end with a whole empty stored one.
//
// No reference goes further back than 2^exponent bytes: the windowed compressor keeps to that; the stateless one has no
// limit but its input, so a short message and its past are cut to that.
func compress(dst, msg, past []byte, exponent int) ([]byte, error) {
	if len(msg) >= shortMessage {
		return compressLong(dst, msg, past, exponent)
	}
	if len(msg) == 0 {
		return append(dst, "\x00"+tail...), nil
	}
	past = past[len(past)-min(len(past), 1<<exponent-len(msg)):]
	out := appenders.Get().(*appender)
	out.data = dst
	err := flate.StatelessDeflate(out, msg, false, past)
	dst = out.data
	out.data = nil // the pool must not hold anybody's bytes
	appenders.Put(out)
	return dst, err
}

func compressLong(dst, msg, past []byte, exponent int) ([]byte, error) {
	pool := &windowed[exponent-MinWindowBits]
	c, _ := pool.Get().(*windowedCompressor)
	if c == nil {
		c = new(windowedCompressor)
		var err error
		if c.flate, err = flate.NewWriterWindow(io.Discard, 1<<exponent); err != nil {
			return dst, err
		}
	}
	c.out.data = dst
	c.flate.ResetDict(&c.out, past)
	_, err := c.flate.Write(msg)
	if err == nil {
		err = c.flate.Flush()
	}
	dst = c.out.data
	c.out.data = nil
	c.flate.ResetDict(io.Discard, nil) // it keeps the dictionary for a plain Reset
	pool.Put(c)
	return dst, err
}

// windowed has a pool of compressors for each window. One takes about 1 MB, which no connection needs between two
// messages: there are no more than messages are compressed at the same time.
var windowed [MaxWindowBits - MinWindowBits + 1]sync.Pool

type windowedCompressor struct {
	flate *flate.Writer
	out   appender
}

// An appender is an io.Writer onto a slice.
type appender struct{ data []byte }

func (a *appender) Write(b []byte) (int, error) {
	a.data = append(a.data, b...)
	return len(b), nil
}

var appenders = sync.Pool{New: func() any { return new(appender) }}
