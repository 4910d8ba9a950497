package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
	"echolab/internal/server"
)

// firstBytes are all first bytes of a frame that are wrong between two messages.
func firstBytes() (talks []talk) {
	for b := range 0x100 {
		first := string([]byte{byte(b)})
		fin, rsv, opcode := b&0x80 != 0, b>>4&7, b&0x0f
		wrong := ""
		switch {
		case rsv != 0:
			wrong = "5.2 an RSV bit without an extension"
		case opcode >= 3 && opcode <= 7 || opcode >= 0xb:
			wrong = "5.2 a reserved opcode"
		case opcode >= 8 && !fin:
			wrong = "5.5 a fragmented control frame"
		case opcode == 0:
			wrong = "5.4 a continuation of nothing"
		default:
			continue
		}
		talks = append(talks, breaks(fmt.Sprintf("%s: %02x", wrong, b), first, 1002))
	}
	return talks
}

func TestRFC6455FirstByteOfAFrame(t *testing.T) {
	t.Parallel()
	talks := firstBytes()
	require.Len(t, talks, 256-7, "text and binary, each with FIN and without, and three control frames are left")
	converse(t, &server.Server{Web: new(server.Web)}, talks)
}

func TestRFC6455Headers(t *testing.T) {
	t.Parallel()
	talks := []talk{
		breaks("5.1 an unmasked continuation", sends(0x01, "a")+"\x80\x01", 1002),
		breaks("5.1 an unmasked frame after a masked one", sends(0x81, "masked")+"\x81\x05", 1002, `81 "masked"`),
		goesOn("5.3 a mask of zeros masks", "\x81\x85\x00\x00\x00\x00hello", `81 "hello"`),
		goesOn("5.3 every frame has its own mask", "\x81\x82\x01\x02\x03\x04ik"+sends(0x81, "again"), `81 "hi"`,
			`81 "again"`),
		breaks("5.2 a continuation with a length that is not the shortest", sends(0x01, "a")+"\x80\xfe\x00\x10", 1002),
	}
	for _, size := range []int{0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536, 65537} {
		payload := strings.Repeat("0123456789", size/10+1)[:size]
		talks = append(talks,
			goesOn(fmt.Sprintf("5.2 text of %d bytes", size), sends(0x81, payload), line(0x81, payload)),
			goesOn(fmt.Sprintf("5.2 binary of %d bytes", size), sends(0x82, payload), line(0x82, payload)))
	}
	for _, first := range []string{"\x81", "\x82", "\x02", "\x89"} {
		for _, length := range []string{"\x00", "\x7d", "\x7e", "\x7f"} {
			talks = append(talks, breaks(fmt.Sprintf("5.1 an unmasked frame %x %x", first, length), first+length, 1002))
		}
	}
	for _, first := range []string{"\x81", "\x82", "\x02"} {
		talks = append(talks, breaks(fmt.Sprintf("5.2 %x with 125 in 16 bits", first), first+"\xfe\x00\x7d", 1002))
		for _, length := range []string{"\x00\x00\x00\x00\x00\x00\xff\xff", "\x80\x00\x00\x00\x00\x01\x00\x00"} {
			wrong := breaks(fmt.Sprintf("5.2 %x with %x for a length", first, length), first+"\xff"+length, 1002)
			wrong.last = false // the length's first bytes tell it, and the server may say so
			talks = append(talks, wrong)
		}
	}
	converse(t, &server.Server{Web: new(server.Web)}, talks)
}

func TestRFC6455ControlFrames(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("p", 125)
	converse(t, &server.Server{Web: new(server.Web)}, []talk{
		goesOn("5.5.2 an empty Ping", sends(0x89, ""), `8a ""`),
		goesOn("5.5.2 a Ping's payload comes back", sends(0x89, "\x00\xff payload"), line(0x8a, "\x00\xff payload")),
		goesOn("5.5.2 a Ping of 125 bytes", sends(0x89, full), line(0x8a, full)),
		goesOn("5.5.2 Pings in one segment", sends(0x89, "1")+sends(0x89, "2")+sends(0x89, "3"), `8a "1"`, `8a "2"`,
			`8a "3"`),
		goesOn("5.5.2 a Ping between two messages", sends(0x81, "a")+sends(0x89, "p")+sends(0x82, "b"), `81 "a"`,
			`8a "p"`, `82 "b"`),
		goesOn("5.5.3 a Pong that nobody asked for", sends(0x8a, "unasked")+sends(0x8a, "")+sends(0x81, "a"), `81 "a"`),
		goesOn("5.5.3 a Pong of 125 bytes", sends(0x8a, full)),
		goesOn("5.4 a Ping inside a message", sends(0x01, "a")+sends(0x89, "p")+sends(0x80, "b"), `8a "p"`, `81 "ab"`),
		goesOn("5.4 Pings and Pongs around every fragment",
			sends(0x89, "1")+sends(0x02, "a")+sends(0x89, "2")+sends(0x8a, "x")+sends(0x00, "b")+sends(0x89, full)+
				sends(0x80, "c")+sends(0x89, "4"),
			`8a "1"`, `8a "2"`, line(0x8a, full), `82 "abc"`, `8a "4"`),
		breaks("5.5 a Close that is too long", "\x88\xfe", 1002), breaks("5.5 a Pong that is too long", "\x8a\xff", 1002),
		breaks("5.5 a fragmented Ping inside a message", sends(0x01, "a")+"\x09", 1002),
		breaks("5.5 a Ping too long inside a message", sends(0x01, "a")+"\x89\xfe", 1002),
		breaks("5.2 a reserved control frame inside a message", sends(0x01, "a")+"\x8b", 1002),
		breaks("5.2 what was right before is answered before the Close", sends(0x81, "a")+sends(0x89, "p")+"\xc1",
			1002, `81 "a"`, `8a "p"`),
	})
}

func TestRFC6455Fragments(t *testing.T) {
	t.Parallel()
	a := func(first byte) string { return sends(first, "a") }
	talks := []talk{
		breaks("5.4 a continuation after a whole message", a(0x81)+"\x80", 1002, `81 "a"`),
		breaks("5.4 a continuation after the last one", a(0x01)+a(0x80)+"\x00", 1002, `81 "aa"`),
		breaks("5.4 a continuation after a Ping", a(0x89)+"\x80", 1002, `8a "a"`),
		goesOn("5.4 one message after another", a(0x01)+a(0x80)+a(0x02)+a(0x00)+a(0x80)+a(0x81), `81 "aa"`, `82 "aaa"`, `81 "a"`),
	}
	for _, begin := range []byte{0x01, 0x02} {
		kind := fmt.Sprintf(" %02x", begin)
		for _, next := range []string{"\x01", "\x02", "\x81", "\x82"} {
			talks = append(talks,
				breaks("5.4 a new message after a fragment, "+line(begin, next), a(begin)+next, 1002),
				breaks("5.4 a new message after a continuation, "+line(begin, next), a(begin)+a(0x00)+next, 1002))
		}
		talks = append(talks,
			goesOn("5.4 two fragments"+kind, a(begin)+a(0x80), line(begin|0x80, "aa")),
			goesOn("5.4 three fragments"+kind, a(begin)+a(0x00)+a(0x80), line(begin|0x80, "aaa")),
			goesOn("5.4 only empty fragments"+kind, sends(begin, "")+sends(0x00, "")+sends(0x80, ""), line(begin|0x80, "")),
			goesOn("5.4 an empty last one"+kind, a(begin)+sends(0x80, ""), line(begin|0x80, "a")),
			goesOn("5.4 an empty first one"+kind, sends(begin, "")+a(0x80), line(begin|0x80, "a")))
	}
	const n = 1000
	whole := strings.Repeat("안녕", n)
	var many, pings, empty strings.Builder
	var pongs []string
	for i := range n {
		first, part := byte(0x00), whole[6*i:6*i+6]
		if i == 0 {
			first = 0x01
		}
		many.WriteString(sends(first, part))
		pings.WriteString(sends(first, part[:4]) + sends(0x89, part) + sends(0x00, part[4:]))
		pongs = append(pongs, line(0x8a, part))
		empty.WriteString(sends(first, ""))
	}
	end := sends(0x80, "")
	talks = append(talks,
		goesOn("5.4 a thousand fragments", many.String()+end, line(0x81, whole)),
		goesOn("5.4 a Ping in each", pings.String()+end, append(pongs, line(0x81, whole))...),
		goesOn("5.4 a thousand empty fragments", empty.String()+end, `81 ""`))
	converse(t, &server.Server{Web: new(server.Web)}, talks)
}

// What a socket's reads bring lies in buffers that every connection borrows anew.
func TestRFC6455FramesMayComeByteByByteOverASocket(t *testing.T) {
	labtest.OnLinux(t)
	t.Parallel()
	s := serve(t, &server.Server{Web: &server.Web{Deflate: true}}, nil)
	client, atServer := s.connect(t)
	shakeHands(t, client)
	other, _ := s.connect(t)
	shakeHands(t, other)
	for i, b := range []byte(sends(0x81, "안녕") + sends(0x01, "a") + sends(0x89, "p") + sends(0x80, "b") + sends(0x88, "")) {
		labtest.QuickAck(atServer)
		writeAlone(t, client, atServer, []byte{b})
		if i%8 == 0 { // whose bytes are not to be found in the first one's
			write(t, other, []byte(sends(0x82, "other")))
			expect(t, other, []byte("\x82\x05other"))
		}
	}
	hears(t, client, `81 "안녕"`, `8a "p"`, `81 "ab"`, `88 ""`)
}
