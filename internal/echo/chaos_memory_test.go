package echo_test

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/echo"
)

// held is what the process holds for its connections once all garbage is gone: heap and stacks.
func held() int64 {
	heap()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// crowd opens n WebSockets, which end with the test.
func crowd(t *testing.T, addr, offer string, n int) []net.Conn {
	t.Helper()
	if underRace {
		t.Skip("the race detector has memory of its own for everything: without it this is tested")
	}
	answer := make([]byte, 1024)
	list := make([]net.Conn, n)
	t.Cleanup(func() {
		for _, c := range list {
			if c != nil {
				c.Close()
			}
		}
	})
	for i := range list {
		c, err := net.Dial("tcp", addr)
		if errors.Is(err, syscall.EMFILE) {
			t.Skip("this machine does not let a process open so many files: ulimit -n 8192")
		}
		require.NoError(t, err)
		list[i] = c
		_, err = c.Write([]byte(ask(offer)))
		require.NoError(t, err)
		m, err := c.Read(answer)
		require.NoError(t, err)
		require.True(t, strings.HasSuffix(string(answer[:m]), "\r\n\r\n"))
	}
	return list
}

// share is what each of n connections holds, both of its ends together.
func share(t *testing.T, before int64, n int) int {
	each := int((held() - before) / int64(n))
	t.Logf("%d bytes each", each)
	return each
}

// What a WebSocket may hold, with its client's end in the same process: this, and what it has received of a message.
const idleShare = 4 << 10

func TestAnIdleWebSocketHoldsNoBuffer(t *testing.T) {
	const plain, packs = "no-extension", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	const large = 200 << 10
	var window takeover
	text, bytes := strings.Repeat("안녕 a", large/8), string(random(large))
	for name, load := range map[string]struct {
		n     int
		offer string
		large string
	}{
		"two thousand":   {2000, plain, sends(0x82, bytes)},
		"text":           {500, plain, sends(0x81, text)},
		"fragments":      {500, plain, sends(0x01, text[:large/2]) + sends(0x89, "") + sends(0x80, text[large/2:])},
		"compressed":     {500, packs, sends(0xc2, window.pack(t, bytes))},
		"not yet packed": {500, packs, sends(0x81, text)},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, &echo.Server{Web: &echo.Web{Deflate: true}, MaxConns: 2 * load.n}, nil)
			go func() {
				for range 2 * load.n {
					select {
					case <-s.spy.accepted:
					case <-t.Context().Done():
						return
					}
				}
			}()
			for _, c := range crowd(t, s.addr, load.offer, load.n/2) { // what there is only once is there after that
				c.Close()
			}
			await(t, func() bool { return s.Stats().Open == 0 }, "the end of the first ones")
			before := held()
			list := crowd(t, s.addr, load.offer, load.n)
			await(t, func() bool { return s.Stats().Open == load.n }, "all connections")
			assert.Less(t, share(t, before, load.n), idleShare, "fresh")
			for _, c := range list {
				large := make(chan error, 1)
				go func() {
					_, err := c.Write([]byte(load.large + sends(0x89, "that was it")))
					large <- err
				}()
				readUntil(t, c, "\x8a\x0bthat was it")
				require.NoError(t, <-large)
			}
			assert.Less(t, share(t, before, load.n), idleShare, "after a large message")
			runtime.KeepAlive(list)
		})
	}
}

// readUntil reads to the end of a frame.
func readUntil(t *testing.T, c net.Conn, last string) {
	t.Helper()
	buf, seen := make([]byte, 64<<10), ""
	for !strings.HasSuffix(seen, last) {
		n, err := c.Read(buf)
		require.NoError(t, err)
		seen += string(buf[:n])
		seen = seen[max(0, len(seen)-len(last)):]
	}
}

func TestHalfAFrameHoldsWhatArrived(t *testing.T) {
	const n, claimed = 500, 1 << 20
	for _, arrived := range []int{0, 1, 1000, 30_000, 60_000, 70_000, 100_000, 200_000} {
		for kind, first := range map[string]byte{"text": 0x81, "a fragment": 0x02} {
			t.Run(fmt.Sprintf("%s, %d bytes", kind, arrived), func(t *testing.T) {
				s := serve(t, &echo.Server{Web: new(echo.Web)}, nil)
				for _, c := range crowd(t, s.addr, "", n/2) {
					c.Close()
				}
				await(t, func() bool { return s.Stats().Open == 0 }, "the end of the first ones")
				before := held()
				list := crowd(t, s.addr, "", n)
				half := []byte(head(first, claimed) + masked(strings.Repeat("x", arrived)))
				for _, c := range list {
					write(t, c, half)
				}
				for range n / 2 {
					<-s.spy.accepted
				}
				for _, c := range list {
					require.True(t, drained(t, c.(*net.TCPConn), <-s.spy.accepted))
				}
				share(t, before, n)
				runtime.KeepAlive(list)
			})
		}
	}
}
