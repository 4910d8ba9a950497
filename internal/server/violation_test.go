package server_test

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

// A violation is a stream that a codec does not take: whole messages, and then what breaks the framing.
type violation struct {
	name     string
	codec    framing.Codec
	good     string // what stands before, and is echoed
	bad      string
	complain string // what the account says
}

var violations = []violation{
	{"a line over the limit", framing.Lines{}, "ok\n", strings.Repeat("x", 100),
		`the message at offset 3, which began with "xxxxxxxxxxxxxxxx"...: a message of 100 or more bytes is over the limit of 64`},
	{"a length over the limit", framing.LengthPrefix{}, "\x00\x00\x00\x02ok", "\xff\xff\xff\xff",
		`the message at offset 6, which began with "\xff\xff\xff\xff": a message of 4294967295 bytes (0xffffffff) is over the limit of 64`},
	{"a size over the limit", framing.Fixed(65), "", strings.Repeat("안", 30),
		`the message at offset 0, which began with "안안안안안"...: a message of 65 bytes is over the limit of 64`},
	{"a line that can be read and not written", framing.Lines{}, "ok\n", "cr\r\r\n",
		"the message at offset 3: lines: this framing cannot carry the message: it ends in a carriage return"},
	{"a frame without a mask", framing.WebSocket{}, "", "\x82\x02ok",
		`which began with "\x82\x02ok": websocket: frames from client to server must be masked (RFC 6455, 5) (close code 1002)`},
	{"a frame over the limit", framing.WebSocket{}, "", head(0x82, 65), "a message of 65 bytes is over the limit of 64"},
	{"a reserved opcode", framing.WebSocket{}, "", "\x83\x80\x00\x00\x00\x00",
		"use of reserved op code (RFC 6455, 5) (close code 1002)"},
	{"the end inside a line", framing.Lines{}, "ok\nfine\n", "hel",
		`the stream ended inside the message at offset 8, which began with "hel": unexpected EOF`},
	{"the end inside a fixed size", framing.Fixed(2), "okok", "h",
		`the stream ended inside the message at offset 4, which began with "h": unexpected EOF`},
	{"the end inside a length", framing.LengthPrefix{}, "\x00\x00\x00\x02ok", "\x00\x00",
		`the stream ended inside the message at offset 6, which began with "\x00\x00": unexpected EOF`},
	{"the end inside a frame", framing.WebSocket{}, "", sends(0x81, "hello")[:3], "the stream ended inside the message at offset 0"},
	{"the end after a length", framing.LengthPrefix{}, "\x00\x00\x00\x02ok", "\x00\x00\x00\x05hel",
		`the stream ended inside the message at offset 6: unexpected EOF`},
}

func TestAViolationEndsTheConnectionAfterTheEchoes(t *testing.T) {
	t.Parallel() // it waits
	for _, v := range violations {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			either(t, func(t *testing.T, rec *labtest.Account) {
				s := serve(t, &server.Server{Codec: v.codec, MaxMessage: 64}, rec)
				other, c := dial(t, s.addr), dial(t, s.addr)
				write(t, c, []byte(v.good+v.bad))
				if rec != nil || strings.Contains(v.complain, "the stream ended") {
					require.NoError(t, c.CloseWrite())
				} else { // whoever goes on sending reads the rest too, though unread input turns a close into a reset
					write(t, c, make([]byte, 512<<10))
				}
				expect(t, c, []byte(v.good))
				expectEnd(t, c)
				if rec != nil {
					assert.Contains(t, rec.AwaitText(t, event.Failed), v.complain)
				}
				labtest.Await(t, func() bool { return s.Stats().Failed == 1 }, "the count of the failure")
				write(t, other, []byte(v.good))
				require.NoError(t, other.CloseWrite())
				assert.Equal(t, v.good, readAll(t, other), "nobody else notices")
			})
		})
	}
}

// A faulty codec is one of lines that fails as its line says.
type faulty struct{ framing.Lines }

var errFaulty = errors.New("the codec's own complaint")

func (f faulty) Read(r *bufio.Reader, max int) ([]byte, error) {
	msg, err := f.Lines.Read(r, max)
	switch string(msg) {
	case "panic on read":
		panic("somebody's bug")
	case "error on read":
		return nil, errFaulty
	}
	return msg, err
}

func (f faulty) Append(dst, msg []byte) ([]byte, error) {
	switch string(msg) {
	case "panic on append":
		panic("somebody's bug")
	case "error on append":
		return dst, errFaulty
	}
	return f.Lines.Append(dst, msg)
}

func TestACodecThatFailsEndsOneConnectionOnly(t *testing.T) {
	for fault, complaint := range map[string]string{
		"panic on read":   "panic: somebody's bug",
		"panic on append": "panic: somebody's bug",
		"error on read":   errFaulty.Error(),
		"error on append": errFaulty.Error(),
	} {
		t.Run(fault, func(t *testing.T) {
			either(t, func(t *testing.T, rec *labtest.Account) {
				s := serve(t, &server.Server{Codec: faulty{}}, rec)
				c, other := dial(t, s.addr), dial(t, s.addr)
				ping(t, c)
				ping(t, other)
				write(t, c, []byte("before\n"+fault+"\n"))
				got, err := io.ReadAll(c)
				assert.NoError(t, err)
				panics := strings.HasPrefix(fault, "panic")
				if !panics {
					assert.Equal(t, "before\n", string(got), "what was made out before is echoed")
				}
				ping(t, other)
				if rec != nil {
					text := rec.AwaitText(t, event.Failed)
					assert.Contains(t, text, complaint)
					assert.Equal(t, panics, strings.Contains(text, "violation_test.go"), "the stack says where")
				}
			})
		})
	}
}
