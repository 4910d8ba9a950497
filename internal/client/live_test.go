package client_test

import (
	"io"
	"iter"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/client"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

// paced is an input whose messages come one by one: each but the first after ready has returned.
func paced(ready func(sent int), messages ...string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for i, msg := range messages {
			if i > 0 {
				ready(i)
			}
			if !yield([]byte(msg), nil) {
				return
			}
		}
	}
}

func TestWhatIsLiveIsSentAndEchoedWhenItComes(t *testing.T) {
	srv, trusts := labtest.Secrets(t)
	for name, codec := range map[string]framing.Codec{
		"raw": framing.Raw{}, "lines": framing.Lines{}, "length": framing.LengthPrefix{}, "fixed": framing.Fixed(5),
		"frames": nil, "inside TLS": framing.Raw{},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, &server.Server{Codec: codec})
			cl := client.Client{Codec: codec, Live: true, Timeout: labtest.Watchdog}
			switch name {
			case "frames":
				s, cl.Frames = webEcho(t, new(server.Web)), new(client.Frames)
			case "inside TLS":
				s, cl.TLS = webEcho(t, &server.Web{TLS: srv}), trusts
			}
			rec := new(labtest.Account)
			cl.Recorder = rec
			echoed := func() []event.Event { return rec.All(event.Message, event.ServerToClient) }
			r, err := cl.Run(labtest.Bounded(t), s.addr, paced(func(sent int) {
				labtest.Await(t, func() bool { return len(echoed()) == sent }, "the echo of what was sent")
			}, three...))
			require.NoError(t, err)
			assert.Equal(t, three, texts(echoed()))
			assert.Equal(t, 3, r.Writes)
			if name != "fixed" { // whose reader may fill its buffer in pieces
				assert.Equal(t, 3, r.Reads)
			}
		})
	}
}

func TestAServerThatEndsTheStreamDoesNotWaitForTheInput(t *testing.T) {
	for name, codec := range map[string]framing.Codec{"raw": framing.Raw{}, "length": framing.LengthPrefix{}} {
		t.Run(name, func(t *testing.T) {
			framed, err := codec.Append(nil, []byte("hello"))
			require.NoError(t, err)
			addr := fake(t, func(c *net.TCPConn) { io.CopyN(c, c, int64(len(framed))) })
			release := make(chan struct{})
			r, err := client.Client{Codec: codec, Live: true, Timeout: labtest.Watchdog}.
				Run(labtest.Bounded(t), addr, paced(func(int) { <-release }, "hello", "too late"))
			close(release)
			require.ErrorContains(t, err, "before there was an end of the input")
			assert.Equal(t, 1, r.MessagesReceived)
		})
	}
}
