package framingtest_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"echolab/framing"
)

// lineOptions are the ways in which readLine can go wrong. With none it keeps the contract.
type lineOptions struct {
	unfinished bool                // a last line without a line feed is a message
	oneSlice   bool                // what fits the buffer is the line
	trim       func([]byte) []byte // what is taken off a line besides its end
	unlimited  bool
}

// readLine reads lines byte by byte, as framing.Lines makes them.
func readLine(o lineOptions) func(r *bufio.Reader, max int) ([]byte, error) {
	return func(r *bufio.Reader, max int) ([]byte, error) {
		var line []byte
		for {
			b, err := r.ReadByte()
			switch {
			case err == io.EOF && len(line) > 0 && o.unfinished:
				return line, nil
			case err != nil && len(line) > 0:
				return nil, inside(err)
			case err != nil:
				return nil, err
			case b == '\n':
				line = bytes.TrimSuffix(line, []byte{'\r'})
				if o.trim != nil {
					line = o.trim(line)
				}
				return line, nil
			}
			if line = append(line, b); o.oneSlice && len(line) == r.Size() {
				return line, nil
			}
			if len(line) <= atLeastZero(max) || o.unlimited {
				continue
			}
			if length := len(bytes.TrimSuffix(line, []byte{'\r'})); length > atLeastZero(max) {
				return nil, &framing.SizeError{Length: uint64(length), AtLeast: true, Max: atLeastZero(max)}
			}
		}
	}
}

func lines(o lineOptions) framing.Codec { return broken{Codec: framing.Lines{}, read: readLine(o)} }

// lineFaults are those of line protocols.
var lineFaults = []fault{
	{"an unfinished last line is a message, as for bufio.Scanner", lines(lineOptions{unfinished: true}),
		[]string{"end inside"}},
	{"a line ends where the buffer does, as for ReadLine without a look at isPrefix", lines(lineOptions{oneSlice: true}),
		[]string{"round trip"}},
	{"spaces around a line are taken off", lines(lineOptions{trim: bytes.TrimSpace}), []string{"round trip"}},
	{"a line may be as long as it likes", lines(lineOptions{unlimited: true}), []string{"limit", "too large, unread"}},
	{"a line feed in a message is not refused", broken{
		Codec: framing.Lines{},
		append: func(dst, msg []byte) ([]byte, error) {
			if bytes.HasSuffix(msg, []byte{'\r'}) {
				return dst, framing.ErrUnframable
			}
			return append(append(dst, msg...), '\n'), nil
		}}, []string{"round trip"}},
	{"the writer keeps a carriage return that the reader drops", broken{
		Codec: framing.Lines{},
		append: func(dst, msg []byte) ([]byte, error) {
			if bytes.IndexByte(msg, '\n') >= 0 {
				return dst, framing.ErrUnframable
			}
			return append(append(dst, msg...), '\n'), nil
		}}, []string{"round trip"}},
	{"a length in digits is summed up without an end", netstring(), []string{"panic"}},
	{"a digit in a message is taken for its length", broken{
		append: func(dst, msg []byte) ([]byte, error) { return fmt.Appendf(dst, "%d%s", len(msg), msg), nil },
		read: func(r *bufio.Reader, max int) ([]byte, error) {
			n := 0
			if _, err := fmt.Fscanf(r, "%d", &n); err != nil {
				return nil, err
			}
			if err := checkLength(uint32(n), max); err != nil {
				return nil, err
			}
			return readBody(r, n, max)
		}}, []string{"round trip"}},
}

// netstring puts the length before a message in digits, and a colon; and does not see the sum of digits overflow.
func netstring() framing.Codec {
	return broken{
		append: func(dst, msg []byte) ([]byte, error) { return fmt.Appendf(dst, "%d:%s", len(msg), msg), nil },
		read: func(r *bufio.Reader, max int) ([]byte, error) {
			n := 0
			for begun := false; ; begun = true {
				digit, err := r.ReadByte()
				switch {
				case err != nil && begun:
					return nil, inside(err)
				case err != nil:
					return nil, err
				case digit == ':' && n > atLeastZero(max):
					return nil, &framing.SizeError{Length: uint64(n), Max: atLeastZero(max)}
				case digit == ':':
					return readBody(r, n, max)
				case digit < '0' || digit > '9':
					return nil, errors.New("not a digit")
				}
				n = 10*n + int(digit-'0')
			}
		}}
}
