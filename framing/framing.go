// Package framing marks messages in a byte stream.
//
// A TCP stream has no messages in it: a boundary exists only where both ends agree on a framing. This package has
// five such agreements behind one interface, [Codec]: [Lines], [Fixed], [LengthPrefix] and [WebSocket] keep every
// message whole however the stream is cut on its way; [Raw], which takes one read for one message, is the mistake
// that they mend, kept as an exhibit.
//
// The codecs are values without state. They know no socket, no goroutine and no clock: deadlines, and who may read
// or write when, are the caller's business. Package framingtest checks any Codec, these or your own, against the
// contract.
package framing

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// A Codec is one way of marking messages in a stream of bytes.
//
// Both methods may be called concurrently, Read as long as each bufio.Reader has one caller at a time: a Codec keeps
// nothing between calls.
type Codec interface {
	// Append appends the framed msg to dst and returns the extended slice, so that one message is one Write. It
	// neither changes nor keeps msg, which must not overlap dst's spare capacity. A message that this framing cannot
	// carry gets an error that wraps ErrUnframable, and dst back as it was.
	Append(dst, msg []byte) ([]byte, error)

	// Read returns the next message, at most max bytes long (a negative max counts as 0). The message is valid until
	// the next call that reads from r: it may be a view into r's buffer. Its capacity ends before anything else that
	// may still be read: an append to it overwrites neither what comes next in r nor another message. An empty message
	// has length 0 and a nil error.
	//
	// Read takes from r exactly the bytes of that message, and never waits for more than the message needs.
	//
	// Beside an error there is no message. The error is
	//   - io.EOF itself, only if the stream ends between two messages,
	//   - io.ErrUnexpectedEOF, or an error that wraps it, if it ends inside one,
	//   - a *SizeError, or an error that wraps one, for a message over max: errors.Is finds ErrTooLarge in it. It comes
	//     before memory is set aside for the message, and without waiting for its bytes,
	//   - for any other error of r, that error or one that wraps it,
	//   - or the framing's own complaint about bytes that it does not allow.
	// After any error but io.EOF the place of the next boundary is unknown: the stream is of no more use.
	Read(r *bufio.Reader, max int) ([]byte, error)
}

// An Expecter is a Codec that can tell cheaply whether it is worth calling Read. It is for who gets a stream piece by
// piece and must not wait, and would else call Read for every piece of a long message: time that grows with the square of
// its length. A Codec need not be one.
type Expecter interface {
	// Enough says whether b, which begins with a message, has all of it, or enough for Read to refuse it with a limit of
	// max bytes. Of b, the first seen bytes were not enough.
	Enough(b []byte, seen, max int) bool
}

var (
	// ErrTooLarge is what errors.Is finds in the error of a message over the limit. The error is a *SizeError.
	ErrTooLarge = errors.New("message over the limit")

	// ErrUnframable is what errors.Is finds when a framing cannot carry a message: a line feed inside a line, a
	// message of another size than the fixed one.
	ErrUnframable = errors.New("this framing cannot carry the message")
)

// A SizeError says that a message is longer than the reader allows.
type SizeError struct {
	Length  uint64 // bytes that the message claims to have; for a fragmented one, its fragments so far
	AtLeast bool   // the framing claims no length (lines): Length bytes were seen, and no end yet
	Max     int    // bytes that were allowed
	Prefix  string // the bytes that the framing took for the length (length); "" where it has none
}

func (e *SizeError) Error() string {
	length := strconv.FormatUint(e.Length, 10)
	if e.AtLeast {
		length += " or more"
	}
	return fmt.Sprintf("a message of %s bytes%s is over the limit of %d", length, claim(e.Prefix), e.Max)
}

// Is makes errors.Is(err, ErrTooLarge) true.
func (e *SizeError) Is(target error) bool { return target == ErrTooLarge }

// Names lists what Parse understands, for the help text of a flag; Kinds is what a KIND in it may be, and Escapes what a TEXT
// may have.
const (
	Names   = "raw|lines|fixed=N|length|length=KIND|delimiter=TEXT"
	Escapes = `\0, \n, \r, \t, \\ and \xNN`
	Kinds   = "u8, u16, u32 or u64, with le after it for little endian, or varint"
)

// Parse returns the codec of that name: "raw", "lines", "length", or "fixed=N" for messages of N bytes. A length may be
// u8, u16, u32 or u64, with le after it for little endian, or varint, as in "length=u16le"; "length" is u32. The text of a
// "delimiter=TEXT" may have the escapes \0, \n, \r, \t, \\ and \xNN. WebSocket has
// no name here, because it begins with a handshake and its two sides differ.
func Parse(name string) (Codec, error) {
	switch name {
	case "raw":
		return Raw{}, nil
	case "lines":
		return Lines{}, nil
	case "length":
		return LengthPrefix{}, nil
	}
	if length, ok := strings.CutPrefix(name, "length="); ok {
		return parseLength(length)
	}
	if text, ok := strings.CutPrefix(name, "delimiter="); ok {
		return parseDelimiter(text)
	}
	if size, ok := strings.CutPrefix(name, "fixed="); ok {
		n, err := strconv.Atoi(size)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("codec %q: the size must be a whole number of bytes from 1 up, as in fixed=16", name)
		}
		return Fixed(n), nil
	}
	return nil, fmt.Errorf("codec %q is not known: it is one of %s", name, Names)
}

// checkSize refuses a length over max. The length stays a uint64 until it has passed: no conversion can make it small
// or negative before.
func checkSize(length uint64, limit int) *SizeError {
	if length > uint64(max(limit, 0)) {
		return &SizeError{Length: length, Max: max(limit, 0)}
	}
	return nil
}

// inside is the error of a read that failed when a message had begun: the end of the stream is unexpected there.
func inside(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// peekHeader returns the next n bytes without taking them. It returns io.EOF only if there is not a single one.
func peekHeader(r *bufio.Reader, n int) ([]byte, error) {
	b, err := r.Peek(n)
	if err != nil && len(b) > 0 {
		err = inside(err)
	}
	return b, err
}

// take returns the next n bytes, which belong to a message that has begun: as a view into r's buffer if they fit it,
// else as a slice of their own.
func take(r *bufio.Reader, n int) ([]byte, error) {
	if n > r.Size() {
		return appendFrom(nil, r, n)
	}
	b, err := r.Peek(n)
	if err != nil {
		return nil, inside(err)
	}
	_, err = r.Discard(n)
	return b[:n:n], err // what follows it is the next message's: an append must not write there
}

// firstStep is how much memory a claimed length gets before any of its bytes have arrived.
const firstStep = 64 << 10

// appendFrom appends the next n bytes of r to dst. It sets memory aside only as bytes arrive, so that a sender pays
// for what it claims.
func appendFrom(dst []byte, r *bufio.Reader, n int) ([]byte, error) {
	whole := len(dst) + n
	for len(dst) < whole {
		if len(dst) == cap(dst) {
			// Grow adds to a small step as append does, so that many small fragments are not copied for each of them.
			dst = slices.Grow(dst, min(whole-len(dst), max(firstStep, 3*len(dst))))
		}
		have := len(dst)
		dst = dst[:min(whole, cap(dst))]
		if _, err := io.ReadFull(r, dst[have:]); err != nil {
			return nil, inside(err)
		}
	}
	return dst, nil
}
