package websocket_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/websocket"
)

// Three readers of frames are held against each other: the server's (a Parser and an Assembler, with Parser.Echo before
// them and without), the codec (framing.WebSocket), and gobwas/ws alone (ws.ReadHeader and ws.CheckHeader). Where they may
// differ is said here, and nowhere else.
const (
	longForm   = "gobwas takes a length that is not in its shortest form"
	extensions = "gobwas takes any reserved bits on any frame once an extension was negotiated"
	earlier    = "the parser finds what is wrong before the header is whole; the others wait for the rest"
	softEnd    = "gobwas calls an end after a header's second byte io.EOF"
	textEarly  = "the assembler finds a byte that is no text before the message ends; the codec, at the end"
)

var differences = []string{longForm, extensions, earlier, softEnd, textEarly}

// The ways in which a reading ends, beside a close code for bytes that are wrong.
const (
	between  = "between two messages"
	within   = "inside a message"
	wrong    = "breaks a rule: 1002"
	notText  = "is not text: 1007"
	tooLarge = "over the limit: 1009"
)

// fuzzLimit is the limit of messages, and quickLimit that of Parser.Echo.
const (
	fuzzLimit  = 300
	quickLimit = 200
)

// A reading is what one reader made of a stream.
type reading struct {
	headers  []ws.Header
	messages []string
	at       int    // where the frame begins that was read last, or was to be
	end      string // one of those above, or a Close
}

func endOf(err error) string {
	var broken *framing.ProtocolError
	var closed *framing.CloseError
	switch {
	case err == io.EOF:
		return between
	case err == io.ErrUnexpectedEOF:
		return within
	case errors.Is(err, framing.ErrTooLarge):
		return tooLarge
	case errors.As(err, &broken):
		return map[int]string{1002: wrong, 1007: notText}[broken.Code]
	case errors.As(err, &closed):
		return fmt.Sprintf("Close %d %q", closed.Code, closed.Reason)
	}
	return fmt.Sprintf("an error that no reader may return: %v", err)
}

// readFrames reads with a Parser alone, so many bytes at a time.
func readFrames(stream []byte, side framing.Side, deflate bool, step int) (r reading) {
	p := websocket.Parser{Side: side, Deflate: deflate}
	from := 0
	for part := range slices.Chunk(bytes.Clone(stream), step) {
		for len(part) > 0 {
			piece, rest, err := p.Next(part)
			if err != nil {
				r.end = endOf(err)
				return r
			}
			from += len(part) - len(rest)
			if part = rest; piece == nil {
				continue
			}
			if piece.First {
				r.headers = append(r.headers, piece.Header)
			}
			if piece.Last {
				r.at = from
			}
		}
	}
	r.end = within
	if p.Between() {
		r.end = between
	}
	return r
}

// readGobwas reads frames with gobwas/ws alone.
func readGobwas(stream []byte, side framing.Side, deflate bool) (r reading) {
	state := ws.StateServerSide
	if side == framing.ClientSide {
		state = ws.StateClientSide
	}
	if deflate {
		state = state.Set(ws.StateExtended)
	}
	for rest := bytes.NewReader(stream); ; {
		r.at = len(stream) - rest.Len()
		h, err := ws.ReadHeader(rest)
		if err == nil {
			err = ws.CheckHeader(h, state)
		}
		switch {
		case err == io.EOF && state.Fragmented():
			err = io.ErrUnexpectedEOF // the caller's to know
			fallthrough
		case err == io.EOF, err == io.ErrUnexpectedEOF:
			r.end = endOf(err)
			return r
		case err != nil:
			r.end = wrong
			return r
		}
		r.headers = append(r.headers, h)
		if h.Length > int64(rest.Len()) {
			r.end = within
			return r
		}
		_, _ = rest.Seek(h.Length, io.SeekCurrent)
		if !h.OpCode.IsControl() {
			state = state.Clear(ws.StateFragmented)
			if !h.Fin {
				state = state.Set(ws.StateFragmented)
			}
		}
	}
}

// readMessages reads with a Parser and an Assembler, to the Close. With echo, what Parser.Echo takes is read from its
// echoes, which mostly lie where the frames were.
func readMessages(stream []byte, side framing.Side, step int, echo bool) (r reading, message []byte) {
	p := websocket.Parser{Side: side}
	a := websocket.Assembler{Max: fuzzLimit}
	var control []byte
	take := func(piece *websocket.Piece) error {
		if piece.OpCode.IsControl() {
			if piece.First {
				control = nil
			}
			if control = append(control, piece.Payload...); piece.Last && piece.OpCode == ws.OpClose {
				return framing.ParseClose(control)
			}
			return nil
		}
		if piece.First && piece.OpCode != ws.OpContinuation {
			message = nil
		}
		message = append(message, piece.Payload...)
		msg, whole, err := a.Take(piece)
		if whole {
			r.messages = append(r.messages, string(msg))
		}
		return err
	}
	from := 0
	for part := range slices.Chunk(bytes.Clone(stream), step) {
		for len(part) > 0 {
			if echo {
				out := part[:0]
				if len(part)%3 == 0 { // another buffer, with less room and something in it
					out = make([]byte, 4, 4+len(part)%97)
				}
				echoes, rest, n, err := p.Echo(out, part, quickLimit)
				echoes = echoes[len(out):]
				sent, _ := readMessages(echoes, framing.ClientSide, len(echoes)+1, false)
				r.messages = append(r.messages, sent.messages...)
				if from, part = from+len(part)-len(rest), rest; n > 0 || err != nil {
					r.at = from
				}
				if err != nil {
					r.end = endOf(err)
					return r, message
				}
			}
			piece, rest, err := p.Next(part)
			from += len(part) - len(rest)
			if part = rest; err == nil && piece != nil {
				if piece.Last {
					r.at = from
				}
				err = take(piece)
			}
			if err != nil {
				r.end = endOf(err)
				return r, message
			}
		}
	}
	r.end = within
	if p.Between() {
		r.end = between
	}
	return r, message
}

// readCodec reads with the codec, to the Close.
func readCodec(stream []byte, side framing.Side) (r reading) {
	buffered := bufio.NewReader(bytes.NewReader(stream))
	for {
		msg, err := framing.WebSocket{Side: side}.Read(buffered, fuzzLimit)
		if err != nil {
			r.end = endOf(err)
			return r
		}
		r.messages = append(r.messages, string(msg))
	}
}

// frameDifference names the difference between the parser and gobwas/ws; "" is none.
func frameDifference(t *testing.T, stream []byte, parser, gobwas reading) string {
	n := min(len(parser.headers), len(gobwas.headers))
	require.True(t, slices.Equal(gobwas.headers[:n], parser.headers[:n]), "% x", stream)
	if len(gobwas.headers) > n && parser.end == wrong {
		h := gobwas.headers[n]
		second := stream[parser.at+1] & 0x7f
		starts := h.OpCode == ws.OpText || h.OpCode == ws.OpBinary
		switch {
		case second == 126 && h.Length < 126 || second == 127 && h.Length < 1<<16:
			return longForm
		case h.Rsv&3 != 0 || h.Rsv&4 != 0 && !starts:
			return extensions
		}
	}
	if len(parser.headers) == len(gobwas.headers) {
		cut := stream[gobwas.at:]
		switch {
		case parser.end == gobwas.end:
			return ""
		case parser.end == wrong && isCutHeader(cut):
			return earlier
		case parser.end == within && gobwas.end == between && len(cut) == 2 && isCutHeader(cut):
			return softEnd
		}
	}
	require.Fail(t, "a difference without a name", "% x\nthe parser: %+v\ngobwas/ws:  %+v", stream, parser, gobwas)
	return ""
}

// isCutHeader says whether b ends before the header that it begins with.
func isCutHeader(b []byte) bool {
	size := 2
	if len(b) >= 2 {
		size += map[byte]int{126: 2, 127: 8}[b[1]&0x7f] + int(b[1]>>7)*4
	}
	return len(b) > 0 && len(b) < size
}

// messageDifference names the difference between parser with assembler, and the codec; "" is none.
func messageDifference(t *testing.T, stream, message []byte, assembler, codec reading) string {
	switch {
	case !slices.Equal(assembler.messages, codec.messages):
	case assembler.end == codec.end:
		return ""
	case assembler.end == wrong && codec.end == within && isCutHeader(stream[assembler.at:]):
		return earlier
	case assembler.end == notText && !beginsText(message):
		return textEarly
	}
	require.Fail(t, "a difference without a name", "% x\nthe assembler: %+v\nthe codec:     %+v", stream, assembler, codec)
	return ""
}

// beginsText says whether b may be the beginning of a text.
func beginsText(b []byte) bool {
	for n := range min(utf8.UTFMax, len(b)+1) {
		end := len(b) - n
		if utf8.Valid(b[:end]) && (n == 0 || !utf8.FullRune(b[end:])) {
			return true
		}
	}
	return false
}

// compareReaders names all differences on one stream.
func compareReaders(t *testing.T, stream []byte, isClient, deflate bool, step int) (named []string) {
	side := framing.ServerSide
	if isClient {
		side = framing.ClientSide
	}
	parser := readFrames(stream, side, deflate, step)
	require.Equal(t, readFrames(stream, side, deflate, len(stream)+1), parser, "cuts change nothing: % x", stream)
	named = append(named, frameDifference(t, stream, parser, readGobwas(stream, side, deflate)))
	assembler, message := readMessages(stream, side, step, false)
	echo, _ := readMessages(stream, side, step, true)
	require.Equal(t, assembler, echo, "Echo changes nothing: % x", stream)
	return append(named, messageDifference(t, stream, message, assembler, readCodec(stream, side)))
}

// streams are worth reading and changing: every rule broken, in each of the places where it may be, and what is right.
func streams() (list [][]byte) {
	for _, side := range []framing.Side{framing.ServerSide, framing.ClientSide} {
		right := wire(side, frame{ws.OpText, true, 0, "경"}, frame{ws.OpBinary, false, 0, "a"}, frame{ws.OpPing, true, 0, "?"},
			frame{ws.OpContinuation, true, 0, string(make([]byte, 200))}, frame{ws.OpClose, true, 0, "\x03\xe8bye"})
		list = append(list, nil, right, right[:len(right)-3],
			wire(side, frame{ws.OpText, false, 0, "\xea"}, frame{ws.OpContinuation, true, 0, "\xb0\xbd"}),
			wire(side, frame{ws.OpText, false, 0, "\xff"}, frame{ws.OpText, true, 0, "new"}),
			wire(side, frame{ws.OpBinary, true, 0, string(make([]byte, fuzzLimit+1))}),
			wire(side, frame{ws.OpClose, true, 0, "\x03"}), wire(side, frame{ws.OpText, true, 4, "x"}))
		for _, rule := range rules {
			begun := []byte(rule.wire)
			if rule.state.Fragmented() {
				begun = append(wire(side, frame{ws.OpBinary, false, 0, ""}), begun...)
			}
			list = append(list, begun, append(bytes.Clone(begun), "\x80\x00\x00\x00\x00\x00\x00\x00\x00"...),
				append(bytes.Clone(begun), "\x00\x00\x00\x00"...))
		}
	}
	return append(list, []byte("\x82\xfe"), []byte("\x82\x7f"))
}

// TestReadersOfFramesDifferWhereTheyMay counts the differences: one that does not occur any more is to be taken out.
func TestReadersOfFramesDifferWhereTheyMay(t *testing.T) {
	count := make(map[string]int)
	for _, stream := range streams() {
		for _, isClient := range []bool{false, true} {
			for _, deflate := range []bool{false, true} {
				for _, step := range []int{1, 3, 1000} {
					for _, name := range compareReaders(t, stream, isClient, deflate, step) {
						count[name]++
					}
				}
			}
		}
	}
	for _, name := range differences {
		assert.Positive(t, count[name], name)
		t.Logf("%4d times: %s", count[name], name)
	}
	assert.Greater(t, count[""], 100, "they agree")
	assert.Len(t, count, len(differences)+1)
}

// FuzzReadersOfFrames reads any bytes with all three.
func FuzzReadersOfFrames(f *testing.F) {
	for _, stream := range streams() {
		f.Add(stream, false, false, uint8(0)) // to a server, byte by byte
		f.Add(stream, true, true, uint8(200)) // to a client, with permessage-deflate, in large parts
	}
	f.Fuzz(func(t *testing.T, stream []byte, isClient, deflate bool, step uint8) {
		compareReaders(t, stream, isClient, deflate, int(step)+1)
	})
}
