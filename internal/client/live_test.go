package client_test

import (
	"io"
	"iter"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/gobwas/ws"
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

// opcodes are the frames of an account that have one of these opcodes.
func opcodes(rec *labtest.Account, dir event.Dir, codes ...ws.OpCode) []event.Event {
	var found []event.Event
	for _, e := range rec.All(event.Frame, dir) {
		if slices.Contains(codes, ws.OpCode(e.Opcode)) {
			found = append(found, e)
		}
	}
	return found
}

// ways are clients that a silent input must not keep from reading.
var ways = map[string]client.Client{
	"an input that is there": {}, "a live one": {Live: true}, "chunks": {Live: true, Chunk: 10_000},
	"glued": {Glue: true}, "live, and glued": {Live: true, Glue: true},
}

func TestAPingIsAnsweredWhileTheInputIsSilent(t *testing.T) {
	labtest.OnLinux(t) // elsewhere an input that is there is not waited for
	for name, cl := range ways {
		for kind, f := range map[string]client.Frames{"frames": {}, "compressed": {Deflate: true}} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				t.Parallel()
				const pings = 8
				cl := cl
				atServer, atClient := new(labtest.Account), new(labtest.Account)
				s := serve(t, &server.Server{Recorder: atServer,
					Web: &server.Web{Deflate: true, Ping: 20 * time.Millisecond, PongWait: labtest.Watchdog}})
				cl.Frames, cl.Timeout, cl.Recorder = &f, labtest.Watchdog, atClient
				r, err := cl.Run(labtest.Bounded(t), s.addr, paced(func(int) {
					before := len(opcodes(atServer, event.ClientToServer, ws.OpPong))
					labtest.Await(t, func() bool {
						return len(opcodes(atServer, event.ClientToServer, ws.OpPong)) >= before+pings
					}, "Pongs")
				}, three...))
				require.NoError(t, err)
				assert.Equal(t, 3, r.MessagesReceived)
				assert.GreaterOrEqual(t, r.PongsSent, 2*pings)
				assert.Equal(t, len(opcodes(atClient, event.ClientToServer, ws.OpPong)), r.PongsSent)
				if cl.Glue {
					holdOneWrite(t, atClient)
				}
			})
		}
	}
}

// holdOneWrite says whether all messages of a client went with one write, and its Pongs with others.
func holdOneWrite(t *testing.T, rec *labtest.Account) {
	t.Helper()
	messages := opcodes(rec, event.ClientToServer, ws.OpText)
	first, last := messages[0], messages[len(messages)-1]
	for _, w := range rec.All(event.Write) {
		if w.Off == first.Off {
			assert.Equal(t, last.Off+int64(last.N), w.Off+int64(w.N))
			return
		}
	}
	assert.Fail(t, "no write begins with the first message")
}

func TestAPingThatTheEchoWaitsForIsAnswered(t *testing.T) {
	labtest.OnLinux(t)
	for name, cl := range ways {
		for _, after := range []string{"the handshake", "the messages", "half of the echo"} {
			t.Run(name+"/after "+after, func(t *testing.T) {
				addr := upgraded(t, func(p *webPeer) {
					var frames []wsFrame
					if after != "the handshake" {
						frames = echoOf(p.three()[:3])
					}
					if after == "half of the echo" {
						p.send(frames[0])
						frames = frames[1:]
					}
					p.send(peerPing("well?"))
					for pong := false; !pong || len(frames) == 0; { // no echo before the Pong
						f, err := p.next()
						if err != nil {
							return
						}
						if pong = pong || f.Header.OpCode == ws.OpPong; f.Header.OpCode == ws.OpPong {
							assert.Equal(t, "well?", string(f.Payload))
						} else {
							frames = append(frames, echoOf([]wsFrame{f})...)
						}
					}
					p.send(frames...)
					p.echo()
				})
				rec := new(labtest.Account)
				cl.Frames, cl.Timeout, cl.Recorder = new(client.Frames), labtest.Watchdog, rec
				r, err := cl.Run(labtest.Bounded(t), addr, of(three...))
				require.NoError(t, err)
				assert.Equal(t, 1, r.PongsSent)
				for _, wait := range rec.All(event.Wait) {
					assert.NotContains(t, wait.Text, "no more came", "a Ping is not left until nothing has moved for a while")
				}
			})
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
