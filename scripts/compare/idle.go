package main

import (
	"context"
	"fmt"
	"math"
	"net"
	"slices"
	"time"

	"echolab/internal/text"
)

// An idle is what connections cost that do nothing. What this system does not report is NaN.
type idle struct {
	perConn float64 // resident memory over that of the empty server, in bytes a connection
	moving  bool    // the memory had not come to rest
	alone   []turn  // of one active connection on a server that has no other, by round
	among   []turn  // the same with all the others open
}

// activeLoad is the one connection that is not idle.
var activeLoad = load{conns: 1, size: 64, window: 1}

// measureIdle returns what idle connections cost, by server.
func (c *comparison) measureIdle(ctx context.Context) (all []idle, err error) {
	for _, s := range c.servers {
		what := fmt.Sprintf("%s: %s", text.Count(c.idle, "idle connection", "idle connections"), s.name)
		c.progress.Show(func() string { return what })
		var r idle
		err := c.with(ctx, s, func(full *process) error {
			return c.with(ctx, s, func(empty *process) (err error) {
				r, err = c.idleOn(ctx, s, full, empty)
				return err
			})
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
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
	r.perConn, r.moving = (after-before)/float64(c.idle), !settled
	for range c.rounds {
		alone, err := measure(ctx, empty, s.framed, activeLoad, c.warmup, c.time)
		if err != nil {
			return r, err
		}
		among, err := measure(ctx, full, s.framed, activeLoad, c.warmup, c.time)
		if err != nil {
			return r, err
		}
		r.alone, r.among = append(r.alone, alone), append(r.among, among)
	}
	return r, nil
}

// holdIdle makes n connections, each of which has echoed one message.
func holdIdle(ctx context.Context, addr string, framed bool, n int) ([]net.Conn, error) {
	var once phase
	once.stopping.Store(true) // one window and no more
	return dialAll(ctx, addr, framed, n, func(c net.Conn, i int) error {
		c.SetDeadline(time.Now().Add(dialTimeout))
		return newExchange(c, i, activeLoad, framed, &once).run()
	})
}

// When memory counts as settled: looks at it, spread over a time, differ by no more than a share. It is waited for so
// many times that long.
const (
	looks        = 10
	settledShare = 0.002
	settleBound  = 8
)

// settledMemory returns the resident memory of the process once that has come to rest for the time settle, or at least
// when waiting for it took too long.
func settledMemory(ctx context.Context, p *process, settle time.Duration) (memory float64, settled bool, err error) {
	var seen []float64
	for range settleBound * looks {
		if memory, err = p.memory(); err != nil || math.IsNaN(memory) {
			return memory, true, err
		}
		if seen = append(seen, memory); settles(seen) {
			return memory, true, nil
		}
		select {
		case <-ctx.Done():
			return 0, false, ctx.Err()
		case <-time.After(settle / looks):
		}
	}
	return memory, false, nil
}

// settles says whether the last looks at the memory agree.
func settles(seen []float64) bool {
	last := seen[max(0, len(seen)-looks):]
	return len(last) == looks && slices.Max(last)-slices.Min(last) <= settledShare*slices.Max(last)
}
