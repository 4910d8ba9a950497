package server_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
	"echolab/internal/server"
)

func TestRFC7692Negotiation(t *testing.T) {
	t.Parallel()
	const name = "permessage-deflate"
	s := serve(t, &server.Server{Web: &server.Web{Deflate: true}}, nil)
	for offer, want := range map[string][]string{
		name:                                   {name},
		"x-other, " + name:                     {name},
		name + "; client_max_window_bits":      {name},
		name + ";server_max_window_bits=9":     {name, "server_max_window_bits=9"},
		name + `; server_max_window_bits="12"`: {name, "server_max_window_bits=12"},
		name + " ; server_no_context_takeover ; client_max_window_bits":   {name, "server_no_context_takeover"},
		name + "; client_no_context_takeover":                             {name, "client_no_context_takeover"},
		name + "; client_max_window_bits=10":                              {name, "client_max_window_bits=10"},
		name + "; server_max_window_bits=7, " + name:                      {name},
		name + "; unknown, " + name + "; server_no_context_takeover":      {name, "server_no_context_takeover"},
		name + "; server_no_context_takeover; server_no_context_takeover": nil,
		name + "; server_no_context_takeover=1":                           nil,
		name + "; server_max_window_bits":                                 nil,
		name + "; server_max_window_bits=7":                               nil,
		name + "; server_max_window_bits=16":                              nil,
		name + "; server_max_window_bits=08":                              nil,
		name + "; server_max_window_bits=+9":                              nil,
		name + "; client_max_window_bits=7":                               nil,
		name + "; client_max_window_bits=16":                              nil,
		name + "; client_max_window_bits; client_max_window_bits=10":      nil,
		name + "; mux=1":         nil,
		"permessage-deflate2":    nil,
		"x-webkit-deflate-frame": nil,
		name + "; server_no_context_takeover; client_no_context_takeover, " + name: {name,
			"client_no_context_takeover", "server_no_context_takeover"},
		name + "\r\nSec-WebSocket-Extensions: " + name + "; server_max_window_bits=10": {name},
		"x-other\r\nSec-WebSocket-Extensions: " + name + "; server_max_window_bits=15": {name,
			"server_max_window_bits=15"},
		name + "; server_max_window_bits=99\r\nSec-WebSocket-Extensions: ,," + name + ",": {name},
	} {
		client := dial(t, s.addr)
		write(t, client, []byte(ask(offer)+sends(0x88, "")))
		assert.Equal(t, want, agree(t, client), offer)
		hears(t, client, []string{`88 ""`}, offer)
	}
}

func TestRFC7692Examples(t *testing.T) {
	t.Parallel()
	s := serve(t, &server.Server{Web: &server.Web{Deflate: true}}, nil)
	const hello = `81 "Hello"`
	for name, in := range map[string]struct {
		frames string
		want   []string
	}{
		"7.2.3.1 one block":     {sends(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00"), []string{hello}},
		"7.2.3.1 two fragments": {sends(0x41, "\xf2\x48\xcd") + sends(0x80, "\xc9\xc9\x07\x00"), []string{hello}},
		"7.2.3.2 the window": {sends(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00") + sends(0xc1,
			"\xf2\x00\x11\x00\x00"), []string{hello, hello}},
		"7.2.3.3 no compression": {sends(0xc1, "\x00\x05\x00\xfa\xffHello\x00"), []string{hello}},
		"7.2.3.4 a final block":  {sends(0xc1, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), []string{hello}},
		"7.2.3.5 two blocks": {sends(0xc1, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"),
			[]string{hello}},
		"7.2.3.6 nothing": {sends(0xc1, "\x00"), []string{`81 ""`}},
		"6.1 a control in between": {sends(0x41, "\xf2\x48\xcd") + sends(0x89, "p") + sends(0x00, "") + sends(0x80,
			"\xc9\xc9\x07\x00"), []string{`8a "p"`, hello}},
		"6.1 uncompressed": {sends(0x81, "Hello") + sends(0x01, "He") + sends(0x80, "llo") + sends(0x82, ""),
			[]string{hello, hello, `82 ""`}},
		"7.2.2 a plain one does not enter the window": {sends(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00") + sends(0x81,
			"other") + sends(0xc1, "\xf2\x00\x11\x00\x00"),
			[]string{hello, `81 "other"`, hello}},
	} {
		for _, way := range []string{"in one write", "byte by byte"} {
			d := connectDeflated(t, s, "permessage-deflate", 15, 15)
			if way == "in one write" {
				write(t, d, []byte(in.frames+sends(0x88, "")))
			} else {
				dribble(t, d.TCPConn, d.atServer, in.frames+sends(0x88, ""))
			}
			d.hears(t, append(in.want, `88 ""`), name+", "+way)
		}
	}
}

func TestRFC7692Mistakes(t *testing.T) {
	t.Parallel()
	var none takeover
	notText := none.pack(t, "abc\xff")
	begun := sends(0x41, "\xf2\x48\xcd")
	for deflate, talks := range map[bool][]talk{
		false: {breaks("5.2 RSV1 that was not negotiated", "\xc1", 1002)},
		true: {
			breaks("6.1 RSV1 on a continuation", begun+"\xc0", 1002), breaks("6.1 RSV1 on one that goes on",
				begun+"\x40", 1002),
			breaks("6.1 RSV1 on a continuation of nothing", "\xc0", 1002), breaks("6.1 RSV1 on a plain one's",
				sends(0x01, "a")+"\xc0", 1002),
			breaks("6.1 RSV1 on a Ping", "\xc9", 1002), breaks("6.1 RSV1 on a Pong", "\xca", 1002),
			breaks("6.1 RSV1 on a Close", "\xc8", 1002),
			breaks("6.1 RSV2", "\xa1", 1002), breaks("6.1 RSV1 and RSV3", "\xd1", 1002), breaks("6.1 RSV3", "\x92",
				1002),
			breaks("6.1 RSV1 and a reserved opcode", "\xc3", 1002),
			breaks("7.2.2 a block of a reserved type", sends(0xc2, "\x06"), 1007),
			breaks("7.2.2 a length that contradicts itself", sends(0xc2, "\x00\x05\x00\xfa\xfeHello\x00"), 1007),
			breaks("7.2.2 a stored block that is cut", sends(0xc2, "\x00\x05\x00\xfa\xffHel"), 1007),
			breaks("7.2.2 cut", sends(0xc2, "\xf2\x48\xcd\xc9"), 1007),
			breaks("7.2.2 cut, in fragments", begun+sends(0x80, ""), 1007),
			breaks("7.2.2 no byte at all", sends(0xc1, ""), 1007),
			breaks("7.2.2 a reference to before the beginning", sends(0xc1, "\xf2\x00\x11\x00\x00"), 1007),
			breaks("8.1 text that is not UTF-8", sends(0xc1, notText), 1007),
			goesOn("5.6 binary that is not UTF-8", sends(0xc2, notText), `82 "abc\xff"`),
		},
	} {
		s := serve(t, &server.Server{Web: &server.Web{Deflate: deflate}}, nil)
		for _, talk := range talks {
			for _, way := range []string{"in one write", "byte by byte", "with the handshake"} {
				client, atServer := s.connect(t)
				if write(t, client, []byte(ask("permessage-deflate"))); way == "byte by byte" {
					assert.Equal(t, deflate, agree(t, client) != nil)
					dribble(t, client, atServer, talk.in)
				} else {
					write(t, client, []byte(talk.in))
					agree(t, client)
				}
				d := &deflated{TCPConn: client, toClient: takeover{bits: 15}}
				d.hears(t, talk.want, talk.name+", "+way)
			}
		}
	}
}

func TestRFC7692Windows(t *testing.T) {
	t.Parallel()
	either(t, func(t *testing.T, rec *labtest.Account) {
		s := serve(t, &server.Server{Web: &server.Web{Deflate: true}, MaxMessage: 4 << 20}, rec)
		for bits := 8; bits <= 15; bits++ {
			for _, none := range []bool{false, true} {
				offer := fmt.Sprintf("permessage-deflate; server_max_window_bits=%d; client_max_window_bits=%d", bits,
					bits)
				if none {
					offer += "; server_no_context_takeover; client_no_context_takeover"
				}
				d := connectDeflated(t, s, offer, bits, bits)
				msg := string(labtest.Random(1 << bits / 3))
				far := strings.Repeat(string(labtest.Random(1<<bits+50)), 3) // nothing repeats within the window
				in, want := "", []string(nil)
				for _, m := range []string{msg, msg, "", strings.Repeat("a", 1<<bits-1), msg, far, msg, msg} {
					in += d.toServer.packed(t, 0x82, m)
					want = append(want, line(0x82, m))
				}
				feed(t, d.TCPConn, in+sends(0x88, ""))
				d.hears(t, append(want, `88 ""`), offer)
				assert.Less(t, len(far), d.sizes[5]+d.sizes[5]/20, "%s: it refers too far back", offer)
				if none {
					assert.Equal(t, d.sizes[0], d.sizes[1], offer)
				} else if bits > 8 {
					assert.Less(t, d.sizes[1], d.sizes[0]/2, "%s: the second refers to the first", offer)
				}
			}
		}
	})
}

func TestRFC7692LimitsAreOfTheMessage(t *testing.T) {
	t.Parallel()
	const limit = 100_000
	s := serve(t, &server.Server{Web: &server.Web{Deflate: true}, MaxMessage: limit}, nil)
	text, bytes := strings.Repeat("안", limit/3)+"x", string(labtest.Random(limit))
	for name, msg := range map[string]string{"text": text, "bytes": bytes} {
		for size, want := range map[int][]string{limit: {line(0x82, msg), `88 ""`}, limit + 1: {refused(1009)}} {
			d := connectDeflated(t, s, "permessage-deflate", 15, 15)
			payload := d.toServer.pack(t, (msg + "x")[:size])
			feed(t, d.TCPConn, sends(0x42, payload[:10])+sends(0x89, "")+sends(0x80, payload[10:])+sends(0x88, ""))
			d.hears(t, append([]string{`8a ""`}, want...), name)
		}
	}
	d := connectDeflated(t, s, "permessage-deflate", 15, 15)
	write(t, d, []byte(head(0xc2, 2*limit)))
	d.hears(t, []string{refused(1009)}, "what is too long in any case is refused before it comes")
}

func TestRFC7692ABombCostsLittle(t *testing.T) {
	window := takeover{bits: 15} // to pack it takes its time, in which a connection would meet its limits
	bomb := sends(0xc2, window.pack(t, strings.Repeat("\x00", 100<<20)))
	require.Less(t, len(bomb), 200<<10)
	s := serve(t, &server.Server{Web: &server.Web{Deflate: true}}, nil)
	d := connectDeflated(t, s, "permessage-deflate", 15, 15)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	feed(t, d.TCPConn, bomb)
	d.hears(t, []string{refused(1009)}, "a bomb")
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
}

func TestRFC7692LargeMessages(t *testing.T) {
	t.Parallel()
	if labtest.UnderRace {
		t.Skip("many bytes, which the race detector slows down: without it this is tested")
	}
	s := serve(t, &server.Server{Web: &server.Web{Deflate: true}, MaxMessage: 4 << 20}, nil)
	for _, size := range []int{65535, 65536, 256 << 10, 1 << 20, 1<<20 + 1, 3 << 20} {
		msg, text := string(labtest.Random(size)), strings.Repeat("a안", size/4)
		d := connectDeflated(t, s, "permessage-deflate", 15, 15)
		payload := d.toServer.pack(t, msg)
		feed(t, d.TCPConn, sends(0x42, payload[:size/2])+sends(0x80, payload[size/2:])+d.toServer.packed(t, 0x81, text)+
			sends(0x82, msg)+sends(0x81, text)+d.toServer.packed(t, 0x82, "end")+sends(0x88, ""))
		stream := []byte(readAll(t, d))
		d.assertMessages(t, stream, []string{line(0x82, msg), line(0x81, text), line(0x82, msg), line(0x81, text),
			`82 "end"`, `88 ""`})
	}
}
