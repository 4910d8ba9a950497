package main

import (
	"slices"
	"time"

	"echolab/internal/beside"
	"echolab/internal/cli"
	"echolab/internal/event"
)

// A listing prints packets one by one, and beside them what the accounts tell, all in the order of time: an event of an
// account stands where its call had returned.
type listing struct {
	out   *beside.Printer
	about []telling // in the order of time
}

// A telling is an event of an account, and whose.
type telling struct {
	*told
	event.Event
}

func newListing(p cli.Program, accounts []*account) *listing {
	programs := "what the programs say"
	if len(accounts) == 0 {
		programs = "" // nothing: the packets have all the room
	}
	l := &listing{out: beside.New(p.Stdout, cli.Style(p.Stdout), programs, "what crossed the wire")}
	for _, a := range accounts {
		for _, t := range a.order {
			for _, e := range t.events {
				if shown(e) {
					l.about = append(l.about, telling{t, e})
				}
			}
		}
	}
	slices.SortStableFunc(l.about, func(a, b telling) int { return a.Time.Compare(b.Time) })
	return l
}

// shown says whether an event is shown beside the packets: frames are not, they stand in the packets' sentences.
func shown(e event.Event) bool { return e.At != "" && e.Ev != event.Frame }

// packet prints a packet, and first what the programs recorded before it.
func (l *listing) packet(e event.Event) {
	if e.Ev == event.Connection {
		return
	}
	l.tell(e.Time)
	l.out.Packet(e)
}

// content prints what is wrong with a stream; all else stands in the packets' sentences.
func (l *listing) content(e event.Event) {
	if e.Ev == event.Gap || e.Ev == event.Failed {
		l.tell(e.Time)
		l.out.Packet(e)
	}
}

// tell prints what the programs recorded up to a time, of the connections that are in the capture and of none.
func (l *listing) tell(until time.Time) {
	for len(l.about) > 0 && !l.about[0].Time.After(until) {
		t := l.about[0]
		l.about = l.about[1:]
		if t.joined || !t.ends.Client.IsValid() {
			l.out.Account(t.Event)
		}
	}
}

// end prints what the programs recorded after the last packet.
func (l *listing) end() {
	for _, t := range l.about {
		l.tell(t.Time)
	}
}
