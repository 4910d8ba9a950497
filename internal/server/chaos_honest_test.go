package server_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/labtest"
)

// An honestClient does nothing wrong, is never slow to answer, and must lose nothing.
type honestClient struct {
	net.Conn
	in        *bufio.Reader
	name      string
	webSocket bool
	deal      *deal

	rounds, pings int
	stop          chan struct{}
	done          chan error
}

// honest starts clients of every kind, each of which sends messages until it is told to pause.
func (c *chaos) honest(t *testing.T) (list []*honestClient) {
	for _, offer := range []string{"", noExtension, deflateAlone} { // without an offer it is no WebSocket
		for _, secure := range []bool{false, true} {
			h := &honestClient{Conn: dial(t, c.addr), name: fmt.Sprintf("offer %q, TLS %v", offer, secure), webSocket: offer != "",
				stop: make(chan struct{}), done: make(chan error, 1)}
			require.NoError(t, h.SetDeadline(time.Now().Add(chaosLasts()+2*labtest.Watchdog)))
			if secure {
				h.Conn = tls.Client(h.Conn, c.trusts)
			}
			if h.webSocket {
				write(t, h, []byte(ask(offer)))
				if agree(t, h) != nil {
					h.deal = newDeal(offer)
				}
			}
			h.in = bufio.NewReader(h.Conn)
			require.NoError(t, h.exchange("before the rage begins: until now only the handshake, for which the limits are short"), h.name)
			list = append(list, h)
		}
	}
	for _, h := range list {
		go func() { h.done <- h.talk() }()
	}
	return list
}

// talk sends messages, and gets each of them back, until it is told to stop. It leaves the processor to the others: more
// messages a second find nothing more.
func (h *honestClient) talk() error {
	pace := time.NewTicker(5 * time.Millisecond)
	defer pace.Stop()
	for ; ; h.rounds++ {
		select {
		case <-h.stop:
			return nil
		case <-pace.C:
		}
		err := h.exchange(fmt.Sprintf("%s, message %d: %s", h.name, h.rounds, strings.Repeat("안녕 ", h.rounds*h.rounds%9000)))
		if err == nil && h.webSocket && h.rounds%50 == 49 { // a pause, in which the server must ask
			_, _, err = h.next(true)
		}
		if err != nil {
			return fmt.Errorf("message %d: %w", h.rounds, err)
		}
	}
}

// exchange sends a message and checks its echo.
func (h *honestClient) exchange(msg string) error {
	out, first := msg, byte(0x81)
	if h.deal != nil {
		packed, err := h.deal.toServer.Append(nil, []byte(msg))
		if err != nil {
			return err
		}
		out, first = string(packed), 0xc1
	}
	if h.webSocket {
		out = sends(first, out)
	}
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(h, out)
		sent <- err
	}()
	got, err := h.echo(len(msg))
	if err != nil {
		h.Close() // lets the writer go
		<-sent
		return err
	}
	if got != msg {
		return fmt.Errorf("%d bytes came back as %d bytes, or others", len(msg), len(got))
	}
	return <-sent
}

func (h *honestClient) echo(size int) (string, error) {
	if !h.webSocket {
		b := make([]byte, size)
		_, err := io.ReadFull(h.in, b)
		return string(b), err
	}
	first, payload, err := h.next(false)
	switch {
	case err != nil:
		return "", err
	case first == 0xc1 && h.deal != nil:
		return h.deal.toClient.unpack(payload)
	case first != 0x81:
		return "", fmt.Errorf("%s instead of the echo", line(first, payload))
	}
	return payload, nil
}

// next returns the next frame, or, if a Ping is what it waits for, the Ping. All Pings are answered.
func (h *honestClient) next(forPing bool) (first byte, payload string, err error) {
	for {
		head, err := ws.ReadHeader(h.in)
		if err != nil || head.Length > 1<<20 {
			return 0, "", errors.Join(err, io.ErrShortBuffer)
		}
		b := make([]byte, head.Length)
		if _, err := io.ReadFull(h.in, b); err != nil {
			return 0, "", err
		}
		if first = byte(head.OpCode) | head.Rsv<<4; head.Fin {
			first |= 0x80
		}
		if head.OpCode != ws.OpPing {
			return first, string(b), nil
		}
		h.pings++
		// The server asks only when it has heard nothing for long: nothing of ours is being written.
		if _, err := io.WriteString(h, sends(0x8a, string(b))); err != nil || forPing {
			return first, string(b), err
		}
	}
}

// pause ends the messages: from then on nothing is under way.
func (h *honestClient) pause(t *testing.T) {
	close(h.stop)
	assert.NoError(t, <-h.done, "the honest client: %s", h.name)
	assert.NotZero(t, h.rounds, h.name)
	t.Logf("honest %s: %d messages and %d Pings", h.name, h.rounds, h.pings)
}

// leave reads what the server's end has for a client: for a WebSocket a Close, and the end of the stream.
func (h *honestClient) leave(t *testing.T) {
	defer h.Close()
	if h.webSocket {
		first, payload, err := h.next(false)
		if !assert.NoError(t, err, h.name) {
			return
		}
		assert.Equal(t, refused(1001), line(first, payload), h.name)
		write(t, h, []byte(sends(0x88, payload[:2])))
	}
	b, err := io.ReadAll(h.in)
	assert.NoError(t, err, h.name)
	assert.Empty(t, b, h.name)
}
