package framingtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"reflect"
	"runtime"
	"strings"

	"echolab/framing"
)

// call runs f, which calls into the codec, under the watchdog. It returns false, and notes a finding, if f panicked.
func (s *suite) call(verb string, at scene, f func()) (returned bool) {
	s.watch.begin(verb, at)
	defer func() {
		s.watch.end()
		if !returned {
			s.findPanic(verb, at, recover())
		}
	}()
	f()
	return true
}

func (s *suite) findPanic(verb string, at scene, value any) {
	switch v := value.(type) {
	case nil:
		s.find(panics, at, verb+" ended its goroutine (runtime.Goexit)", "a return")
	case runaway:
		s.find(hangs, at, fmt.Sprintf("%s went on reading when nothing was left: %d times", verb, v), "an error")
	default:
		s.find(panics, at, fmt.Sprintf("%s panicked: %v%s", verb, v, s.origin()), "an error")
	}
}

// origin is the line of the codec that a panic came from, if it can be told. It must be called while the panic's stack
// is still there.
func (s *suite) origin() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	first := ""
	for panicking := false; ; {
		frame, more := frames.Next()
		where := fmt.Sprintf(", in %s (%s:%d)", path.Base(frame.Function), path.Base(frame.File), frame.Line)
		switch {
		case frame.Function == "runtime.gopanic":
			panicking, first = true, ""
		case !panicking, strings.HasPrefix(frame.Function, "runtime."):
		case strings.Contains(frame.Function, "/framingtest."): // the suite itself
			return first
		case inPackageOf(s.sender, frame.Function), inPackageOf(s.receiver, frame.Function):
			return where
		case first == "":
			first = where
		}
		if !more {
			return first
		}
	}
}

// inPackageOf says whether a function lies in the package of the codec's type.
func inPackageOf(c framing.Codec, function string) bool {
	t := reflect.TypeOf(c)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath() != "" && strings.HasPrefix(function, t.PkgPath()+".")
}

// append calls the sender's Append. It returns false if that did not frame msg, and notes a finding unless it was a
// proper refusal.
func (s *suite) append(dst, msg []byte, at scene) (framed []byte, carried bool) {
	framed, _, carried = s.tryAppend(dst, msg, at)
	return framed, carried
}

// tryAppend is append; it says also whether Append refused msg with ErrUnframable.
func (s *suite) tryAppend(dst, msg []byte, at scene) (framed []byte, refused, carried bool) {
	given, behind := withSentinels(msg)
	prefix := bytes.Clone(dst)
	var err error
	if !s.call("Append", at, func() { framed, err = s.sender.Append(dst, given) }) {
		return nil, false, false
	}
	intact := len(framed) >= len(prefix) && bytes.Equal(framed[:len(prefix)], prefix) && bytes.Equal(dst, prefix)
	switch {
	case !bytes.Equal(given, msg):
		s.find(appends, at, "Append changed msg to "+show(given), "msg as it was: "+show(msg))
	case !bytes.Equal(behind, sentinels):
		s.find(appends, at, "Append wrote behind the end of msg: "+show(behind), "msg's spare capacity as it was")
	case err == nil && !intact:
		s.find(appends, at, "Append returned "+show(framed), "a slice that begins with what dst held, "+show(prefix))
	case err == nil:
		return framed, false, true
	case !errors.Is(err, framing.ErrUnframable):
		s.find(refuses, at, "Append: "+outcome(nil, err), "no error, or one that wraps ErrUnframable")
	case !intact || len(framed) != len(prefix):
		s.find(refuses, at, "beside ErrUnframable, dst came back as "+show(framed), "dst as it was: "+show(prefix))
	default:
		return nil, true, false
	}
	return nil, false, false
}

// sentinels lie behind each msg, in its spare capacity.
var sentinels = bytes.Repeat([]byte{0xa5}, 16)

// withSentinels copies msg, and gives it spare capacity that is not Append's to write to. Nil stays nil.
func withSentinels(msg []byte) (given, behind []byte) {
	if msg == nil {
		return nil, sentinels
	}
	n := len(msg)
	whole := make([]byte, n+len(sentinels))
	copy(whole[copy(whole, msg):], sentinels)
	return whole[:n], whole[n:]
}

// read calls the receiver's Read on w. It returns false, and notes a finding, if that did not return.
func (s *suite) read(w *wire, max int) (msg []byte, err error, ok bool) {
	w.at.max = limitText(max)
	if !s.call("Read", w.at, func() { msg, err = s.receiver.Read(w.Reader, max) }) {
		return nil, nil, false
	}
	if err != nil && len(msg) > 0 {
		s.find(beside, w.at, outcome(msg, err), "the error alone")
	}
	return msg, err, true
}

// expect reads a message from w, and notes a finding under the rule if it is not the one wanted.
func (s *suite) expect(broken rule, w *wire, max int, want []byte) (msg []byte, ok bool) {
	msg, err, ok := s.read(w, max)
	if !ok {
		return nil, false
	}
	if err != nil || !bytes.Equal(msg, want) {
		s.find(broken, w.at, outcome(msg, err), "the message that was sent: "+show(want))
		return nil, false
	}
	return msg, true
}

// expectEnd reads from w, whose messages have all been read, and notes a finding if that is not io.EOF itself.
func (s *suite) expectEnd(w *wire, max int) {
	msg, err, ok := s.read(w, max)
	if ok && err != io.EOF {
		s.find(cleanEnd, w.at, "behind the last message: "+outcome(msg, err), "io.EOF itself (err == io.EOF)")
	}
}
