package server_test

import (
	"bufio"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

func TestStatsAddUp(t *testing.T) {
	rec := new(labtest.Account)
	s := serve(t, &server.Server{Codec: framing.Lines{}, MaxConns: 3, MaxMessage: 64}, rec)
	hold := dial(t, s.addr)
	ping(t, hold) // 5 bytes, 1 message

	whole := dial(t, s.addr)
	exchange(t, whole, []byte("one\ntwo\n\n")) // 9 bytes, 3 messages

	broken := dial(t, s.addr)
	write(t, broken, []byte("fine\nhalf")) // 9 bytes, 1 message, 5 bytes back
	require.NoError(t, broken.CloseWrite())
	expect(t, broken, []byte("fine\n"))
	expectEnd(t, broken)
	rec.Await(t, event.Close, 2)
	labtest.Await(t, func() bool { return s.Stats().Failed == 1 }, "the count of the failure")

	for range 2 {
		ping(t, dial(t, s.addr))
	}
	expectEnd(t, dial(t, s.addr))
	assert.Equal(t, 1, s.Stats().Refused)

	s.Close() // what was open fails with it
	assert.Equal(t, server.Stats{
		Conns: 5, Refused: 1, Failed: 4, Messages: 1 + 3 + 1 + 2,
		BytesIn: 5 + 9 + 9 + 2*5, BytesOut: 5 + 9 + 5 + 2*5,
	}, s.Stats())
	assert.Equal(t, s.Stats().BytesIn, labtest.Total(rec.All(event.Read)))
	assert.Equal(t, s.Stats().BytesOut, labtest.Total(rec.All(event.Write)))
}

func TestTheLastLineOfAConnectionCountsItsReadsAndWrites(t *testing.T) {
	rec := new(labtest.Account)
	s := serve(t, new(server.Server), rec)
	c := dial(t, s.addr)
	ping(t, c)
	ping(t, c)
	require.NoError(t, c.CloseWrite())
	expectEnd(t, c)
	assert.Equal(t, "10 bytes in, 2 reads; 10 bytes out, 2 writes", rec.AwaitText(t, event.Close))
	assert.Equal(t, []event.Kind{
		event.Accept, event.Read, event.Write, event.Read, event.Write, event.End, event.Close,
	}, rec.Kinds())
}

func TestTwoHundredClientsAtOnce(t *testing.T) {
	const clients, rounds = 200, 5
	for name, codec := range map[string]framing.Codec{"bytes": nil, "messages": framing.LengthPrefix{}} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, &server.Server{Codec: codec}, nil)
			conns := make([]*net.TCPConn, clients)
			for i := range conns {
				conns[i] = dial(t, s.addr)
			}
			labtest.Await(t, func() bool { return s.Stats().Conns == clients }, "all connections")
			var running sync.WaitGroup
			for i, c := range conns {
				running.Go(func() {
					msg := fmt.Sprintf("client %d: %s", i, labtest.Random(4<<10))
					frame := dialects[2].frame(t, msg)
					r := bufio.NewReader(c)
					for range rounds {
						_, err := c.Write(frame)
						assert.NoError(t, err)
						got, err := framing.LengthPrefix{}.Read(r, 8<<10)
						assert.NoError(t, err)
						assert.True(t, msg == string(got), "client %d got another's bytes", i)
					}
					c.Close()
				})
			}
			running.Wait()
			_, err := s.Shutdown(labtest.Bounded(t))
			assert.NoError(t, err)
			stats := s.Stats()
			assert.Equal(t, clients, stats.Conns)
			assert.Zero(t, stats.Failed)
			assert.Equal(t, stats.BytesIn, stats.BytesOut)
		})
	}
}
