package framingtest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"

	"echolab/framing"
	"echolab/framing/framingtest"
)

// Terminated ends every message with a zero byte, as one might write it in a hurry.
type Terminated struct{}

func (Terminated) Append(dst, msg []byte) ([]byte, error) {
	if bytes.IndexByte(msg, 0) >= 0 {
		return dst, fmt.Errorf("terminated: %w: it holds a zero byte", framing.ErrUnframable)
	}
	return append(append(dst, msg...), 0), nil
}

func (Terminated) Read(r *bufio.Reader, max int) ([]byte, error) {
	msg, err := r.ReadBytes(0)
	if err != nil {
		return nil, err
	}
	return msg[:len(msg)-1], nil
}

// In a test of one's own this is one line: t.Error(err) if it is not nil. Here it tells what the codec above forgot:
// that a stream may end in the middle of a message, and that a peer may never end one.
func ExampleTestCodec() {
	err := framingtest.TestCodec(Terminated{})
	for line := range strings.Lines(err.Error()) {
		if strings.HasPrefix(line, "end inside:") || strings.HasPrefix(line, "limit:") {
			fmt.Print(line)
		}
	}
	// Output:
	// end inside: where the stream ends inside a message, Read returns io.ErrUnexpectedEOF, never io.EOF
	// limit: a message of max bytes passes, and one byte more is too large
}

// The two directions of a WebSocket connection differ: what the client sends is masked.
func ExampleTestPair() {
	client := framing.WebSocket{Side: framing.ClientSide}
	server := framing.WebSocket{Side: framing.ServerSide}
	fmt.Println(framingtest.TestPair(client, server))
	fmt.Println(framingtest.TestPair(server, client))
	// Output:
	// <nil>
	// <nil>
}
