package lab

import (
	"context"
	"errors"
	"fmt"

	"github.com/gobwas/ws"

	"echolab/internal/sock"
	"echolab/internal/streammap"
	"echolab/internal/text"
)

// Duplex is what happened when both ends of a WebSocket spoke first.
type Duplex struct {
	AtServer int    `json:"at_server"` // bytes of the client's that lay unread when both had written, as the kernel has it
	AtClient int    `json:"at_client"` // and of the server's
	Server   string `json:"server"`    // what the server then read
	Client   string `json:"client"`    // and what the client did

	toServer, toClient *streammap.Map
}

// RunDuplex lets both ends write, and read only when what the other has written lies in their kernel's queues.
func RunDuplex(ctx context.Context) (f Duplex, err error) {
	w, err := newWebPair(ctx)
	if err != nil {
		return f, err
	}
	defer w.close()
	fromClient := w.webClient.frame(ws.OpText, true, "the client speaks")
	fromServer := w.webServer.frame(ws.OpText, true, "the server speaks")
	err = errors.Join(
		w.webServer.writeMessage(fromServer),
		w.webClient.writeMessage(fromClient),
		sock.AwaitUnread(ctx, w.server, len(fromClient)),
		sock.AwaitUnread(ctx, w.client, len(fromServer)))
	if err != nil {
		return f, err
	}
	var errs [4]error
	f.AtServer, errs[0] = sock.Unread(w.server)
	f.AtClient, errs[1] = sock.Unread(w.client)
	f.Server, errs[2] = w.webServer.nextMessage()
	f.Client, errs[3] = w.webClient.nextMessage()
	f.toServer, f.toClient = w.stream(), w.answers()
	return f, errors.Join(errs[:]...)
}

func (f Duplex) Report() Report {
	r := Report{
		Steps: []string{
			"After the handshake both ends wrote a message before either had read anything.",
			fmt.Sprintf("Then %s lay unread at the server, and %d at the client.", text.Bytes(int64(f.AtServer)), f.AtClient),
			fmt.Sprintf("The server read %q, the client %q.", f.Server, f.Client),
		},
		Maps: []*streammap.Map{f.toServer, f.toClient},
		Answer: "No. The handshake is the last request and the last response: after it there are two streams that know " +
			"nothing of each other. So nothing says which message answers which, either: if that matters, the " +
			"messages must say it.",
	}
	r.expect(f.AtServer > 0 && f.AtClient > 0, "one of them waited for the other")
	r.expect(f.Server == "the client speaks" && f.Client == "the server speaks", "a message was lost")
	return r
}
