package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"echolab/internal/beside"
	"echolab/internal/cli"
	"echolab/internal/event"
	"echolab/internal/strace"
	"echolab/internal/text"
)

// A summary is the end of the account, as a line of JSON too.
type summary struct {
	Ev      string `json:"ev"` // "result"
	OK      bool   `json:"ok"`
	Events  int    `json:"events"`         // that stand for system calls
	Found   int    `json:"found"`          // those of them whose calls were found
	Missing int    `json:"missing"`        // and those whose were not
	Without int    `json:"calls_without"`  // calls that no event stands for, on the sockets that are told of
	Sockets int    `json:"other_sockets"`  // that no event is about
	Others  int    `json:"events_without"` // events that stand for no system call, such as messages
	Verdict string `json:"verdict"`
	without []*strace.Call
}

// count sums up.
func count(programs []*program) summary {
	s := summary{Ev: "result"}
	for _, p := range programs {
		s.Others += p.others
		for _, e := range p.events {
			switch {
			case e.calls != nil:
				s.Found++
			case e.missing != "":
				s.Missing++
			default:
				s.Others++
			}
		}
		for _, socket := range p.trace.Sockets {
			if !p.told[socket] {
				s.Sockets++
			}
		}
		for _, c := range p.trace.Calls {
			if p.told[c.Socket] && p.found[c] == nil {
				s.without = append(s.without, c)
			}
		}
	}
	s.Events, s.Without, s.OK = s.Found+s.Missing, len(s.without), s.Missing == 0
	s.Verdict = fmt.Sprintf("%s in the account: %s with their system call, %s without.",
		text.Count(s.Events, "event", "events"), text.Number(int64(s.Found)), text.Number(int64(s.Missing)))
	return s
}

// notes says what else there was.
func (s summary) notes() string {
	var parts []string
	if s.Without > 0 {
		parts = append(parts, fmt.Sprintf("%s without an event: %s.", text.Count(s.Without, "call", "calls"), names(s.without)))
	}
	if s.Sockets > 0 {
		parts = append(parts, fmt.Sprintf("Not shown: %s that no event is about.",
			text.Count(s.Sockets, "other socket", "other sockets")))
	}
	if s.Others > 0 {
		parts = append(parts, fmt.Sprintf("%s for no system call, such as messages.", text.Count(s.Others, "event stands", "events stand")))
	}
	return strings.Join(parts, " ")
}

func printText(w io.Writer, programs []*program, sum summary) {
	style := cli.Style(w)
	p := beside.New(w, style, "what the programs say", "what the kernel was asked")
	for _, r := range rows(programs) {
		r.print(p)
	}
	fmt.Fprintln(w)
	paint := style.Good
	if !sum.OK {
		paint = style.Bad
	}
	for _, line := range text.Fold(sum.Verdict, text.Width) {
		fmt.Fprintln(w, paint(line))
	}
	for _, line := range text.Fold(sum.notes(), text.Width) {
		fmt.Fprintln(w, line)
	}
}

// A jsonCall is a call as JSON.
type jsonCall struct {
	Time   time.Time `json:"time"`
	Thread int       `json:"thread"`
	Call   string    `json:"call"`
	FD     int       `json:"fd"` // of the socket that it made, or that it was made on
	Args   string    `json:"args"`
	Result string    `json:"result"`
}

// A jsonRow is an event that stands for calls, or a call without one.
type jsonRow struct {
	Ev      string       `json:"ev"` // "event" or "call"
	At      event.Side   `json:"at"`
	Event   *event.Event `json:"event,omitempty"`
	Calls   []jsonCall   `json:"calls,omitempty"`
	Missing string       `json:"missing,omitempty"` // why there is no call
}

func printJSON(w io.Writer, programs []*program, sum summary) {
	lines := event.NewJSON(w)
	for _, r := range rows(programs) {
		switch {
		case r.event != nil:
			lines.Line(jsonRow{"event", r.of.side, &r.event.Event, jsonCalls(r.event.calls), r.event.missing})
		default:
			for _, c := range r.calls {
				if r.of.found[c] == nil {
					lines.Line(jsonRow{Ev: "call", At: r.of.side, Calls: jsonCalls([]*strace.Call{c})})
				}
			}
		}
	}
	lines.Line(sum)
}

func jsonCalls(calls []*strace.Call) []jsonCall {
	var all []jsonCall
	for _, c := range calls {
		all = append(all, jsonCall{c.Time, c.Thread, c.Name, c.Socket.FD, c.Args, c.Result})
	}
	return all
}
