package server_test

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
	"echolab/internal/server"
)

// goodTexts are at the edges of what UTF-8 can say (RFC 3629 section 4).
var goodTexts = []string{"\x00", "\x7f", "\xdf\xbf", "\xed\x9f\xbf", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf", "안녕하세요", "aé안😀z"}

// badTexts end with the first byte that no text can go on with. What else is none, websocket's own tests know.
var badTexts = map[string]string{
	"a continuation byte": "\x80", "an overlong /, 2 bytes": "\xc0", "an overlong /, 3 bytes": "\xe0\x80",
	"U+D800": "\xed\xa0", "U+110000": "\xf4\x90", "FF": "\xff", "a letter after 2 bytes of 3": "\xec\x95a",
	"a beginning after 3 bytes of 4": "\xf0\x9f\x98\xf0", "FF after 2 bytes of 3": "\xec\x95\xff",
}

func TestRFC6455TextThatIsUTF8(t *testing.T) {
	t.Parallel()
	var talks []talk
	for _, text := range goodTexts {
		same := line(0x81, text)
		talks = append(talks, goesOn("8.1 "+same, sends(0x81, text)+sends(0x81, "["+text+"]"), same, line(0x81, "["+text+"]")))
		for cut := range len(text) + 1 {
			talks = append(talks, goesOn(fmt.Sprintf("5.6 %s in two fragments, cut at %d, a Ping between", same, cut),
				sends(0x01, text[:cut])+sends(0x89, "p")+sends(0x80, text[cut:]), `8a "p"`, same))
		}
		fragments := sends(0x01, "")
		for i := range len(text) {
			fragments += sends(0x00, text[i:i+1]) + sends(0x00, "")
		}
		talks = append(talks, goesOn("5.6 "+same+", every byte a fragment", fragments+sends(0x80, ""), same))
	}
	converse(t, &server.Server{Web: new(server.Web)}, talks)
}

func TestRFC6455TextThatIsNotUTF8(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("안", 30_000)
	talks := []talk{
		breaks("8.1 late in a long frame", head(0x81, 1<<20)+masked(long+"\xff"), 1007),
		breaks("8.1 late in a long fragment", sends(0x01, long)+head(0x00, 1<<19)+masked("\x80"), 1007),
	}
	for name, bad := range badTexts {
		claims := func(first byte, payload string) string { return head(first, 100) + masked(payload) } // more than will come
		talks = append(talks,
			breaks("8.1 "+name+" at the beginning", claims(0x81, bad), 1007),
			breaks("8.1 "+name+" after text", sends(0x81, "ok")+claims(0x81, "abc안"+bad), 1007, `81 "ok"`),
			breaks("8.1 "+name+" in a continuation", sends(0x01, "abc")+sends(0x89, "p")+claims(0x00, bad), 1007, `8a "p"`),
			breaks("8.1 "+name+" in a whole frame", sends(0x81, bad), 1007),
			breaks("8.1 "+name+" in a whole frame after others", sends(0x81, "ok")+sends(0x82, bad)+sends(0x81, bad), 1007,
				`81 "ok"`, line(0x82, bad)),
			goesOn("5.6 "+name+" in binary", sends(0x82, bad)+sends(0x02, bad)+sends(0x80, ""), line(0x82, bad), line(0x82, bad)))
		for cut := 1; cut < len(bad); cut++ {
			talks = append(talks, breaks(fmt.Sprintf("8.1 %s, cut at %d by a fragment", name, cut),
				sends(0x01, bad[:cut])+sends(0x00, "")+claims(0x80, bad[cut:]), 1007))
		}
	}
	for _, cut := range []string{"\xc3", "\xec\x95", "\xf0\x9f\x98"} {
		name := fmt.Sprintf("8.1 the end inside a character, after %x", cut)
		talks = append(talks,
			breaks(name, sends(0x81, "ab"+cut), 1007),
			breaks(name+", with an empty last fragment", sends(0x01, cut)+"\x80\x80"+string(maskKey[:]), 1007),
			breaks(name+", in the last fragment", sends(0x01, "ab")+sends(0x80, cut), 1007),
			goesOn(name+", which the next message must not feel", sends(0x82, cut)+sends(0x81, "a"), line(0x82, cut), `81 "a"`))
	}
	converse(t, &server.Server{Web: new(server.Web)}, talks)
}

func TestRFC6455MessageLimit(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 125, 126, 1000, 65536} {
		at := func(n int) string { return strings.Repeat("x", n) }
		var talks []talk
		for _, first := range []byte{0x81, 0x82} {
			kind := fmt.Sprintf("7.4.1 limit %d, %02x: ", limit, first)
			begin := first &^ 0x80
			talks = append(talks,
				goesOn(kind+"the limit twice", strings.Repeat(sends(first, at(limit)), 2), line(first, at(limit)), line(first, at(limit))),
				goesOn(kind+"one byte less", sends(first, at(limit-1)), line(first, at(limit-1))),
				goesOn(kind+"the limit in fragments", sends(begin, at(limit-1))+sends(0x00, "")+sends(0x80, "x"), line(first, at(limit))),
				breaks(kind+"one byte more", head(first, uint64(limit+1)), 1009),
				breaks(kind+"one byte more, after another", sends(first, "")+head(first, uint64(limit+1)), 1009, line(first, "")),
				breaks(kind+"2^63-1", head(first, 1<<63-1), 1009),
				breaks(kind+"2^63-1 in a fragment", head(begin, 1<<63-1), 1009),
				breaks(kind+"2^63-1 after a fragment", sends(begin, "x")+head(0x00, 1<<63-1), 1009),
				breaks(kind+"the sum of fragments", sends(begin, at(limit-1))+sends(0x00, "x")+head(0x80, 1), 1009),
			)
			over := talk{name: kind + "one byte more, all of it there", in: sends(first, at(limit+1)), want: []string{refused(1009)}}
			talks = append(talks, over)
		}
		converse(t, &server.Server{Web: new(server.Web), MaxMessage: limit}, talks)
	}
}

func TestRFC6455LargeMessagesComeBackWhole(t *testing.T) {
	t.Parallel()
	if labtest.UnderRace {
		t.Skip("many bytes, which the race detector slows down: without it this is tested")
	}
	srv := &server.Server{Web: new(server.Web), MaxMessage: 4 << 20}
	s := serve(t, &server.Server{Web: srv.Web, MaxMessage: srv.MaxMessage}, nil)
	for _, size := range []int{64<<10 - 1, 64 << 10, 64<<10 + 15, 256<<10 + 1, 1<<20 + 1} {
		bytes := string(labtest.Random(size))
		text := strings.Repeat("안", size/3) + "abc"[:size%3]
		in := sends(0x82, bytes) + sends(0x81, text) + sends(0x89, "p") +
			sends(0x02, bytes[:size/3]) + sends(0x89, "q") + sends(0x00, bytes[size/3:size-1]) + sends(0x80, bytes[size-1:]) +
			sends(0x01, text[:size/2]) + sends(0x89, "r") + sends(0x80, text[size/2:]) + sends(0x88, "")
		// Where a Pong stands among the fragments of a message is the server's choice.
		want := []string{line(0x82, bytes), line(0x81, text), `8a "p"`, `8a "q"`, line(0x82, bytes), `8a "r"`,
			line(0x81, text), `88 ""`}
		hears := func(stream, how string) {
			got, err := messagesFrom(stream, nil)
			require.NoError(t, err, "%d, %s", size, how)
			require.Equal(t, want, got, "%d, %s", size, how)
		}
		eachAccount(t, srv, func(d *desk, how string) { hears(afterSwitch(t, d.play(t, askWebSocket, in)), how) })
		client := s.webSocket(t)
		feed(t, client, in)
		hears(readAll(t, client), "over a socket")
	}
}

func TestRFC6455ClaimsCostNothing(t *testing.T) {
	t.Parallel()
	talks := []talk{
		{name: "a text frame", in: head(0x81, 1<<60)}, {name: "a binary frame", in: head(0x82, 1<<60)},
		{name: "a fragment", in: head(0x01, 1<<60)}, {name: "a continuation", in: sends(0x01, "x") + head(0x80, 1<<60-1)},
	}
	eachAccount(t, &server.Server{Web: new(server.Web), MaxMessage: 1 << 60}, func(d *desk, how string) {
		for _, talk := range talks {
			got := afterSwitch(t, d.play(t, askWebSocket, talk.in+masked("x"))) // it would have died of it
			assert.NotContains(t, got, "\x88", talk.name)
			assert.Less(t, len(got), 20, talk.name)
		}
	})
}

// One read may bring more than is ever held of a message.
func TestRFC6455AFragmentLargerThanWhatIsHeld(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("b", 3<<20)
	d := serveDesk(t, &server.Server{Web: new(server.Web), MaxMessage: 4 << 20, ReadBuffer: 8 << 20})
	got, err := messagesFrom(afterSwitch(t, d.play(t, askWebSocket, sends(0x02, large), sends(0x80, "end")+sends(0x88, ""))), nil)
	require.NoError(t, err)
	assert.Equal(t, []string{line(0x82, large+"end"), `88 ""`}, got)
}

// Most clients write a message whole before they read. The kernels have room for less than this one.
func TestRFC6455ACloseIsReadAfterAMessageThatIsFarTooLong(t *testing.T) {
	t.Parallel()
	config, trusts := labtest.Secrets(t)
	trusts.ServerName = "127.0.0.1"
	s := serveOn(t, &server.Server{Web: &server.Web{TLS: config}}, nil, func(c *net.TCPConn) { c.SetReadBuffer(onTheWay) })
	for name, client := range map[string]net.Conn{"ws": dial(t, s.addr), "wss": tls.Client(dial(t, s.addr), trusts)} {
		t.Run(name, func(t *testing.T) {
			shakeHands(t, client)
			write(t, client, []byte(sends(0x82, string(make([]byte, 6<<20)))))
			hears(t, client, refused(1009))
		})
	}
}
