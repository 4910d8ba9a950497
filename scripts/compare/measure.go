package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A result is what one load on one server came to. What this system does not tell is NaN.
type result struct {
	cpu    float64 // the server's processor time, in nanoseconds a message
	rate   float64 // messages a second
	p50    float64 // of the round trip, in nanoseconds
	p99    float64
	memory float64 // resident at the end, in bytes
}

// patience is how much longer than asked for a measurement may take before the server counts as stuck.
const patience = 20 * time.Second

// A generator sends a load to a server.
type generator struct {
	phase     phase
	exchanges []*exchange
	failed    chan error // the first error
	running   sync.WaitGroup
}

// measure puts the load on the server, lets it run for the warm-up, and measures for that time. An error says that
// something else came back than was sent.
func measure(ctx context.Context, p *process, framed bool, l load, warmup, during time.Duration) (result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, warmup+during+patience, errors.New("the server is stuck"))
	defer cancel()
	g, err := startGenerator(ctx, p.addr, framed, l)
	if err != nil {
		return result{}, err
	}
	defer g.close()
	if err := g.wait(ctx, warmup); err != nil {
		return result{}, err
	}
	r, err := g.watch(ctx, p, during)
	if err != nil {
		return result{}, err
	}
	if err := g.finish(ctx); err != nil {
		return result{}, err
	}
	trips := new(histogram)
	for _, e := range g.exchanges {
		trips.merge(&e.trips)
	}
	r.p50, r.p99 = float64(trips.quantile(0.50)), float64(trips.quantile(0.99))
	r.memory, err = orNaN(p.memory())
	return r, err
}

// startGenerator connects, and lets every connection run. The connections are closed when ctx ends.
func startGenerator(ctx context.Context, addr string, framed bool, l load) (*generator, error) {
	g := &generator{failed: make(chan error, 1)}
	conns, err := dialAll(ctx, addr, framed, l.conns)
	if err != nil {
		return nil, err
	}
	for i, c := range conns {
		g.exchanges = append(g.exchanges, newExchange(c, i, l, framed, &g.phase))
	}
	runtime.GC() // what was prepared before is not to be collected while the clock runs
	for i, e := range g.exchanges {
		context.AfterFunc(ctx, func() { e.conn.Close() })
		g.running.Go(func() {
			if err := e.run(); err != nil {
				select {
				case g.failed <- fmt.Errorf("connection %d: %w", i, err):
				default:
				}
			}
		})
	}
	return g, nil
}

func (g *generator) close() {
	for _, e := range g.exchanges {
		e.conn.Close()
	}
	g.running.Wait()
}

// finish sends no more, and returns when everything has come back.
func (g *generator) finish(ctx context.Context) error {
	g.phase.stopping.Store(true)
	g.running.Wait()
	select {
	case err := <-g.failed:
		return cmp.Or(context.Cause(ctx), err)
	default:
		return nil
	}
}

// wait waits for that time, or until something fails.
func (g *generator) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case err := <-g.failed:
		return cmp.Or(context.Cause(ctx), err) // what ends the wait closes the connections, too
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// watch takes note of what the server does in that time, or in several times that if no message comes back in one.
func (g *generator) watch(ctx context.Context, p *process, during time.Duration) (r result, err error) {
	used, err := orNaN(p.cpu())
	if err != nil {
		return r, err
	}
	began, done := time.Now(), g.done()
	g.phase.measuring.Store(true)
	for g.done() == done { // at least one message
		if err := g.wait(ctx, during); err != nil {
			return r, err
		}
	}
	g.phase.measuring.Store(false)
	took, messages := time.Since(began), float64(g.done()-done)
	after, err := orNaN(p.cpu())
	if err != nil {
		return r, err
	}
	r.cpu = (after - used) / messages
	r.rate = messages / took.Seconds()
	return r, nil
}

// done is how many messages have come back.
func (g *generator) done() (n uint64) {
	for _, e := range g.exchanges {
		n += e.done.Load()
	}
	return n
}

// orNaN is the value as a number, or NaN if this system does not tell it.
func orNaN[T ~int64](value T, err error) (float64, error) {
	if errors.Is(err, errNotAvailable) {
		return math.NaN(), nil
	}
	return float64(value), err
}

// dialing is how many connections are made at once.
const dialing = 16

// dialAll makes n connections.
func dialAll(ctx context.Context, addr string, framed bool, n int) ([]net.Conn, error) {
	return makeAll(ctx, n, func(i int) (net.Conn, error) { return dial(ctx, addr, i, framed) })
}

// makeAll calls connect for every number below n, some of them at once, and returns all connections or none.
func makeAll(ctx context.Context, n int, connect func(i int) (net.Conn, error)) ([]net.Conn, error) {
	conns := make([]net.Conn, n)
	errs := make([]error, min(dialing, n))
	var next atomic.Int64
	var workers sync.WaitGroup
	for w := range errs {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil && errs[w] == nil; i = int(next.Add(1)) - 1 {
				conns[i], errs[w] = connect(i)
			}
		})
	}
	workers.Wait()
	if err := cmp.Or(append(errs, context.Cause(ctx))...); err != nil {
		closeAll(conns)
		return nil, err
	}
	return conns, nil
}

func closeAll(conns []net.Conn) {
	for _, c := range conns {
		if c != nil {
			c.Close()
		}
	}
}
