package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"echolab/internal/cli"
	"echolab/internal/event"
	"echolab/internal/strace"
	"echolab/internal/text"
)

// An entry is an event of an account that stands for system calls.
type entry struct {
	event.Event
	calls   []*strace.Call
	missing string // why there is no call, if there is none
}

// A program is one that ran under strace: its account, and its calls.
type program struct {
	side   event.Side
	events []*entry // those that stand for calls
	others int      // the number of those that do not, such as messages
	trace  *strace.Recording
	conns  map[int]*strace.Socket  // by the account's numbers; 0 is a client's connection, or a server's listener
	found  map[*strace.Call]*entry // the event that a call stands for; each stands for one at most
	told   map[*strace.Socket]bool // an event is about it, or it was accepted on one of those
}

// calling are the events that stand for calls. An End does not always: a WebSocket may be over before its stream is.
var calling = []event.Kind{
	event.Socket, event.Bind, event.Listen, event.Accept, event.Connect, event.Write, event.Read, event.Shutdown,
	event.Close, event.End,
}

// readProgram reads an account and the trace of the same run, and finds each event's calls.
func readProgram(ctx context.Context, accountFile, traceFile string) (*program, error) {
	p := &program{
		conns: make(map[int]*strace.Socket), found: make(map[*strace.Call]*entry), told: make(map[*strace.Socket]bool),
	}
	if err := open(ctx, accountFile, p.readAccount); err != nil {
		return nil, err
	}
	if err := open(ctx, traceFile, func(r io.Reader) (err error) {
		p.trace, err = strace.Read(r)
		return err
	}); err != nil {
		return nil, err
	}
	first, none := p.events[0].Time, true
	for _, e := range p.events {
		p.match(e)
		none = none && e.calls == nil
	}
	if none || first.After(p.trace.Last) {
		const clock = "2006-01-02 15:04:05.000000"
		return nil, fmt.Errorf("%s belongs to another run than %s: it begins at %s, and the trace is from %s to %s (UTC); "+
			"name two files of one run", accountFile, traceFile,
			first.UTC().Format(clock), p.trace.First.Format(clock), p.trace.Last.Format(clock))
	}
	p.tell()
	return p, nil
}

// tell marks the sockets that the account is about.
func (p *program) tell() {
	for _, e := range p.events {
		for _, c := range e.calls {
			p.told[c.Socket] = true
		}
	}
	for _, s := range p.trace.Sockets {
		// A connection that was turned away has no event with its descriptor.
		if p.told[s.Listener] {
			p.told[s] = true
		}
	}
}

// maxEvents bounds the events of one account: this is for runs that one can look at.
const maxEvents = 20_000

var (
	errNoAccount = errors.New("it is not an account of tcpclient, tcpserver or wsserver: they write one with -json")
	errTLS       = errors.New("the account shows what is inside TLS, and the system calls carry what is outside: " +
		"use a run without TLS")
	errLongRun = fmt.Errorf("it has more than %s events: use a shorter run", text.Number(maxEvents))
)

func (p *program) readAccount(r io.Reader) error {
	var inTLS bool
	if err := event.ReadJSON(r, recorder(func(e event.Event) {
		switch {
		case e.Ev == event.TLS:
			inTLS = true
		case e.At != event.Client && e.At != event.Server, e.Time.IsZero(): // such as the result
		case !slices.Contains(calling, e.Ev):
			p.others++
		case len(p.events) <= maxEvents:
			p.side = e.At
			p.events = append(p.events, &entry{Event: e})
		}
	})); err != nil {
		return err
	}
	switch {
	case inTLS:
		return errTLS
	case len(p.events) == 0:
		return errNoAccount
	case len(p.events) > maxEvents:
		return errLongRun
	}
	slices.SortStableFunc(p.events, func(a, b *entry) int { return a.Time.Compare(b.Time) })
	return nil
}

// open lets read have the file's content. An error begins with the file's name.
func open(ctx context.Context, file string, read func(r io.Reader) error) error {
	f, err := cli.Open(ctx, file)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, errors.Unwrap(err)) // which names the file too
	}
	defer f.Close()
	if err := read(f); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// A recorder is a function that takes events.
type recorder func(e event.Event)

func (r recorder) Record(e event.Event) { r(e) }
