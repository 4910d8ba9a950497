package framing

import (
	"bufio"
	"bytes"
	"fmt"
)

// Lines ends every message with a line feed, as text protocols do. A carriage return before the line feed belongs to
// the line's end, not to the message. A last line without a line feed is unfinished: io.ErrUnexpectedEOF.
type Lines struct{}

func (Lines) String() string { return "lines" }

// Append appends msg and a line feed. It cannot carry a message that holds a line feed, or that ends in a carriage
// return, which the reader would drop.
func (Lines) Append(dst, msg []byte) ([]byte, error) {
	if i := bytes.IndexByte(msg, '\n'); i >= 0 {
		return dst, fmt.Errorf("lines: %w: it has a line feed at byte %d, which would end it there", ErrUnframable, i)
	}
	if bytes.HasSuffix(msg, []byte{'\r'}) {
		return dst, fmt.Errorf("lines: %w: it ends in a carriage return, which the reader would drop", ErrUnframable)
	}
	dst = append(dst, msg...)
	return append(dst, '\n'), nil
}

// Read returns the next line without its end.
func (Lines) Read(r *bufio.Reader, max int) ([]byte, error) {
	var long []byte // the part of the line that r's buffer had no room for
	seen := 0       // bytes of r's buffer that are known to hold no line feed
	for {
		if seen == r.Size() {
			part, err := take(r, seen)
			if err != nil {
				return nil, err
			}
			long, seen = append(long, part...), 0
		}
		// One byte more is all that can be waited for: it may be the line feed.
		if _, err := r.Peek(seen + 1); err != nil {
			if len(long)+seen > 0 {
				err = inside(err)
			}
			return nil, err
		}
		buffered, err := r.Peek(r.Buffered())
		if err != nil {
			return nil, inside(err)
		}
		if i := bytes.IndexByte(buffered[seen:], '\n'); i >= 0 {
			return finishLine(r, long, seen+i+1, max)
		}
		seen = len(buffered)
		if err := checkSize(uint64(len(long)+lineLength(buffered)), max); err != nil {
			err.AtLeast = true
			return nil, err
		}
	}
}

// Enough says whether b has the line's end, or is longer than a line may be.
func (Lines) Enough(b []byte, seen, max int) bool {
	return bytes.IndexByte(b[seen:], '\n') >= 0 || len(b) > max
}

// finishLine takes the n bytes that end in the line feed and puts them after long.
func finishLine(r *bufio.Reader, long []byte, n, max int) ([]byte, error) {
	line, err := take(r, n)
	if err != nil {
		return nil, err
	}
	line = line[:n-1]
	if long != nil {
		line = append(long, line...)
	}
	line = line[:lineLength(line)]
	if err := checkSize(uint64(len(line)), max); err != nil {
		return nil, err
	}
	return line, nil
}

// lineLength is the length of a line without the carriage return that may end it.
func lineLength(line []byte) int {
	return len(bytes.TrimSuffix(line, []byte{'\r'}))
}
