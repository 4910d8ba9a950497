package framing_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
)

// gobwas reads one header with gobwas/ws alone, as a server whose client has begun no message.
func gobwas(wire []byte) (ws.Header, error) {
	h, err := ws.ReadHeader(bytes.NewReader(wire))
	if err != nil {
		return h, err
	}
	return h, ws.CheckHeader(h, ws.StateServerSide)
}

// The tests below show one by one what gobwas/ws lets pass, and the codec does not.

func TestGobwasAloneTakesALengthInAnyForm(t *testing.T) {
	for _, wire := range []string{"82 fe 0000 00000000", "82 fe 007d 00000000", "82 ff 0000000000000000 00000000",
		"82 ff 000000000000ffff 00000000", "89 fe 0001 00000000"} {
		frame := append(draw(t, wire), make([]byte, 1<<16)...)
		_, err := gobwas(frame)
		assert.NoError(t, err, wire)
		assertBreaks(t, server, frame, framing.CodeProtocolError)
	}
}

func TestGobwasAloneHasNoLimit(t *testing.T) {
	frame := draw(t, "82 ff 7fffffffffffffff 00000000")
	h, err := gobwas(frame)
	require.NoError(t, err)
	assert.Equal(t, int64(1<<63-1), h.Length)
	_, err = server.Read(reader(frame), 1<<20)
	assert.ErrorIs(t, err, framing.ErrTooLarge)
}

func TestGobwasAloneCallsAnEndInsideAHeaderAnEndBetweenTwo(t *testing.T) {
	for _, wire := range []string{"82 fe", "82 ff", "82 85"} {
		_, err := gobwas(draw(t, wire))
		assert.Equal(t, io.EOF, err)
		_, err = server.Read(reader(draw(t, wire)), 100)
		assert.Equal(t, io.ErrUnexpectedEOF, err)
	}
}

func TestGobwasAloneTakesAnyBytesForText(t *testing.T) {
	frame := frameFor(server, text, "\xff")
	_, err := gobwas(frame)
	assert.NoError(t, err)
	assertBreaks(t, server, frame, framing.CodeInvalidPayload)
}

// TestGobwasAloneTakesCodesThatAreNone: the other way round, it refuses 1012 to 1014, which are newer than the RFC.
func TestGobwasAloneTakesCodesThatAreNone(t *testing.T) {
	check := func(body string) error {
		code, reason := ws.ParseCloseFrameData([]byte(body))
		if code.Empty() {
			return nil // as gobwas/ws's own handler does: it stands for a Close without a code
		}
		return ws.CheckCloseFrameData(code, reason)
	}
	for _, body := range []string{"\x03", closeBody(5000, ""), closeBody(65535, "")} {
		assert.NoError(t, check(body))
		assertBreaks(t, server, frameFor(server, closing, body), framing.CodeProtocolError)
	}
	assert.Error(t, check(closeBody(1012, "")))
	assertCloses(t, server, frameFor(server, closing, closeBody(1012, "")), framing.CloseError{Code: 1012})
}

// TestAHeaderThatIsWrongIsNotTaken: whoever complains can show it.
func TestAHeaderThatIsWrongIsNotTaken(t *testing.T) {
	for _, wire := range []string{"83 80 00000000", "82 02", "82 fe 0005 00000000", "82 ff ffffffffffffffff 00000000"} {
		r := reader(draw(t, wire))
		_, err := server.Read(r, 100)
		require.ErrorAs(t, err, new(*framing.ProtocolError))
		assert.Equal(t, len(draw(t, wire)), r.Buffered())
	}
}

// TestTheFirstErrorIsTheStreams: a header that the stream's end or error has cut is not judged.
func TestTheFirstErrorIsTheStreams(t *testing.T) {
	_, err := server.Read(reader(draw(t, "83")), 100)
	assert.Equal(t, io.ErrUnexpectedEOF, err)
	broken := errors.New("connection reset")
	_, err = server.Read(newBrokenReader(draw(t, "82 fe 00"), broken), 100)
	assert.ErrorIs(t, err, broken)
}
