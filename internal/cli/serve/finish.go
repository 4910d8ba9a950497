package serve

import (
	"fmt"

	"echolab/internal/cli"
	"echolab/internal/event"
	"echolab/internal/server"
	"echolab/internal/text"
)

// result is the last line of the account in JSON.
type result struct {
	Ev string `json:"ev"`
	OK bool   `json:"ok"`
	server.Stats
	Closed int    `json:"closed"` // connections that did not finish in time
	Error  string `json:"error,omitempty"`
}

// finish says what the server did and what it had to close, and returns the exit status.
func (o *Options) finish(p cli.Program, lines *event.JSON, stats server.Stats, closed int, err error) int {
	status := cli.OK
	r := result{Ev: "result", OK: err == nil, Stats: stats, Closed: closed}
	if err != nil {
		status = p.Fail(err)
		r.Error = err.Error()
	}
	if lines != nil {
		lines.Line(r)
		return status
	}
	stopped := fmt.Sprintf("stopped: %s (%s failed, %s refused)%s %s in, %s out; %s",
		text.Count(stats.Conns, "connection", "connections"), text.Number(int64(stats.Failed)), text.Number(int64(stats.Refused)), o.kinds(stats),
		text.Bytes(stats.BytesIn), text.Bytes(stats.BytesOut), closedText(closed))
	for _, line := range text.Fold(stopped, text.Width-len("^C")) { // which a terminal puts in front
		fmt.Fprintln(p.Stdout, line)
	}
	return status
}

// kinds says what the connections were where there is more than one kind, between the marks that this needs.
func (o *Options) kinds(stats server.Stats) string {
	if o.Web == nil {
		return ","
	}
	away := ""
	if stats.Away > 0 {
		away = fmt.Sprintf(" (%s answered Close 1001)", text.Number(int64(stats.Away)))
	}
	custom := ""
	if stats.Custom > 0 {
		custom = fmt.Sprintf(", %s of another protocol", text.Number(int64(stats.Custom)))
	}
	return fmt.Sprintf(": %s%s, %s HTTP, %s raw%s;",
		text.Count(stats.WebSocket, "WebSocket", "WebSockets"), away, text.Number(int64(stats.HTTP)), text.Number(int64(stats.Raw)), custom)
}

func closedText(closed int) string {
	if closed == 0 {
		return "none had to be cut off"
	}
	return fmt.Sprintf("%s had not finished after %v and had to be cut off",
		text.Count(closed, "connection", "connections"), grace)
}
