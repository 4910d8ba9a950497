package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"echolab/internal/cli"
	"echolab/internal/event"
	"echolab/internal/streammap"
	"echolab/internal/text"
)

// An account is what a program recorded with -json.
type account struct {
	file    string
	side    event.Side
	listens netip.AddrPort // a server's own address
	conns   map[int]*told  // by the account's own numbers
	order   []*told
	kept    int // bytes of events
}

// told is what an account has of one connection.
type told struct {
	file   string
	ends   event.Ends
	maps   streammap.Maps
	inTLS  bool          // the offsets are those of what is inside TLS
	events []event.Event // the first of them, to be told beside the packets
	number int           // in its account
	joined bool
}

// eventsKept bounds the events of one connection that are shown beside its packets, bytesKept what they take in all, and
// connsKept the connections of an account.
const (
	eventsKept = 10_000
	bytesKept  = 32 << 20
	connsKept  = 100_000
)

// readAccounts reads the accounts of these files.
func readAccounts(ctx context.Context, files []string) ([]*account, error) {
	var accounts []*account
	for _, file := range files {
		a := &account{file: file, conns: make(map[int]*told)}
		f, err := cli.Open(ctx, file)
		if err != nil {
			return nil, plain(err)
		}
		err = event.ReadJSON(f, a)
		f.Close()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			return nil, fmt.Errorf("%s: %w", file, err)
		case a.side == "":
			return nil, fmt.Errorf("%s is not an account of tcpclient, tcpserver or wsserver: they write one with -json", file)
		case len(a.order) > connsKept:
			return nil, fmt.Errorf("%s has more than %s connections", file, text.Number(connsKept))
		}
		accounts = append(accounts, a)
	}
	return accounts, nil
}

// Record takes an event of the account.
func (a *account) Record(e event.Event) {
	if e.At == event.Client || e.At == event.Server {
		a.side = e.At
	}
	if len(a.order) > connsKept {
		return
	}
	t := a.conns[e.Conn]
	if t == nil {
		t = &told{file: a.file, number: e.Conn}
		a.conns[e.Conn] = t
		a.order = append(a.order, t)
	}
	switch {
	case e.Ev == event.TLS:
		t.inTLS = true
	case e.Sock == nil:
	case e.Ev == event.Listen:
		a.listens = unmapped(e.Sock.Local)
	case e.Ev == event.Connect:
		t.ends = event.Ends{Client: unmapped(e.Sock.Local), Server: unmapped(e.Sock.Remote)}
	case e.Ev == event.Accept:
		t.ends = event.Ends{Client: unmapped(e.Sock.Remote), Server: unmapped(e.Sock.Local)}
	}
	t.maps.Record(e)
	const each = 256 // bytes of an event, without its texts
	if size := each + len(e.Data) + len(e.Text); len(t.events) < eventsKept && a.kept+size <= bytesKept {
		a.kept += size
		t.events = append(t.events, e)
	}
}

// unmapped is the address as it is in packets: an IPv6 socket that carries IPv4 has another.
func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// index finds what the accounts tell of a connection by its ends. A connection is given away once: the same ends may
// come again, as another connection.
type index map[event.Ends][]*told

func newIndex(accounts []*account) index {
	all := make(index)
	for _, a := range accounts {
		for _, t := range a.order {
			if t.ends.Client.IsValid() {
				all[t.ends] = append(all[t.ends], t)
			}
		}
	}
	return all
}

// of returns what the accounts tell of the connection with these ends: of each account, the first that is left.
func (x index) of(ends event.Ends) []*told {
	ends.Guessed = false
	var found, left []*told
	for _, t := range x[ends] {
		if slices.ContainsFunc(found, func(f *told) bool { return f.file == t.file }) {
			left = append(left, t)
			continue
		}
		t.joined = true
		found = append(found, t)
	}
	x[ends] = left
	return found
}

// serves says whether the account is that of the server at this address, as far as it shows.
func (a *account) serves(addr netip.AddrPort) bool {
	return a.listens.IsValid() && a.listens.Port() == addr.Port() &&
		(a.listens.Addr() == addr.Addr() || a.listens.Addr().IsUnspecified())
}

// unjoined is an error if none of an account's connections is in the capture. A server that accepted none may still
// be the one that the connections went to.
func unjoined(accounts []*account, conns []*connection) error {
	for _, a := range accounts {
		joined, first := 0, (*told)(nil)
		for _, t := range a.order {
			switch {
			case t.joined:
				joined++
			case first == nil && t.ends.Client.IsValid():
				first = t
			}
		}
		switch {
		case joined > 0:
		case first == nil && slices.ContainsFunc(conns, func(c *connection) bool { return a.serves(c.ends.Server) }):
		case first == nil:
			return fmt.Errorf("%s has no connection: there is nothing to join", a.file)
		default:
			return fmt.Errorf("%s belongs to another capture: its connection %v -> %v is not in this one",
				a.file, first.ends.Client, first.ends.Server)
		}
	}
	return nil
}

// check returns an error if the account cannot be of this connection: the bytes that it has are not
// those that the map has, or, where the stream is known from its beginning to its end, there are too many.
func (t *told) check(dir event.Dir, wire *streammap.Map, whole bool) error {
	if whole {
		for _, layer := range []streammap.Layer{streammap.Writes, streammap.Reads} {
			for _, r := range t.maps.Map(t.number, dir).Rows {
				if r.Layer == layer && r.End > wire.Size() {
					return fmt.Errorf("%s has %s from %v, and only %s crossed the wire: it belongs to another capture", t.file,
						text.Bytes(r.End), t.ends.Client, text.Bytes(wire.Size()))
				}
			}
		}
	}
	for _, e := range t.events {
		if e.Dir != dir || e.Span == nil || e.Ev != event.Write && e.Ev != event.Read {
			continue
		}
		b := wire.Bytes(e.Off, e.N)
		if b != nil && e.Data != "" && e.Data != event.Preview(b) {
			return fmt.Errorf("%s has a %s of %s at %s, and the capture has other bytes there: it belongs to another capture",
				t.file, e.Ev, text.Bytes(int64(e.N)), text.Number(e.Off))
		}
	}
	return nil
}
