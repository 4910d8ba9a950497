package lab

import (
	"context"
	"errors"
	"fmt"
	"net"

	"echolab/framing"
	"echolab/internal/event"
	"echolab/internal/server"
	"echolab/internal/sock"
	"echolab/internal/streammap"
	"echolab/internal/text"
)

// Closing is what became of WebSockets that were closed in every order, and of one that was not closed.
type Closing struct {
	Runs []ClosingRun `json:"runs"`
	Told bool         `json:"told"` // this system lists sockets in TIME-WAIT

	AbruptBytes int    `json:"abrupt_bytes"` // that came when the other end closed TCP without a Close
	AbruptEnd   string `json:"abrupt_end"`   // what the reader got
	Sent        int    `json:"sent"`         // the code of a Close that may not be sent
	Code        int    `json:"code"`         // and of the Close that answered it
	Reason      string `json:"reason"`

	stream, answers *streammap.Map
}

// A ClosingRun is one order.
type ClosingRun struct {
	CloseBy  event.Side `json:"close_by"` // who sent the first Close
	TCPBy    event.Side `json:"tcp_by"`   // who closed TCP first, when both had a Close
	Code     int        `json:"code"`     // of the first Close, as it was read
	Answer   int        `json:"answer"`   // of the second
	TimeWait event.Side `json:"time_wait,omitempty"`
}

// RunClosing closes in four orders, then leaves without a Close, and sends the code that says so.
func RunClosing(ctx context.Context) (f Closing, err error) {
	defer caught(&err)
	for _, closeBy := range []event.Side{event.Client, event.Server} {
		for _, tcpBy := range []event.Side{event.Server, event.Client} {
			f.inOrder(ctx, closeBy, tcpBy)
		}
	}
	f.abrupt(ctx)
	f.Sent = 1006
	withEcho(ctx, &server.Server{}, func(c *end) {
		c.write(c.closeFrame(f.Sent))
		f.Code, f.Reason = c.nextClose()
	})
	return f, nil
}

// inOrder closes a WebSocket: Close, Close, then TCP on one side, and when the other has read the end, there too.
func (f *Closing) inOrder(ctx context.Context, closeBy, tcpBy event.Side) {
	p := newWebPair(ctx)
	defer p.close()
	run := ClosingRun{CloseBy: closeBy, TCPBy: tcpBy}
	first, second := p.client, p.server
	if closeBy == event.Server {
		first, second = second, first
	}
	first.write(first.closeFrame(1000))
	run.Code, _ = second.nextClose()
	second.write(second.closeFrame(run.Code))
	run.Answer, _ = first.nextClose()
	f.stream, f.answers = p.client.out(), p.server.out()

	leaver, stayer := p.client, p.server
	if tcpBy == event.Server {
		leaver, stayer = stayer, leaver
	}
	check(leaver.Close())
	if more := stayer.toEnd(); more != "" {
		check(fmt.Errorf("after both Closes came %q", more))
	}
	check(stayer.Close())
	run.TimeWait, f.Told = whoWaits(ctx, p.client.LocalAddr(), p.server.LocalAddr())
	f.Runs = append(f.Runs, run)
}

// whoWaits waits until one end of a connection that both have closed is in TIME-WAIT and the other is gone.
func whoWaits(ctx context.Context, client, server net.Addr) (who event.Side, told bool) {
	err := sock.Await(ctx, func() (bool, error) {
		atClient, err := listedState(client, server)
		if err != nil {
			return false, err
		}
		atServer, err := listedState(server, client)
		switch {
		case atClient == sock.StateTimeWait && atServer == "":
			who = event.Client
		case atServer == sock.StateTimeWait && atClient == "":
			who = event.Server
		}
		return who != "", err
	})
	if errors.Is(err, errors.ErrUnsupported) {
		return "", false
	}
	check(err)
	return who, true
}

// abrupt leaves without a Close, and tells what the other end reads.
func (f *Closing) abrupt(ctx context.Context) {
	p := newWebPair(ctx)
	defer p.close()
	check(p.server.Close())
	_, ended := p.client.next()
	f.AbruptEnd = errText(ended)
	f.AbruptBytes = int(p.server.out().Size() - p.server.out().Start)
}

func (f Closing) Report() Report {
	r := Report{Maps: []*streammap.Map{f.stream, f.answers}}
	for _, run := range f.Runs {
		kept := "this system does not list sockets in TIME-WAIT"
		if f.Told {
			kept = fmt.Sprintf("TIME-WAIT is at the %s", run.TimeWait)
			r.expect(run.TimeWait == run.TCPBy, "the side that closed TCP first does not keep TIME-WAIT")
		}
		r.Steps = append(r.Steps, fmt.Sprintf("Close %d from the %s, Close %d in reply, then the %s closed TCP first: %s.",
			run.Code, run.CloseBy, run.Answer, run.TCPBy, kept))
		r.expect(run.Code == 1000 && run.Answer == 1000, "a Close did not come as it was sent")
	}
	r.Steps = append(r.Steps,
		fmt.Sprintf("When the server closed TCP without a Close, the client read %s, then %s. Libraries report that as 1006.", text.Bytes(int64(f.AbruptBytes)), f.AbruptEnd),
		fmt.Sprintf("To a Close frame with %d in it, the lab's server replied with Close %d %q.", f.Sent, f.Code, f.Reason))
	r.Answer = "With a Close each way, and then TCP's own end. Either side may begin. The side that closes TCP first " +
		"keeps TIME-WAIT (on Linux for a minute), whoever sent the first Close: RFC 6455 (7.1.1) wants that to be " +
		"the server, since a client could not open the same connection again meanwhile. Nobody sends 1006: it is " +
		"a name for the end of a stream without a Close, and is never on the wire."
	r.expect(len(f.Runs) == 4, "not every order was tried")
	r.expect(f.AbruptBytes == 0 && f.AbruptEnd == "EOF", "something came instead of a Close")
	r.expect(f.Code == framing.CodeProtocolError, "1006 on the wire was not refused")
	return r
}
