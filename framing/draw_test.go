package framing_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// draw makes bytes of a picture of them. A picture has
//
//	'Hello'      text
//	00 0005      bytes in hexadecimal
//	1.000.0001   one byte bit by bit, here a WebSocket frame's first: FIN, the reserved bits, the opcode
//	|            nothing: it stands between header and payload
func draw(t testing.TB, picture string) []byte {
	t.Helper()
	var drawn []byte
	for _, part := range regexp.MustCompile(`'[^']*'|\S+`).FindAllString(picture, -1) {
		switch {
		case part == "|":
		case strings.HasPrefix(part, "'"):
			drawn = append(drawn, strings.Trim(part, "'")...)
		case strings.Contains(part, "."):
			bits := strings.ReplaceAll(part, ".", "")
			require.Len(t, bits, 8, "a byte has 8 bits: %s", part)
			b, err := strconv.ParseUint(bits, 2, 8)
			require.NoError(t, err)
			drawn = append(drawn, byte(b))
		default:
			b, err := hex.DecodeString(part)
			require.NoError(t, err, "%q", part)
			drawn = append(drawn, b...)
		}
	}
	return drawn
}

func TestPicturesAreReadRight(t *testing.T) {
	assert.Equal(t, []byte("\x81\x05Hello\n"), draw(t, "1.000.0001 05 | 'Hello' 0a"))
	assert.Equal(t, []byte("\x00\x01a b"), draw(t, "0001 | 'a b'"))
}

// reader is a stream that holds these bytes and ends.
func reader(stream []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(stream)) }

// newSmallReader has the smallest buffer that there is, 16 bytes.
func newSmallReader(stream string) *bufio.Reader {
	return bufio.NewReaderSize(strings.NewReader(stream), 16)
}

// newBrokenReader has a stream that breaks with err after the bytes.
func newBrokenReader(stream []byte, err error) *bufio.Reader {
	return bufio.NewReader(io.MultiReader(bytes.NewReader(stream), iotest.ErrReader(err)))
}

// endless is a stream that repeats its bytes for ever.
type endless struct {
	data []byte
	next int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.next == len(e.data) {
		e.next = 0
	}
	n := copy(p, e.data[e.next:])
	e.next += n
	return n, nil
}
