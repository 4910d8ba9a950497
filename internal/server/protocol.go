package server

import "bytes"

// A Protocol is what a client speaks, as far as a Server tells them apart.
type Protocol string

const (
	Raw      Protocol = "raw" // bytes, or the messages of the Server's codec
	HTTP     Protocol = "http"
	tlsHello Protocol = "tls" // what is inside is told apart in turn
)

// starts are the beginnings of an HTTP request line: a method, a space, and what shows that a target follows (RFC 9112
// section 3). "PRI" begins HTTP/2, which has nothing to find here; net/http says so.
var starts = func() (list [][]byte) {
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"} {
		for _, target := range []string{"/", "http://", "https://"} {
			list = append(list, []byte(method+" "+target))
		}
	}
	for _, line := range []string{"OPTIONS *", "PRI * HTTP/2.0\r\n"} {
		list = append(list, []byte(line))
	}
	for c := byte('!'); c <= '~'; c++ {
		list = append(list, []byte{'C', 'O', 'N', 'N', 'E', 'C', 'T', ' ', c}) // its target is a host
	}
	return list
}()

// decide says what a stream that begins with b is, as soon as b tells it: with the first byte that fits nothing else.
// The end of the stream, or a long silence, decides for Raw what b leaves open.
func (w *Web) decide(b []byte) (p Protocol, decided bool) {
	if w.Only == Raw {
		return Raw, true // even what looks like something else
	}
	open := false
	if w.TLS != nil {
		switch is, more := startsHello(b); {
		case is:
			return tlsHello, true
		case more:
			open = true
		}
	}
	if w.Only == HTTP {
		return HTTP, !open
	}
	for _, start := range starts {
		if bytes.HasPrefix(b, start) {
			return HTTP, true
		}
		open = open || bytes.HasPrefix(start, b)
	}
	return Raw, !open
}

// startsHello says whether b begins a TLS record with a ClientHello (RFC 8446 sections 5.1 and 4), or may with more
// bytes.
func startsHello(b []byte) (is, more bool) {
	for i, c := range b {
		switch i {
		case 0: // handshake
			if c != 22 {
				return false, false
			}
		case 1: // version 3.x, that is SSL 3.0 to TLS 1.3
			if c != 3 {
				return false, false
			}
		case 2:
			if c > 4 {
				return false, false
			}
		case 3: // length, at most 2^14
			if c > 0x40 {
				return false, false
			}
		case 5: // ClientHello
			return c == 1, false
		}
	}
	return false, true
}
