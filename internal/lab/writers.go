package lab

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"echolab/internal/sock"
	"echolab/internal/streammap"
	"echolab/internal/text"
)

// Writers is what a client read that two goroutines of the server had written to.
type Writers struct {
	Sent []string `json:"sent"` // a message by each

	Writes   int      `json:"writes"`    // that wsutil made of the two messages
	Mixed    []string `json:"mixed"`     // got, when each wrote between the other's header and payload
	MixedErr string   `json:"mixed_err"` // what ended it
	Waited   bool     `json:"waited"`    // the same with a lock around each frame: the other goroutine found it taken
	Locked   []string `json:"locked"`    // got

	Large     int `json:"large"`      // frames of LargeSize bytes, each with one write, without a lock
	LargeSize int `json:"large_size"` // bytes of payload
	Whole     int `json:"whole"`      // of them came whole

	stream *streammap.Map
}

// RunWriters lets two goroutines write at the same time: in the worst order that there is, with a lock, and with one
// write a frame.
func RunWriters(ctx context.Context) (f Writers, err error) {
	defer caught(&err)
	f = Writers{Sent: []string{"from goroutine A", "from goroutine B"}, Large: 40, LargeSize: 64 << 10}
	f.mixed(ctx)
	f.locked(ctx)
	f.oneWrite(ctx)
	return f, nil
}

// A paused connection waits after its first write. Whoever sends a frame there waits between header and payload, if
// these are two writes.
type paused struct {
	net.Conn
	wait func()
}

func (p *paused) Write(b []byte) (int, error) {
	n, err := p.Conn.Write(b)
	if wait := p.wait; wait != nil {
		p.wait = nil
		wait()
	}
	return n, err
}

// mixed lets each goroutine write when the other is between its header and its payload.
func (f *Writers) mixed(ctx context.Context) {
	p := newWebPair(ctx)
	defer p.close()
	begunA, begunB, doneA := make(chan struct{}), make(chan struct{}), make(chan struct{})
	together(func() {
		conn := &paused{p.server, func() { close(begunA); await(ctx, begunB) }}
		check(wsutil.WriteServerBinary(conn, []byte(f.Sent[0])))
		close(doneA)
	}, func() {
		await(ctx, begunA)
		conn := &paused{p.server, func() { close(begunB); await(ctx, doneA) }}
		check(wsutil.WriteServerBinary(conn, []byte(f.Sent[1])))
	})
	written := p.server.out()
	f.Writes = written.Row(streammap.Writes).Count
	check(sock.AwaitUnread(ctx, p.client, int(written.Size()-written.Start)))
	check(p.server.Close())
	var mixed error
	f.Mixed, mixed = p.client.untilClose()
	f.MixedErr = errText(mixed)
	f.stream = p.server.out()
}

// locked is the same with a lock from the header to the end of the payload.
func (f *Writers) locked(ctx context.Context) {
	p := newWebPair(ctx)
	defer p.close()
	var frame sync.Mutex
	begunA, triedB := make(chan struct{}), make(chan struct{})
	together(func() {
		frame.Lock()
		defer frame.Unlock()
		conn := &paused{p.server, func() { close(begunA); await(ctx, triedB) }}
		check(wsutil.WriteServerBinary(conn, []byte(f.Sent[0])))
	}, func() {
		await(ctx, begunA)
		f.Waited = !frame.TryLock()
		close(triedB)
		if f.Waited {
			frame.Lock()
		}
		defer frame.Unlock()
		check(wsutil.WriteServerBinary(p.server, []byte(f.Sent[1])))
	})
	f.Locked = []string{p.client.nextMessage(), p.client.nextMessage()}
}

// oneWrite lets both goroutines write frames that do not fit the queues, so that each write takes its time.
func (f *Writers) oneWrite(ctx context.Context) {
	p := newWebPair(ctx)
	defer p.close()
	write := func(letter byte) func() {
		return func() {
			frame := must(ws.CompileFrame(ws.NewBinaryFrame(bytes.Repeat([]byte{letter}, f.LargeSize))))
			for range f.Large / 2 {
				p.server.write(frame)
			}
		}
	}
	together(write('A'), write('B'), func() {
		defer p.client.Close() // if it fails, the writers must not wait for a reader
		for range f.Large {
			for _, m := range must(wsutil.ReadServerMessage(p.client.r, nil)) {
				if len(m.Payload) == f.LargeSize && bytes.Count(m.Payload, m.Payload[:1]) == f.LargeSize {
					f.Whole++
				}
			}
		}
	})
}

func (f Writers) Report() Report {
	r := Report{
		Steps: []string{
			fmt.Sprintf("Two goroutines sent %s with wsutil.WriteServerBinary of gobwas/ws, which made %s of the two "+
				"frames: A's header, B's header, then the payloads.", quoted(f.Sent, text.Width),
				text.Count(f.Writes, "write", "writes")),
			fmt.Sprintf("The client got %s, and then: %s.", quoted(f.Mixed, text.Width), f.MixedErr),
			fmt.Sprintf("With a lock around each frame, which B had to wait for, the client got %s.",
				quoted(f.Locked, text.Width)),
			fmt.Sprintf("Without a lock, but each frame compiled into one write: %d of %d frames of %s arrived "+
				"whole.", f.Whole, f.Large, text.Bytes(int64(f.LargeSize))),
		},
		Maps: []*streammap.Map{f.stream},
		Answer: "Because a frame sent in two writes can have another's bytes between them: what follows a header is its " +
			"payload, whoever wrote it. The first message is wrong without an error, and every header after it is in " +
			"the wrong place. Send each frame in one write (Go never mixes two writes to a connection), and hold one " +
			"lock around whatever takes more: a message in fragments, and the Pongs and Closes beside it.",
	}
	r.expect(len(f.Mixed) == 1 && f.Mixed[0] != f.Sent[0] && f.MixedErr != "", "the frames were not mixed up")
	r.expect(f.Waited && len(f.Locked) == 2 && f.Locked[0] == f.Sent[0] && f.Locked[1] == f.Sent[1], "the lock did not keep the frames whole")
	r.expect(f.Whole == f.Large, "a write was split by another")
	return r
}
