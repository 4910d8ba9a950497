package main

import (
	"context"
	"fmt"
	"io"

	"echolab/internal/cli"
	"echolab/internal/client"
	"echolab/internal/event"
	"echolab/internal/streammap"
	"echolab/internal/terminal"
	"echolab/internal/text"
)

// result is the last line of the account in JSON.
type result struct {
	Ev string `json:"ev"`
	client.Result
	Verdict string `json:"verdict"`
}

// exchange sends the messages and shows what came back.
func exchange(ctx context.Context, p cli.Program, o *options, stdin io.Reader) int {
	rec, lines := p.Account(o.json, o.quiet)
	o.Recorder = rec
	messages, closeInput, err := o.input(ctx, stdin)
	if err != nil {
		return fail(p, lines, err)
	}
	defer closeInput()
	if err := o.apply(&o.Client); err != nil {
		return fail(p, lines, err)
	}
	if o.insecure {
		fmt.Fprintf(p.Stderr, "%s: -insecure: the server's certificate is not verified, so it may be anybody's\n", p.Name)
	}
	progress := cli.NewProgress(p.Stderr)
	o.Progress = func(received int64) {
		progress.Show(func() string { return text.Bytes(received) + " of echo" })
	}
	r, err := o.Run(ctx, o.addr, messages)
	progress.End()
	if advised := advise(o, err); advised != err {
		err, r.Error = advised, advised.Error()
	}

	verdict := r.Verdict(o.Codec)
	if lines != nil {
		lines.Line(result{"result", r, verdict})
	} else {
		show(p, o, r, verdict)
	}
	if err != nil {
		return p.Fail(explain(o, err))
	}
	return cli.OK
}

// fail is the end of a run that has not begun.
func fail(p cli.Program, lines *event.JSON, err error) int {
	if lines != nil {
		lines.Line(result{Ev: "result", Result: client.Result{Error: err.Error()}})
	}
	return p.Fail(err)
}

// show prints the stream maps and the verdict.
func show(p cli.Program, o *options, r client.Result, verdict string) {
	if r.BytesSent == 0 && !r.OK {
		return // there was no connection: the error says it all
	}
	style := cli.Style(p.Stdout)
	if !o.quiet {
		for _, m := range []*streammap.Map{r.Sent, r.Echoed} {
			fmt.Fprintln(p.Stdout)
			if err := terminal.Draw(p.Stdout, m, style); err != nil {
				return // there is nobody to show it to
			}
		}
		fmt.Fprintln(p.Stdout)
	}
	for _, line := range text.Fold(verdict, text.Width) {
		fmt.Fprintln(p.Stdout, style.Bold(line))
	}
}
