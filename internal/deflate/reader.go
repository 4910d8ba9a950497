package deflate

// A Reader inflates the compressed messages of one direction. It is not for concurrent use. Between two messages it
// holds what they may refer to: at most the last 2^bits bytes, nothing without context takeover.
type Reader struct {
	window window
}

// NewReader returns a Reader for a sender that agreed on a window of 2^bits bytes (8 to 15; 0 counts as 15) and that
// lets messages refer to those before them if takeover is true. It panics for other bits.
func NewReader(bits int, takeover bool) *Reader {
	_, w := newWindow(bits, takeover)
	return &Reader{window: w}
}

// Append inflates the payload of one message, all its fragments put together, and appends the message to dst, which it
// returns extended (RFC 7692, 7.2.2). The message may have max bytes at most (a negative max counts as 0). The payload
// must not overlap dst's spare capacity.
//
// With an error, dst comes back as it was, and the Reader is of no further use: the next message might refer to this one.
// The error is
//   - a *framing.SizeError for a message over max, found when one byte more than that has been inflated,
//   - a *framing.ProtocolError with code 1007 for data that is not DEFLATE (RFC 1951), that refers to what the Reader
//     does not have, or that ends inside a block. A reference over the agreed window that stays inside the message
//     goes unnoticed.
//
// The data is whole if it ends with a block when 00 00 ff ff is put after it (7.2.2), or with one that calls itself
// final. After a final block others may follow from the next byte on (7.2.3.4), but not without end: see maxFinals.
// The payload of an empty message is one byte 00, not none (7.2.3.6).
func (r *Reader) Append(dst, payload []byte, max int) ([]byte, error) {
	f := inflaters.Get().(*inflater)
	defer inflaters.Put(f)
	out, err := f.inflate(dst, payload, r.window.data, limit(max))
	if err != nil {
		return dst, err
	}
	r.window.keep(out[len(dst):])
	return out, nil
}

// Held is how many bytes of memory the Reader holds for the next message to refer to.
func (r *Reader) Held() int { return cap(r.window.data) }

func limit(max int) int {
	if max < 0 {
		return 0
	}
	return max
}
