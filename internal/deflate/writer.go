package deflate

import (
	"sync"

	"github.com/klauspost/compress/flate"
)

// A Writer compresses the messages of one direction. It is not for concurrent use. Between two messages it holds what
// they may refer to: at most the last 2^bits bytes, nothing without context takeover.
type Writer struct {
	reach  int // how far back a reference may go, in bytes
	window window
}

// NewWriter returns a Writer for a receiver that agreed on a window of 2^bits bytes (8 to 15; 0 counts as 15). If
// takeover is true its messages refer to those before them: each one must reach the receiver, in order. It panics for
// other bits.
func NewWriter(bits int, takeover bool) *Writer {
	reach, w := newWindow(bits, takeover)
	return &Writer{reach: reach, window: w}
}

// Append compresses a message and appends the payload to dst, which it returns extended: whole blocks, none of which
// calls itself final, and an empty stored block without its last four bytes 00 00 ff ff (RFC 7692, 7.2.1). It neither
// changes nor keeps msg, which must not overlap dst's spare capacity.
//
// The payload can be longer than the message. Beside an error, which only a fault in the compressor can cause, dst
// comes back as it was.
func (w *Writer) Append(dst, msg []byte) ([]byte, error) {
	out := appenders.Get().(*appender)
	out.data = dst
	err := compress(out, msg, w.window.data, w.reach)
	payload := out.data
	out.data = nil // the pool must not hold anybody's bytes
	appenders.Put(out)
	if err != nil {
		return dst, err
	}
	w.window.keep(msg)
	return payload[:len(payload)-len(tail)], nil
}

// maxDict is what flate.StatelessDeflate takes of a dictionary.
const maxDict = 8 << 10

// compress writes a message in blocks that may refer to what lies before them, but no further back than reach.
//
// The library bounds no distance. It cannot be longer than a block and its dictionary together, so these two share
// the window.
func compress(out *appender, msg, past []byte, reach int) error {
	if len(msg) == 0 {
		out.data = append(out.data, "\x00"+tail...)
		return nil
	}
	dictSize := min(reach/2, maxDict)
	for start := 0; start < len(msg); {
		dict := past
		if start > 0 {
			dict = msg[:start]
		}
		dict = dict[len(dict)-min(len(dict), dictSize):]
		n := min(len(msg)-start, reach-len(dict))
		if err := flate.StatelessDeflate(out, msg[start:start+n], false, dict); err != nil {
			return err
		}
		start += n
	}
	return nil
}

// An appender is an io.Writer onto a slice.
type appender struct{ data []byte }

func (a *appender) Write(b []byte) (int, error) {
	a.data = append(a.data, b...)
	return len(b), nil
}

var appenders = sync.Pool{New: func() any { return new(appender) }}
