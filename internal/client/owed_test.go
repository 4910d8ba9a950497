package client_test

import (
	"io"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"

	"echolab/internal/client"
)

// TestOnlyWhatIsOwedPutsTheTimeoutOff: a server that says something now and then, and nothing of what it owes, is given up.
func TestOnlyWhatIsOwedPutsTheTimeoutOff(t *testing.T) {
	t.Parallel() // it waits
	ping := peerPing("still here")
	for name, c := range map[string]struct {
		frames  client.Frames
		timeout time.Duration // long enough for what it does of what it owes, on a machine that has much else to do
		does    int           // messages that it echoes
		noise   wsFrame
		says    string
	}{
		"Pings for an echo": {client.Frames{}, impatient, 0, ping, "no more of the echo came within"},
		"Pongs for an echo": {client.Frames{}, impatient, 0, ws.NewPongFrame([]byte("ping 9")), "no more of the echo came within"},
		"empty continuations for an echo": {client.Frames{}, impatient, 0, ws.NewFrame(ws.OpContinuation, false, nil),
			"no more of the echo came within"},
		"Pings for half of it":   {client.Frames{}, 40 * impatient, 1, ping, "after the echo of 1 of 3 messages"},
		"Pings for a Pong":       {client.Frames{Ping: true}, 40 * impatient, 3, ping, `did not answer the Ping with "ping 1" within`},
		"other Pongs for a Pong": {client.Frames{Ping: true}, 40 * impatient, 3, ws.NewPongFrame(nil), `did not answer the Ping with "ping 1" within`},
		"Pings for a Close":      {client.Frames{}, 40 * impatient, 3, ping, "did not answer Close 1000 within"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := upgraded(t, func(p *webPeer) {
				p.echoTexts(c.does)
				go io.Copy(io.Discard, p.TCPConn)
				if c.noise.Header.OpCode == ws.OpContinuation {
					p.send(ws.NewFrame(ws.OpText, false, nil))
				}
				pace := time.NewTicker(c.timeout / 5)
				defer pace.Stop()
				for {
					if _, err := p.Write(framesOf(c.noise)); err != nil {
						return
					}
					<-pace.C
				}
			})
			cl := overWebSocket(c.frames)
			cl.Timeout = c.timeout
			_, says := failing(t, cl, addr, three...)
			assert.Contains(t, says, c.says)
		})
	}
}

// echoTexts echoes so many messages, and nothing else.
func (p *webPeer) echoTexts(n int) {
	for n > 0 {
		f, err := p.next()
		if err != nil {
			return
		}
		if f.Header.OpCode == ws.OpText {
			p.send(echoOf([]wsFrame{f})...)
			n--
		}
	}
}
