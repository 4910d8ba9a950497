package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"echolab/internal/cli"
	"echolab/internal/text"
)

// A comparison is what the flags ask for.
type comparison struct {
	options
	servers   []server
	loads     []load
	idleGiven bool          // -idle was set on the command line
	settle    time.Duration // memory has come to rest when it changes no more for so long
	progress  *cli.Progress
}

// run measures everything, and returns a table for each load and one for idle connections.
func (c *comparison) run(ctx context.Context) ([]table, error) {
	files, err := openFiles()
	if err != nil {
		return nil, err
	}
	if err := c.fit(files); err != nil {
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

// fit sees to it that so many open files suffice, here and in the servers. Nobody asked for the default number of idle
// connections in particular: there are that many, or as many as this system allows.
func (c *comparison) fit(files int) error {
	most := max(0, files-spareFiles)
	if !c.idleGiven {
		c.idle = min(c.idle, most)
	}
	need := c.idle
	for _, l := range c.loads {
		need = max(need, l.conns)
	}
	if need > most {
		return fmt.Errorf("%w: the limit of open files is %d, so there can be %s (see ulimit -n)",
			errUnable, files, text.Count(most, "connection", "connections"))
	}
	return nil
}

// measureLoads returns every turn, by load, server and round.
func (c *comparison) measureLoads(ctx context.Context) ([][][]turn, error) {
	return takeTurns(c.rounds, len(c.loads), len(c.servers), func(round, load, server int) (t turn, err error) {
		l, s := c.loads[load], c.servers[server]
		c.progress.Show(func() string {
			return fmt.Sprintf("round %d of %d, load %d of %d: %s", round+1, c.rounds, load+1, len(c.loads), s.name)
		})
		err = c.with(ctx, s, func(p *process) (err error) {
			t, err = measure(ctx, p, s.framed, l, c.warmup, c.time)
			return err
		})
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

// with runs a server for use, and ends it.
func (c *comparison) with(ctx context.Context, s server, use func(*process) error) error {
	path, args, err := s.command(c.wsserver)
	if err != nil {
		return err
	}
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
