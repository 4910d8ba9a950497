package server_test

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
	"echolab/internal/server"
)

// A takeover is what the messages of one direction may refer to: the last bytes before them.
type takeover struct {
	bits  int
	none  bool // no context takeover
	past  string
	sizes []int // of the compressed payloads that came
}

func (c *takeover) keep(msg string) {
	if c.past += msg; c.none {
		c.past = ""
	}
	c.past = c.past[len(c.past)-min(len(c.past), 1<<c.bits):]
}

// pack compresses a message with the standard library, and refers to what was before it as far as the window goes.
func (c *takeover) pack(t testing.TB, msg string) string {
	t.Helper()
	past := c.past[len(c.past)-min(len(c.past), max(0, 1<<c.bits-len(msg))):]
	var b bytes.Buffer
	w, err := flate.NewWriterDict(&b, flate.BestCompression, []byte(past))
	require.NoError(t, err)
	_, err = io.WriteString(w, msg)
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	c.keep(msg)
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

// unpack inflates a payload, with no more of the past than was agreed.
func (c *takeover) unpack(payload string) (string, error) {
	c.sizes = append(c.sizes, len(payload))
	r := flate.NewReaderDict(strings.NewReader(payload+"\x00\x00\xff\xff\x01\x00\x00\xff\xff"), []byte(c.past))
	msg, err := io.ReadAll(r)
	c.keep(string(msg))
	return string(msg), err
}

// The offers of a client: all the defaults, and what costs the server least.
const (
	deflateAlone = "permessage-deflate"
	deflateOffer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
)

// ask is the handshake with an offer; agreed says what came of it: the parameters, sorted, nil if there is none.
func ask(offer string) string {
	return request{changes: []string{"Sec-WebSocket-Extensions: " + offer}}.String()
}

func agreed(header []string) []string {
	for _, h := range header {
		if answer, ok := strings.CutPrefix(h, "Sec-WebSocket-Extensions: "); ok {
			list := strings.Split(answer, "; ")
			slices.Sort(list[1:])
			return list
		}
	}
	return nil
}

// agree reads the 101.
func agree(t *testing.T, c net.Conn) []string {
	t.Helper()
	return agreed(readHeader(t, c))
}

// TestRFC7692Negotiation shows that the server answers what deflate makes of an offer, whose own tests have the rest.
func TestRFC7692Negotiation(t *testing.T) {
	t.Parallel()
	const name = "permessage-deflate"
	d := serveDesk(t, &server.Server{Web: &server.Web{Deflate: true}})
	for offer, want := range map[string][]string{
		name:                                 {name},
		"x-other, " + name:                   {name},
		name + ";server_max_window_bits=9":   {name, "server_max_window_bits=9"},
		name + "; client_max_window_bits=10": {name, "client_max_window_bits=10"},
		name + "; server_max_window_bits":    nil,
		name + "; server_max_window_bits=16": nil,
		name + "; unknown, " + deflateOffer:  {name, "client_no_context_takeover", "server_no_context_takeover"},
		"permessage-deflate2":                nil,
		"x-other\r\nSec-WebSocket-Extensions: " + name + "; server_max_window_bits=15": {name, "server_max_window_bits=15"},
	} {
		header, stream, _ := strings.Cut(d.play(t, ask(offer)+sends(0x88, "")), "\r\n\r\n")
		assert.Equal(t, want, agreed(strings.Split(header, "\r\n")), offer)
		got, err := fromServer(stream)
		require.NoError(t, err)
		assert.Equal(t, []string{`88 ""`}, got, offer)
	}
}

func TestRFC7692Messages(t *testing.T) {
	t.Parallel()
	const hello = `81 "Hello"`
	var none takeover
	notText := none.pack(t, "abc\xff")
	whole, begun := sends(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00"), sends(0x41, "\xf2\x48\xcd")
	converseAfter(t, &server.Server{Web: &server.Web{Deflate: true}}, ask(deflateAlone), &takeover{bits: 15}, []talk{
		goesOn("7.2.3.1 one block", whole, hello),
		goesOn("7.2.3.1 two fragments", begun+sends(0x80, "\xc9\xc9\x07\x00"), hello),
		goesOn("7.2.3.2 the window", whole+sends(0xc1, "\xf2\x00\x11\x00\x00"), hello, hello),
		goesOn("7.2.3.3 no compression", sends(0xc1, "\x00\x05\x00\xfa\xffHello\x00"), hello),
		goesOn("7.2.3.4 a final block", sends(0xc1, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), hello),
		goesOn("7.2.3.5 two blocks", sends(0xc1, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), hello),
		goesOn("7.2.3.6 nothing", sends(0xc1, "\x00"), `81 ""`),
		goesOn("6.1 a control in between", begun+sends(0x89, "p")+sends(0x00, "")+sends(0x80, "\xc9\xc9\x07\x00"), `8a "p"`, hello),
		goesOn("6.1 uncompressed", sends(0x81, "Hello")+sends(0x01, "He")+sends(0x80, "llo")+sends(0x82, ""), hello, hello, `82 ""`),
		goesOn("7.2.2 a plain one does not enter the window", whole+sends(0x81, "other")+sends(0xc1, "\xf2\x00\x11\x00\x00"),
			hello, `81 "other"`, hello),
		goesOn("5.6 binary that is not UTF-8", sends(0xc2, notText), `82 "abc\xff"`),

		breaks("6.1 RSV1 on a continuation", begun+"\xc0", 1002), breaks("6.1 RSV1 on one that goes on", begun+"\x40", 1002),
		breaks("6.1 RSV1 on a continuation of nothing", "\xc0", 1002),
		breaks("6.1 RSV1 on a plain one's", sends(0x01, "a")+"\xc0", 1002),
		breaks("6.1 RSV1 on a Ping", "\xc9", 1002), breaks("6.1 RSV1 on a Pong", "\xca", 1002),
		breaks("6.1 RSV1 on a Close", "\xc8", 1002), breaks("6.1 RSV2", "\xa1", 1002), breaks("6.1 RSV1 and RSV3", "\xd1", 1002),
		breaks("6.1 RSV3", "\x92", 1002), breaks("6.1 RSV1 and a reserved opcode", "\xc3", 1002),
		breaks("7.2.2 a block of a reserved type", sends(0xc2, "\x06"), 1007),
		breaks("7.2.2 a length that contradicts itself", sends(0xc2, "\x00\x05\x00\xfa\xfeHello\x00"), 1007),
		breaks("7.2.2 a stored block that is cut", sends(0xc2, "\x00\x05\x00\xfa\xffHel"), 1007),
		breaks("7.2.2 cut", sends(0xc2, "\xf2\x48\xcd\xc9"), 1007),
		breaks("7.2.2 cut, in fragments", begun+sends(0x80, ""), 1007),
		breaks("7.2.2 no byte at all", sends(0xc1, ""), 1007),
		breaks("7.2.2 a reference to before the beginning", sends(0xc1, "\xf2\x00\x11\x00\x00"), 1007),
		breaks("8.1 text that is not UTF-8", sends(0xc1, notText), 1007),
	})
	converseAfter(t, &server.Server{Web: new(server.Web)}, ask(deflateAlone), nil, []talk{
		breaks("5.2 RSV1 that was not negotiated", "\xc1", 1002), goesOn("a plain one", sends(0x81, "a"), `81 "a"`),
	})
}

func TestRFC7692Windows(t *testing.T) {
	t.Parallel()
	eachAccount(t, &server.Server{Web: &server.Web{Deflate: true}, MaxMessage: 4 << 20}, func(d *desk, _ string) {
		for bits := 8; bits <= 15; bits++ {
			for _, none := range []bool{false, true} {
				offer := fmt.Sprintf("permessage-deflate; server_max_window_bits=%d; client_max_window_bits=%d", bits, bits)
				if none {
					offer += "; server_no_context_takeover; client_no_context_takeover"
				}
				toServer, toClient := takeover{bits: bits, none: none}, takeover{bits: bits, none: none}
				msg := string(labtest.Random(1 << bits / 3))
				far := strings.Repeat(string(labtest.Random(1<<bits+50)), 3) // nothing repeats within the window
				in, want := "", []string(nil)
				for _, m := range []string{msg, msg, "", strings.Repeat("a", 1<<bits-1), msg, far, msg, msg} {
					in += sends(0xc2, toServer.pack(t, m))
					want = append(want, line(0x82, m))
				}
				got, err := messagesFrom(afterSwitch(t, d.play(t, ask(offer), in+sends(0x88, ""))), &toClient)
				require.NoError(t, err, offer)
				require.Equal(t, append(want, `88 ""`), got, offer)
				sizes := toClient.sizes
				assert.Less(t, len(far), sizes[5]+sizes[5]/20, "%s: it refers too far back", offer)
				if none {
					assert.Equal(t, sizes[0], sizes[1], offer)
				} else if bits > 8 {
					assert.Less(t, sizes[1], sizes[0]/2, "%s: the second refers to the first", offer)
				}
			}
		}
	})
}

func TestRFC7692LimitsAreOfTheMessage(t *testing.T) {
	t.Parallel()
	const limit = 100_000
	d := serveDesk(t, &server.Server{Web: &server.Web{Deflate: true}, MaxMessage: limit})
	hears := func(in string, want ...string) {
		t.Helper()
		got, err := messagesFrom(afterSwitch(t, d.play(t, ask(deflateAlone), in)), &takeover{bits: 15})
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, msg := range []string{strings.Repeat("안", limit/3) + "x", string(labtest.Random(limit))} {
		for size, want := range map[int][]string{limit: {`8a ""`, line(0x82, msg), `88 ""`}, limit + 1: {`8a ""`, refused(1009)}} {
			window := takeover{bits: 15}
			payload := window.pack(t, (msg + "x")[:size])
			hears(sends(0x42, payload[:10])+sends(0x89, "")+sends(0x80, payload[10:])+sends(0x88, ""), want...)
		}
	}
	hears(head(0xc2, 2*limit), refused(1009)) // what is too long in any case is refused before it comes
}

func TestRFC7692ABombCostsLittle(t *testing.T) {
	window := takeover{bits: 15}
	block := window.pack(t, strings.Repeat("\x00", 1<<20)) + "\x00\x00\xff\xff" // refers to nothing before it
	bomb := sends(0xc2, strings.Repeat(block, 64))
	require.Less(t, len(bomb), 128<<10)
	d := serveDesk(t, &server.Server{Web: &server.Web{Deflate: true}})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	stream := afterSwitch(t, d.play(t, ask(deflateAlone), bomb))
	runtime.ReadMemStats(&after)
	got, err := fromServer(stream)
	require.NoError(t, err)
	assert.Equal(t, []string{refused(1009)}, got)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
}

func TestRFC7692LargeMessages(t *testing.T) {
	t.Parallel()
	if labtest.UnderRace {
		t.Skip("many bytes, which the race detector slows down: without it this is tested")
	}
	s := serve(t, &server.Server{Web: &server.Web{Deflate: true}, MaxMessage: 4 << 20}, nil)
	for _, size := range []int{65536, 256 << 10, 1<<20 + 1} {
		msg, text := string(labtest.Random(size)), strings.Repeat("a안", size/4)
		window := takeover{bits: 15}
		payload := window.pack(t, msg)
		client := dial(t, s.addr)
		write(t, client, []byte(ask(deflateAlone)))
		require.NotEmpty(t, agree(t, client))
		feed(t, client, sends(0x42, payload[:size/2])+sends(0x80, payload[size/2:])+sends(0xc1, window.pack(t, text))+
			sends(0x82, msg)+sends(0x81, text)+sends(0xc2, window.pack(t, "end"))+sends(0x88, ""))
		got, err := messagesFrom(readAll(t, client), &takeover{bits: 15})
		require.NoError(t, err)
		require.Equal(t, []string{line(0x82, msg), line(0x81, text), line(0x82, msg), line(0x81, text), `82 "end"`, `88 ""`}, got)
	}
}
