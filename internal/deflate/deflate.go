// Package deflate compresses WebSocket messages as the extension permessage-deflate does (RFC 7692): it negotiates the
// extension and turns whole messages into payloads and back. It may know the limits and errors of framing. It must not
// know a socket or a frame: RSV1, fragments and which side compresses what are the connection's business.
package deflate

// The sizes of an LZ77 window, as the exponents of 2 that the extension's parameters carry (RFC 7692, 7.1.2).
const (
	MinWindowBits = 8
	MaxWindowBits = 15
)

// Params are what the two sides agreed on (RFC 7692, 7.1). The prefix names the side that compresses: a server writes
// and a client reads by the Server fields, and the other way round.
type Params struct {
	// Every message is compressed on its own: nothing is held between two of them. The default is that a message may
	// refer to those before it.
	ServerNoContextTakeover, ClientNoContextTakeover bool

	// How far back a compressor may refer: 2^bits bytes, 8 to 15. In a negotiated Params they are always there; 0
	// counts as 15.
	ServerMaxWindowBits, ClientMaxWindowBits int
}

// Server returns what the server's side of a connection needs: it writes its own messages and reads the client's.
func (p Params) Server() (*Writer, *Reader) {
	return NewWriter(p.ServerMaxWindowBits, !p.ServerNoContextTakeover),
		NewReader(p.ClientMaxWindowBits, !p.ClientNoContextTakeover)
}

// Client returns what the client's side of a connection needs.
func (p Params) Client() (*Writer, *Reader) {
	return NewWriter(p.ClientMaxWindowBits, !p.ClientNoContextTakeover),
		NewReader(p.ServerMaxWindowBits, !p.ServerNoContextTakeover)
}

// withDefaults puts 15 where no window is named.
func (p Params) withDefaults() Params {
	if p.ServerMaxWindowBits == 0 {
		p.ServerMaxWindowBits = MaxWindowBits
	}
	if p.ClientMaxWindowBits == 0 {
		p.ClientMaxWindowBits = MaxWindowBits
	}
	return p
}

// PayloadLimit is the most payload of a message of at most max bytes: compression can enlarge it a little (RFC 7692
// section 7.2.3.2 has an example).
func PayloadLimit(max int, compressed bool) uint64 {
	limit := uint64(max)
	if compressed {
		limit += limit>>8 + 64
	}
	return limit
}
