package server_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
	"echolab/internal/server"
)

// held is what the process holds for its connections, heap and stacks, once only so many goroutines are left and all
// garbage is gone: net/http's goroutine of a handshake may still be ending, and holds its buffers meanwhile. It is the
// least of several looks, since a goroutine that has just fallen asleep may have saved a pool's buffer from a collection.
// What the heap's pages have free between objects is nobody's, and not counted.
func held(t *testing.T, goroutines int) int64 {
	t.Helper()
	labtest.Await(t, func() bool { return runtime.NumGoroutine() <= goroutines }, "the end of goroutines")
	least := int64(math.MaxInt64)
	for range 3 {
		heap := labtest.Heap()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		least = min(least, heap+int64(m.StackInuse))
	}
	return least
}

// crowd opens n WebSockets, which end with the test.
func crowd(t *testing.T, addr, offer string, n int) []net.Conn {
	t.Helper()
	if labtest.UnderRace {
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
		require.NoError(t, c.SetDeadline(time.Now().Add(labtest.Watchdog)))
		_, err = c.Write([]byte(ask(offer)))
		require.NoError(t, err)
		m, err := c.Read(answer)
		require.NoError(t, err)
		require.True(t, strings.HasSuffix(string(answer[:m]), "\r\n\r\n"))
	}
	return list
}

// A base is what the process holds without the connections that are to be measured.
type base struct {
	goroutines int
	held       int64
}

// share is what each of n connections holds, both of its ends together. The server has a goroutine for each.
func (b base) share(t *testing.T, n int) int {
	each := int((held(t, b.goroutines+n) - b.held) / int64(n))
	t.Logf("%d bytes each", each)
	return each
}

// What an idle WebSocket may hold, with its client's end in the same process, and what a large message may add: the
// next larger stack, which a goroutine keeps.
const (
	idleShare = 4 << 10
	stackStep = 2 << 10
)

// noExtension is an offer that nobody accepts.
const noExtension = "no-extension"

// serveCrowd runs a server for n connections. What there is only once is there when it returns, also for what one of
// them did, and measured.
func serveCrowd(t *testing.T, n int, offer string, one func(net.Conn)) (*served, base) {
	t.Helper()
	goroutines := runtime.NumGoroutine() + 2 // Serve and net/http's
	s := serve(t, &server.Server{Web: &server.Web{Deflate: true}, MaxConns: n}, nil)
	for i, c := range crowd(t, s.addr, offer, n/2) {
		if i == 0 {
			one(c)
		}
		c.Close()
		<-s.spy.accepted
	}
	labtest.Await(t, func() bool { return s.Stats().Open == 0 }, "the end of the first ones")
	return s, base{goroutines, held(t, goroutines)}
}

func TestAnIdleWebSocketHoldsNoBuffer(t *testing.T) {
	const n, size = 400, 80 << 10 // more than what is sent as it comes, and than a read buffer has
	var window takeover
	text, bytes := strings.Repeat("안녕 a", size/8), string(labtest.Random(size))
	for name, load := range map[string]struct{ offer, large string }{
		"plain":      {noExtension, sends(0x82, bytes) + sends(0x81, text) + sends(0x01, text[:size/2]) + sends(0x80, text[size/2:])},
		"compressed": {deflateOffer, sends(0xc2, window.pack(t, bytes)) + sends(0x81, text)},
	} {
		t.Run(name, func(t *testing.T) {
			in, buf := []byte(load.large+sends(0x89, "that was it")), make([]byte, 256<<10)
			exchange := func(c net.Conn) {
				sent := make(chan error, 1)
				go func() {
					_, err := c.Write(in)
					sent <- err
				}()
				readUntil(t, c, buf, "\x8a\x0bthat was it")
				require.NoError(t, <-sent)
			}
			s, without := serveCrowd(t, n, load.offer, exchange)
			list := crowd(t, s.addr, load.offer, n)
			labtest.Await(t, func() bool { return s.Stats().Open == n }, "all connections")
			assert.Less(t, without.share(t, n), idleShare, "fresh")
			for _, c := range list {
				exchange(c)
			}
			assert.Less(t, without.share(t, n), idleShare+stackStep, "after a large message")
			runtime.KeepAlive(list)
		})
	}
}

// readUntil reads to the end of a frame.
func readUntil(t *testing.T, c net.Conn, buf []byte, last string) {
	t.Helper()
	for seen := ""; seen != last; {
		n, err := c.Read(buf)
		require.NoError(t, err)
		seen += string(buf[max(0, n-len(last)):n])
		seen = seen[max(0, len(seen)-len(last)):]
	}
}

func TestHalfAFrameHoldsWhatArrived(t *testing.T) {
	labtest.OnLinux(t)
	const n, claimed = 100, 1 << 20
	for _, arrived := range []int{1000, 60_000, 200_000} {
		for kind, first := range map[string]byte{"text": 0x81, "a fragment": 0x02, "bytes": 0x82} {
			t.Run(fmt.Sprintf("%s, %d bytes", kind, arrived), func(t *testing.T) {
				s, without := serveCrowd(t, n, noExtension, func(net.Conn) {})
				list := crowd(t, s.addr, noExtension, n)
				half := []byte(head(first, claimed) + masked(strings.Repeat("x", arrived)))
				for _, c := range list {
					atServer := <-s.spy.accepted
					labtest.QuickAck(atServer)
					writeAlone(t, c.(*net.TCPConn), atServer, half)
				}
				// Some buffers lie in pools besides: each is shared by all.
				assert.Less(t, without.share(t, n), 2*arrived+2*idleShare+stackStep+pooled/n)
				runtime.KeepAlive(list)
			})
		}
	}
}

// pooled is what the server's pools may hold for all connections together.
const pooled = 2 << 20

func TestWhoeverNeverReadsCostsItsBuffers(t *testing.T) {
	if labtest.UnderRace {
		t.Skip("the race detector has memory of its own for everything: without it this is tested")
	}
	const n = 20
	goroutines := runtime.NumGoroutine() + 2 // Serve and net/http's
	s := serveOn(t, &server.Server{Web: new(server.Web)}, nil, small)
	without := base{goroutines, held(t, goroutines)}
	var senders sync.WaitGroup
	for range n {
		c, _ := s.dialSmall(t)
		require.NoError(t, c.SetWriteBuffer(onTheWay))
		shakeHands(t, c)
		senders.Go(func() { stuffFull(c, sends(0x81, strings.Repeat("x", 60_000))) })
	}
	senders.Wait()
	assert.Less(t, without.share(t, n), 1<<20, "what was read, and what is owed for it")
}

// stuffFull writes the same again and again, until nobody has taken anything for a while.
func stuffFull(c net.Conn, s string) {
	for rest := s; ; {
		if rest == "" {
			rest = s
		}
		c.SetWriteDeadline(time.Now().Add(idle))
		n, err := io.WriteString(c, rest)
		if n == 0 && err != nil {
			return
		}
		rest = rest[n:]
	}
}
