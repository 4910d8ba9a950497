package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"echolab/internal/event"
)

// maxLine bounds a line of strace's output, and maxTrace all of it: this is for runs that one can look at.
const (
	maxLine  = 1 << 20
	maxTrace = 16 << 20
)

// The lines that strace -f -ttt -o writes, each behind the number of a thread and the time:
//
//	read(7, "hello", 65536) = 5
//	read(7,  <unfinished ...>
//	<... read resumed>"hello", 65536) = 5
//	--- SIGURG {si_signo=SIGURG, ...} ---
//	+++ exited with 0 +++
//
// A call of a thread that is ended has the name ??? where strace can no longer ask for it.
var (
	stamped = regexp.MustCompile(`^(\d+) +(\d{1,11})\.(\d{6}) (.+)$`)
	begun   = regexp.MustCompile(`^(\w+|\?+)\((.*) <unfinished \.\.\.>$`)
	resumed = regexp.MustCompile(`^<\.\.\. (\w+|\?+) resumed>(.*)$`)
	entire  = regexp.MustCompile(`^(\w+|\?+)\((.*)$`)
	ended   = regexp.MustCompile(`^(.*)\) += (.*?)(?: <(\d+)\.(\d{6})>)?$`) // the last ") =": bytes may have others
	other   = regexp.MustCompile(`^(?:---|\+\+\+|strace: ) ?.*`)
)

// A recording is what one strace wrote.
type recording struct {
	calls       []*call // of the known names, in the order in which they were entered
	first, last time.Time
}

// readTrace reads what strace -f -ttt -o wrote. An error names the line.
func readTrace(r io.Reader) (*recording, error) {
	lines := bufio.NewReaderSize(r, 64<<10)
	p := parser{open: make(map[int]*call)}
	size := 0
	for {
		line, err := readLine(lines)
		if err == io.EOF {
			break
		}
		p.line++
		if size += len(line) + 1; size > maxTrace {
			err = fmt.Errorf("is behind %d bytes: this is for shorter runs", maxTrace)
		}
		if err == nil {
			err = p.parse(line)
		}
		if err == errNotStrace {
			err = fmt.Errorf("%w: %s", err, event.Preview([]byte(line)))
		}
		if err != nil {
			return nil, fmt.Errorf("line %d %w", p.line, err)
		}
	}
	if p.line == 0 {
		return nil, errors.New("it is empty")
	}
	return &p.recording, nil
}

var (
	errNotStrace = errors.New("is not what strace -f -ttt -o writes")
	errCutOff    = errors.New("is cut off: the trace is not complete")
	errLong      = fmt.Errorf("is longer than %d bytes: this is no trace", maxLine)
)

// readLine returns the next line, without its end. It returns io.EOF only where no line begins.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return "", errLong
		case err == bufio.ErrBufferFull:
		case err == io.EOF && len(line) > 0:
			return "", errCutOff
		default:
			return strings.TrimSuffix(string(line), "\n"), err
		}
	}
}

// A parser joins the halves of the calls that others came in between of.
type parser struct {
	recording
	open map[int]*call // by thread: those entered and not returned
	line int
}

func (p *parser) parse(line string) error {
	groups := stamped.FindStringSubmatch(line)
	if groups == nil {
		return errNotStrace
	}
	thread, err := strconv.Atoi(groups[1])
	if err != nil {
		return errNotStrace
	}
	at := time.Unix(int64(number(groups[2])), int64(number(groups[3]))*1000).UTC()
	if p.first.IsZero() {
		p.first = at
	}
	p.last = at
	text := groups[4]
	if other.MatchString(text) {
		return nil
	}
	if half := resumed.FindStringSubmatch(text); half != nil {
		return p.resume(thread, half[1], half[2], at)
	}
	if half := begun.FindStringSubmatch(text); half != nil {
		p.enter(&call{name: half[1], args: half[2], result: "?", value: -1, thread: thread, time: at})
		return nil
	}
	whole := entire.FindStringSubmatch(text)
	if whole == nil {
		return errNotStrace
	}
	c := &call{name: whole[1], args: whole[2], thread: thread, time: at}
	p.enter(c)
	delete(p.open, thread)
	return p.finish(c, at)
}

// enter takes a call that begins on this line.
func (p *parser) enter(c *call) {
	c.entered = p.line
	p.open[c.thread] = c
	if c.is(known...) {
		p.calls = append(p.calls, c)
	}
}

// resume takes the second half of a call.
func (p *parser) resume(thread int, name, rest string, at time.Time) error {
	c := p.open[thread]
	if c == nil || c.name != name {
		return fmt.Errorf("resumes a %s that was not begun", name)
	}
	c.args += rest
	delete(p.open, thread)
	return p.finish(c, at)
}

// finish takes the call's result off its arguments, and the time that it took (strace -T), if that is told.
func (p *parser) finish(c *call, at time.Time) error {
	groups := ended.FindStringSubmatch(c.args)
	if groups == nil {
		return errNotStrace
	}
	c.args, c.result, c.value, c.done = groups[1], groups[2], -1, p.line
	if v, err := strconv.ParseInt(firstArg.FindString(c.result), 10, 32); err == nil { // Linux moves 2 GiB at most
		c.value = v
	}
	c.time = at
	if groups[3] != "" && c.entered == p.line {
		c.time = at.Add(time.Duration(number(groups[3]))*time.Second + time.Duration(number(groups[4]))*time.Microsecond)
	}
	return nil
}

// number is a number of digits that the caller has seen to be few.
func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}
