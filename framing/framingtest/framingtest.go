// Package framingtest checks codecs against the contract of [framing.Codec].
//
// One line in a test does it, for the codecs of package framing and for your own:
//
//	func TestMyCodecKeepsTheContract(t *testing.T) {
//		if err := framingtest.TestCodec(MyCodec{}); err != nil {
//			t.Error(err)
//		}
//	}
//
// The suite sends messages of many sizes and contents through the codec. On their way it cuts the stream at every
// byte, glues messages together, lets the connection fail, and forges the bytes. It needs no network and no clock
// besides a watchdog. What it cannot find is a forged length that is accepted as another, smaller one: to the suite,
// that is a message like any other. Nor does it know what a stream may hold that the sender's Append never makes, such
// as fragments, control frames, or a CR before an LF: give [TestPair] senders that make them.
package framingtest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"path"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"echolab/framing"
)

// TestCodec checks a codec whose two ends are alike. It returns nil if c keeps the contract, and otherwise one error
// that says for each rule how often c broke it, with at most two examples: the input, what came, what was wanted.
//
// The suite tries messages of every size from 0 to 300 bytes, and some of up to 65537. A codec need not carry them
// all: what its Append refuses with [framing.ErrUnframable] is left out. If it carries none of these sizes, pass those
// that it does.
//
// TestCodec may be called from several goroutines. A call into the codec that has not returned after 5 seconds ends the
// suite; it keeps its goroutine when TestCodec has returned.
func TestCodec(c framing.Codec, sizes ...int) error { return TestPair(c, c, sizes...) }

// TestPair is TestCodec for a framing whose two directions differ, as WebSocket's do: it checks sender's Append and
// receiver's Read.
func TestPair(sender, receiver framing.Codec, sizes ...int) error {
	if sender == nil || receiver == nil {
		return errors.New("framingtest: the codec is nil")
	}
	for _, n := range sizes {
		if n < 0 {
			return fmt.Errorf("framingtest: no message has a size of %d bytes", n)
		}
	}
	return newSuite(sender, receiver).run(sizes)
}

// patience is how long one call into a codec may take before it counts as one that never returns.
const patience = 5 * time.Second

// A suite is one run of all checks on one codec.
type suite struct {
	sender, receiver framing.Codec

	messages
	readers  map[int]*bufio.Reader // by size, to be used again
	filler   bytes.Reader          // what they hold before they are
	overhead uint64                // what reading a small message allocates, where that is much
	runaway  atomic.Bool           // a Read of this check did not end by itself: the check makes no more calls
	watch    watch
	report   report
}

func newSuite(sender, receiver framing.Codec) *suite {
	return &suite{sender: sender, receiver: receiver, readers: map[int]*bufio.Reader{}}
}

// run does the checks in a goroutine of its own, so that a call that never returns can be given up.
func (s *suite) run(sizes []int) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.check(sizes)
	}()
	if verb, at := s.watch.wait(done); verb != "" {
		s.find(hangs, at, verb+" had not returned after "+patience.String()+"; the suite ends here (the call waits, or goes "+
			"on for ever, or sets aside a lot of memory)", "a message or an error")
	}
	return s.report.err(s.sender, s.receiver)
}

// check collects the messages and does one check after the other.
func (s *suite) check(sizes []int) {
	s.collect(sizes)
	if len(s.samples) == 0 {
		s.find(carries, scene{}, "Append refused each of them as unframable, or failed",
			"at least one: pass a size that this codec carries. (It may also be that it refuses the suite's contents.)")
		return
	}
	s.overhead = s.measure(s.atLeast(5))
	for _, check := range []func(){
		s.checkAppend, s.checkRoundTrip, s.checkDelivery, s.checkRest, s.checkCapacity, s.checkShared, s.checkEnd, s.checkLimit, s.checkUnread,
		s.checkWaiting, s.checkReadError, s.checkTimeout, s.checkEndless, s.checkForged,
	} {
		s.runaway.Store(false)
		check()
	}
}

// call runs f, which calls into the codec, under the watchdog. It returns false, and notes a finding, if f panicked.
func (s *suite) call(verb string, at scene, f func()) (returned bool) {
	if s.runaway.Load() {
		return false
	}
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

// A runaway is the panic that stops a codec which reads on and on when nothing is left; its value is how often it did.
type runaway int

func (s *suite) findPanic(verb string, at scene, value any) {
	switch v := value.(type) {
	case nil:
		s.find(panics, at, verb+" ended its goroutine (runtime.Goexit)", "a return")
	case runaway:
		s.runaway.Store(true)
		s.find(hangs, at, say("%s went on reading when nothing was left: %d times", verb, v), "an error")
	default:
		s.find(panics, at, say("%s panicked: %v%s", verb, v, s.origin()), "an error")
	}
}

// origin is the line of the codec that a panic came from, if it can be told. It must be called while the panic's stack
// is still there.
func (s *suite) origin() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if inPackageOf(s.sender, frame.Function) || inPackageOf(s.receiver, frame.Function) {
			return fmt.Sprintf(", in %s (%s:%d)", path.Base(frame.Function), path.Base(frame.File), frame.Line)
		}
	}
	return ""
}

// inPackageOf says whether a function lies in the package of the codec's type.
func inPackageOf(c framing.Codec, function string) bool {
	t := reflect.TypeOf(c)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.PkgPath() != "" && strings.HasPrefix(function, t.PkgPath()+".")
}

// A watch knows which call into the codec is under way.
type watch struct {
	mu    sync.Mutex
	calls int    // how many have begun
	verb  string // the one under way; empty if there is none
	at    scene
	over  bool // the suite has ended: no call may begin
}

func (w *watch) begin(verb string, at scene) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		runtime.Goexit() // nobody waits for this goroutine any more
	}
	w.calls++
	w.verb, w.at = verb, at
}

// stop lets no more calls begin.
func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
}

func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.verb = ""
}

// wait returns when the checks are done, or when one call has lasted for as long as patience: then it says which.
func (w *watch) wait(done <-chan struct{}) (verb string, at scene) {
	const ticks = 10
	tick := time.NewTicker(patience / ticks)
	defer tick.Stop()
	for call, seen := 0, 0; ; {
		select {
		case <-done:
			return "", scene{}
		case <-tick.C:
		}
		w.mu.Lock()
		if seen++; w.verb == "" || w.calls != call {
			call, seen = w.calls, 0
		}
		w.over = seen > ticks
		verb, at = w.verb, w.at
		w.mu.Unlock()
		if seen > ticks {
			return verb, at
		}
	}
}
