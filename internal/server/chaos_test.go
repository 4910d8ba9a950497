package server_test

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

var (
	chaosTime   = flag.Duration("chaos", 0, "how long the chaos lasts; if 0, 2.5s, or 1m with the race detector where CI=true")
	chaosSeed   = flag.Uint64("chaos.seed", 1, "decides what the chaos clients do")
	chaosClient = flag.Int("chaos.client", -1, "the only chaos client that takes part; -1 for all")
)

func chaosLasts() time.Duration {
	switch {
	case *chaosTime > 0:
		return *chaosTime
	case os.Getenv("CI") == "true" && labtest.UnderRace:
		return time.Minute
	}
	return 2500 * time.Millisecond
}

const (
	chaosClients = 250
	chaosAtOnce  = 75 // of their connections
	chaosMessage = 256 << 10
)

// The server's limits on time: prompt for what can be done at once, patience for who says nothing. Who is cut off
// sooner than prompt was not cut off by one of them; honest clients never must be, even on a machine that is busy.
var prompt, patience = func() (time.Duration, time.Duration) {
	if labtest.UnderRace {
		return 2 * time.Second, 8 * time.Second
	}
	return time.Second / 2, 2 * time.Second
}()

// A chaos is what happens to one server: many clients that do right and wrong things.
type chaos struct {
	addr   string
	trusts *tls.Config
	seats  chan struct{} // one for each connection that there may be

	mu       sync.Mutex
	count    map[string]int // of what the lives were, and how they ended
	unheard  int            // ended before the server said anything, as those over MaxConns are
	failures []string
}

// TestChaos lets clients connect, send right and wrong things in every protocol, stall, vanish and reset. Those who do
// nothing wrong must get what is theirs; and when it is over, nothing may be left of it. A failure names its seed and
// its client: -chaos.seed and -chaos.client have that client alone do the same again, and -chaos says for how long.
func TestChaos(t *testing.T) {
	config, trusts := labtest.Secrets(t)
	trusts.ServerName = "127.0.0.1"
	heap, descriptors, current := labtest.Heap(), files(t), goleak.IgnoreCurrent()
	t.Run("rage", func(t *testing.T) { // both at once, and the end of both
		either(t, func(t *testing.T, account *labtest.Account) {
			t.Parallel()
			// Limits so small that all of them are met; only the honest clients never meet one.
			srv := &server.Server{
				MaxMessage: chaosMessage, MaxConns: 76, IdleTimeout: patience, WriteTimeout: 2 * prompt,
				Web: &server.Web{Hosts: []string{"lab.example"}, Handler: pages(), TLS: config, Deflate: true, HeaderTimeout: prompt, Ping: prompt / 2, PongWait: patience},
			}
			rec := &ledger{count: make(map[event.Kind]int), complaints: make(map[string]int)}
			if account != nil {
				srv.Recorder = rec
			}
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			serveUntilEnd(t, srv, narrow{ln})
			c := &chaos{addr: ln.Addr().String(), trusts: trusts,
				seats: make(chan struct{}, chaosAtOnce), count: make(map[string]int)}
			honest := c.honest(t)
			c.rage(t, chaosLasts()-patience) // in which the last ones meet their limits
			leaveInOrder(t, srv, honest)
			c.report(t, srv)
			if account != nil {
				rec.check(t, srv.Stats())
			}
		})
	})
	goleak.VerifyNone(t, current)
	assert.LessOrEqual(t, files(t), descriptors, "open descriptors")
	assert.Less(t, labtest.Heap()-heap, int64(4<<20), "bytes of memory that are still in use")
}

// narrow is a listener of connections that hold little on their way.
type narrow struct{ net.Listener }

func (l narrow) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		small(c.(*net.TCPConn))
	}
	return c, err
}

// files counts the open descriptors.
func files(t *testing.T) int {
	if runtime.GOOS != "linux" {
		return 0
	}
	list, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(list)
}

// rage has every client live again and again until the time is over, but once in any case.
func (c *chaos) rage(t *testing.T, lasts time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), lasts)
	defer cancel()
	var clients sync.WaitGroup
	for id := range chaosClients {
		if *chaosClient >= 0 && id != *chaosClient {
			continue
		}
		clients.Go(func() {
			for n := 0; n == 0 || ctx.Err() == nil; n++ {
				c.seats <- struct{}{}
				l := newLife(c, id, n)
				err := l.live()
				<-c.seats
				c.judge(l, err)
			}
		})
	}
	clients.Wait()
}

// judge decides what the end of a life means. A client that did nothing wrong may be cut off only before it was
// served, or after a time in which it may have been too slow: this machine has much to do.
func (c *chaos) judge(l *life, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	end := ""
	switch soon := time.Since(l.began) < prompt; {
	case err == nil:
	case isCut(err) && soon && !l.heard:
		c.unheard++
		end = ": turned away"
	case (isCut(err) || errors.Is(err, errUnfinished)) && !soon:
		end = ": cut off, perhaps for being slow"
	default:
		end = ": FAILED"
		c.failures = append(c.failures, fmt.Sprintf("-chaos.seed %d -chaos.client %d, life %d, %s %s, after %v: %v",
			*chaosSeed, l.id, l.n, l.name, l.doing, time.Since(l.began), err))
	}
	c.count[l.name+end]++
}

// isCut says whether an error is the end of a connection, in good order or not.
func isCut(err error) bool {
	text := err.Error()
	return strings.HasSuffix(text, "EOF") || strings.Contains(text, "reset") || strings.Contains(text, "broken pipe")
}

// leaveInOrder shuts the server down: whatever is a WebSocket then gets its Close, also inside of a message.
func leaveInOrder(t *testing.T, srv *server.Server, honest []*honestClient) {
	webSockets := 0
	for i, h := range honest {
		h.pause(t)
		if h.webSocket {
			webSockets++
			if i%2 == 0 {
				write(t, h, []byte(sends(0x01, "half a mess")))
			}
		}
	}
	ended := shutDown(t, srv)
	for _, h := range honest {
		h.leave(t)
	}
	require.NoError(t, <-ended)
	assert.LessOrEqual(t, srv.Stats().Away, webSockets, "no more than there were answered the Close")
}

// report says what there was, and fails for what should not have been.
func (c *chaos) report(t *testing.T, srv *server.Server) {
	for _, name := range slices.Sorted(maps.Keys(c.count)) {
		t.Logf("%5d %s", c.count[name], name)
	}
	stats := srv.Stats()
	t.Logf("%+v", stats)
	assert.Empty(t, c.failures[:min(len(c.failures), 10)], "%d of them; the seed is %d", len(c.failures), *chaosSeed)
	assert.Zero(t, stats.Open)
	assert.Equal(t, stats.Conns, stats.Raw+stats.HTTP+stats.WebSocket)
	assert.LessOrEqual(t, c.unheard, stats.Refused, "nobody is turned away but over -max-conns")
}

// A ledger is an account of which only the sums are kept, and every kind of complaint.
type ledger struct {
	mu         sync.Mutex
	count      map[event.Kind]int
	complaints map[string]int
}

var (
	particulars = regexp.MustCompile(`\d+(\.\d+)?|"[^"]*"`)
	claims      = regexp.MustCompile(` \(0x[^)]*\)`) // what a length looks like
)

func (l *ledger) Record(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Conn > 0 {
		l.count[e.Ev]++
	}
	if e.Ev == event.Failed {
		l.complaints[particulars.ReplaceAllString(claims.ReplaceAllString(e.Text, ""), "N")]++
	}
}

// What the account complains of must be one of these. Those in must are met by some client in any case.
var (
	must = []string{
		"nothing came for", "took nothing for", "a message of N bytes is over the limit",
		"TLS: context deadline exceeded", "inside a message, without a Close", "RFC N",
	}
	may = []string{
		"TLS: ", "connection reset by peer", "broken pipe",
		"a message of N or more bytes is over the limit", // found out while inflating it, which few clients bring about
	}
)

// check holds the account against what the server itself counts.
func (l *ledger) check(t *testing.T, stats server.Stats) {
	assert.Equal(t, stats.Conns, l.count[event.Accept], "accepted")
	assert.Equal(t, stats.Conns, l.count[event.Close], "closed")
	assert.Equal(t, stats.Conns, l.count[event.End]+l.count[event.Failed], "ended or failed")
	assert.Equal(t, stats.Failed, l.count[event.Failed], "failed")
	for text, n := range l.complaints {
		t.Logf("%5d %s", n, text)
		isKnown := slices.ContainsFunc(slices.Concat(must, may), func(s string) bool { return strings.Contains(text, s) })
		assert.True(t, isKnown && !strings.Contains(text, "panic"), "a complaint of no known kind: %s", text)
	}
	if *chaosClient >= 0 || chaosLasts() < 10*time.Second {
		return // too few of each kind for a promise
	}
	all := strings.Join(slices.Collect(maps.Keys(l.complaints)), "\n")
	for _, s := range must {
		assert.Contains(t, all, s, "a limit that nobody met")
	}
}
