package main

import (
	"context"
	"fmt"
	"math"
	"net"
	"time"
)

// An idle is what connections cost that do nothing. What this system does not tell is NaN.
type idle struct {
	perConn float64 // resident memory over that of the empty server, in bytes a connection
	moving  bool    // the memory had not come to rest
	alone   float64 // the server's processor time for a message of the only connection, in nanoseconds
	among   float64 // the same with all the others open
}

// activeLoad is the one connection that is not idle.
var activeLoad = load{conns: 1, size: 64, window: 1}

// activeRounds is how often it is measured on each server.
const activeRounds = 5

// measureIdle returns what idle connections cost, by server.
func (c *comparison) measureIdle(ctx context.Context) ([]idle, error) {
	var all []idle
	for _, s := range c.servers {
		c.progress.show(fmt.Sprintf("%s: %s", count(c.idle, "idle connection"), s.name))
		var r idle
		err := c.with(ctx, s, func(full *process) error {
			return c.with(ctx, s, func(empty *process) (err error) {
				r, err = c.idleOn(ctx, s, full, empty)
				return err
			})
		})
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", s.name, count(c.idle, "idle connection"), err)
		}
		all = append(all, r)
	}
	return all, nil
}

// idleOn fills one of two servers of a kind with idle connections. Then an active connection takes turns on both, so
// that whatever else happens on this machine hits both alike.
func (c *comparison) idleOn(ctx context.Context, s server, full, empty *process) (r idle, err error) {
	before, _, err := settledMemory(ctx, full, c.settle)
	if err != nil {
		return r, err
	}
	conns, err := holdIdle(ctx, full.addr, s.framed, c.idle)
	if err != nil {
		return r, err
	}
	defer closeAll(conns)
	after, settled, err := settledMemory(ctx, full, c.settle)
	if err != nil {
		return r, err
	}
	var alone, among []result
	for range activeRounds {
		for _, on := range []struct {
			process *process
			results *[]result
		}{{empty, &alone}, {full, &among}} {
			one, err := measure(ctx, on.process, s.framed, activeLoad, c.warmup, c.time)
			if err != nil {
				return r, err
			}
			*on.results = append(*on.results, one)
		}
	}
	return idle{
		perConn: (after - before) / float64(c.idle), moving: !settled,
		alone: medianResult(alone).cpu, among: medianResult(among).cpu,
	}, nil
}

// holdIdle makes n connections, each of which has echoed one message.
func holdIdle(ctx context.Context, addr string, framed bool, n int) ([]net.Conn, error) {
	return makeAll(ctx, n, func(i int) (net.Conn, error) {
		conn, err := dial(ctx, addr, i, framed)
		if err != nil {
			return nil, err
		}
		var ph phase
		ph.stopping.Store(true) // one window and no more
		conn.SetDeadline(time.Now().Add(dialTimeout))
		if err := newExchange(conn, i, activeLoad, framed, &ph).run(); err != nil {
			conn.Close()
			return nil, err
		}
		return conn, nil
	})
}

// When memory counts as settled: looks at it, spread over a time, differ by no more than a share.
const (
	looks        = 10
	settledShare = 0.002
	settleBound  = 8 * time.Second
)

// settledMemory returns the resident memory of the process once that has come to rest for the time settle, or at least
// when waiting for it took too long.
func settledMemory(ctx context.Context, p *process, settle time.Duration) (memory float64, settled bool, err error) {
	ticks := time.NewTicker(settle / looks)
	defer ticks.Stop()
	var seen []float64
	for began := time.Now(); ; {
		memory, err = orNaN(p.memory())
		if err != nil || math.IsNaN(memory) {
			return memory, true, err
		}
		if seen = append(seen, memory); settles(seen) {
			return memory, true, nil
		}
		if time.Since(began) > settleBound {
			return memory, false, nil
		}
		select {
		case <-ctx.Done():
			return 0, false, ctx.Err()
		case <-ticks.C:
		}
	}
}

// settles says whether the last looks at the memory agree.
func settles(seen []float64) bool {
	if len(seen) < looks {
		return false
	}
	least, most := math.Inf(1), 0.0
	for _, m := range seen[len(seen)-looks:] {
		least, most = min(least, m), max(most, m)
	}
	return most-least <= settledShare*most
}
