package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"echolab/internal/beside"
	"echolab/internal/event"
	"echolab/internal/text"
)

// A row is what is printed at one time: an event, or calls of one program that follow each other.
type row struct {
	time  time.Time
	event *entry
	side  event.Side
	calls []*call
}

// rows are the events and the calls of the programs in the order of time. A call that an event stands for returned
// before the event was told; where they have the same time it comes first.
func rows(programs []*program) []row {
	var all []row
	for _, p := range programs {
		all = append(all, p.callRows()...)
	}
	for _, p := range programs {
		for _, e := range p.events {
			all = append(all, row{time: e.Time, event: e, side: p.side})
		}
	}
	slices.SortStableFunc(all, func(a, b row) int { return a.time.Compare(b.time) })
	return all
}

// callRows are the calls on the sockets that the account is about: one a row, but settings and questions that follow
// each other share theirs.
func (p *program) callRows() []row {
	var all []row
	for _, c := range p.calls {
		if c.life == nil || !c.life.told {
			continue
		}
		if n := len(all); n > 0 && (c.is(settings...) || c.is(questions...)) {
			if last := all[n-1].calls; last[0].life == c.life && last[0].is(settings...) == c.is(settings...) &&
				(last[0].is(settings...) || last[0].is(questions...)) {
				all[n-1].calls = append(last, c)
				continue
			}
		}
		all = append(all, row{time: c.time, side: p.side, calls: []*call{c}})
	}
	return all
}

// print prints the row.
func (r row) print(p *beside.Printer) {
	if r.event != nil {
		p.Account(r.event.Event)
		if r.event.missing != "" {
			p.Right("NOT FOUND", r.event.missing)
		}
		return
	}
	c := r.calls[0]
	switch {
	case c.is(questions...):
		p.Right(string(r.side)+" asks", fmt.Sprintf("the kernel of descriptor %d: %s", c.life.fd, names(r.calls)))
	case c.is(settings...):
		p.Right(string(r.side)+" sets", fmt.Sprintf("on descriptor %d: %s", c.life.fd, options(r.calls)))
	default:
		p.Right(string(r.side), c.name+shorter(c)+" → "+c.meaning())
	}
}

// epollData is what the program wants back with an event: numbers of its own.
var epollData = regexp.MustCompile(`, data=\{[^}]*\}`)

// shorter is the call without what a class need not read, and with flags that lines can break between.
func shorter(c *call) string {
	if c.is("socket", "epoll_ctl") || c.is(accepts...) {
		return strings.ReplaceAll(epollData.ReplaceAllString(c.String(), ", ..."), "|", " | ")
	}
	return c.String()
}

// meaning says what the call is in the account.
func (c *call) meaning() string {
	switch {
	case c.event != nil && c.event.Span != nil:
		return fmt.Sprintf("%s at %s", c.event.Ev, text.Number(c.event.Off))
	case c.event != nil && c.failed("EINPROGRESS"):
		return fmt.Sprintf("%s, its handshake is under way", c.event.Ev)
	case c.event != nil:
		return string(c.event.Ev)
	case c.failed("EAGAIN") && c.is(accepts...):
		return "nobody there yet"
	case c.failed("EAGAIN") && c.is(writes...):
		return "no room yet"
	case c.failed("EAGAIN"):
		return "nothing there yet"
	case c.name == "epoll_ctl" && strings.Contains(c.args, "EPOLL_CTL_ADD"):
		return "wake me when something happens on it"
	case c.result == "?":
		return "it never returned"
	}
	return "no event tells of it"
}

// names counts the calls by name.
func names(calls []*call) string {
	var parts []string
	for _, name := range known {
		n := 0
		for _, c := range calls {
			if c.name == name {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d × %s", n, name))
		}
	}
	return strings.Join(parts, ", ")
}

var setting = regexp.MustCompile(`, (\w+), \[([^]]*)\]`)

// options are what the calls set: names and values, or the whole call where strace told another way.
func options(calls []*call) string {
	var parts []string
	for _, c := range calls {
		if groups := setting.FindStringSubmatch(c.args); groups != nil && c.value == 0 {
			parts = append(parts, groups[1]+" "+groups[2])
		} else {
			parts = append(parts, c.name+c.String())
		}
	}
	return strings.Join(parts, ", ")
}
