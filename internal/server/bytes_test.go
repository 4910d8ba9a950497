package server_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

func TestBytesComeBackAsTheyWere(t *testing.T) {
	either(t, func(t *testing.T, rec *labtest.Account) {
		s := serve(t, new(server.Server), rec)
		for _, size := range []int{0, 1, 64, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20} {
			t.Run(fmt.Sprint(size), func(t *testing.T) { exchange(t, dial(t, s.addr), labtest.Random(size)) })
		}
	})
}

func TestAByteIsEchoedBeforeTheNextIsThere(t *testing.T) {
	either(t, func(t *testing.T, rec *labtest.Account) {
		s := serve(t, new(server.Server), rec)
		c := dial(t, s.addr)
		for _, b := range labtest.Random(256) {
			write(t, c, []byte{b})
			expect(t, c, []byte{b})
		}
	})
}

func TestTheReadBufferIsTheMostThatOneReadTakes(t *testing.T) {
	either(t, func(t *testing.T, rec *labtest.Account) {
		s := serve(t, &server.Server{Codec: framing.Raw{}, ReadBuffer: 1}, rec)
		data := labtest.Random(500)
		exchange(t, dial(t, s.addr), data)
		if rec != nil {
			rec.Await(t, event.Close, 1)
			reads, writes := rec.All(event.Read), rec.All(event.Write)
			assert.Len(t, reads, len(data))
			assert.Len(t, writes, len(data))
			assert.EqualValues(t, len(data), labtest.Total(reads))
			assert.EqualValues(t, len(data), labtest.Total(writes))
		}
	})
}

func TestWhatOneReadBringsIsOneWrite(t *testing.T) {
	labtest.OnLinux(t)
	rec := new(labtest.Account)
	s := serve(t, new(server.Server), rec)
	client, atServer := s.connect(t)
	for _, msg := range []string{"hello", "안녕하세요", "goodbye, TCP!"} {
		writeAlone(t, client, atServer, []byte(msg))
		expect(t, client, []byte(msg))
	}
	rec.Await(t, event.Write, 3) // the client may be faster than the account
	want := []int{5, 15, 13}
	assert.Equal(t, want, labtest.Lengths(rec.All(event.Read)))
	assert.Equal(t, want, labtest.Lengths(rec.All(event.Write)))
}

func TestAnIdleConnectionHoldsNoBuffer(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("to wait without a buffer takes a Unix, and this is windows")
	}
	const conns = 100
	held := func(t *testing.T, rec *labtest.Account) int64 {
		s := serve(t, new(server.Server), rec)
		before := labtest.Heap()
		data := labtest.Random(server.DefaultReadBuffer)
		for range conns {
			c := dial(t, s.addr)
			write(t, c, data)
			expect(t, c, data)
		}
		return (labtest.Heap() - before) / conns
	}
	t.Run("quiet", func(t *testing.T) {
		assert.Less(t, held(t, nil), int64(8<<10))
	})
	t.Run("with an account it does, which shows that this measures it", func(t *testing.T) {
		assert.Greater(t, held(t, new(labtest.Account)), int64(server.DefaultReadBuffer))
	})
}

func TestAConnectionNeedNotBeASocket(t *testing.T) {
	rec := new(labtest.Account)
	srv := &server.Server{Recorder: rec}
	client := serveDesk(t, srv).dial(t)
	ping(t, client)
	require.NoError(t, client.Close())
	labtest.Await(t, func() bool { return srv.Stats().BytesIn > 0 }, "the end of the connection")
	assert.Contains(t, rec.AwaitText(t, event.Accept), "has no socket")
}
