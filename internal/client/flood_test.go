package client_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/client"
	"echolab/internal/labtest"
)

// TestAServerThatPingsAndNeverReadsIsGivenUp: each Pong is a write that waits, and the first that waited for nothing is
// the last.
func TestAServerThatPingsAndNeverReadsIsGivenUp(t *testing.T) {
	t.Parallel() // it waits
	for name, live := range map[string]bool{"an input that is there": false, "a live one": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const pings = 100_000 // far more than have room on the way
			gaveUp := make(chan struct{})
			addr := upgraded(t, func(p *webPeer) {
				many := bytes.Repeat(framesOf(peerPing(string(make([]byte, 125)))), 100)
				for range pings / 100 {
					if _, err := p.Write(many); err != nil {
						break
					}
				}
				<-gaveUp
			})
			cl := overWebSocket(client.Frames{})
			cl.Timeout, cl.Live = 10*impatient, live
			r, err := cl.Run(labtest.Bounded(t), addr, of("hello"))
			close(gaveUp)
			// A slow machine has not filled the way with Pongs by the time that the echo is overdue.
			assert.Regexp(t, "it does not read|no more of the echo came within 500ms", err)
			assert.Less(t, r.PongsSent, pings)
		})
	}
}
