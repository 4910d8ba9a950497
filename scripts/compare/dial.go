package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// dialTimeout is how long connecting and the handshake may take.
const dialTimeout = 10 * time.Second

// portsPerAddress is how many connections to one server come from one address: the kernel has about 28,000 ports for
// that.
const portsPerAddress = 20_000

// dial connects to addr; if framed is set, the connection is a WebSocket then. The connection with that number comes
// from an address of its own on loopback once another one's ports are used up.
func dial(ctx context.Context, addr string, number int, framed bool) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	if number >= portsPerAddress {
		dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+number/portsPerAddress))}
	}
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := conn.(*net.TCPConn)
	c.SetLinger(0) // nothing is left to send when it is closed, and a port in TIME_WAIT would be missing
	if !framed {
		return c, nil
	}
	c.SetDeadline(time.Now().Add(dialTimeout))
	if err := handshake(c, addr); err != nil {
		c.Close()
		return nil, fmt.Errorf("the handshake: %w", err)
	}
	c.SetDeadline(time.Time{})
	return c, nil
}

// The key and what answers it are those of RFC 6455 section 1.3: a key need not be random for this.
const (
	websocketKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	websocketAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// handshake makes a WebSocket of c.
func handshake(c net.Conn, host string) error {
	request := "GET /ws HTTP/1.1\r\nHost: " + host + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + websocketKey + "\r\n\r\n"
	if _, err := io.WriteString(c, request); err != nil {
		return err
	}
	head, err := readHead(c)
	if err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), nil)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("the answer is %s", response.Status)
	}
	if got := response.Header.Get("Sec-WebSocket-Accept"); got != websocketAccept {
		return fmt.Errorf("Sec-WebSocket-Accept is %q", got)
	}
	return nil
}

// readHead reads the head of an HTTP answer. An echo does not speak first: bytes behind the head are an error.
func readHead(r io.Reader) ([]byte, error) {
	head := make([]byte, 0, 4096)
	for {
		n, err := r.Read(head[len(head):cap(head)])
		head = head[:len(head)+n]
		if end := bytes.Index(head, []byte("\r\n\r\n")); end >= 0 {
			if behind := len(head) - end - 4; behind > 0 {
				return nil, fmt.Errorf("%d bytes came behind the answer, unasked", behind)
			}
			return head, nil
		}
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		if len(head) == cap(head) {
			return nil, fmt.Errorf("no end of the answer's head in %d bytes", len(head))
		}
	}
}
