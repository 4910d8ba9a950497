package client

import (
	"errors"
	"sync"
	"time"

	"github.com/gobwas/ws"
)

// A pong is the answer that is owed to the server's last Ping: those before it need none (RFC 6455 section 5.5.3).
type pong struct {
	mu      sync.Mutex
	due     bool
	payload []byte
}

func (p *pong) set(payload []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.due, p.payload = true, append(p.payload[:0], payload...)
}

func (p *pong) take() (payload []byte, due bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	due, p.due = p.due, false
	return append([]byte(nil), p.payload...), due
}

func (p *pong) isDue() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.due
}

// sendPong sends the Pong that is owed, if there is one. It does not wait for whoever is sending: that one calls it as
// well, after its frames. The error is that the server takes nothing; of any other the next read or write knows more.
func (x *exchange) sendPong() error {
	w := x.ws
	for w.pong.isDue() && w.mu.TryLock() {
		var err error
		if payload, due := w.pong.take(); due && w.closed.Load() == 0 {
			x.appendFrame(ws.Header{Fin: true, OpCode: ws.OpPong}, payload)
			w.pongsSent++
			w.ponging.Store(true)
			x.tcp.SetWriteDeadline(time.Now().Add(x.Timeout))
			err = x.writePending(len(x.out.pending), x.piece())
			w.ponging.Store(false)
		}
		w.mu.Unlock()
		if errors.Is(err, errStuck) {
			return err
		}
	}
	return nil
}
