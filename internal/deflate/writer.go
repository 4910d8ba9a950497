package deflate

// A Writer compresses the messages of one direction. It is not for concurrent use. Between two messages it holds what
// they may refer to: at most the last 2^bits bytes, nothing without context takeover.
type Writer struct {
	exponent int // no reference is longer than 2^exponent
	window   window
}

// NewWriter returns a Writer for a receiver that agreed on a window of 2^bits bytes (8 to 15; 0 counts as 15). If
// takeover is true its messages refer to those before them: each one must reach the receiver, in order. It panics for
// other bits.
func NewWriter(bits int, takeover bool) *Writer {
	exponent, w := newWindow(bits, takeover)
	return &Writer{exponent: exponent, window: w}
}

// Append compresses a message and appends the payload to dst, which it returns extended: whole blocks, none of which
// calls itself final, and an empty stored block without its last four bytes 00 00 ff ff (RFC 7692, 7.2.1). It neither
// changes nor keeps msg, which must not overlap dst's spare capacity.
//
// The payload can be longer than the message. With an error, which only a fault in the compressor can cause, dst
// comes back as it was.
func (w *Writer) Append(dst, msg []byte) ([]byte, error) {
	payload, err := compress(dst, msg, w.recent(len(msg)), w.exponent)
	if err != nil {
		return dst, err
	}
	w.window.keep(msg)
	return payload[:len(payload)-len(tail)], nil
}

// recent is what a message of n bytes may refer to in those before it: the last 4 KiB or 4 n bytes of the window. The
// past is indexed again for each message, because an index kept for it would take many times the memory of the window;
// for a short message all of it would cost ten times the time, for a few per cent of the size.
func (w *Writer) recent(n int) []byte {
	past := w.window.data
	return past[len(past)-min(len(past), max(4<<10, 4*n)):]
}
