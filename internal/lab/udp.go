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
	Sent      []int  `json:"sent"`      // bytes of each datagram, one of them empty
	Read      []int  `json:"read"`      // bytes that each read returned
	Short     string `json:"short"`     // a datagram of 15 bytes, read with a buffer of 4
	AfterIt   string `json:"after_it"`  // what the next read returned
	Flood     int    `json:"flood"`     // datagrams sent to a receiver that did not read; every write succeeded
	Survived  int    `json:"survived"`  // how many of them it got when it did
	ToNobody  string `json:"to_nobody"` // the error of a write to a port that nobody has, "" for none
	FloodSize int    `json:"flood_size"`
}

// RunUDP sends datagrams over loopback.
func RunUDP(ctx context.Context) (UDP, error) {
	f := UDP{Flood: 5000, FloodSize: 256}
	for _, part := range []func(context.Context, *udpPair) error{f.whole, f.short, f.overflow, f.nobody} {
		p, err := newUDPPair(ctx)
		if err != nil {
			return f, err
		}
		err = part(ctx, p)
		p.close()
		if err != nil {
			return f, err
		}
	}
	return f, nil
}

// A udpPair is a socket that sends and one that receives; neither is connected.
type udpPair struct {
	sender, receiver *net.UDPConn
	stop             func() bool
}

func newUDPPair(ctx context.Context) (*udpPair, error) {
	loopback := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	receiver, err := net.ListenUDP("udp4", loopback)
	if err != nil {
		return nil, err
	}
	sender, err := net.ListenUDP("udp4", loopback)
	if err != nil {
		receiver.Close()
		return nil, err
	}
	p := &udpPair{sender: sender, receiver: receiver}
	p.stop = context.AfterFunc(ctx, p.closeBoth)
	return p, nil
}

func (p *udpPair) close() {
	p.stop()
	p.closeBoth()
}

func (p *udpPair) closeBoth() {
	p.sender.Close()
	p.receiver.Close()
}

func (p *udpPair) send(msg []byte) (int, error) {
	return p.sender.WriteTo(msg, p.receiver.LocalAddr())
}

// whole sends several datagrams before any is read.
func (f *UDP) whole(_ context.Context, p *udpPair) error {
	for _, msg := range append(Samples(), nil) {
		n, err := p.send(msg)
		if err != nil {
			return err
		}
		f.Sent = append(f.Sent, n)
	}
	buf := make([]byte, 4096)
	for range f.Sent {
		n, err := p.receiver.Read(buf)
		if err != nil {
			return err
		}
		f.Read = append(f.Read, n)
	}
	return nil
}

// short reads a datagram with a buffer that is too small for it.
func (f *UDP) short(_ context.Context, p *udpPair) error {
	for _, msg := range []string{"hello, datagram", "next"} {
		if _, err := p.send([]byte(msg)); err != nil {
			return err
		}
	}
	buf := make([]byte, 4)
	n, err := p.receiver.Read(buf)
	if err != nil {
		return err
	}
	f.Short = string(buf[:n])
	n, err = p.receiver.Read(buf)
	f.AfterIt = string(buf[:n])
	return err
}

// overflow sends more than the receiver's queue holds, while nobody reads.
func (f *UDP) overflow(ctx context.Context, p *udpPair) error {
	if err := p.receiver.SetReadBuffer(8 << 10); err != nil {
		return err
	}
	for range f.Flood {
		if _, err := p.send(make([]byte, f.FloodSize)); err != nil {
			return err
		}
	}
	if err := sock.AwaitUnread(ctx, p.receiver, f.FloodSize); err != nil {
		return err
	}
	buf := make([]byte, f.FloodSize)
	for {
		// On loopback a datagram is in the queue, or lost, when its write returns: an empty queue stays empty.
		unread, err := sock.Unread(p.receiver)
		if err != nil || unread == 0 {
			return err
		}
		if _, err := p.receiver.Read(buf); err != nil {
			return err
		}
		f.Survived++
	}
}

// nobody sends to a port that was just given up.
func (f *UDP) nobody(_ context.Context, p *udpPair) error {
	p.receiver.Close()
	_, err := p.send([]byte("anybody there?"))
	f.ToNobody = errText(err)
	return nil
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
