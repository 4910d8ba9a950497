package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"echolab/internal/cli"
	"echolab/internal/event"
	"echolab/internal/lab"
	"echolab/internal/terminal"
	"echolab/internal/text"
)

// tourFlag is -tour, alone or as -tour=NAME,NAME. Names may also follow it.
type tourFlag struct {
	on    bool
	names []string
}

func (t *tourFlag) String() string   { return strings.Join(t.names, ",") }
func (t *tourFlag) IsBoolFlag() bool { return true }

func (t *tourFlag) Set(value string) error {
	t.on = value != "false"
	if value != "true" && value != "false" {
		t.names = append(t.names, splitNames([]string{value})...)
	}
	return nil
}

// splitNames splits each argument at its commas.
func splitNames(args []string) []string {
	var names []string
	for _, arg := range args {
		for name := range strings.SplitSeq(arg, ",") {
			if name = strings.TrimSpace(name); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// listTour prints the experiments, indented below their chapters.
func listTour(p cli.Program) int {
	style, chapter := cli.Style(p.Stdout), ""
	for _, e := range lab.Experiments() {
		if e.Chapter != chapter {
			chapter = e.Chapter
			fmt.Fprintln(p.Stdout, style.Bold(chapter))
		}
		fmt.Fprintf(p.Stdout, "  %-14s%s\n", e.Name, e.Question)
	}
	return cli.OK
}

// pick returns the experiments of these names, or all.
func pick(names []string) ([]lab.Experiment, error) {
	all := lab.Experiments()
	if len(names) == 0 {
		return all, nil
	}
	var known []string
	for _, e := range all {
		known = append(known, e.Name)
	}
	var picked []lab.Experiment
	for _, name := range names {
		i := slices.Index(known, name)
		if i < 0 {
			return nil, fmt.Errorf("there is no experiment %q; tcpclient -list has their names%s", name, cli.Nearest(name, known))
		}
		picked = append(picked, all[i])
	}
	return picked, nil
}

// A tour counts how its experiments went.
type tour struct {
	p      cli.Program
	lines  *event.JSON // nil for text
	style  text.Style
	quiet  bool
	held   int
	failed []string
	unable []string
}

// runTour runs the experiments one by one and shows each as it was.
func runTour(ctx context.Context, p cli.Program, names []string, asJSON, quiet bool) int {
	picked, err := pick(names)
	if err != nil {
		return p.Misused(err)
	}
	t := &tour{p: p, style: cli.Style(p.Stdout), quiet: quiet}
	if asJSON {
		t.lines = event.NewJSON(p.Stdout)
	}
	return t.run(ctx, picked, len(names) == 0)
}

// run is runTour for these experiments, which may be the whole tour.
func (t *tour) run(ctx context.Context, picked []lab.Experiment, whole bool) int {
	for i, e := range picked {
		t.title(e, i+1, len(picked))
		found, err := e.Run(ctx)
		if ctx.Err() != nil {
			if t.lines != nil {
				t.lines.Line(tourResult{"result", false, t.held, t.failed, t.unable, nil})
			}
			return t.p.Fail(ctx.Err())
		}
		t.show(e, found, err)
	}
	if !whole || t.quiet { // a part of the tour does not lead on, and a quiet tour does not say where
		return t.end(nil)
	}
	return t.end(ready(ctx))
}

func (t *tour) title(e lab.Experiment, i, n int) {
	if t.lines != nil || t.quiet {
		return
	}
	head := fmt.Sprintf("== %d of %d: %s ", i, n, e.Name)
	fmt.Fprintf(t.p.Stdout, "%s\n", t.style.Dim(head+strings.Repeat("=", max(0, text.Width-len(head)))))
	t.print("Q: ", e.Question, t.style.Bold)
}

// shown is the line of JSON for one experiment.
type shown struct {
	Ev        string      `json:"ev"`
	Chapter   string      `json:"chapter"`
	Name      string      `json:"name"`
	Question  string      `json:"question"`
	Claims    []lab.Claim `json:"claims,omitempty"`
	OK        bool        `json:"ok"`
	Measured  lab.Finding `json:"measured,omitempty"`
	Answer    string      `json:"answer,omitempty"`
	Surprises []string    `json:"surprises,omitempty"`
	Error     string      `json:"error,omitempty"`
}

func (t *tour) show(e lab.Experiment, found lab.Finding, err error) {
	line := shown{Ev: "experiment", Chapter: e.Chapter, Name: e.Name, Question: e.Question, OK: err == nil}
	for _, id := range e.Claims {
		claim, _ := lab.ClaimOf(id)
		line.Claims = append(line.Claims, claim)
	}
	var r lab.Report
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		t.unable = append(t.unable, e.Name)
		line.Error = err.Error()
	case err != nil:
		t.failed = append(t.failed, e.Name)
		line.Error = err.Error()
	default:
		r = found.Report()
		line.Measured, line.Answer, line.Surprises = found, r.Answer, r.Surprises
		if line.OK = len(r.Surprises) == 0; line.OK {
			t.held++
		} else {
			t.failed = append(t.failed, e.Name)
		}
	}
	switch {
	case t.lines != nil:
		t.lines.Line(line)
	case !t.quiet:
		t.report(r, err)
	}
}

// report prints one experiment.
func (t *tour) report(r lab.Report, err error) {
	for _, step := range r.Steps {
		t.print("-  ", step, t.style.Plain)
	}
	for _, m := range r.Maps {
		fmt.Fprintln(t.p.Stdout)
		if err := terminal.Draw(t.p.Stdout, m, t.style); err != nil {
			return // there is nobody to show it to
		}
	}
	if len(r.Maps) > 0 {
		fmt.Fprintln(t.p.Stdout)
	}
	if err != nil {
		t.print("!  ", err.Error(), t.style.Bad)
	} else {
		t.print("A: ", r.Answer, t.style.Bold)
	}
	for _, surprise := range r.Surprises {
		t.print("!  ", "not as expected: "+surprise, t.style.Bad)
	}
	fmt.Fprintln(t.p.Stdout)
}

// print writes a paragraph with a mark in front.
func (t *tour) print(mark, sentence string, paint func(string) string) {
	for _, line := range text.Fold(sentence, text.Width-len(mark)) {
		fmt.Fprintln(t.p.Stdout, paint(mark+line))
		mark = strings.Repeat(" ", len(mark))
	}
}

// tourResult is the last line in JSON.
type tourResult struct {
	Ev     string   `json:"ev"`
	OK     bool     `json:"ok"`
	Held   int      `json:"held"`
	Failed []string `json:"failed,omitempty"`
	Unable []string `json:"unable,omitempty"`

	Walkthroughs []readiness `json:"walkthroughs,omitempty"`
}

// end says how the tour went and where it goes on, and returns the status for it.
func (t *tour) end(scripts []readiness) int {
	status := cli.OK
	switch {
	case len(t.failed) > 0:
		status = cli.Failed
	case t.held == 0:
		status = cli.Unable
	}
	if t.lines != nil {
		t.lines.Line(tourResult{"result", status == cli.OK, t.held, t.failed, t.unable, scripts})
		return status
	}
	fmt.Fprintf(t.p.Stdout, "%s went as expected", text.Count(t.held, "experiment", "experiments"))
	if len(t.failed) > 0 {
		fmt.Fprintf(t.p.Stdout, "; not so: %s", strings.Join(t.failed, ", "))
	}
	if len(t.unable) > 0 {
		fmt.Fprintf(t.p.Stdout, "; not available on this system: %s", strings.Join(t.unable, ", "))
	}
	fmt.Fprintln(t.p.Stdout, ".")
	if len(scripts) > 0 {
		t.print("", onTheWire(scripts), t.style.Plain)
	}
	return status
}
