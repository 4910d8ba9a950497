package framing_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
)

var (
	client = framing.WebSocket{Side: framing.ClientSide}
	server = framing.WebSocket{Side: framing.ServerSide}
)

// TestBytesOnTheWire draws what each framing adds to a message, and reads it back.
func TestBytesOnTheWire(t *testing.T) {
	text := framing.WebSocket{Text: true}
	for _, test := range []struct {
		codec framing.Codec
		msg   string
		wire  string
	}{
		{framing.Lines{}, "hello", "'hello' | 0a"},
		{framing.Lines{}, "", "0a"},
		{framing.Lines{}, "a\rb", "'a' 0d 'b' | 0a"},
		{framing.Fixed(5), "hello", "'hello'"},
		{framing.LengthPrefix{}, "hello", "00000005 | 'hello'"},
		{framing.LengthPrefix{}, "", "00000000"},
		{framing.LengthPrefix{}, "two\nlines\n", "0000000a | 'two' 0a 'lines' 0a"},
		{server, "hello", "1.000.0010 0.0000101 | 'hello'"},
		{text, "hello", "1.000.0001 0.0000101 | 'hello'"},
		{server, "", "1.000.0010 0.0000000"},
	} {
		t.Run(fmt.Sprintf("%v %q", test.codec, test.msg), func(t *testing.T) {
			wire, err := test.codec.Append([]byte("before"), []byte(test.msg))
			require.NoError(t, err)
			assert.Equal(t, append([]byte("before"), draw(t, test.wire)...), wire)

			receiver := test.codec
			if _, ok := receiver.(framing.WebSocket); ok {
				receiver = client
			}
			r := reader(wire[len("before"):])
			msg, err := receiver.Read(r, len(test.msg))
			require.NoError(t, err)
			assert.Equal(t, test.msg, string(msg))
			_, err = receiver.Read(r, len(test.msg))
			assert.Equal(t, io.EOF, err)
		})
	}
}

// TestLengthsOnTheWire draws the headers where the length changes its form.
func TestLengthsOnTheWire(t *testing.T) {
	for _, test := range []struct {
		codec  framing.Codec
		size   int
		header string
	}{
		{framing.LengthPrefix{}, 255, "000000ff"},
		{framing.LengthPrefix{}, 256, "00000100"},
		{framing.LengthPrefix{}, 65536, "00010000"},
		{framing.LengthPrefix{}, 1 << 24, "01000000"},
		{server, 125, "1.000.0010 0.1111101"},
		{server, 126, "1.000.0010 0.1111110 007e"},
		{server, 65535, "1.000.0010 0.1111110 ffff"},
		{server, 65536, "1.000.0010 0.1111111 0000000000010000"},
	} {
		t.Run(fmt.Sprintf("%v of %d bytes", test.codec, test.size), func(t *testing.T) {
			msg := bytes.Repeat([]byte{'x'}, test.size)
			wire, err := test.codec.Append(nil, msg)
			require.NoError(t, err)
			header := draw(t, test.header)
			require.Len(t, wire, len(header)+test.size)
			assert.Equal(t, header, wire[:len(header)])
			assert.True(t, bytes.Equal(msg, wire[len(header):]))
		})
	}
}

func TestAppendRefusesWhatItCannotCarry(t *testing.T) {
	for _, test := range []struct {
		codec framing.Codec
		msg   string
		says  string
	}{
		{framing.Lines{}, "two\nlines", "lines: this framing cannot carry the message: it has a line feed at byte 3"},
		{framing.Lines{}, "\n", "line feed at byte 0"},
		{framing.Lines{}, "ends\r", "it ends in a carriage return"},
		{framing.Fixed(5), "four", "fixed=5: this framing cannot carry the message: it has 4 bytes"},
		{framing.Fixed(5), "sixsix", "it has 6 bytes"},
		{framing.Fixed(0), "", "fixed=0"},
		{framing.Fixed(-1), "", "fixed=-1"},
		{framing.WebSocket{Text: true}, "\xff", "a text message must be UTF-8"},
		{framing.WebSocket{Text: true, Side: framing.ClientSide}, "cut \xea\xb0", "a text message must be UTF-8"},
	} {
		t.Run(fmt.Sprintf("%v %q", test.codec, test.msg), func(t *testing.T) {
			dst, err := test.codec.Append([]byte("before"), []byte(test.msg))
			assert.ErrorIs(t, err, framing.ErrUnframable)
			assert.ErrorContains(t, err, test.says)
			assert.Equal(t, "before", string(dst))
		})
	}
}

func TestASizeErrorTellsLengthAndLimit(t *testing.T) {
	masked, err := client.Append(nil, make([]byte, 300))
	require.NoError(t, err)
	for _, test := range []struct {
		codec framing.Codec
		wire  []byte
		max   int
		want  framing.SizeError
		says  string
	}{
		{framing.LengthPrefix{}, draw(t, "0000012c"), 299, framing.SizeError{Length: 300, Max: 299, Prefix: "\x00\x00\x01,"},
			"a message of 300 bytes (0x0000012c) is over the limit of 299"},
		{framing.LengthPrefix{}, draw(t, "ffffffff"), -5, framing.SizeError{Length: 1<<32 - 1, Max: 0, Prefix: "\xff\xff\xff\xff"},
			"a message of 4294967295 bytes (0xffffffff) is over the limit of 0"},
		{framing.LengthPrefix{}, []byte("hello"), 99, framing.SizeError{Length: 0x68656c6c, Max: 99, Prefix: "hell"},
			`a message of 1751477356 bytes (0x68656c6c, "hell": is there a length at all?) is over the limit of 99`},
		{framing.LengthPrefix{Varint: true}, draw(t, "ac02"), 299, framing.SizeError{Length: 300, Max: 299, Prefix: "\xac\x02"},
			"a message of 300 bytes (0xac02) is over the limit of 299"},
		{framing.LengthPrefix{Width: 1}, []byte("A"), 5, framing.SizeError{Length: 65, Max: 5, Prefix: "A"},
			"a message of 65 bytes (0x41) is over the limit of 5"},
		{framing.Fixed(16), []byte("x"), 15, framing.SizeError{Length: 16, Max: 15},
			"a message of 16 bytes is over the limit of 15"},
		{framing.Lines{}, []byte("hello"), 4, framing.SizeError{Length: 5, AtLeast: true, Max: 4},
			"a message of 5 or more bytes is over the limit of 4"},
		{framing.Lines{}, []byte("hello\r\n"), 4, framing.SizeError{Length: 5, Max: 4},
			"a message of 5 bytes is over the limit of 4"},
		{server, masked[:8], 299, framing.SizeError{Length: 300, Max: 299},
			"a message of 300 bytes is over the limit of 299"},
		{framing.Raw{}, []byte("hello"), 0, framing.SizeError{Length: 5, AtLeast: true, Max: 0},
			"a message of 5 or more bytes is over the limit of 0"},
	} {
		t.Run(fmt.Sprintf("%v %d", test.codec, test.max), func(t *testing.T) {
			msg, err := test.codec.Read(reader(test.wire), test.max)
			assert.Nil(t, msg)
			assert.ErrorIs(t, err, framing.ErrTooLarge)
			var size *framing.SizeError
			require.ErrorAs(t, err, &size)
			assert.Equal(t, test.want, *size)
			assert.EqualError(t, err, test.says)
		})
	}
}

func TestALimitOfZeroAllowsTheEmptyMessageAlone(t *testing.T) {
	for _, max := range []int{0, -1} {
		msg, err := framing.LengthPrefix{}.Read(reader(make([]byte, 4)), max)
		assert.NoError(t, err)
		assert.Empty(t, msg)
	}
}

func TestAnUnfinishedLineIsNoMessage(t *testing.T) {
	for _, end := range []string{"hello", "hello\r"} {
		r := reader([]byte("first\r\n" + end))
		msg, err := framing.Lines{}.Read(r, 100)
		require.NoError(t, err)
		assert.Equal(t, "first", string(msg), "a carriage return belongs to the line's end")
		msg, err = framing.Lines{}.Read(r, 100)
		assert.Equal(t, io.ErrUnexpectedEOF, err)
		assert.Nil(t, msg)
	}
}

// TestALimitDoesNotCountTheLineEnd has lines whose end lies across the end of the buffer, and just after the limit.
func TestALimitDoesNotCountTheLineEnd(t *testing.T) {
	for n := range 70 {
		line := strings.Repeat("x", n)
		for _, end := range []string{"\n", "\r\n"} {
			r := newSmallReader(line + end)
			msg, err := framing.Lines{}.Read(r, n)
			require.NoError(t, err, "%d bytes and %q", n, end)
			assert.Equal(t, line, string(msg))
			if n > 0 {
				_, err = framing.Lines{}.Read(newSmallReader(line+end), n-1)
				assert.ErrorIs(t, err, framing.ErrTooLarge, "%d bytes and %q", n, end)
			}
		}
	}
}

// TestOneReadOfRawIsWhatHadArrived shows the mistake: two messages as one, and one as two.
func TestOneReadOfRawIsWhatHadArrived(t *testing.T) {
	msg, err := framing.Raw{}.Read(reader([]byte("onetwo")), 100)
	require.NoError(t, err)
	assert.Equal(t, "onetwo", string(msg))

	r := reader([]byte("hello"))
	msg, err = framing.Raw{}.Read(r, 3)
	require.NoError(t, err)
	assert.Equal(t, "hel", string(msg), "a limit cuts")
	msg, err = framing.Raw{}.Read(r, 3)
	require.NoError(t, err)
	assert.Equal(t, "lo", string(msg))
	_, err = framing.Raw{}.Read(r, 3)
	assert.Equal(t, io.EOF, err)
}

// TestAppendingToAMessageDoesNotTouchTheNext: the message may be a view into the reader's buffer, where the next one
// follows it.
func TestAppendingToAMessageDoesNotTouchTheNext(t *testing.T) {
	for _, p := range []pair{
		{framing.Fixed(3), framing.Fixed(3)}, {framing.Lines{}, framing.Lines{}},
		{framing.LengthPrefix{}, framing.LengthPrefix{}}, {client, server}, {server, client},
	} {
		wire, err := p.sender.Append(nil, []byte("one"))
		require.NoError(t, err)
		wire, err = p.sender.Append(wire, []byte("two"))
		require.NoError(t, err)
		r := reader(wire)
		msg, err := p.receiver.Read(r, 3)
		require.NoError(t, err)
		_ = append(msg, "!!!!!!!!!!!!!!!!"...)
		msg, err = p.receiver.Read(r, 3)
		require.NoError(t, err)
		assert.Equal(t, "two", string(msg), "%v", p.sender)
	}
}

func TestAFixedSizeBelowOneIsAnError(t *testing.T) {
	_, err := framing.Fixed(0).Read(reader([]byte("x")), 100)
	assert.EqualError(t, err, "fixed=0: a fixed size must be 1 byte or more")
}

func TestParseKnowsEveryNameThatItLists(t *testing.T) {
	for name, want := range map[string]framing.Codec{
		"raw": framing.Raw{}, "lines": framing.Lines{}, "length": framing.LengthPrefix{}, "fixed=16": framing.Fixed(16),
	} {
		c, err := framing.Parse(name)
		require.NoError(t, err)
		assert.Equal(t, want, c)
		assert.Equal(t, name, fmt.Sprint(c), "a codec's name is what Parse understands")
		kind, _, _ := strings.Cut(name, "=")
		assert.Contains(t, framing.Names, kind)
	}
	assert.Equal(t, "websocket", fmt.Sprint(server))
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for name, says := range map[string]string{
		"":                           `codec "" is not known: it is one of ` + framing.Names,
		"Lines":                      `codec "Lines" is not known`,
		"websocket":                  `codec "websocket" is not known`,
		"fixed":                      `codec "fixed" is not known`,
		"fixed=":                     `codec "fixed=": the size must be a whole number of bytes from 1 up, as in fixed=16`,
		"fixed=0":                    "from 1 up",
		"fixed=-1":                   "from 1 up",
		"fixed=1.5":                  "a whole number",
		"fixed=16k":                  "a whole number",
		"fixed=99999999999999999999": "a whole number",
		"length ":                    `codec "length " is not known`,
	} {
		c, err := framing.Parse(name)
		assert.ErrorContains(t, err, says)
		assert.Nil(t, c)
	}
}

// TestErrorsOfTheConnectionComeThrough has a connection that breaks inside a message of each framing.
func TestErrorsOfTheConnectionComeThrough(t *testing.T) {
	broken := errors.New("connection reset")
	for _, codec := range []framing.Codec{
		framing.Raw{}, framing.Lines{}, framing.Fixed(16), framing.LengthPrefix{}, server, client,
	} {
		msg, err := codec.Read(newBrokenReader(nil, broken), 100)
		assert.ErrorIs(t, err, broken, "%v", codec)
		assert.Nil(t, msg)
	}
}
