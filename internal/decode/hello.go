package decode

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// helloText names what a ClientHello says in the clear: the server's name and the protocols that its sender speaks
// (RFC 6066 section 3, RFC 7301). It is empty for any other record, and for one that
// is not whole.
func helloText(header [recordHeader]byte, payload []byte) string {
	var hello *tls.ClientHelloInfo
	config := &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		hello = h
		return nil, errors.New("only to look at")
	}}
	// crypto/tls reads the record as a server would, which has nothing to answer.
	_ = tls.Server(&recorded{r: io.MultiReader(bytes.NewReader(header[:]), bytes.NewReader(payload))}, config).Handshake()
	if hello == nil {
		return ""
	}
	text := ": ClientHello"
	if hello.ServerName != "" {
		text += fmt.Sprintf(" for %q", hello.ServerName)
	}
	if len(hello.SupportedProtos) > 0 {
		text += ", to speak " + strings.Join(quoteAll(hello.SupportedProtos), " or ")
	}
	return text
}

func quoteAll(list []string) []string {
	var quoted []string
	for _, s := range list[:min(len(list), 8)] {
		quoted = append(quoted, fmt.Sprintf("%q", s))
	}
	return quoted
}

// recorded is a connection that brings what was recorded, and loses what is written to it.
type recorded struct {
	net.Conn
	r io.Reader
}

func (c *recorded) Read(b []byte) (int, error)  { return c.r.Read(b) }
func (c *recorded) Write(b []byte) (int, error) { return len(b), nil }
