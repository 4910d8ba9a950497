package lab

import (
	"context"
	"fmt"

	"github.com/gobwas/ws"

	"echolab/internal/event"
	"echolab/internal/server"
	"echolab/internal/streammap"
)

// Fragments is what became of one message in three frames, with a Ping between them.
type Fragments struct {
	Sent     []Frame `json:"sent"`      // in their order, as the server read them
	Early    []Frame `json:"early"`     // what the client had received when its message was not at its end yet
	Late     []Frame `json:"late"`      // and after it
	Messages int     `json:"messages"`  // that the server made out
	WithFIN  int     `json:"with_fin"`  // frames sent with FIN
	WholeFIN int     `json:"whole_fin"` // of those, how many were a whole message

	stream, answers *streammap.Map
}

// RunFragments sends a fragment and a Ping, waits for the Pong, and only then sends the rest of the message. Each frame
// is read before the next is sent.
func RunFragments(ctx context.Context) (f Fragments, err error) {
	defer caught(&err)
	var taken frameList
	maps := withEcho(ctx, &server.Server{Recorder: &taken}, func(c *end) {
		send := func(op ws.OpCode, fin bool, payload string) {
			c.write(c.frame(op, fin, payload))
			c.awaitRead(ctx)
		}
		send(ws.OpText, false, "one message ")
		send(ws.OpPing, true, "there?")
		f.Early = append(f.Early, must(c.next())) // which no message can be: its end was not sent
		send(ws.OpContinuation, false, "in three ")
		send(ws.OpContinuation, true, "frames")
		f.Late = append(f.Late, must(c.next()))
	})
	f.Sent = taken
	for _, frame := range f.Sent {
		if frame.Fin {
			f.WithFIN++
		}
		if frame.Fin && frame.Payload == f.Late[0].Payload {
			f.WholeFIN++
		}
	}
	f.stream, f.answers = maps.Map(1, event.ClientToServer), maps.Map(1, event.ServerToClient)
	f.Messages = f.stream.Row(streammap.Received).Count
	return f, nil
}

// A frameList is the frames that a server with one client has read.
type frameList []Frame

func (l *frameList) Record(e event.Event) {
	if e.Ev == event.Frame && e.Dir == event.ClientToServer {
		*l = append(*l, Frame{e.Opcode, e.Fin, string(e.Bytes)})
	}
}

func (f Fragments) Report() Report {
	r := Report{Maps: []*streammap.Map{f.stream, f.answers}}
	for _, frame := range f.Sent {
		r.Steps = append(r.Steps, fmt.Sprintf("The client sent: %v.", frame))
		if frame.Opcode == byte(ws.OpPing) {
			for _, frame := range f.Early {
				r.Steps = append(r.Steps, fmt.Sprintf("It received, inside its own message: %v.", frame))
			}
		}
	}
	for _, frame := range f.Late {
		r.Steps = append(r.Steps, fmt.Sprintf("At the end it received: %v.", frame))
	}
	r.Answer = fmt.Sprintf("No: %d of these %d frames had FIN, and %s a whole message. FIN says that a message ends with this frame; "+
		"where it began is told by the opcode, which is 0 in a frame that continues one. Control frames may come "+
		"in between, and have FIN too. A frame is a part of a message, and sometimes all of it.",
		f.WithFIN, len(f.Sent), []string{"none of them was", "one of them was", "two of them were"}[min(f.WholeFIN, 2)])
	r.expect(f.Messages == 1 && f.WholeFIN == 0, "the server did not make one message of it")
	r.expect(len(f.Early) == 1 && f.Early[0].Opcode == byte(ws.OpPong), "the Pong did not come before the message")
	r.expect(len(f.Late) == 1 && f.Late[0].Payload == "one message in three frames", "the message did not come back whole")
	return r
}
