package server

import "echolab/internal/firstbytes"

// A Protocol is what a client speaks, as far as a Server tells them apart.
type Protocol string

const (
	Raw      Protocol = "raw" // bytes, or the messages of the Server's codec
	HTTP     Protocol = "http"
	tlsHello Protocol = "tls" // what is inside is told apart in turn
)

// decide says what a stream that begins with b is, as soon as b tells it: with the first byte that fits nothing else.
// The end of the stream, or a long silence, decides for Raw what b leaves open.
func (w *Web) decide(b []byte) (p Protocol, decided bool) {
	if w.Only == Raw {
		return Raw, true // even what looks like something else
	}
	open := false
	if w.TLS != nil {
		is, more := firstbytes.IsClientHello(b)
		if is {
			return tlsHello, true
		}
		open = more
	}
	if w.Only == HTTP {
		return HTTP, !open
	}
	for _, custom := range w.Protocols {
		is, more := custom.Starts(b)
		if is {
			return custom.Name, true
		}
		open = open || more
	}
	is, more := firstbytes.IsRequest(b) // also HTTP/2's, which has nothing to find here: net/http says so
	if is {
		return HTTP, true
	}
	return Raw, !open && !more
}
