// Package lab has the experiments: each asks one question about what becomes of messages on a TCP stream, or of
// WebSocket's frames on it, runs it on real sockets of the loopback interface, and returns what it measured. It may
// know the server, gobwas/ws as a learner would use it, and the kernel's queues and states. It must not know how a
// finding is shown; what it cannot measure is an error, and is never skipped.
//
// An experiment does not depend on luck: it waits for what the kernel says of the queues and states of its sockets,
// never for a time to pass.
package lab

import (
	"context"
	"errors"
	"slices"
	"time"

	"echolab/internal/streammap"
)

// limit is how long one experiment may take. None needs more than two seconds; a machine that is busy may.
const limit = 20 * time.Second

// An Experiment is one question and the way to its answer.
type Experiment struct {
	Name     string // lower case, for the command line
	Question string
	Chapter  string   // what it belongs to; experiments of one chapter follow each other
	Claims   []string // the ids of those that its measurements judge; none if it answers a question that people ask

	// Run measures. It needs no network but loopback, leaves nothing behind, and may be called concurrently. The error
	// wraps errors.ErrUnsupported if this system cannot show it.
	Run func(ctx context.Context) (Finding, error)
}

// A Finding is what an experiment measured: a struct of plain values, with a Report made from them.
type Finding interface {
	Report() Report
}

// A Report is a finding for people.
type Report struct {
	Steps  []string         // what was done, and what was measured then
	Maps   []*streammap.Map // the streams
	Answer string           // of the question

	// Surprises says which measurements are not what the experiment is there to show; there should be none.
	Surprises []string
}

// expect adds a surprise unless it held.
func (r *Report) expect(held bool, surprise string) {
	if !held {
		r.Surprises = append(r.Surprises, surprise)
	}
}

// Experiments are all there are, in the order of the tour: chapter by chapter.
func Experiments() []Experiment {
	return slices.Concat(
		chapter("Messages on a stream",
			define("contrast", "Same port, same cuts: what do raw TCP and gobwas/ws return?", RunContrast, "T5", "W5"),
			define("three-writes", "Three messages, three writes. How many reads?", RunThreeWrites, "T5"),
			define("one-write", "One message, one write. Does one read return it?", RunOneWrite, "T5"),
			define("nodelay", "Does TCP_NODELAY keep messages apart?", RunNoDelay, "T5"),
			define("hangul", "What if a read ends inside a character?", RunHangul, "T5", "W5"),
			define("framings", "What keeps messages whole, wherever the stream is cut?", RunFramings, "T5", "W5"),
			define("bufio", "Why do messages vanish with a new bufio.Reader for each?", RunBufio),
		),
		chapter("Sockets",
			define("two-sockets", "Is the socket that accept returns the one that listens?", RunTwoSockets, "T2", "T6"),
			define("backlog", "What if nobody calls accept?", RunBacklog, "T3"),
			define("half-close", "Can a client say \"that is all\" and still get an answer?", RunHalfClose),
			define("broken-pipe", "Why does the first write after the peer's close succeed?", RunBrokenPipe, "T4"),
			define("reset", "What if a side closes before it has read everything?", RunReset, "T4"),
			define("refused", "What if nobody listens?", RunRefused),
			define("udp", "Does UDP keep what TCP does not?", RunUDP, "T7"),
		),
		chapter("WebSocket",
			define("handshake", "How does a server prove that it speaks WebSocket?", RunHandshake, "W2", "W3", "W4"),
			define("glued", "Why does the first message after the handshake vanish?", RunGlued, "W1"),
			define("cuts", "WebSocket frames, cut everywhere: do the messages stay whole?", RunCuts, "W5"),
			define("fragments", "Is a frame with FIN a whole message?", RunFragments, "W5", "W6", "W7"),
			define("segments", "Is a frame a segment, and a segment a read?", RunSegments, "W5"),
			define("masking", "Does masking hide what a client sends?", RunMasking, "W10", "W11"),
			define("writers", "Why must two goroutines not write frames at once?", RunWriters),
			define("duplex", "Must a server wait until it is asked?", RunDuplex, "W12"),
			define("closing", "How does a WebSocket close, and which side keeps TIME-WAIT?", RunClosing, "W16", "W17"),
			define("overhead", "What does a message of 11 bytes cost on the wire?", RunOverhead, "H1", "W13"),
		),
	)
}

// chapter puts experiments into one.
func chapter(name string, experiments ...Experiment) []Experiment {
	for i := range experiments {
		experiments[i].Chapter = name
	}
	return experiments
}

// define makes an Experiment of a function that returns its own type of finding.
func define[F Finding](name, question string, run func(context.Context) (F, error), claims ...string) Experiment {
	return Experiment{Name: name, Question: question, Claims: claims, Run: func(ctx context.Context) (Finding, error) {
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		found, err := run(ctx)
		if end := ctx.Err(); end != nil && !errors.Is(err, end) { // what was cut off is no measurement
			err = errors.Join(end, err)
		}
		return found, err
	}}
}

// Samples are the messages that the experiments and tcpclient send: one of them is 5 characters in 15 bytes.
func Samples() [][]byte {
	return [][]byte{[]byte("hello"), []byte("안녕하세요"), []byte("goodbye, TCP!")}
}

// hangul is the sample of five characters, three bytes each.
const hangul = "안녕하세요"
