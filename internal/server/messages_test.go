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

func TestWholeMessagesOfOneReadAreOneWrite(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect) {
		rec := new(labtest.Account)
		s := serve(t, &server.Server{Codec: d.server}, rec)
		c := dial(t, s.addr)
		write(t, c, d.frame(t, d.messages...))
		require.NoError(t, c.CloseWrite())
		d.expect(t, bufio.NewReader(c), d.messages...)
		rec.Await(t, event.Close, 1)
		// On loopback that little is one segment, and so one read.
		assert.Len(t, rec.All(event.Read), 1)
		assert.Len(t, rec.All(event.Write), 1)
		assert.Len(t, rec.All(event.Message), len(d.messages))
	})
}

func TestTheAccountSaysWhereEachMessageLay(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect) {
		for _, web := range []*server.Web{nil, {}} { // with one, the first bytes were read to see what they are
			rec := new(labtest.Account)
			s := serve(t, &server.Server{Codec: d.server, Web: web}, rec)
			c := dial(t, s.addr)
			write(t, c, d.frame(t, d.messages...))
			require.NoError(t, c.CloseWrite())
			d.expect(t, bufio.NewReader(c), d.messages...)
			off := int64(0)
			events := rec.Await(t, event.Message, len(d.messages))
			for i, msg := range d.messages {
				n := len(d.frame(t, msg))
				assert.Equal(t, event.Span{Off: off, N: n}, *events[i].Span)
				assert.Equal(t, msg, string(events[i].Bytes))
				assert.Equal(t, event.ClientToServer, events[i].Dir)
				off += int64(n)
			}
			assert.Contains(t, rec.AwaitText(t, event.End), "the client ended its side")
		}
	})
}

func TestMessagesCutAtEveryByteComeBackWhole(t *testing.T) {
	eachDialect(t, func(t *testing.T, d dialect) {
		rec := new(labtest.Account)
		s := serve(t, &server.Server{Codec: d.server, ReadBuffer: 1}, rec)
		c := dial(t, s.addr)
		stream := d.frame(t, d.messages...)
		write(t, c, stream)
		require.NoError(t, c.CloseWrite())
		d.expect(t, bufio.NewReader(c), d.messages...)
		rec.Await(t, event.Close, 1)
		assert.Len(t, rec.All(event.Read), len(stream))
		assert.Len(t, rec.All(event.Write), len(d.messages))
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
