package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"echolab/internal/beside"
	"echolab/internal/strace"
	"echolab/internal/text"
)

// A row is what is printed at one time: an event, or calls of one program that follow each other.
type row struct {
	time  time.Time
	of    *program
	event *entry
	calls []*strace.Call
}

// rows are the events and the calls of the programs in the order of time. A call that an event stands for returned
// before the event was recorded; where they have the same time it comes first.
func rows(programs []*program) []row {
	var all []row
	for _, p := range programs {
		all = append(all, p.callRows()...)
	}
	for _, p := range programs {
		for _, e := range p.events {
			all = append(all, row{time: e.Time, of: p, event: e})
		}
	}
	slices.SortStableFunc(all, func(a, b row) int { return a.time.Compare(b.time) })
	return all
}

// callRows are the calls on the sockets that the account is about: one a row, but settings and questions that follow
// each other share theirs.
func (p *program) callRows() []row {
	var all []row
	for _, c := range p.trace.Calls {
		if !p.told[c.Socket] {
			continue
		}
		if n := len(all); n > 0 {
			last := &all[n-1].calls
			if before := (*last)[0]; before.Socket == c.Socket && options(before) != "" && options(before) == options(c) {
				*last = append(*last, c)
				continue
			}
		}
		all = append(all, row{time: c.Time, of: p, calls: []*strace.Call{c}})
	}
	return all
}

// options says what the call does with a socket's options and addresses: it "sets" or "asks", or is of another kind.
func options(c *strace.Call) string {
	switch c.Name {
	case "setsockopt":
		return "sets"
	case "getsockopt", "getsockname", "getpeername":
		return "asks"
	}
	return ""
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
	c, side := r.calls[0], string(r.of.side)
	switch options(c) {
	case "asks":
		p.Right(side+" asks", fmt.Sprintf("the kernel of descriptor %d: %s", c.FD, names(r.calls)))
	case "sets":
		p.Right(side+" sets", fmt.Sprintf("on descriptor %d: %s", c.FD, values(r.calls)))
	default:
		p.Right(side, shorter(c)+" → "+r.of.meaning(c))
	}
}

// epollData is what the program wants back with an event: numbers of its own.
var epollData = regexp.MustCompile(`, data=\{[^}]*\}`)

// shorter is the call without what a class need not read, and with flags that lines can break between.
func shorter(c *strace.Call) string {
	if c.Name == "socket" || c.Name == "epoll_ctl" || c.IsAccept() {
		return strings.ReplaceAll(epollData.ReplaceAllString(c.String(), ", ..."), "|", " | ")
	}
	return c.String()
}

// meaning says what the call is in the account.
func (p *program) meaning(c *strace.Call) string {
	e, again := p.found[c], c.Errno == "EAGAIN"
	switch {
	case e != nil && e.Span != nil:
		return fmt.Sprintf("%s at %s", e.Ev, text.Number(e.Off))
	case e != nil && c.Errno == "EINPROGRESS":
		return fmt.Sprintf("%s, its handshake is under way", e.Ev)
	case e != nil:
		return string(e.Ev)
	case again && c.IsAccept():
		return "nobody there yet"
	case again && c.IsWrite():
		return "no room yet"
	case again:
		return "nothing there yet"
	case c.Name == "epoll_ctl" && strings.Contains(c.Args, "EPOLL_CTL_ADD"):
		return "wake me when something happens on it"
	case c.Result == "?":
		return "it never returned"
	}
	return "no event for it"
}

// names counts the calls by name.
func names(calls []*strace.Call) string {
	count := make(map[string]int)
	for _, c := range calls {
		count[c.Name]++
	}
	var parts []string
	for _, name := range strace.Names() {
		if n := count[name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d × %s", n, name))
		}
	}
	return strings.Join(parts, ", ")
}

var setting = regexp.MustCompile(`, (\w+), \[([^]]*)\]`)

// values are what the calls set: names and values, or the whole call where strace wrote it another way.
func values(calls []*strace.Call) string {
	var parts []string
	for _, c := range calls {
		if groups := setting.FindStringSubmatch(c.Args); groups != nil && c.Value == 0 {
			parts = append(parts, groups[1]+" "+groups[2])
		} else {
			parts = append(parts, c.String())
		}
	}
	return strings.Join(parts, ", ")
}
