package server_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"echolab/internal/server"
)

// fuzzLimit is the most bytes of a message here: more than fit in 7 bits of length.
const fuzzLimit = 300

// A twin is the server as one would write it who has all bytes at once and no hurry: it says what must come back.
type twin struct {
	in    []byte
	begun byte // the first byte of a message that goes on; 0 between messages
	msg   []byte
	lines []string
}

// answers returns the frames that must come back for the bytes after a handshake.
func answers(in []byte) []string {
	w := &twin{in: in}
	for w.frame() {
	}
	return w.lines
}

func (w *twin) say(line string) { w.lines = append(w.lines, line) }

// frame takes one frame; it returns false if that was the last, or is not whole.
func (w *twin) frame() bool {
	if len(w.in) == 0 {
		return false
	}
	first := w.in[0]
	fin, opcode := first&0x80 != 0, first&0x0f
	control := opcode >= 8
	switch {
	case first&0x70 != 0, opcode > 2 && opcode < 8, opcode > 10, control && !fin,
		opcode == 0 && w.begun == 0, opcode > 0 && !control && w.begun != 0:
		w.say(refused(1002))
		return false
	case len(w.in) < 2:
		return false
	case w.in[1] < 0x80, control && w.in[1] > 0x80+125:
		w.say(refused(1002))
		return false
	}
	length, size := uint64(w.in[1]&0x7f), 2
	if n := map[uint64]int{126: 2, 127: 8}[length]; n > 0 {
		if len(w.in) < size+n {
			return false
		}
		least := map[int]uint64{2: 126, 8: 65536}[n]
		length = binary.BigEndian.Uint64(append(make([]byte, 8-n), w.in[2:2+n]...))
		if size += n; length < least || length >= 1<<63 {
			w.say(refused(1002))
			return false
		}
	}
	if len(w.in) < size+4 {
		return false
	}
	if !control && uint64(len(w.msg))+length > fuzzLimit {
		w.say(refused(1009))
		return false
	}
	mask, rest := w.in[size:size+4], w.in[size+4:]
	payload := slices.Clone(rest[:min(uint64(len(rest)), length)])
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	whole := uint64(len(payload)) == length
	w.in = rest[len(payload):]
	if control {
		return whole && w.control(opcode, payload)
	}
	return w.data(first, payload, whole)
}

func (w *twin) control(opcode byte, payload []byte) bool {
	switch opcode {
	case 9:
		w.say(line(0x8a, string(payload)))
		return true
	case 10:
		return true
	}
	code := 0
	if len(payload) >= 2 {
		code = int(payload[0])<<8 | int(payload[1])
	}
	legal := code >= 3000 && code <= 4999 || code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006
	switch {
	case len(payload) == 0:
		w.say(line(0x88, ""))
	case !legal:
		w.say(refused(1002))
	case !isText(payload[2:], true):
		w.say(refused(1007))
	default:
		w.say(line(0x88, string(payload[:2])))
	}
	return false
}

func (w *twin) data(first byte, payload []byte, whole bool) bool {
	if first&0x0f != 0 {
		w.begun = first | 0x80
	}
	w.msg = append(w.msg, payload...)
	ends := whole && first&0x80 != 0
	if w.begun == 0x81 && !isText(w.msg, ends) {
		w.say(refused(1007))
		return false
	}
	if ends {
		w.say(line(w.begun, string(w.msg)))
		w.begun, w.msg = 0, nil
	}
	return whole
}

// isText says whether b is UTF-8, or, if more may come, can become it.
func isText(b []byte, all bool) bool {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			return !all && !utf8.FullRune(b) // which what is wrong already is for it
		}
		b = b[size:]
	}
	return true
}

// pieces cuts b: each byte of cuts is the size of a piece, and the last piece has the rest.
func pieces(b []byte, cuts []byte) (list []string) {
	for _, n := range cuts {
		n := min(int(n), len(b))
		list, b = append(list, string(b[:n])), b[n:]
	}
	return append(list, string(b))
}

func FuzzSession(f *testing.F) {
	large := strings.Repeat("l", fuzzLimit)
	all := slices.Concat(firstBytes(), []talk{
		goesOn("messages", sends(0x81, "안녕")+sends(0x82, "\xff")+sends(0x89, "p"), `81 "안녕"`, `82 "\xff"`, `8a "p"`),
		goesOn("fragments", sends(0x01, "\xec")+sends(0x89, "p")+sends(0x00, "\x95")+sends(0x80, "\x88"), `8a "p"`,
			`81 "안"`),
		goesOn("sizes", sends(0x82, large[:125])+sends(0x82, large[:126])+sends(0x82, large),
			line(0x82, large[:125]), line(0x82, large[:126]), line(0x82, large)),
		breaks("over the limit", sends(0x02, large[:200])+head(0x80, 101), 1009),
		breaks("2^63-1", head(0x82, 1<<63-1), 1009), breaks("not the shortest", "\x82\xfe\x00\x7d", 1002),
		breaks("a reason", sends(0x88, closing(1000, "\xff")), 1007), breaks("a code", sends(0x88, closing(1005, "")),
			1002),
	})
	for _, bad := range badTexts {
		all = append(all, breaks("", head(0x81, 100)+masked(bad), 1007))
	}
	for _, talk := range all {
		require.Equal(f, talk.want, answers([]byte(talk.in)), "%s: the twin itself", talk.name)
		f.Add([]byte(talk.in), []byte{}, false)
		f.Add([]byte(talk.in), []byte{1, 1, 1, 5, 1, 1, 1}, true)
	}
	plain := serveDesk(f, &server.Server{Web: new(server.Web), MaxMessage: fuzzLimit})
	f.Fuzz(func(t *testing.T, in, cuts []byte, glued bool) {
		in = in[:min(len(in), 4096)]
		parts := pieces(in, cuts)
		if glued {
			parts[0] = askWebSocket + parts[0]
		} else {
			parts = append([]string{askWebSocket}, parts...)
		}
		got := plain.play(t, parts...)
		frames, err := fromServer(afterSwitch(t, got))
		require.NoError(t, err)
		require.Equal(t, answers(in), frames)
	})
}
