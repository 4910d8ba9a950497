// Package strace parses what strace wrote of one program into system calls, and into the sockets that they were made on,
// with the offsets of what each call moved, so that what a program says of itself can be held against what the kernel
// was asked. It may know how strace prints calls, and how this project quotes bytes. It must not know accounts, captures
// or what the bytes mean, and it neither runs strace nor decides which step of a program a call stands for.
package strace

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"echolab/internal/text"
)

// What Read takes at most: these are runs that one can look at.
const (
	maxLine = 1 << 20
	maxSize = 16 << 20
)

// A Recording is what one strace wrote.
type Recording struct {
	Calls       []*Call   // in the order in which they were entered
	Sockets     []*Socket // in the order in which they were made
	First, Last time.Time // of any line, in UTC
}

// Read reads what strace wrote to its file if it was called like this:
//
//	strace -f -ttt -T -o FILE -e trace=network,read,write,readv,writev,close,epoll_ctl PROGRAM
//
// -f and -ttt must be there, since every line needs a thread and a time, and a single file (no -ff). -T may be left out;
// then the times of calls are less exact (see [Call]). With -s, strace keeps more than 32 bytes of what a call moved; -y,
// -yy, -x, -xx and -v are understood. Without the calls of -e above, sockets and offsets are wrong; others are read and
// left out, as are signals and ends of threads. A call that did not return before strace let go of its thread stays in
// the Recording with the result "?".
//
// The trace is taken for that of one program from its start, whose threads share their descriptors: a child's close
// would be counted as the program's own.
//
// Read takes at most 16 MiB, and lines of at most 1 MiB. It returns an error, and no Recording, for an empty input, for
// one that is longer or that ends inside a line, and for a line that strace does not write; the error names the line and
// quotes its beginning. Whatever the input, it takes time and memory in proportion to its length.
func Read(r io.Reader) (*Recording, error) {
	lines := bufio.NewReaderSize(r, 64<<10)
	p := parser{open: make(map[int]*Call), current: make(map[int]*Socket)}
	size := 0
	for number := 1; ; number++ {
		line, err := readLine(lines)
		if err == io.EOF {
			if number == 1 {
				return nil, errEmpty
			}
			return &p.Recording, nil
		}
		if size += len(line) + 1; size > maxSize {
			return nil, errSize
		}
		if err == nil {
			err = p.parse(line)
		}
		switch err {
		case nil:
		case errNotStrace:
			return nil, fmt.Errorf("line %d %w: %s", number, err, text.Quote([]byte(line), shown))
		default:
			return nil, fmt.Errorf("line %d %w", number, err)
		}
	}
}

var (
	errEmpty     = errors.New("it is empty: strace -f -ttt -o FILE PROGRAM writes a trace")
	errNotStrace = errors.New("is not what strace -f -ttt -o FILE writes")
	errCutOff    = errors.New("is cut off: wait for the end of strace, and copy the whole file")
	errLine      = fmt.Errorf("is longer than %s bytes: if this is a trace, give strace a smaller -s", text.Number(maxLine))
	errSize      = fmt.Errorf("it is longer than %s bytes: trace a shorter run, or fewer calls with -e", text.Number(maxSize))
)

// readLine returns the next line, without its end. It returns io.EOF only where no line begins.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return "", errLine
		case err == bufio.ErrBufferFull:
		case err == io.EOF && len(line) > 0:
			return "", errCutOff
		default:
			return strings.TrimSuffix(string(line), "\n"), err
		}
	}
}
