package client_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/client"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/websocket"
)

// ways are clients that a silent input must not keep from reading.
var ways = map[string]client.Client{
	"an input that is there": {}, "a live one": {Live: true}, "chunks": {Live: true, Chunk: 10_000},
	"glued": {Glue: true}, "live, and glued": {Live: true, Glue: true},
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

func TestAPongMustCarryWhatItsPingDid(t *testing.T) {
	pong := func(payload string) wsFrame { return ws.NewPongFrame([]byte(payload)) }
	for name, c := range map[string]struct {
		change func(f []wsFrame) []wsFrame // text, pong, text, pong, text, close
		says   string
	}{
		"missing": {func(f []wsFrame) []wsFrame { return append(f[:3], f[4:]...) },
			`the server closed, and had not answered the Ping with "ping 2"`},
		"another": {func(f []wsFrame) []wsFrame { f[3] = pong("ping 3"); return f },
			`the server closed, and had not answered the Ping with "ping 2"`},
		"padded": {func(f []wsFrame) []wsFrame { f[3] = pong("ping 02"); return f },
			`the server closed, and had not answered the Ping with "ping 2"`},
		"the same again": {func(f []wsFrame) []wsFrame { f[3] = pong("ping 1"); return f },
			`the server closed, and had not answered the Ping with "ping 2"`},
		// RFC 6455, 5.5.3: an answer to the last answers all, and a Pong needs no Ping.
		"for the last":      {func(f []wsFrame) []wsFrame { return append(f[:1], f[2:]...) }, ""},
		"unasked for":       {func(f []wsFrame) []wsFrame { return append(append(f[:5:5], pong("alive")), f[5]) }, ""},
		"before the answer": {func(f []wsFrame) []wsFrame { return append([]wsFrame{pong("ping 9"), pong("")}, f...) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := overWebSocket(client.Frames{Ping: true}).Run(labtest.Bounded(t), upgraded(t, changed(c.change)), of(three...))
			assert.Equal(t, 2, r.Pings)
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, c.says)
		})
	}
}

func TestAPingOfTheServerIsAnswered(t *testing.T) {
	t.Parallel()
	for name, cl := range map[string]client.Client{"messages": {}, "chunks": {Chunk: 3}} {
		t.Run(name, func(t *testing.T) {
			pongs := make(chan []string, 1)
			addr := upgraded(t, func(p *webPeer) {
				var got []string
				// One client waits for its input: it must answer all the same.
				for _, payload := range []string{"one", "", strings.Repeat("x", 125)} {
					p.send(peerPing(payload))
					for {
						f, err := p.next()
						if err != nil {
							return
						}
						if f.Header.OpCode == ws.OpPong {
							got = append(got, string(f.Payload))
							break
						}
						p.send(echoOf([]wsFrame{f})...)
					}
				}
				pongs <- got
				p.echo()
			})
			last, _, release := waiting()
			cl.Frames, cl.Timeout = new(client.Frames), labtest.Watchdog
			answered := make(chan []string, 1)
			go func() {
				answered <- <-pongs
				release()
			}()
			// Much is sent, so that it reads while it sends.
			r, err := cl.Run(labtest.Bounded(t), addr, then(repeat(3, flood[:8<<10]), last))
			got := <-answered
			require.NoError(t, err)
			assert.Equal(t, []string{"one", "", strings.Repeat("x", 125)}, got)
			assert.Equal(t, 4, r.MessagesReceived)
		})
	}
}

func TestACutPingIsAnsweredWhole(t *testing.T) {
	t.Parallel()
	want := string(labtest.Random(ws.MaxControlFramePayloadSize))
	ping := framesOf(peerPing(want))
	for cut := range ping {
		pong := ""
		addr := webFake(t, func(p *webPeer) {
			p.Write(append(websocket.Response(p.key, ""), ping...))
			for pong == "" {
				f, err := p.next()
				if err != nil {
					return
				}
				if f.Header.OpCode == ws.OpPong {
					pong = string(f.Payload)
				} else {
					p.send(echoOf([]wsFrame{f})...)
				}
			}
			p.echo()
		})
		cl := overWebSocket(client.Frames{})
		cl.ReadBuffer = len(websocket.Response("", "")) + cut // so that the first read ends there
		r, err := cl.Run(labtest.Bounded(t), addr, of("hello"))
		require.NoError(t, err)
		require.Equal(t, 1, r.PongsSent)
		require.Equal(t, want, pong, "cut at byte %d", cut)
	}
}

func TestNoCloseIsSentBeforeThePongs(t *testing.T) {
	var order []ws.OpCode
	gone := make(chan struct{})
	addr := upgraded(t, func(p *webPeer) {
		defer close(gone)
		take := func() {
			f, _ := p.next()
			order = append(order, f.Header.OpCode)
		}
		f := echoOf(p.three()) // text, pong, text, pong, text
		p.send(f[0], f[2], f[4], peerPing("are you still there?"))
		take() // its answer tells that the client has taken what came before it
		p.send(f[1], f[3])
		take()
		p.send(peerClose(1000, ""))
	})
	r, err := overWebSocket(client.Frames{Ping: true}).Run(labtest.Bounded(t), addr, of(three...))
	<-gone
	require.NoError(t, err)
	assert.Equal(t, 2, r.Pongs)
	assert.Equal(t, []ws.OpCode{ws.OpPong, ws.OpClose}, order)
}

func TestAPingIsAnsweredWhileTheInputIsSilent(t *testing.T) {
	t.Parallel()       // it waits
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
	t.Parallel()
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
