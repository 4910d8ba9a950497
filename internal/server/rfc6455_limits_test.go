package server_test

import (
	"bufio"
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

func TestRFC6455MessageLimit(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1, 125, 126, 1000, 65535, 65536} {
		at := func(n int) string { return strings.Repeat("x", n) }
		var talks []talk
		for _, first := range []byte{0x81, 0x82} {
			kind := fmt.Sprintf("7.4.1 limit %d, %02x: ", limit, first)
			begin := first &^ 0x80
			talks = append(talks,
				goesOn(kind+"the limit", sends(first, at(limit)), line(first, at(limit))),
				goesOn(kind+"the limit twice", strings.Repeat(sends(first, at(limit)), 2), line(first, at(limit)),
					line(first, at(limit))),
				goesOn(kind+"one byte less", sends(first, at(limit-1)), line(first, at(limit-1))),
				goesOn(kind+"the limit in fragments", sends(begin, at(limit-1))+sends(0x00, "")+sends(0x80, "x"),
					line(first, at(limit))),
				breaks(kind+"one byte more", head(first, uint64(limit+1)), 1009),
				breaks(kind+"2^62", head(first, 1<<62), 1009),
				breaks(kind+"2^63-1", head(first, 1<<63-1), 1009),
				breaks(kind+"2^63-1 in a fragment", head(begin, 1<<63-1), 1009),
				breaks(kind+"2^63-1 after a fragment", sends(begin, "x")+head(0x00, 1<<63-1), 1009),
				breaks(kind+"the sum of fragments", sends(begin, at(limit-1))+sends(0x00, "x")+head(0x80, 1), 1009),
				breaks(kind+"the sum of fragments, with more to come", sends(begin, at(limit))+head(0x00, 1), 1009),
			)
		}
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			converse(t, &server.Server{Web: new(server.Web), MaxMessage: limit}, talks)
		})
	}
}

func TestRFC6455LargeMessagesComeBackWhole(t *testing.T) {
	t.Parallel()
	if labtest.UnderRace {
		t.Skip("many bytes, which the race detector slows down: without it this is tested")
	}
	either(t, func(t *testing.T, rec *labtest.Account) {
		s := serve(t, &server.Server{Web: new(server.Web), MaxMessage: 4 << 20}, rec)
		for _, around := range []int{64 << 10, 256 << 10, 1 << 20, 4 << 20} {
			for _, size := range []int{around - 1, around, min(around+1, 4<<20), min(around+15, 4<<20)} {
				bytes := string(labtest.Random(size))
				text := strings.Repeat("안", size/3) + "abc"[:size%3]
				in := sends(0x82, bytes) + sends(0x81, text) + sends(0x89, "p") +
					sends(0x02, bytes[:size/3]) + sends(0x89, "q") + sends(0x00, bytes[size/3:size-1]) + sends(0x80,
					bytes[size-1:]) +
					sends(0x01, text[:size/2]) + sends(0x89, "r") + sends(0x80, text[size/2:]) + sends(0x88, "")
				client := dial(t, s.addr)
				shakeHands(t, client)
				feed(t, client, in)
				// Where a Pong stands among the fragments of a message is the server's choice.
				want := []string{line(0x82, bytes), line(0x81, text), `8a "p"`, `8a "q"`, line(0x82, bytes), `8a "r"`,
					line(0x81, text), `88 ""`}
				require.Equal(t, want, readMessages(t, bufio.NewReader(client)), size)
				client.Close()
			}
		}
	})
}

func TestRFC6455ClaimsCostNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, &server.Server{Web: new(server.Web), MaxMessage: 1 << 60}, nil)
	for name, in := range map[string]string{
		"a text frame": head(0x81, 1<<60), "a binary frame": head(0x82, 1<<60), "a fragment": head(0x01, 1<<60),
		"a continuation": sends(0x01, "x") + head(0x80, 1<<60-1),
	} {
		client, atServer := s.connect(t)
		shakeHands(t, client)
		writeAlone(t, client, atServer, []byte(in+masked("x"))) // it would have died of it
		require.NoError(t, client.CloseWrite())
		got := readAll(t, client)
		assert.NotContains(t, got, "\x88", name)
		assert.Less(t, len(got), 20, name)
	}
}

// One read may bring more than is ever held of a message.
func TestRFC6455AFragmentLargerThanWhatIsHeld(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("b", 3<<20)
	c := newTape(askWebSocket, sends(0x02, large), sends(0x80, "end")+sends(0x88, ""))
	ln := newScript(accepted{conn: c})
	srv := &server.Server{Web: new(server.Web), MaxMessage: 4 << 20, ReadBuffer: 8 << 20}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	<-c.closed
	srv.Close()
	require.ErrorIs(t, <-done, server.ErrServerClosed)
	_, stream, _ := strings.Cut(c.written(), "\r\n\r\n")
	assert.Equal(t, []string{line(0x82, large+"end"), `88 ""`}, readMessages(t,
		bufio.NewReader(strings.NewReader(stream))))
}

// Most clients write a message whole before they read.
func TestRFC6455ACloseIsReadAfterAMessageThatIsFarTooLong(t *testing.T) {
	t.Parallel()
	config, trusts := labtest.Secrets(t)
	trusts.ServerName = "127.0.0.1"
	s := serve(t, &server.Server{Web: &server.Web{TLS: config}}, nil)
	for name, client := range map[string]net.Conn{"ws": dial(t, s.addr), "wss": tls.Client(dial(t, s.addr), trusts)} {
		t.Run(name, func(t *testing.T) {
			shakeHands(t, client)
			write(t, client, []byte(sends(0x82, string(make([]byte, 16<<20)))))
			got, err := fromServer([]byte(readAll(t, client)))
			require.NoError(t, err)
			assert.Equal(t, []string{refused(1009)}, got)
		})
	}
}
