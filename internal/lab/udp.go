package lab

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"

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

// RunUDP sends datagrams over loopback, from one socket to another; neither is connected.
func RunUDP(ctx context.Context) (f UDP, err error) {
	defer caught(&err)
	loopback := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	sender, receiver := must(net.ListenUDP("udp4", loopback)), must(net.ListenUDP("udp4", loopback))
	defer sender.Close()
	defer receiver.Close()
	defer context.AfterFunc(ctx, func() { receiver.Close() })() // no read waits for longer
	send := func(msg string) (int, error) { return sender.WriteTo([]byte(msg), receiver.LocalAddr()) }
	read := func(size int) string {
		buf := make([]byte, size)
		return string(buf[:must(receiver.Read(buf))])
	}

	// Several, before any is read.
	for _, msg := range append(Samples(), nil) {
		f.Sent = append(f.Sent, must(send(string(msg))))
	}
	for range f.Sent {
		f.Read = append(f.Read, len(read(4096)))
	}

	// One that is too long for the buffer.
	must(send("hello, datagram"))
	must(send("next"))
	f.Short, f.AfterIt = read(4), read(4)

	// More than the receiver's queue holds, while nobody reads. On loopback a datagram is in the queue, or lost, when its
	// write returns: an empty queue stays empty.
	f.Flood = 5000
	datagram := strings.Repeat("x", 256)
	check(receiver.SetReadBuffer(8 << 10))
	for range f.Flood {
		must(send(datagram))
	}
	check(sock.AwaitUnread(ctx, receiver, len(datagram)))
	for must(sock.Unread(receiver)) > 0 {
		read(len(datagram))
		f.Survived++
	}

	// To a port that was just given up.
	check(receiver.Close())
	_, toNobody := send("anybody there?")
	f.ToNobody = errText(toNobody)
	return f, nil
}

func (f UDP) Report() Report {
	r := Report{
		Steps: []string{
			fmt.Sprintf("%d datagrams were sent, of %s bytes; the reads returned %s bytes: a datagram each, the empty one too.",
				len(f.Sent), numbers(f.Sent), numbers(f.Read)),
			fmt.Sprintf("One of 15 bytes, read with a buffer of 4: %q. The next read: %q. The rest was thrown away.", f.Short, f.AfterIt),
			fmt.Sprintf("%s were sent to a receiver that did not read, every write without an error. It got %s.",
				text.Count(f.Flood, "datagram", "datagrams"), text.Number(int64(f.Survived))),
			fmt.Sprintf("A write to a port that nobody has, error: %s.", cmp.Or(f.ToNobody, "none")),
		},
		Answer: fmt.Sprintf("It keeps the boundaries: a read returns a datagram. It keeps nothing else: %s of %s were lost within one "+
			"machine, and nobody was told. UDP promises no order, no acknowledgement and no connection.", text.Number(int64(f.Flood-f.Survived)), text.Number(int64(f.Flood))),
	}
	r.expect(slices.Equal(f.Sent, f.Read), "a read did not return a datagram")
	r.expect(f.Short == "hell" && f.AfterIt == "next", "the rest of a datagram was not thrown away")
	r.expect(f.Survived > 0 && f.Survived < f.Flood, "a flood lost nothing")
	r.expect(f.ToNobody == "", "a write to nobody failed")
	return r
}
