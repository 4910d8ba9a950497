package websocket

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// GUID is what a server appends to the client's key (RFC 6455 section 1.3).
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Accept is the Sec-WebSocket-Accept that answers a Sec-WebSocket-Key: base64(SHA-1(key + GUID)). It shows that the
// answer is a WebSocket server's and to this request; it authenticates nobody.
func Accept(key string) string {
	sum := sha1.Sum([]byte(key + GUID))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Computed tells how the accept comes about, step by step.
func Computed(key string) string {
	sum := sha1.Sum([]byte(key + GUID))
	return fmt.Sprintf("key + GUID = %s\nSHA-1 = %x\nbase64 = %s", key+GUID, sum, Accept(key))
}

// keySize is how many random bytes a key stands for (RFC 6455 section 4.1).
const keySize = 16

// CheckKey says what is wrong with a Sec-WebSocket-Key. The bits of its last character that belong to no byte may be
// anything (RFC 4648 section 3.5), as they are in the example of RFC 6455 section 4.1.
func CheckKey(key string) error {
	b, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return fmt.Errorf("the Sec-WebSocket-Key %q is not base64: it must be 16 random bytes in base64", key)
	}
	if len(b) != keySize {
		return fmt.Errorf("the Sec-WebSocket-Key %q has %d bytes: it must be 16 random bytes in base64", key, len(b))
	}
	return nil
}

// A Refusal is the answer to an opening handshake that cannot be accepted.
type Refusal struct {
	Status int         // of HTTP
	Text   string      // a sentence that says why
	Header http.Header // what the status needs besides
}

func (r *Refusal) Error() string { return r.Text }

// IsUpgrade says whether a request asks for WebSocket at all.
func IsUpgrade(r *http.Request) bool {
	return hasToken(r.Header, "Upgrade", "websocket")
}

// CheckRequest holds a request against RFC 6455 section 4.2.1, and its Origin against the host that it asks for: a page
// of another site must not use its visitor's browser to come in (section 10.2), unless origins lists it ("*" lists
// all). A request without an Origin is no browser's. The error is nil or a *Refusal.
func CheckRequest(r *http.Request, origins []string) error {
	switch {
	case r.Host == "":
		return refuse(http.StatusBadRequest, "the request needs a Host that is not empty (RFC 6455, 4.2.1)")
	case r.Method != http.MethodGet:
		return refuse(http.StatusMethodNotAllowed, "a WebSocket handshake is a GET request (RFC 6455, 4.1)", "Allow", http.MethodGet)
	case !r.ProtoAtLeast(1, 1):
		return refuse(http.StatusHTTPVersionNotSupported, "a WebSocket handshake needs HTTP/1.1 (RFC 6455, 4.1)")
	case !IsUpgrade(r):
		return refuse(http.StatusUpgradeRequired, "this is a WebSocket: the request needs \"Upgrade: websocket\" (RFC 6455, 4.2.1)",
			"Upgrade", "websocket", "Connection", "Upgrade")
	case !hasToken(r.Header, "Connection", "upgrade"):
		return refuse(http.StatusBadRequest, "the Connection header must list \"Upgrade\" (RFC 6455, 4.2.1)")
	case !slices.Equal(r.Header.Values("Sec-Websocket-Version"), []string{"13"}):
		return refuse(http.StatusUpgradeRequired, "only version 13 is spoken here: the request needs \"Sec-WebSocket-Version: 13\" (RFC 6455, 4.4)",
			"Sec-Websocket-Version", "13", "Upgrade", "websocket", "Connection", "Upgrade")
	case len(r.Header.Values("Sec-Websocket-Key")) != 1:
		return refuse(http.StatusBadRequest, "the request needs one Sec-WebSocket-Key (RFC 6455, 4.2.1)")
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		// What follows the request is the first frame; a proxy must not take it for something else.
		return refuse(http.StatusBadRequest, "a WebSocket handshake has no body (RFC 6455, 4.1)")
	}
	if err := CheckKey(r.Header.Get("Sec-Websocket-Key")); err != nil {
		return refuse(http.StatusBadRequest, err.Error()+" (RFC 6455, 4.2.1)")
	}
	return checkOrigin(r, origins)
}

func checkOrigin(r *http.Request, origins []string) error {
	list := r.Header.Values("Origin")
	if len(list) == 0 {
		return nil
	}
	if len(list) == 1 {
		origin := list[0]
		u, err := url.Parse(origin)
		if err == nil && u.Host != "" &&
			strings.EqualFold(WithoutDefaultPort(u.Scheme, u.Host), WithoutDefaultPort(u.Scheme, r.Host)) {
			return nil
		}
		for _, allowed := range origins {
			if allowed == "*" || strings.EqualFold(allowed, origin) {
				return nil
			}
		}
	}
	return refuse(http.StatusForbidden, fmt.Sprintf(
		"pages of %s may not connect here: the server does not list it (RFC 6455, 10.2)", strings.Join(list, ", ")))
}

// WithoutDefaultPort returns a host without the port that the scheme has anyway (RFC 6454 section 4): only then are
// hosts the same if they are equal.
func WithoutDefaultPort(scheme, host string) string {
	switch scheme {
	case "http":
		return strings.TrimSuffix(host, ":80")
	case "https":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}

func refuse(status int, text string, header ...string) *Refusal {
	r := &Refusal{Status: status, Text: text, Header: make(http.Header)}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// hasToken says whether one of the header's comma-separated lists has the token, in any case (RFC 9110 section 5.6.1).
func hasToken(h http.Header, name, token string) bool {
	for _, list := range h.Values(name) {
		for item := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.Trim(item, " \t"), token) {
				return true
			}
		}
	}
	return false
}

// Response is the 101 that accepts a handshake with that key; extensions is the value of Sec-WebSocket-Extensions, if
// there is one to send.
func Response(key, extensions string) []byte {
	var b strings.Builder
	b.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		Accept(key) + "\r\n")
	if extensions != "" {
		b.WriteString("Sec-WebSocket-Extensions: " + extensions + "\r\n")
	}
	b.WriteString("\r\n")
	return []byte(b.String())
}
