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
	"errors"
	"fmt"
	"time"

	"echolab/framing"
)

// patience is how long one call into a codec may take before it counts as one that never returns.
const patience = 5 * time.Second

// TestCodec checks a codec whose two ends are alike. It returns nil if c keeps the contract, and otherwise one error
// that says for each rule how often c broke it, with at most two examples: the input, what came, what was wanted.
//
// The suite tries messages of every size from 0 to 300 bytes, and some of up to 65537. A codec need not carry them
// all: what its Append refuses with [framing.ErrUnframable] is left out. If it carries none of these sizes, pass those
// that it does.
//
// TestCodec may be called from several goroutines. A codec that hangs keeps one goroutine after TestCodec returned.
func TestCodec(c framing.Codec, sizes ...int) error {
	return testPair(c, c, patience, sizes)
}

// TestPair is TestCodec for a framing whose two directions differ, as WebSocket's do: it checks sender's Append and
// receiver's Read.
func TestPair(sender, receiver framing.Codec, sizes ...int) error {
	return testPair(sender, receiver, patience, sizes)
}

func testPair(sender, receiver framing.Codec, patience time.Duration, sizes []int) error {
	if sender == nil || receiver == nil {
		return errors.New("framingtest: the codec is nil")
	}
	for _, n := range sizes {
		if n < 0 {
			return fmt.Errorf("framingtest: no message has a size of %d bytes", n)
		}
	}
	s := &suite{sender: sender, receiver: receiver}
	s.run(sizes, patience)
	return s.report.err(sender, receiver)
}
