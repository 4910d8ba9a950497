package tshark

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A Frame is what tshark says of a WebSocket frame.
type Frame struct {
	Number  int // of the packet that its last byte came in
	Fin     bool
	RSV     byte
	Opcode  byte
	Masked  bool
	Key     string // of the mask, 8 hexadecimal digits
	Length  int64  // of the payload, as the header has it
	Header  int    // how many bytes it has
	Payload []byte // unmasked; if it is masked, its first 262,144 bytes

	// Off is where the frame begins in its packet's payload; -1 if it was put together of several packets.
	Off int
}

// Frames returns the WebSocket frames of a capture, in the order of the packets that they end in.
//
// They are read from tshark's JSON with the bytes of every field (-x): it is the one form that has all of a payload,
// and that says of several frames in a packet which field is whose.
func Frames(t testing.TB, file string) []Frame {
	t.Helper()
	text := run(t, file, "-Y", "websocket", "-T", "json", "-x", "-j", "frame websocket")
	if len(bytes.TrimSpace(text)) == 0 {
		return nil // some versions print not even an empty list
	}
	r := &frameReader{t: t, d: json.NewDecoder(bytes.NewReader(text))}
	r.value("")
	return r.frames
}

// A frameReader walks through JSON in which the names of an object may come again and again, one for each frame.
type frameReader struct {
	t      testing.TB
	d      *json.Decoder
	frames []Frame

	number    int  // of the packet
	payload   int  // where that of the packet begins
	assembled bool // some of the packet's frames began in an earlier one
}

// value reads a value of that name.
func (r *frameReader) value(name string) {
	token, err := r.d.Token()
	require.NoError(r.t, err)
	switch token {
	case json.Delim('{'):
		for r.d.More() {
			key, err := r.d.Token()
			require.NoError(r.t, err)
			r.member(key.(string))
		}
		r.close()
	case json.Delim('['):
		for r.d.More() {
			r.value("")
		}
		r.close()
	default:
		if text, ok := token.(string); ok {
			r.field(name, text)
		}
	}
}

func (r *frameReader) close() {
	_, err := r.d.Token()
	require.NoError(r.t, err)
}

// member reads a member of an object. One that ends in _raw is a list: the bytes in hexadecimal, their place, ….
func (r *frameReader) member(name string) {
	field, ok := strings.CutSuffix(name, "_raw")
	if !ok {
		r.value(name)
		return
	}
	var raw []any
	require.NoError(r.t, r.d.Decode(&raw), name)
	if len(raw) < 3 {
		return
	}
	text, _ := raw[0].(string)
	at, _ := raw[1].(float64)
	n, _ := raw[2].(float64)
	r.raw(field, text, int(at), int(n))
}

// raw takes n bytes at an offset of the packet, or of what it was put together of.
func (r *frameReader) raw(name, text string, at, n int) {
	switch name {
	case "tcp":
		r.payload, r.assembled = at+n, false
	case "tcp.segments":
		r.assembled = true
	case "websocket":
		f := Frame{Number: r.number, Header: n, Off: at - r.payload}
		if r.assembled {
			f.Off = -1
		}
		r.frames = append(r.frames, f)
	case "websocket.masking_key":
		r.last().Key = text
	case "websocket.payload":
		payload, err := hex.DecodeString(text)
		require.NoError(r.t, err)
		r.last().Payload = payload
	}
}

// field takes a value as tshark shows it.
func (r *frameReader) field(name, text string) {
	number := func(bits int) uint64 {
		n, err := strconv.ParseUint(text, 0, bits)
		require.NoError(r.t, err, name)
		return n
	}
	switch name {
	case "frame.number":
		r.number = int(number(31))
	case "websocket.fin":
		r.last().Fin = flag(text)
	case "websocket.mask":
		r.last().Masked = flag(text)
	case "websocket.rsv":
		r.last().RSV = byte(number(3))
	case "websocket.opcode":
		r.last().Opcode = byte(number(4))
	case "websocket.payload_length", "websocket.payload_length_ext_16", "websocket.payload_length_ext_64":
		r.last().Length = int64(number(63)) // the longer one comes later
	}
}

// flag is a bit as tshark shows it: 1, or in later versions True.
func flag(text string) bool { return text == "1" || strings.EqualFold(text, "true") }

func (r *frameReader) last() *Frame {
	require.NotEmpty(r.t, r.frames, "a field outside of a frame")
	return &r.frames[len(r.frames)-1]
}
