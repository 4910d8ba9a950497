package lab

import (
	"context"
	"fmt"

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
	defer caught(&err)
	p := newWebPair(ctx)
	defer p.close()
	fromClient, fromServer := p.client.text("the client speaks"), p.server.text("the server speaks")
	p.server.send(fromServer)
	p.client.send(fromClient)
	check(sock.AwaitUnread(ctx, p.server, len(fromClient)))
	check(sock.AwaitUnread(ctx, p.client, len(fromServer)))
	f.AtServer, f.AtClient = must(sock.Unread(p.server)), must(sock.Unread(p.client))
	f.Server, f.Client = p.server.nextMessage(), p.client.nextMessage()
	f.toServer, f.toClient = p.client.out(), p.server.out()
	return f, nil
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
			"nothing of each other. So nothing says which message answers which, either: if that matters, the messages must say it.",
	}
	r.expect(f.AtServer > 0 && f.AtClient > 0, "one of them waited for the other")
	r.expect(f.Server == "the client speaks" && f.Client == "the server speaks", "a message was lost")
	return r
}
