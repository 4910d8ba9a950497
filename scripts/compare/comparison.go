package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"echolab/internal/cli"
)

// A comparison does what a plan says.
type comparison struct {
	plan
	programs programs
	progress *cli.Progress
}

// run measures everything, and returns a table for each load and one for idle connections.
func (c *comparison) run(ctx context.Context) ([]table, error) {
	if err := c.checkFiles(); err != nil {
		return nil, err
	}
	all, err := c.measureLoads(ctx)
	if err != nil {
		return nil, err
	}
	var tables []table
	for i, l := range c.loads {
		tables = append(tables, loadTable(l, c.servers, all[i]))
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

// measureLoads returns every turn, by load, server and round.
func (c *comparison) measureLoads(ctx context.Context) ([][][]turn, error) {
	return takeTurns(c.rounds, len(c.loads), len(c.servers), func(round, load, server int) (turn, error) {
		l, s := c.loads[load], c.servers[server]
		c.progress.Show(func() string {
			return fmt.Sprintf("round %d of %d, load %d of %d: %s", round+1, c.rounds, load+1, len(c.loads), s.name)
		})
		t, err := c.once(ctx, s, l)
		if err != nil {
			err = fmt.Errorf("%s, %v: %w", s.name, l, err)
		}
		return t, err
	})
}

// takeTurns returns turns by load, server and round. The servers take turns, and each round begins with another one, so
// that whatever else happens on this machine hits all of them alike.
func takeTurns(rounds, loads, servers int, once func(round, load, server int) (turn, error)) ([][][]turn, error) {
	all := make([][][]turn, loads)
	for load := range all {
		all[load] = make([][]turn, servers)
	}
	for round := range rounds {
		for load := range loads {
			for i := range servers {
				server := (round + i) % servers
				t, err := once(round, load, server)
				if err != nil {
					return nil, err
				}
				all[load][server] = append(all[load][server], t)
			}
		}
	}
	return all, nil
}

// once measures a load on a server that was started for it.
func (c *comparison) once(ctx context.Context, s server, l load) (t turn, err error) {
	err = c.with(ctx, s, func(p *process) error {
		t, err = measure(ctx, p, s.framed, l, c.warmup, c.time)
		return err
	})
	return t, err
}

// with runs the server while use runs.
func (c *comparison) with(ctx context.Context, s server, use func(*process) error) error {
	path, args := c.programs.command(s)
	p, err := startProcess(ctx, path, args...)
	if err != nil {
		return err
	}
	err = use(p)
	p.stop()
	if err != nil {
		return fmt.Errorf("%w%s", err, p.complaint())
	}
	return nil
}

// median returns the middle of the values, or between the two in the middle. It is NaN without any, and if one is.
func median(values []float64) float64 {
	if len(values) == 0 || slices.ContainsFunc(values, math.IsNaN) {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// medianOf is the median of one thing that was measured in every turn.
func medianOf(turns []turn, get func(turn) float64) float64 {
	var values []float64
	for _, t := range turns {
		values = append(values, get(t))
	}
	return median(values)
}

// ratios is the processor time of each turn over that of the other's turn in the same round.
func ratios(turns, others []turn) (all []float64) {
	for i := range turns {
		all = append(all, turns[i].cpu/others[i].cpu)
	}
	return all
}

func cpu(t turn) float64 { return t.cpu }
