package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"echolab/internal/cli"
)

// A comparison does what a plan says.
type comparison struct {
	plan
	programs programs
	progress *progress
}

// run measures everything, and returns a table for each load and one for idle connections.
func (c *comparison) run(ctx context.Context) ([]table, error) {
	if err := c.checkFiles(); err != nil {
		return nil, err
	}
	results, err := c.measureLoads(ctx)
	if err != nil {
		return nil, err
	}
	var tables []table
	for i, l := range c.loads {
		tables = append(tables, loadTable(l, c.servers, results[i]))
	}
	if c.idle > 0 {
		idles, err := c.measureIdle(ctx)
		if err != nil {
			return nil, err
		}
		tables = append(tables, idleTable(c.idle, c.servers, idles))
	}
	return tables, nil
}

// errUnable is wrapped by what this machine cannot do.
var errUnable = errors.New("this machine cannot do it")

// spareFiles is what a process has open besides its connections, generously.
const spareFiles = 100

// checkFiles sees to it that the connections can be held, here and in the servers. Nobody asked for the default number
// of idle ones in particular: that many, or as many as this system allows.
func (c *comparison) checkFiles() error {
	need := c.idle
	for _, l := range c.loads {
		need = max(need, l.conns)
	}
	files, err := raiseFiles(need + spareFiles)
	if err != nil {
		return err
	}
	most := max(0, files-spareFiles)
	if !c.idleGiven {
		c.idle = min(c.idle, most)
	}
	for _, l := range slices.Concat(c.loads, []load{{conns: c.idle}}) {
		if l.conns > most {
			return fmt.Errorf("%w: the limit of open files is %d, so there can be %s (see ulimit -n)",
				errUnable, files, count(most, "connection"))
		}
	}
	return nil
}

// measureLoads returns the medians by load and server. The servers take turns, so that whatever else happens on this
// machine hits all of them alike.
func (c *comparison) measureLoads(ctx context.Context) ([][]result, error) {
	all := make([][][]result, len(c.loads)) // by load, server and round
	for i := range all {
		all[i] = make([][]result, len(c.servers))
	}
	for round := range c.rounds {
		for i, l := range c.loads {
			for j, s := range c.servers {
				c.progress.show(fmt.Sprintf("round %d of %d, load %d of %d: %s", round+1, c.rounds, i+1, len(c.loads), s.name))
				r, err := c.once(ctx, s, l)
				if err != nil {
					return nil, fmt.Errorf("%s, %v: %w", s.name, l, err)
				}
				all[i][j] = append(all[i][j], r)
			}
		}
	}
	medians := make([][]result, len(c.loads))
	for i := range all {
		for _, rounds := range all[i] {
			medians[i] = append(medians[i], medianResult(rounds))
		}
	}
	return medians, nil
}

// once measures a load on a server that was started for it.
func (c *comparison) once(ctx context.Context, s server, l load) (r result, err error) {
	err = c.with(ctx, s, func(p *process) error {
		r, err = measure(ctx, p, s.framed, l, c.warmup, c.time)
		return err
	})
	return r, err
}

// with runs the server while use runs.
func (c *comparison) with(ctx context.Context, s server, use func(*process) error) error {
	path, args := c.programs.command(s)
	p, err := startProcess(ctx, path, args...)
	if err != nil {
		return err
	}
	defer p.stop()
	if err := use(p); err != nil {
		return fmt.Errorf("%w%s", err, p.complaint())
	}
	return nil
}

// medianResult is the median of each measurement by itself.
func medianResult(rounds []result) result {
	of := func(get func(r result) float64) float64 {
		var values []float64
		for _, r := range rounds {
			values = append(values, get(r))
		}
		return median(values)
	}
	return result{
		cpu:    of(func(r result) float64 { return r.cpu }),
		rate:   of(func(r result) float64 { return r.rate }),
		p50:    of(func(r result) float64 { return r.p50 }),
		p99:    of(func(r result) float64 { return r.p99 }),
		memory: of(func(r result) float64 { return r.memory }),
	}
}

// A progress is a line on a terminal that says what is being done.
type progress struct {
	to io.Writer // nil: there is no terminal
}

func newProgress(w io.Writer) *progress {
	if !cli.IsTerminal(w) {
		return &progress{}
	}
	return &progress{w}
}

const eraseLine = "\r\x1b[K"

func (p *progress) show(what string) {
	if p.to != nil {
		fmt.Fprint(p.to, eraseLine, what)
	}
}

func (p *progress) end() {
	if p.to != nil {
		fmt.Fprint(p.to, eraseLine)
	}
}
