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
	var echo *webEcho
	maps, err := withWebEcho(ctx, &server.Server{}, func(w *webEcho) error {
		echo = w
		return f.talk(ctx, w)
	})
	if err != nil {
		return f, err
	}
	f.Sent = echo.framesTaken()
	for _, frame := range f.Sent {
		if frame.Fin {
			f.WithFIN++
		}
		if frame.Fin && frame.Payload == f.Late[len(f.Late)-1].Payload {
			f.WholeFIN++
		}
	}
	f.stream, f.answers = maps.Map(1, event.ClientToServer), maps.Map(1, event.ServerToClient)
	f.Messages = f.stream.Row(streammap.Received).Count
	return f, nil
}

func (f *Fragments) talk(ctx context.Context, w *webEcho) error {
	const first, second, third = "one message ", "in three ", "frames"
	send := func(op ws.OpCode, fin bool, payload string) error {
		if err := w.write(w.frame(op, fin, payload)); err != nil {
			return err
		}
		return w.awaitTaken(ctx)
	}
	receive := func(list *[]Frame) error {
		frame, err := w.next()
		*list = append(*list, frame)
		return err
	}
	for _, step := range []func() error{
		func() error { return send(ws.OpText, false, first) },
		func() error { return send(ws.OpPing, true, "there?") },
		func() error { return receive(&f.Early) }, // which no message can be: its end was not sent
		func() error { return send(ws.OpContinuation, false, second) },
		func() error { return send(ws.OpContinuation, true, third) },
		func() error { return receive(&f.Late) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
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
