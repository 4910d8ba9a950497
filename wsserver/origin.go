package main

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"

	"echolab/internal/websocket"
)

// parseOrigin returns the site that text names as browsers name it in the Origin header (RFC 6454 section 6.2): without
// a path, and without the port that its scheme has anyway. What could never be equal to one is an error.
func parseOrigin(text string) (string, error) {
	if text == "*" || text == "null" { // of a page without a site, a file say
		return text, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Hostname() == "" || u.User != nil || strings.TrimSuffix(u.Path, "/") != "" ||
		strings.ContainsAny(text, "?#*") {
		return "", fmt.Errorf("%q is not a site: it must look like https://a.example or http://127.0.0.1:8000, or *", text)
	}
	if u.Scheme == "ws" || u.Scheme == "wss" {
		return "", fmt.Errorf("%q is where a WebSocket goes to: the site that opens it begins with http:// or https://", text)
	}
	if strings.ContainsFunc(u.Host, func(r rune) bool { return r > unicode.MaxASCII }) {
		return "", fmt.Errorf("%q is not how browsers name a site: they send its host in ASCII, like https://xn--bcher-kva.example",
			text)
	}
	return u.Scheme + "://" + websocket.WithoutDefaultPort(u.Scheme, u.Host), nil
}
