package lab

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/gobwas/ws"

	"echolab/framing"
	"echolab/internal/sock"
	"echolab/internal/streammap"
	"echolab/internal/text"
)

// Writers is what a client read that two goroutines of the server had written to.
type Writers struct {
	Sent []string `json:"sent"` // a message by each

	Mixed    []string `json:"mixed"`     // got: header and payload in two writes each, the other's between them
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
	f = Writers{Sent: []string{"from goroutine A", "from goroutine B"}, Large: 40, LargeSize: 64 << 10}
	for _, part := range []func(context.Context, *webPair) error{f.mixed, f.locked, f.oneWrite} {
		w, err := newWebPair(ctx)
		if err != nil {
			return f, err
		}
		err = part(ctx, w)
		w.close()
		if err != nil {
			return f, err
		}
	}
	return f, nil
}

// halves are the header and the payload of a message's frame.
func halves(e *webEnd, message string) (header, payload []byte) {
	frame := e.frame(ws.OpBinary, true, message)
	return frame[:ws.MinHeaderSize], frame[ws.MinHeaderSize:]
}

// mixed lets each goroutine write when the other is between its header and its payload.
func (f *Writers) mixed(ctx context.Context, w *webPair) error {
	headerA, payloadA := halves(w.webServer, f.Sent[0])
	headerB, payloadB := halves(w.webServer, f.Sent[1])
	var both sync.WaitGroup
	var errs [4]error
	begunA, begunB, doneA := make(chan struct{}), make(chan struct{}), make(chan struct{})
	both.Go(func() {
		_, errs[0] = w.atServer.Write(headerA)
		close(begunA)
		<-begunB
		_, errs[1] = w.atServer.Write(payloadA)
		close(doneA)
	})
	both.Go(func() {
		<-begunA
		_, errs[2] = w.atServer.Write(headerB)
		close(begunB)
		<-doneA
		_, errs[3] = w.atServer.Write(payloadB)
	})
	both.Wait()
	err := errors.Join(errs[:]...)
	if err == nil {
		err = sock.AwaitUnread(ctx, w.client, len(headerA)+len(payloadA)+len(headerB)+len(payloadB))
	}
	if err != nil {
		return err
	}
	w.server.Close()
	f.Mixed, err = w.webClient.untilClose()
	f.MixedErr = errText(err)
	f.stream = w.answers()
	return nil
}

// locked is the same with a lock from the header to the end of the payload.
func (f *Writers) locked(_ context.Context, w *webPair) (err error) {
	headerA, payloadA := halves(w.webServer, f.Sent[0])
	headerB, payloadB := halves(w.webServer, f.Sent[1])
	var both sync.WaitGroup
	var errs [4]error
	var frame sync.Mutex
	begunA, triedB := make(chan struct{}), make(chan struct{})
	both.Go(func() {
		frame.Lock()
		defer frame.Unlock()
		_, errs[0] = w.atServer.Write(headerA)
		close(begunA)
		<-triedB
		_, errs[1] = w.atServer.Write(payloadA)
	})
	both.Go(func() {
		<-begunA
		f.Waited = !frame.TryLock()
		close(triedB)
		if f.Waited {
			frame.Lock()
		}
		defer frame.Unlock()
		_, errs[2] = w.atServer.Write(headerB)
		_, errs[3] = w.atServer.Write(payloadB)
	})
	both.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	for range f.Sent {
		msg, err := w.webClient.nextMessage()
		if err != nil {
			return err
		}
		f.Locked = append(f.Locked, msg)
	}
	return nil
}

// oneWrite lets both goroutines write frames that do not fit the queues, so that each write takes its time.
func (f *Writers) oneWrite(_ context.Context, w *webPair) error {
	errs := make(chan error, 2)
	for _, letter := range []byte("AB") {
		go func() {
			frame := w.webServer.frame(ws.OpBinary, true, string(bytes.Repeat([]byte{letter}, f.LargeSize)))
			var err error
			for range f.Large / 2 {
				if _, werr := w.server.Write(frame); werr != nil {
					err = werr
				}
			}
			errs <- err
		}()
	}
	r := bufio.NewReader(w.client)
	var err error
	for range f.Large {
		var msg []byte
		if msg, err = (framing.WebSocket{Side: framing.ClientSide}).Read(r, f.LargeSize); err != nil {
			w.closeBoth() // the writers must not wait for a reader
			break
		}
		if bytes.Count(msg, msg[:1]) == f.LargeSize {
			f.Whole++
		}
	}
	if werr := errors.Join(<-errs, <-errs); err == nil {
		err = werr
	}
	return err
}

func (f Writers) Report() Report {
	r := Report{
		Steps: []string{
			fmt.Sprintf("Two goroutines sent %q, each its header and its payload with two writes, A's header first, then "+
				"B's, then the payloads.", f.Sent),
			fmt.Sprintf("The client got %q, and then: %s.", f.Mixed, f.MixedErr),
			fmt.Sprintf("With a lock from the header to the end of the payload (B found it taken: %v) the client got "+
				"%q.", f.Waited, f.Locked),
			fmt.Sprintf("Without a lock, but with one write a frame: %d of %d frames of %s came "+
				"whole.", f.Whole, f.Large, text.Bytes(int64(f.LargeSize))),
		},
		Maps: []*streammap.Map{f.stream},
		Answer: "Because a frame in two writes can have another's bytes between them: what follows a header is its " +
			"payload, whoever wrote it. The first message is wrong without an error, and every header after it is in the " +
			"wrong place. Make one write of each frame (Go never mixes two writes to a connection), and put one lock " +
			"around what takes more: a message in fragments, a Pong and a Close among them.",
	}
	r.expect(len(f.Mixed) == 1 && f.Mixed[0] != f.Sent[0] && f.MixedErr != "", "the frames were not mixed up")
	r.expect(f.Waited && len(f.Locked) == 2 && f.Locked[0] == f.Sent[0] && f.Locked[1] == f.Sent[1], "the lock did "+
		"not keep the frames whole")
	r.expect(f.Whole == f.Large, "a write was split by another")
	return r
}
