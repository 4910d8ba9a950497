package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"echolab/internal/event"
)

// An entry is an event of an account that stands for system calls.
type entry struct {
	event.Event
	calls   []*call
	missing string // why there is no call, if there is none
}

// A program is one that ran under strace: its account, and its calls.
type program struct {
	side   event.Side
	events []*entry // those that stand for calls
	others int      // the number of those that do not, such as messages
	calls  []*call
	lives  []*life
	conns  map[int]*life // by the account's numbers; 0 is a client's connection, or a server's listener
}

// calling are the events that stand for calls. An End does not always: a WebSocket may be over before its stream is.
var calling = []event.Kind{
	event.Socket, event.Bind, event.Listen, event.Accept, event.Connect, event.Write, event.Read, event.Shutdown,
	event.Close, event.End,
}

// readProgram reads an account and the trace of the same run, and finds each event's calls.
func readProgram(accountFile, traceFile string) (*program, error) {
	p := &program{conns: make(map[int]*life)}
	if err := p.readAccount(accountFile); err != nil {
		return nil, fmt.Errorf("%s: %w", accountFile, err)
	}
	rec, err := readTraceFile(traceFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", traceFile, err)
	}
	p.calls, p.lives = rec.calls, lives(rec.calls)
	first, none := p.events[0].Time, true
	for _, e := range p.events {
		p.match(e)
		none = none && e.calls == nil
	}
	if none || first.After(rec.last) {
		const clock = "2006-01-02 15:04:05.000000"
		return nil, fmt.Errorf("%s is of another run than %s: it begins at %s, and the trace is from %s to %s (UTC)",
			accountFile, traceFile, first.UTC().Format(clock), rec.first.Format(clock), rec.last.Format(clock))
	}
	p.tell()
	return p, nil
}

// tell marks the sockets that the account is about.
func (p *program) tell() {
	for _, e := range p.events {
		for _, c := range e.calls {
			c.life.told = true
		}
	}
	for _, l := range p.lives {
		// A connection that was turned away has no event with its descriptor.
		if maker := l.calls[0]; maker.on != nil && maker.on.told {
			l.told = true
		}
	}
}

// maxEvents bounds the events of one account: this is for runs that one can look at.
const maxEvents = 20_000

var (
	errNoAccount = errors.New("it is no account of tcpclient, tcpserver or wsserver: they write one with -json")
	errTLS       = errors.New("the account tells of what is inside TLS, and the system calls carry what is outside")
	errLongRun   = fmt.Errorf("it has more than %d events: this is for shorter runs", maxEvents)
)

func (p *program) readAccount(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return errors.Unwrap(err) // the caller names the file
	}
	defer f.Close()
	var inTLS bool
	if err := event.ReadJSON(f, recorder(func(e event.Event) {
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

func readTraceFile(file string) (*recording, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, errors.Unwrap(err) // the caller names the file
	}
	defer f.Close()
	return readTrace(f)
}

// A recorder is a function that takes events.
type recorder func(e event.Event)

func (r recorder) Record(e event.Event) { r(e) }
