package server_test

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

// TestTheAccountSaysWhereEachMessageLay in what it was read from, and how many reads and writes that was.
func TestTheAccountSaysWhereEachMessageLay(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect) {
		stream := d.frame(t, d.messages...)
		for _, c := range []struct {
			srv           *server.Server
			reads, writes int
		}{
			{&server.Server{Codec: d.server}, 1, 1},                                        // on loopback that little is one segment, and so one read
			{&server.Server{Codec: d.server, Web: new(server.Web)}, 1, 1},                  // the first bytes are read to see what they are
			{&server.Server{Codec: d.server, ReadBuffer: 1}, len(stream), len(d.messages)}, // cut at every byte
		} {
			rec := new(labtest.Account)
			client := dial(t, serve(t, c.srv, rec).addr)
			write(t, client, stream)
			require.NoError(t, client.CloseWrite())
			d.expect(t, bufio.NewReader(client), d.messages...)
			rec.Await(t, event.Close, 1)
			assert.Len(t, rec.All(event.Read), c.reads)
			assert.Len(t, rec.All(event.Write), c.writes)
			events, off := rec.All(event.Message), 0
			require.Len(t, events, len(d.messages))
			for i, msg := range d.messages {
				n := len(d.frame(t, msg))
				assert.Equal(t, event.Span{Off: int64(off), N: n}, *events[i].Span)
				assert.Equal(t, msg, string(events[i].Bytes))
				assert.Equal(t, event.ClientToServer, events[i].Dir)
				off += n
			}
			assert.Contains(t, rec.AwaitText(t, event.End), "the client ended its side")
		}
	})
}

func TestTheEchoOfAMessageDoesNotWaitForTheNext(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect) {
		either(t, func(t *testing.T, rec *labtest.Account) {
			s := serve(t, &server.Server{Codec: d.server}, rec)
			c := dial(t, s.addr)
			r := bufio.NewReader(c)
			first, second := d.messages[0], d.messages[2]
			stream := d.frame(t, first, second)
			cut := len(d.frame(t, first)) + len(d.frame(t, second))/2
			write(t, c, stream[:cut])
			d.expect(t, r, first)
			write(t, c, stream[cut:])
			d.expect(t, r, second)
		})
	})
}

// sized returns messages of n bytes for the dialect; a fixed size becomes that.
func (d dialect) sized(n int) (dialect, string) {
	if _, ok := d.server.(framing.Fixed); ok {
		d.server, d.client = framing.Fixed(n), framing.Fixed(n)
	}
	return d, strings.Repeat("m", n)
}

func TestAMessageAtTheLimitComesBack(t *testing.T) {
	const limit = 1000
	eachDialect(t, func(t *testing.T, d dialect) {
		d, msg := d.sized(limit)
		s := serve(t, &server.Server{Codec: d.server, MaxMessage: limit}, nil)
		c := dial(t, s.addr)
		write(t, c, d.frame(t, msg, msg))
		d.expect(t, bufio.NewReader(c), msg, msg)
	})
}

func TestMessagesOfEverySizeComeBack(t *testing.T) {
	sizes := []int{0, 1, 125, 126, 127, 65535, 65536, 65537, 1 << 20}
	eachDialect(t, func(t *testing.T, d dialect) {
		if d.name == "fixed" {
			t.Skip("all its messages have one size")
		}
		either(t, func(t *testing.T, rec *labtest.Account) {
			s := serve(t, &server.Server{Codec: d.server}, rec)
			c := dial(t, s.addr)
			var messages []string
			for _, n := range sizes {
				_, msg := d.sized(n)
				messages = append(messages, msg)
			}
			stream := d.frame(t, messages...)
			go c.Write(stream)
			d.expect(t, bufio.NewReader(c), messages...)
		})
	})
}

func TestALargeMessageDoesNotKeepItsMemory(t *testing.T) {
	const conns, size = 8, 1 << 20
	eachDialect(t, func(t *testing.T, d dialect) {
		d, msg := d.sized(size)
		s := serve(t, &server.Server{Codec: d.server}, nil)
		stream := d.frame(t, msg)
		before := labtest.Heap()
		for range conns {
			c := dial(t, s.addr)
			go c.Write(stream)
			d.expect(t, bufio.NewReader(c), msg)
		}
		assert.Less(t, (labtest.Heap()-before)/conns, int64(size/4))
	})
}
