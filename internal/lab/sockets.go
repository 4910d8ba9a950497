package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"echolab/internal/sock"
)

// TwoSockets is what the kernel says of a listening socket before and after an accept, and of the two sockets of the
// connection.
type TwoSockets struct {
	Before   sock.Info `json:"before"`   // the listening socket
	After    sock.Info `json:"after"`    // the same after the accept
	Accepted sock.Info `json:"accepted"` // what accept returned
	Client   sock.Info `json:"client"`
}

// RunTwoSockets listens, connects and accepts.
func RunTwoSockets(ctx context.Context) (f TwoSockets, err error) {
	defer caught(&err)
	ln := listen(ctx)
	defer ln.Close()
	f.Before = must(sock.Inspect(ln))
	client := dial(ctx, ln.Addr().String())
	defer client.Close()
	accepted := must(ln.Accept())
	defer accepted.Close()
	f.After, f.Accepted, f.Client = must(sock.Inspect(ln)), must(sock.Inspect(accepted)), must(sock.Inspect(client))
	return f, nil
}

func (f TwoSockets) Report() Report {
	r := Report{
		Steps: []string{
			fmt.Sprintf("The listening socket before accept: %v.", f.Before),
			fmt.Sprintf("The same after accept: %v.", f.After),
			fmt.Sprintf("The accepted socket: %v.", f.Accepted),
			fmt.Sprintf("The client's socket: %v.", f.Client),
		},
		Answer: fmt.Sprintf("No. Descriptor %d goes on listening; accept returned descriptor %d, for this one connection. Both have "+
			"port %d: the kernel tells connections apart by all four of their addresses and ports.", f.After.FD, f.Accepted.FD, f.Accepted.Local.Port()),
	}
	r.expect(f.After.FD != f.Accepted.FD, "accept returned the listening descriptor")
	r.expect(f.After.Listening && !f.Accepted.Listening, "not exactly the listening socket listens")
	r.expect(f.Accepted.Local == f.Client.Remote && f.Accepted.Remote == f.Client.Local, "the addresses do not mirror each other")
	return r
}

// Refused is what a client gets when nobody listens at the address.
type Refused struct {
	Error   string `json:"error"`
	Refused bool   `json:"refused"` // it was ECONNREFUSED
}

// RunRefused connects to a port that surely nobody listens on: it belongs to a connection of our own.
func RunRefused(ctx context.Context) (f Refused, err error) {
	defer caught(&err)
	p := newPair(ctx)
	defer p.close()
	var dialer net.Dialer
	c, refused := dialer.DialContext(ctx, "tcp", p.client.LocalAddr().String())
	if refused == nil {
		return Refused{Error: "none"}, c.Close()
	}
	if os.IsTimeout(refused) || errors.Is(refused, context.Canceled) {
		return f, refused // the dialer watches the context's deadline itself, and may be first
	}
	return Refused{refused.Error(), errors.Is(refused, syscall.ECONNREFUSED)}, nil
}

func (f Refused) Report() Report {
	r := Report{
		Steps: []string{fmt.Sprintf("connect: %s.", f.Error)},
		Answer: "The kernel answers the SYN with a RST, at once: \"connection refused\" means that the machine is there " +
			"and the program is not. No answer until a timeout would mean that the machine is down, or that a " +
			"firewall drops the SYN.",
	}
	r.expect(f.Refused, "the connection was not refused")
	return r
}
