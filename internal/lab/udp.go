package lab

import (
	"context"
	"fmt"
	"net"
	"slices"

	"echolab/internal/sock"
	"echolab/internal/text"
)

// UDP is what became of datagrams: read whole, read with a buffer that was too small, sent to a receiver that does not
// read, and sent to nobody.
type UDP struct {
	Sent     []int  `json:"sent"`      // bytes of each datagram, one of them empty
	Read     []int  `json:"read"`      // bytes that each read returned
	Short    string `json:"short"`     // a datagram of 15 bytes, read with a buffer of 4
	AfterIt  string `json:"after_it"`  // what the next read returned
	Flood    int    `json:"flood"`     // datagrams sent to a receiver that did not read; every write succeeded
	Survived int    `json:"survived"`  // how many of them it got when it did
	ToNobody string `json:"to_nobody"` // the error of a write to a port that nobody has, "" for none
}

// RunUDP sends datagrams over loopback.
func RunUDP(ctx context.Context) (f UDP, err error) {
	defer caught(&err)
	f.Flood = 5000
	for _, part := range []func(context.Context, *udpPair){f.whole, f.short, f.overflow, f.nobody} {
		p := newUDPPair(ctx)
		defer p.close()
		part(ctx, p)
	}
	return f, nil
}

// A udpPair is a socket that sends and one that receives; neither is connected.
type udpPair struct{ sender, receiver *net.UDPConn }

// newUDPPair returns two sockets that are closed when ctx ends.
func newUDPPair(ctx context.Context) *udpPair {
	loopback := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	p := &udpPair{must(net.ListenUDP("udp4", loopback)), must(net.ListenUDP("udp4", loopback))}
	context.AfterFunc(ctx, p.close)
	return p
}

func (p *udpPair) close() {
	p.sender.Close()
	p.receiver.Close()
}

func (p *udpPair) send(msg []byte) (int, error) { return p.sender.WriteTo(msg, p.receiver.LocalAddr()) }

// read takes a datagram with a buffer of that size.
func (p *udpPair) read(size int) string {
	buf := make([]byte, size)
	return string(buf[:must(p.receiver.Read(buf))])
}

// whole sends several datagrams before any is read.
func (f *UDP) whole(_ context.Context, p *udpPair) {
	for _, msg := range append(Samples(), nil) {
		f.Sent = append(f.Sent, must(p.send(msg)))
	}
	for range f.Sent {
		f.Read = append(f.Read, len(p.read(4096)))
	}
}

// short reads a datagram with a buffer that is too small for it.
func (f *UDP) short(_ context.Context, p *udpPair) {
	must(p.send([]byte("hello, datagram")))
	must(p.send([]byte("next")))
	f.Short, f.AfterIt = p.read(4), p.read(4)
}

// overflow sends more than the receiver's queue holds, while nobody reads.
func (f *UDP) overflow(ctx context.Context, p *udpPair) {
	const size = 256
	check(p.receiver.SetReadBuffer(8 << 10))
	for range f.Flood {
		must(p.send(make([]byte, size)))
	}
	check(sock.AwaitUnread(ctx, p.receiver, size))
	// On loopback a datagram is in the queue, or lost, when its write returns: an empty queue stays empty.
	for must(sock.Unread(p.receiver)) > 0 {
		p.read(size)
		f.Survived++
	}
}

// nobody sends to a port that was just given up.
func (f *UDP) nobody(_ context.Context, p *udpPair) {
	check(p.receiver.Close())
	_, err := p.send([]byte("anybody there?"))
	f.ToNobody = errText(err)
}

func (f UDP) Report() Report {
	r := Report{
		Steps: []string{
			fmt.Sprintf("%d datagrams were sent, of %s bytes; the reads returned %s bytes: a datagram each, the empty one too.",
				len(f.Sent), numbers(f.Sent), numbers(f.Read)),
			fmt.Sprintf("One of 15 bytes, read with a buffer of 4: %q. The next read: %q. The rest was thrown away.", f.Short, f.AfterIt),
			fmt.Sprintf("%s were sent to a receiver that did not read, every write without an error. It got %d.",
				text.Count(f.Flood, "datagram", "datagrams"), f.Survived),
			fmt.Sprintf("A write to a port that nobody has, error: %s.", orNone(f.ToNobody)),
		},
		Answer: fmt.Sprintf("It keeps the boundaries: a read returns a datagram. It keeps nothing else: %d of %d were lost within one "+
			"machine, and nobody was told. UDP promises no order, no acknowledgement and no connection.", f.Flood-f.Survived, f.Flood),
	}
	r.expect(slices.Equal(f.Sent, f.Read), "a read did not return a datagram")
	r.expect(f.Short == "hell" && f.AfterIt == "next", "the rest of a datagram was not thrown away")
	r.expect(f.Survived > 0 && f.Survived < f.Flood, "a flood lost nothing")
	r.expect(f.ToNobody == "", "a write to nobody failed")
	return r
}
