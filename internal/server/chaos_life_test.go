package server_test

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"echolab/internal/labtest"
)

// A life is one connection of a chaos client. What it does depends on its seed only.
type life struct {
	*chaos
	*rand.Rand
	id, n int // the client's number, and the life's
	name  string
	doing string // more exactly

	began time.Time
	tcp   *net.TCPConn
	heard bool     // something came
	conn  net.Conn // the life itself, or TLS around it
	in    *bufio.Reader
}

func newLife(c *chaos, id, n int) *life {
	return &life{chaos: c, Rand: rand.New(rand.NewPCG(*chaosSeed, uint64(id)<<32|uint64(n))), id: id, n: n}
}

// kinds are what a life can be, some more often than others.
var kinds = []struct {
	often int
	name  string
	live  func(*life) error
}{
	{2, "raw", (*life).raw}, {2, "HTTP", (*life).http}, {1, "HTTP, wrong", (*life).wrongHTTP},
	{1, "TLS, broken", (*life).brokenTLS}, {3, "WebSocket", (*life).webSocket}, {3, "WebSocket, wrong", (*life).wrongWebSocket},
	{3, "given up", (*life).givenUp}, {1, "never reads", (*life).neverReads}, {1, "stalls", (*life).stalls},
}

// live connects, and does what is to be done.
func (l *life) live() error {
	i := 0
	for n := l.IntN(17); n >= kinds[i].often; i++ {
		n -= kinds[i].often
	}
	l.name, l.began = kinds[i].name, time.Now()
	c, err := net.Dial("tcp", l.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	l.tcp = c.(*net.TCPConn)
	l.tcp.SetDeadline(l.began.Add(labtest.Watchdog))
	l.use(ear{l.tcp, l})
	return kinds[i].live(l)
}

func (l *life) use(c net.Conn) { l.conn, l.in = c, bufio.NewReader(c) }

// ear notes that the server has said something.
type ear struct {
	*net.TCPConn
	l *life
}

func (e ear) Read(p []byte) (int, error) {
	n, err := e.TCPConn.Read(p)
	e.l.heard = e.l.heard || n > 0
	return n, err
}

// perhapsTLS puts some lives inside TLS.
func (l *life) perhapsTLS() error {
	if l.IntN(5) > 0 {
		return nil
	}
	l.name += " inside TLS"
	c := tls.Client(l.conn, l.trusts)
	l.use(c)
	return c.Handshake()
}

// cut cuts what is to be sent into writes.
func (l *life) cut(s string) (parts []string) {
	for most := 1 << l.IntN(20); len(s) > 0; {
		n := len(s)
		if len(parts) < 30 {
			n = min(n, 1+l.IntN(most))
		}
		parts, s = append(parts, s[:n]), s[n:]
	}
	return parts
}

// say writes while the life goes on, which ends with done.
func (l *life) say(s string) (done func()) {
	parts := l.cut(s)
	var writing sync.WaitGroup
	writing.Go(func() {
		for _, part := range parts {
			if _, err := io.WriteString(l.conn, part); err != nil {
				return // what became of the connection is for the reader to find out
			}
		}
	})
	return func() {
		l.tcp.Close()
		writing.Wait()
	}
}

// bytes are not the same as in any other life.
func (l *life) bytes(n int) string {
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, l.Uint64())
	}
	return string(b[:n])
}

// raw echoes bytes, to the end.
func (l *life) raw() error {
	if err := l.perhapsTLS(); err != nil {
		return err
	}
	in := "\xff" + l.bytes(l.IntN(1<<l.IntN(17)))
	defer l.say(in)()
	out := make([]byte, len(in))
	if _, err := io.ReadFull(l.in, out); err != nil {
		return err
	}
	if string(out) != in {
		return errors.New("other bytes came back")
	}
	if err := l.conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		return err
	}
	b, err := io.ReadAll(l.in)
	if err == nil && len(b) > 0 {
		return fmt.Errorf("%q came after the end", b[:min(len(b), 100)])
	}
	return err
}

// brokenTLS begins a handshake that cannot succeed.
func (l *life) brokenTLS() error {
	config := l.trusts.Clone()
	switch l.IntN(4) {
	case 0: // garbage in a record
		return l.untilTheEnd("\x16\x03\x01\x02\x00\x01"+l.bytes(1+l.IntN(1000)), true)
	case 1: // the rest never comes
		return l.untilTheEnd("\x16\x03\x01\x02\x00\x01", false)
	case 2: // a client that does not trust the server
		config.RootCAs = nil
	case 3: // and one from another time
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	}
	if tls.Client(l.conn, config).Handshake() == nil {
		return errors.New("the handshake succeeded")
	}
	return nil
}

// untilTheEnd sends something, perhaps ends its side, and waits until the server has had enough.
func (l *life) untilTheEnd(s string, ends bool) error {
	_, _ = io.WriteString(l.tcp, s)
	if ends {
		_ = l.tcp.CloseWrite()
	}
	_, err := io.Copy(io.Discard, l.tcp)
	return overdue(err)
}

// overdue keeps of the ways in which a connection can end the one that must not be: by the client's own clock.
func overdue(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return nil
}

// begun is something that any client may begin with.
func (l *life) begun() string {
	messages, _ := l.messages(nil)
	return []string{
		l.bytes(1 + l.IntN(100_000)),
		"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + l.bytes(l.IntN(30_000)),
		"\x16\x03\x01\x01\x00\x01" + l.bytes(l.IntN(600)),
		askWebSocket + l.violation().in, askWebSocket + messages,
	}[l.IntN(5)]
}

// givenUp leaves in the middle of something.
func (l *life) givenUp() error {
	s := l.begun()
	for _, part := range l.cut(s[:l.IntN(len(s)+1)]) {
		if _, err := io.WriteString(l.tcp, part); err != nil {
			return overdue(err)
		}
	}
	switch l.IntN(4) {
	case 0: // vanishes; what it has not read makes this a reset
	case 1:
		_ = l.tcp.SetLinger(0)
	case 2: // half-closes, and reads what there is
		return l.untilTheEnd("", true)
	case 3: // half-closes, reads a little, and vanishes
		_ = l.tcp.CloseWrite()
		_, _ = l.tcp.Read(make([]byte, 1))
	}
	return nil
}

// stalls says nothing more, until the server has had enough.
func (l *life) stalls() error {
	s := l.begun()
	return l.untilTheEnd(s[:l.IntN(min(len(s), 1000))], false)
}

// neverReads sends and sends, until the server has had enough.
func (l *life) neverReads() error {
	_ = l.tcp.SetReadBuffer(onTheWay)
	_ = l.tcp.SetWriteBuffer(onTheWay)
	begin, block := "", l.bytes(40_000)
	switch l.IntN(3) { // of answers to many requests the kernel takes a few again and again, which is slow and not wrong
	case 0:
		begin, block = askWebSocket, sends(0x82, block)
	case 1:
		begin, block = ask(deflateAlone), sends(0x02, block)+sends(0x89, "?")+sends(0x80, block)
	}
	_, err := io.WriteString(l.tcp, begin)
	for err == nil {
		_, err = io.WriteString(l.tcp, block)
	}
	return overdue(err)
}
