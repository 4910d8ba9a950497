package websocket

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"
)

// MaxResponse is the most bytes that the head of an answer to a handshake may have.
const MaxResponse = 16 << 10

// NewKey is a fresh Sec-WebSocket-Key: 16 random bytes in base64 (RFC 6455 section 4.1).
func NewKey() string {
	var b [keySize]byte
	rand.Read(b[:]) // it never fails (crypto/rand)
	return base64.StdEncoding.EncodeToString(b[:])
}

// Request is the request that asks host for a WebSocket (RFC 6455 section 4.1); extensions is the value of
// Sec-WebSocket-Extensions, if there is one to send.
func Request(host, path, key, extensions string) []byte {
	var b strings.Builder
	b.WriteString("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: " + key + "\r\nSec-WebSocket-Version: 13\r\n")
	if extensions != "" {
		b.WriteString("Sec-WebSocket-Extensions: " + extensions + "\r\n")
	}
	b.WriteString("\r\n")
	return []byte(b.String())
}

// A NotHTTPError says that an answer to a handshake is no HTTP.
type NotHTTPError struct {
	Head []byte // what came instead, as far as it was read
}

func (e *NotHTTPError) Error() string {
	return fmt.Sprintf("the server's answer is not HTTP: it begins with %.40q", e.Head)
}

// answerStart is how every answer of HTTP/1 begins.
const answerStart = "HTTP/1."

// ReadHead takes the head of an HTTP answer from r, the empty line after it included, and not one byte more: what
// follows may be frames. Its lines may end without a CR (RFC 9112 section 2.2). It gives up with the first byte that cannot be HTTP (*NotHTTPError), after MaxResponse bytes,
// and with io.ErrUnexpectedEOF if the stream ends inside the head; io.EOF is a stream that ends before it.
//
// Beside an error, the head is what came of it.
func ReadHead(r io.ByteReader) (head []byte, err error) {
	for !bytes.HasSuffix(head, []byte("\n\r\n")) && !bytes.HasSuffix(head, []byte("\n\n")) {
		if len(head) == MaxResponse {
			return head, fmt.Errorf("the server's answer has a head that is too long: over %d bytes", MaxResponse)
		}
		c, err := r.ReadByte()
		if err != nil {
			if err == io.EOF && len(head) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return head, err
		}
		head = append(head, c)
		if n := len(head); n <= len(answerStart) && c != answerStart[n-1] {
			return head, &NotHTTPError{head}
		}
	}
	return head, nil
}

// IsInterim says whether the head is that of an answer after which another comes (RFC 9110 section 15.2): 1xx, but for 101.
func IsInterim(head []byte) bool {
	_, status, _ := bytes.Cut(head, []byte(" "))
	return len(status) > 3 && status[0] == '1' && isDigit(status[1]) && isDigit(status[2]) && !isDigit(status[3]) &&
		string(status[:3]) != "101"
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// A StatusError is an answer to a handshake that is not 101.
type StatusError struct {
	Line     string // the status line
	Location string // where the client is sent to, if it is
	Says     string // the answer's first line of text, if it has one
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("the server answered %q and not 101", e.Line)
	if e.Location != "" {
		text += fmt.Sprintf(", and sends to %q", e.Location)
	}
	if e.Says != "" {
		text += fmt.Sprintf(": %q", e.Says)
	}
	return text
}

// CheckResponse holds the head of an answer against RFC 6455 section 4.1, for a handshake with that key that asked for
// no subprotocol. It returns the values of all Sec-WebSocket-Extensions headers, for whoever offered some to check.
//
// An answer that is not 101 is a *StatusError, whose text is read from body.
func CheckResponse(head []byte, body io.Reader, key string) (extensions []string, err error) {
	resp, err := http.ReadResponse(bufio.NewReader(io.MultiReader(bytes.NewReader(head), body)), nil)
	if err != nil {
		return nil, fmt.Errorf("the server's answer: %w", err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		line, _, _ := strings.Cut(string(head), "\n")
		return nil, &StatusError{strings.TrimSuffix(line, "\r"), resp.Header.Get("Location"), firstLine(resp.Body)}
	}
	upgrade, accept := resp.Header.Values("Upgrade"), resp.Header.Values("Sec-Websocket-Accept")
	switch {
	case !resp.ProtoAtLeast(1, 1):
		err = errors.New("it is not HTTP/1.1")
	case len(upgrade) != 1 || !strings.EqualFold(upgrade[0], "websocket"):
		err = fmt.Errorf("its Upgrade header must be \"websocket\", and is %q", strings.Join(upgrade, ", "))
	case !hasToken(resp.Header, "Connection", "upgrade"):
		err = fmt.Errorf("its Connection header must list \"Upgrade\", and is %q",
			strings.Join(resp.Header.Values("Connection"), ", "))
	case len(accept) != 1:
		err = fmt.Errorf("it must have one Sec-WebSocket-Accept, and has %d", len(accept))
	case accept[0] != Accept(key):
		err = fmt.Errorf("its Sec-WebSocket-Accept is %q, and the answer to the key %q is %q", accept[0], key, Accept(key))
	case len(resp.Header.Values("Sec-Websocket-Protocol")) > 0:
		err = fmt.Errorf("it chose the subprotocol %q, and none was asked for", resp.Header.Get("Sec-Websocket-Protocol"))
	}
	if err != nil {
		return nil, fmt.Errorf("the server's 101 does not answer this handshake: %w (RFC 6455, 4.1)", err)
	}
	return resp.Header.Values("Sec-Websocket-Extensions"), nil
}

// sentence is how much of an answer's body is looked at for its first line.
const sentence = 512

// firstLine is the first line of an answer's text, or what can be shown of it.
func firstLine(body io.Reader) string {
	b := make([]byte, sentence)
	n, _ := io.ReadFull(body, b)
	line, _, _ := strings.Cut(strings.TrimSpace(string(b[:n])), "\n")
	line = strings.TrimSpace(line)
	if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return "" // not for people
	}
	return line
}
