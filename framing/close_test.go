package framing_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
)

// assertCloses wants a CloseError, and no message.
func assertCloses(t *testing.T, c framing.WebSocket, stream []byte, want framing.CloseError) {
	t.Helper()
	msg, err := c.Read(reader(stream), 1<<20)
	assert.Nil(t, msg)
	var closed *framing.CloseError
	require.ErrorAs(t, err, &closed)
	assert.Equal(t, want, *closed)
}

func closeBody(code int, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason
}

func TestACloseEndsTheMessages(t *testing.T) {
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		assertCloses(t, c, frames(c, closing, ""), framing.CloseError{Code: 1005})
		assertCloses(t, c, frames(c, closing, closeBody(1000, "")), framing.CloseError{Code: 1000})
		assertCloses(t, c, frames(c, closing, closeBody(1001, "going away")),
			framing.CloseError{Code: 1001, Reason: "going away"})
		assertCloses(t, c, frames(c, closing, closeBody(4999, "안녕히")), framing.CloseError{Code: 4999, Reason: "안녕히"})
		longest := strings.Repeat("x", 123)
		assertCloses(t, c, frames(c, closing, closeBody(1000, longest)), framing.CloseError{Code: 1000, Reason: longest})
	})
}

func TestACloseMayComeBetweenFragments(t *testing.T) {
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		assertCloses(t, c, frames(c, textFirst, "Hel", closing, closeBody(1001, "bye"), last, "lo"),
			framing.CloseError{Code: 1001, Reason: "bye"})
	})
}

// TestCloseCodes: section 7.4. 1004, 1005, 1006 and 1015 are reserved and never sent; 1012 to 1014 came later, through
// the registry; below 1000 and from 1016 to 2999 there are none yet.
func TestCloseCodes(t *testing.T) {
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		for _, code := range []int{
			1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
		} {
			assertCloses(t, c, frames(c, closing, closeBody(code, "")), framing.CloseError{Code: code})
		}
		for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535} {
			assertBreaks(t, c, frames(c, closing, closeBody(code, "")), 1002)
		}
	})
}

func TestACloseThatIsMalformed(t *testing.T) {
	onBothSides(t, func(t *testing.T, c framing.WebSocket) {
		assertBreaks(t, c, frames(c, closing, "\x03"), 1002)
		assertBreaks(t, c, frames(c, closing, closeBody(1000, "\xff")), 1007)
		assertBreaks(t, c, frames(c, closing, closeBody(1000, "cut \xea\xb0")), 1007)
	})
}

// TestTheReasonOfACloseIsKept: unlike a message, an error may be looked at when the reader has gone on.
func TestTheReasonOfACloseIsKept(t *testing.T) {
	r := newSmallReader(string(frames(server, closing, closeBody(1000, "bye"), text, "what follows is read over it")))
	_, closed := server.Read(r, 100)
	_, err := server.Read(r, 100)
	require.NoError(t, err)
	assert.EqualError(t, closed, `websocket: the peer sent Close 1000 "bye"`)
}

func ExampleCloseError() {
	fmt.Println(&framing.CloseError{Code: 1001, Reason: "going away"})
	fmt.Println(&framing.CloseError{Code: framing.CodeNoStatus})
	// Output:
	// websocket: the peer sent Close 1001 "going away"
	// websocket: the peer sent a Close without a code
}
