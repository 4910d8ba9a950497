package main

import (
	"cmp"
	"context"
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sync/errgroup"
)

// A turn is what one load on one server came to, once. What this system does not report is NaN.
type turn struct {
	cpu    float64 // the server's processor time, in nanoseconds a message
	rate   float64 // messages a second
	p50    float64 // of the round trip, in nanoseconds
	p99    float64
	memory float64 // resident while the load is on, in bytes
}

// A phase is what all connections of a load do at the time, and what has come of it.
type phase struct {
	measuring atomic.Bool  // record round trips
	stopping  atomic.Bool  // send no more than one window
	done      atomic.Int64 // messages that came back

	mu    sync.Mutex
	trips *hdrhistogram.Histogram // in nanoseconds; nil if nothing is to be measured
}

// longestTrip is more than any measurement takes.
const longestTrip = time.Hour

func (ph *phase) record(trip time.Duration, messages int) error {
	ph.mu.Lock()
	defer ph.mu.Unlock()
	return ph.trips.RecordValues(int64(trip), int64(messages))
}

// patience is how much longer than asked for a turn may take before the server counts as stuck.
const patience = 20 * time.Second

// A generator sends a load to a server.
type generator struct {
	load    load
	phase   *phase
	running *errgroup.Group
	ctx     context.Context // of what is running: it ends when an exchange fails, with its error
	cancel  context.CancelFunc
}

// measure puts the load on the server, lets it run for the warm-up, and measures for that time. An error says that
// something else came back than was sent.
func measure(ctx context.Context, p *process, framed bool, l load, warmup, during time.Duration) (t turn, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, warmup+during+patience, errors.New("the server is stuck"))
	defer cancel()
	g, err := startGenerator(ctx, p.addr, framed, l)
	if err != nil {
		return t, err
	}
	defer g.close()
	if err = g.wait(warmup); err == nil {
		t, err = g.watch(p, during)
	}
	if err == nil {
		err = g.finish()
	}
	t.p50 = float64(g.phase.trips.ValueAtPercentile(50))
	t.p99 = float64(g.phase.trips.ValueAtPercentile(99))
	return t, err
}

// startGenerator connects, and lets every connection run.
func startGenerator(ctx context.Context, addr string, framed bool, l load) (*generator, error) {
	g := &generator{load: l, phase: &phase{trips: hdrhistogram.New(1, int64(longestTrip), 3)}}
	exchanges := make([]*exchange, l.conns)
	if _, err := dialAll(ctx, addr, framed, l.conns, func(c net.Conn, i int) error {
		exchanges[i] = newExchange(c, i, l, framed, g.phase)
		return nil
	}); err != nil {
		return nil, cmp.Or(context.Cause(ctx), err)
	}
	runtime.GC() // what was prepared before is not to be collected while the clock runs
	ctx, g.cancel = context.WithCancel(ctx)
	g.running, g.ctx = errgroup.WithContext(ctx)
	for _, e := range exchanges {
		context.AfterFunc(g.ctx, func() { e.conn.Close() })
		g.running.Go(e.run)
	}
	return g, nil
}

func (g *generator) close() {
	g.cancel()
	g.running.Wait()
}

// finish sends no more, and returns when everything has come back.
func (g *generator) finish() error {
	g.phase.stopping.Store(true)
	if err := g.running.Wait(); err != nil {
		return context.Cause(g.ctx) // what ended it first: its end closes all connections
	}
	return nil
}

// wait waits for that time, or until something fails.
func (g *generator) wait(d time.Duration) error {
	select {
	case <-g.ctx.Done():
		return context.Cause(g.ctx)
	case <-time.After(d):
		return nil
	}
}

// minWindows is how many windows must come back on every connection, on average, within a turn. What is in flight when
// it begins and when it ends is counted wrongly, up to a window each time: on a machine that is busy with something
// else, messages might come back for which the server has worked before, and cost nothing.
const minWindows = 10

// watch takes note of what the server does in that time, or in several times that until enough has come back.
func (g *generator) watch(p *process, during time.Duration) (t turn, err error) {
	used, err := p.cpu()
	if err != nil {
		return t, err
	}
	began, done := time.Now(), g.phase.done.Load()
	g.phase.measuring.Store(true)
	for enough := done + int64(minWindows*g.load.conns*g.load.window); g.phase.done.Load() < enough; {
		if err := g.wait(during); err != nil {
			return t, err
		}
	}
	g.phase.measuring.Store(false)
	took, messages := time.Since(began), float64(g.phase.done.Load()-done)
	after, err := p.cpu()
	if err != nil {
		return t, err
	}
	t.cpu = (after - used) / messages
	t.rate = messages / took.Seconds()
	t.memory, err = p.memory()
	return t, err
}
