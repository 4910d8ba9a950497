package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"

	"echolab/framing"
	"echolab/internal/cli"
	"echolab/internal/lab"
)

// messagesFlag is -message, which may be repeated.
type messagesFlag [][]byte

func (m *messagesFlag) String() string { return string(bytes.Join(*m, []byte(" "))) }

// TakesEmpty says that a message may be.
func (m *messagesFlag) TakesEmpty() {}

func (m *messagesFlag) Set(text string) error {
	*m = append(*m, []byte(text))
	return nil
}

// input is where the messages come from: -message, -file, standard input if something is piped or redirected into it,
// or the samples. Unless they are there already, they make the client Live.
func (o *options) input(ctx context.Context, stdin io.Reader) (messages iter.Seq2[[]byte, error], closeInput func() error, err error) {
	nothing := func() error { return nil }
	switch {
	case len(o.messages) > 0:
		return each(o.messages), nothing, nil
	case o.file == "-" || o.file == "" && isInput(stdin):
		o.Live = !isFile(stdin)
		return lines(stdin, "standard input", o.MaxMessage), nothing, nil
	case o.file != "":
		f, err := cli.Open(ctx, o.file)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot read the messages: %w", err)
		}
		o.Live = !isFile(f)
		return lines(f, o.file, o.MaxMessage), f.Close, nil
	}
	return each(samples(o.Codec)), nothing, nil
}

// isInput says whether somebody gave the program an input: a pipe, a socket, which some programs take for one, or a
// file, not a terminal or /dev/null.
func isInput(stdin io.Reader) bool {
	return isFile(stdin) || mode(stdin)&(os.ModeNamedPipe|os.ModeSocket) != 0
}

// isFile says whether what is read is there already: it is a file, and nothing that somebody still writes into.
func isFile(r io.Reader) bool {
	return mode(r).IsRegular()
}

// mode is the mode of what is read, and that of no file if it is none.
func mode(r io.Reader) fs.FileMode {
	if f, ok := r.(*os.File); ok {
		if info, err := f.Stat(); err == nil {
			return info.Mode()
		}
	}
	return fs.ModeIrregular
}

func each(messages [][]byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, msg := range messages {
			if !yield(msg, nil) {
				return
			}
		}
	}
}

// lines are the lines of a file, each without its end. Unlike on a connection, a last line without a line feed is one.
func lines(r io.Reader, name string, limit int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		scanner := bufio.NewScanner(r)
		scanner.Split(scanLine)
		scanner.Buffer(nil, max(limit, limit+len("\r\n")+1))
		n := 0
		for scanner.Scan() {
			n++
			if !yield(scanner.Bytes(), nil) {
				return
			}
		}
		switch err := scanner.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			yield(nil, fmt.Errorf("line %d of %s is longer than the limit of %d bytes for a message (-max-message)", n+1, name, limit))
		case err != nil:
			yield(nil, fmt.Errorf("cannot read the messages: %w", err))
		}
	}
}

// scanLine is bufio.ScanLines, but that only a line that ends has an end: a carriage return before the end of the file
// is data.
func scanLine(data []byte, atEOF bool) (advance int, line []byte, err error) {
	if atEOF && len(data) > 0 && !bytes.Contains(data, []byte("\n")) {
		return len(data), data, nil
	}
	return bufio.ScanLines(data, atEOF)
}

// samples are the lab's sample messages, made as long as the codec needs them.
func samples(codec framing.Codec) [][]byte {
	all := lab.Samples()
	size, ok := framing.SizeOf(codec)
	if !ok {
		return all
	}
	for i, msg := range all {
		padded := append(msg, strings.Repeat(".", max(0, size-len(msg)))...)
		all[i] = padded[:size]
	}
	return all
}
