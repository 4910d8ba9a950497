package echo_test

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/echo"
	"echolab/internal/event"
)

func TestBytesComeBackAsTheyWere(t *testing.T) {
	either(t, func(t *testing.T, rec *account) {
		s := serve(t, new(echo.Server), rec)
		for _, size := range []int{0, 1, 64, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20} {
			t.Run(fmt.Sprint(size), func(t *testing.T) { exchange(t, dial(t, s.addr), random(size)) })
		}
	})
}

func TestBytesWrittenOneByOneComeBackAsTheyWere(t *testing.T) {
	either(t, func(t *testing.T, rec *account) {
		s := serve(t, new(echo.Server), rec)
		c := dial(t, s.addr)
		data := random(1000)
		for i := range data {
			write(t, c, data[i:i+1])
		}
		expect(t, c, data)
	})
}

func TestAByteIsEchoedBeforeTheNextIsThere(t *testing.T) {
	either(t, func(t *testing.T, rec *account) {
		s := serve(t, new(echo.Server), rec)
		c := dial(t, s.addr)
		for _, b := range random(256) {
			write(t, c, []byte{b})
			expect(t, c, []byte{b})
		}
	})
}

func TestAHalfClosedClientGetsEverythingBack(t *testing.T) {
	either(t, func(t *testing.T, rec *account) {
		s := serve(t, new(echo.Server), rec)
		c := dial(t, s.addr)
		data := random(64 << 10)
		write(t, c, data)
		require.NoError(t, c.CloseWrite())
		expect(t, c, data)
		expectEnd(t, c)
		if rec != nil {
			assert.Contains(t, rec.awaitText(t, event.End), "the client ended its side")
		}
	})
}

func TestTheReadBufferIsTheMostThatOneReadTakes(t *testing.T) {
	either(t, func(t *testing.T, rec *account) {
		s := serve(t, &echo.Server{Codec: framing.Raw{}, ReadBuffer: 1}, rec)
		data := random(500)
		exchange(t, dial(t, s.addr), data)
		if rec != nil {
			rec.await(t, event.Close, 1)
			reads, writes := rec.all(event.Read), rec.all(event.Write)
			assert.Len(t, reads, len(data))
			assert.Len(t, writes, len(data))
			assert.EqualValues(t, len(data), total(reads))
			assert.EqualValues(t, len(data), total(writes))
		}
	})
}

func TestWhatOneReadBringsIsOneWrite(t *testing.T) {
	onLinux(t)
	rec := new(account)
	s := serve(t, new(echo.Server), rec)
	client, atServer := s.connect(t)
	for _, msg := range []string{"hello", "안녕하세요", "goodbye, TCP!"} {
		writeAlone(t, client, atServer, []byte(msg))
		expect(t, client, []byte(msg))
	}
	rec.await(t, event.Write, 3) // the client may be faster than the account
	want := []int{5, 15, 13}
	assert.Equal(t, want, lengths(rec.all(event.Read)))
	assert.Equal(t, want, lengths(rec.all(event.Write)))
}

func TestAnIdleConnectionHoldsNoBuffer(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("to wait without a buffer takes a Unix, and this is windows")
	}
	const conns = 100
	held := func(t *testing.T, rec *account) int64 {
		s := serve(t, new(echo.Server), rec)
		before := heap()
		data := random(echo.DefaultReadBuffer)
		for range conns {
			c := dial(t, s.addr)
			write(t, c, data)
			expect(t, c, data)
		}
		return (heap() - before) / conns
	}
	t.Run("quiet", func(t *testing.T) {
		assert.Less(t, held(t, nil), int64(8<<10))
	})
	t.Run("with an account it does, which shows that this measures it", func(t *testing.T) {
		assert.Greater(t, held(t, new(account)), int64(echo.DefaultReadBuffer))
	})
}

func TestAConnectionNeedNotBeASocket(t *testing.T) {
	either(t, func(t *testing.T, rec *account) {
		srv := new(echo.Server)
		if rec != nil {
			srv.Recorder = rec
		}
		client, server := net.Pipe()
		ln := newScript(accepted{conn: server})
		done := make(chan error, 1)
		go func() { done <- srv.Serve(ln) }()
		ping(t, client)
		require.NoError(t, client.Close())
		await(t, func() bool { return srv.Stats().BytesIn > 0 }, "the end of the connection")
		srv.Close()
		assert.ErrorIs(t, <-done, echo.ErrServerClosed)
		_, err := client.Read(nil)
		assert.ErrorIs(t, err, io.ErrClosedPipe)
		if rec != nil {
			assert.Contains(t, rec.awaitText(t, event.Accept), "has no socket")
		}
	})
}
