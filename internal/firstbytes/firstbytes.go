// Package firstbytes tells by the first bytes of a stream what it carries: HTTP, TLS, or something else. The server and
// the decoder of captures share it, so that they take a stream for the same thing. It may know how protocols begin. It
// must not know a connection, nor anything that follows those bytes.
package firstbytes

import "encoding/binary"

// Longest is how many bytes decide at most: with as many, more is never true.
const Longest = 16

// Requests are the beginnings of an HTTP request line: a method, a space, and what shows that a target follows (RFC
// 9112 section 3). Raw text such as "GET x" is none. Small letters, which only schemes have, stand for capitals too (RFC
// 9110 section 4.2.3). The last is how a connection of HTTP/2 begins (RFC 9113 section 3.4).
var Requests = func() (list [][]byte) {
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"} {
		for _, target := range []string{"/", "http://", "https://"} {
			list = append(list, []byte(method+" "+target))
		}
	}
	for c := byte('!'); c <= '~'; c++ {
		list = append(list, []byte("CONNECT "+string(rune(c)))) // its target is a host
	}
	return append(list, []byte("OPTIONS *"), []byte("PRI * HTTP/2.0\r\n"))
}()

// IsRequest says whether a stream that begins with b begins with an HTTP request, or may with more bytes.
func IsRequest(b []byte) (is, more bool) { return isOneOf(b, Requests) }

var responses = [][]byte{[]byte("HTTP/1.")}

// IsResponse says the same of an HTTP/1 response.
func IsResponse(b []byte) (is, more bool) { return isOneOf(b, responses) }

func isOneOf(b []byte, starts [][]byte) (is, more bool) {
	for _, start := range starts {
		if n := min(len(b), len(start)); begins(b[:n], start[:n]) {
			if n == len(start) {
				return true, false
			}
			more = true
		}
	}
	return false, more
}

// begins says whether b is start, whose small letters stand for both kinds.
func begins(b, start []byte) bool {
	for i, c := range start {
		if b[i] != c && !('a' <= c && c <= 'z' && b[i] == c-'a'+'A') {
			return false
		}
	}
	return true
}

const (
	tlsHandshake  = 22
	tlsFirstType  = 20 // change cipher spec
	tlsLastType   = 24 // heartbeat
	tlsHeaderSize = 5
	clientHello   = 1
)

// IsRecord says whether b begins a TLS record of any type, as a stream does that is seen from its middle, or a server's
// (RFC 8446 section 5.1). Its length is at most 2^14 and what TLS 1.2 allows encryption to add (RFC 5246 section 6.2.3).
func IsRecord(b []byte) (is, more bool) {
	if len(b) > 0 && (b[0] < tlsFirstType || b[0] > tlsLastType) ||
		len(b) > 1 && b[1] != 3 || // version 3.x, that is SSL 3.0 to TLS 1.3
		len(b) > 2 && b[2] > 4 ||
		len(b) >= tlsHeaderSize && binary.BigEndian.Uint16(b[3:]) > 1<<14+2048 {
		return false, false
	}
	return len(b) >= tlsHeaderSize, len(b) < tlsHeaderSize
}

// IsClientHello says whether b begins a TLS record with a ClientHello, as every client's stream does from its beginning
// (RFC 8446 section 4). It is told with the first byte that cannot be one; and the high byte of its length, which is at
// most 2^14 while nothing is encrypted, is looked at before the low one comes.
func IsClientHello(b []byte) (is, more bool) {
	record, open := IsRecord(b)
	if !record && !open || len(b) > 0 && b[0] != tlsHandshake || len(b) > 3 && b[3] > 1<<14>>8 ||
		len(b) > tlsHeaderSize && b[tlsHeaderSize] != clientHello {
		return false, false
	}
	return len(b) > tlsHeaderSize, len(b) <= tlsHeaderSize
}
