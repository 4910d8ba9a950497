package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/framing"
	"echolab/internal/client"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/text/texttest"
)

// fake is a server that treats its one client as the test wants, and then closes.
func fake(t *testing.T, treat func(c *net.TCPConn)) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(labtest.Watchdog))
		treat(c.(*net.TCPConn))
	}()
	t.Cleanup(func() {
		ln.Close()
		<-done
	})
	return ln.Addr().String()
}

// drain reads what the client has to say, to its end.
func drain(c *net.TCPConn) []byte {
	b, _ := io.ReadAll(c)
	return b
}

// answering is a server that reads everything, and then sends what change makes of it.
func answering(change func([]byte) []byte) func(*net.TCPConn) {
	return func(c *net.TCPConn) { c.Write(change(drain(c))) }
}

// impatient is a Timeout for servers that never move again.
const impatient = 50 * time.Millisecond

// hint is the Hint of an error; 0 if it has none.
func hint(err error) client.Hint {
	var hinted *client.Error
	if errors.As(err, &hinted) {
		return hinted.Hint
	}
	return 0
}

var (
	three    = []string{"hello", "world", "again"}
	flood    = strings.Repeat("m", 64<<10)
	raw      = client.Client{Timeout: labtest.Watchdog}
	byLength = client.Client{Codec: framing.LengthPrefix{}, Timeout: labtest.Watchdog}
)

func TestABadServerIsFoundOut(t *testing.T) {
	wrong := func(b []byte) []byte { b = bytes.Clone(b); b[12] ^= 1; return b }
	half := func(b []byte) []byte { return b[:len(b)/2] }
	more := func(b []byte) []byte { return append(b, b...) }
	cases := map[string]struct {
		cl    client.Client
		treat func(c *net.TCPConn)
		says  string
	}{
		"changes a byte": {raw, answering(wrong),
			"message 1 … offset 0 … byte 12 … 0x60 … 0x61"},
		"changes a byte of a message": {byLength, answering(func(b []byte) []byte { b[9+4+2] ^= 1; return b }),
			"message 2 … offset 9 … byte 2 … 0x73 … 0x72"},
		"changes a message's length": {byLength, answering(func(b []byte) []byte { b[3]++; return b }),
			"message 1 … offset 0 … 6 bytes … 5 bytes"},
		"sends half": {raw, answering(half),
			"server ended the stream … 7 bytes … 15 bytes"},
		"sends half of a message": {byLength, answering(half),
			"echo at offset 9 … unexpected EOF"},
		"sends nothing": {raw, answering(func([]byte) []byte { return nil }),
			"server ended the stream … 0 bytes … 15 bytes"},
		"sends more than it got": {raw, answering(more),
			"message 1 … offset 0 … server sent more"},
		"sends messages that it did not get": {byLength, answering(more),
			"message 4 … offset 27 … server sent more"},
		"sends what is no frame": {byLength, answering(func([]byte) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n\r\n") }),
			"echo at offset 0 … 1213486160 bytes … limit of 1048576"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			labtest.OnLinux(t) // elsewhere the first read may bring less
			r, err := c.cl.Run(labtest.Bounded(t), fake(t, c.treat), of(three...))
			require.Error(t, err)
			texttest.Mentions(t, err.Error(), c.says)
			assert.Equal(t, err.Error(), r.Error)
			assert.False(t, r.OK)
			assert.Equal(t, 3, r.MessagesSent)
			assert.Equal(t, 3, r.Writes)
		})
	}
}

func TestABadServerIsFoundOutOnTheWay(t *testing.T) {
	cases := map[string]struct {
		treat func(c *net.TCPConn)
		says  string
	}{
		"changes a byte": {func(c *net.TCPConn) {
			b := make([]byte, 10<<10)
			io.ReadFull(c, b)
			b[100]++
			c.Write(b)
			drain(c)
		}, "byte 100 … 0x6e … 0x6d"},
		"sends more than it got": {func(c *net.TCPConn) {
			var both sync.WaitGroup
			both.Go(func() { c.Write(bytes.Repeat([]byte("m"), len(flood)*20)) })
			both.Go(func() { drain(c) })
			both.Wait() // the client ends it
		}, "server sent more"},
		"ends after a while": {func(c *net.TCPConn) {
			io.CopyN(c, c, 20<<10)
			c.CloseWrite()
			drain(c)
		}, "server ended the stream … 20,480 bytes"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, err := raw.Run(labtest.Bounded(t), fake(t, c.treat), repeat(10, flood))
			require.Error(t, err)
			texttest.Mentions(t, err.Error(), c.says)
			assert.Equal(t, err.Error(), r.Error)
			assert.False(t, r.OK)
		})
	}
}

func TestAServerThatClosesAtOnceIsNamedAsTheOneWhoEndedIt(t *testing.T) {
	hangUp := func(c *net.TCPConn) {}
	reset := func(c *net.TCPConn) {
		c.Read(make([]byte, 1)) // not before the client's connect has returned
		c.SetLinger(0)
	}
	for name, treat := range map[string]func(c *net.TCPConn){"closes": hangUp, "resets": reset} {
		t.Run(name, func(t *testing.T) {
			for _, messages := range [][]string{{"hello"}, three, {flood, flood, flood}} {
				r, err := raw.Run(labtest.Bounded(t), fake(t, treat), of(messages...))
				require.Error(t, err)
				// How far the client comes until it learns of it is the network's business.
				assert.Regexp(t, "^the server ended the (stream|connection)|^the echo at offset 0: read .*: connection reset", err.Error())
				assert.False(t, r.OK)
				assert.Zero(t, r.BytesReceived)
			}
		})
	}
}

func TestAServerThatNeverAnswersIsGivenUp(t *testing.T) {
	labtest.OnLinux(t)
	for name, c := range map[string]struct {
		messages []string
		says     string
	}{
		"little": {three, "no more … 50ms … 7 of 15 bytes"},
		"much":   {[]string{flood}, "no more … 50ms … 7 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			gaveUp := make(chan struct{})
			addr := fake(t, func(c *net.TCPConn) {
				io.CopyN(c, c, 7)
				<-gaveUp
			})
			r, err := client.Client{Timeout: impatient}.Run(labtest.Bounded(t), addr, of(c.messages...))
			close(gaveUp)
			require.Error(t, err)
			texttest.Mentions(t, err.Error(), c.says)
			assert.Equal(t, client.HintCodec, hint(err))
			assert.Equal(t, err.Error(), r.Error)
		})
	}
}

func TestAServerThatNeverReadsIsGivenUp(t *testing.T) {
	const stuck = "the server took no more bytes for 50ms"
	for name, c := range map[string]struct {
		cl   client.Client
		says string
	}{
		"raw":    {client.Client{}, "no more of the echo came within 50ms, after 0 |" + stuck},
		"frames": {client.Client{Frames: new(client.Frames)}, "no more of the echo came within 50ms, after the echo of 0 |" + stuck},
		// No echo is due before the one write is over: only that write's own limit ends it.
		"glued": {client.Client{Glue: true}, stuck},
	} {
		t.Run(name, func(t *testing.T) {
			gaveUp := make(chan struct{})
			addr := fake(t, func(c *net.TCPConn) {
				c.SetReadBuffer(64 << 10)
				<-gaveUp
			})
			if c.cl.Frames != nil {
				addr = upgraded(t, func(p *webPeer) {
					p.SetReadBuffer(64 << 10)
					<-gaveUp
				})
			}
			c.cl.Timeout = impatient
			r, err := c.cl.Run(labtest.Bounded(t), addr, repeat(240, flood)) // 15 MiB
			close(gaveUp)
			require.Error(t, err)
			assert.Regexp(t, c.says, err.Error())
			assert.Equal(t, err.Error(), r.Error)
			assert.Less(t, r.BytesSent, int64(14<<20))
		})
	}
}

func TestAServerThatOnlyReadsGetsNoMoreThanTheClientCanHold(t *testing.T) {
	addr := fake(t, func(c *net.TCPConn) { drain(c) })
	r, err := client.Client{Timeout: 4 * impatient}.Run(labtest.Bounded(t), addr, repeat(1000, flood))
	require.ErrorContains(t, err, "no more of the echo came within 200ms, after 0 bytes")
	assert.LessOrEqual(t, r.BytesSent, int64(5<<20), "what may be unechoed: 4 MiB and a message of the greatest size")
}

func TestAServerThatIsSlowIsWaitedFor(t *testing.T) {
	t.Parallel()
	const timeout = 2 * time.Second // less than all of it takes, and more than a busy machine stands still
	slowly := func(c *net.TCPConn) {
		pace := time.NewTicker(timeout / 10)
		defer pace.Stop()
		for _, b := range drain(c) {
			<-pace.C
			c.Write([]byte{b})
		}
	}
	r, err := client.Client{Timeout: timeout}.Run(labtest.Bounded(t), fake(t, slowly), of("twelve bytes"))
	require.NoError(t, err)
	assert.EqualValues(t, 12, r.BytesReceived)
}

func TestAServerOfAnotherCodecIsSuspected(t *testing.T) {
	codecs := map[string]framing.Codec{"lines": framing.Lines{}, "fixed=7": framing.Fixed(7), "length": framing.LengthPrefix{}}
	for theirs, srv := range codecs {
		for ours, cl := range codecs {
			if ours == theirs || ours == "lines" && theirs == "fixed=7" {
				continue // the lines sent here take 7 bytes each: they are whole messages in both
			}
			t.Run(ours+" to "+theirs, func(t *testing.T) {
				s := serve(t, &server.Server{Codec: srv})
				messages := []string{"7 bytes", "as here"}
				if ours == "lines" {
					messages = []string{"6 here", "6 here"}
				}
				_, err := client.Client{Codec: cl, Timeout: labtest.Watchdog}.Run(labtest.Bounded(t), s.addr, of(messages...))
				assert.Equal(t, client.HintCodec, hint(err))
			})
		}
	}
}

func TestNobodyListening(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	rec := new(labtest.Account)
	r, err := client.Client{Recorder: rec}.Run(labtest.Bounded(t), ln.Addr().String(), of(three...))
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	assert.Equal(t, err.Error(), r.Error)
	assert.Zero(t, r.MessagesSent)
	assert.Equal(t, []event.Kind{event.Socket}, rec.Kinds())
}

func TestABadServerLeavesNoGoroutine(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	_, err := raw.Run(context.Background(), fake(t, func(c *net.TCPConn) { io.CopyN(c, c, 7) }), repeat(1000, flood))
	assert.Error(t, err)
	for _, answer := range []string{"\x83\x00", "\x81\x01x", "\x88\x00", ""} {
		addr := upgraded(t, func(p *webPeer) {
			p.next()
			p.Write([]byte(answer))
		})
		_, err = overWebSocket(client.Frames{Ping: true}).Run(context.Background(), addr, repeat(1000, flood))
		assert.Error(t, err)
	}
}
