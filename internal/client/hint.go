package client

import "fmt"

// An Error is one about which something can be done, as its Hint says. A program that has flags or buttons names them.
type Error struct {
	Hint Hint
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// A Hint is what is the matter, or may be, when a Client fails.
type Hint int

const (
	HintMaxMessage Hint = iota + 1 // a message to be sent is over MaxMessage
	HintTooLarge                   // a message of the server's is over MaxMessage
	HintUnframable                 // the Codec cannot carry the message
	HintGlue                       // more than GlueLimit was to be glued
	HintCodec                      // the server may have another Codec
	HintWebSocket                  // the server speaks HTTP, and perhaps WebSocket
	HintNoHTTP                     // the server may speak no HTTP
	HintRaw                        // the server speaks no HTTP: it echoes bytes
	HintTLS                        // the server speaks TLS
	HintNoTLS                      // the server may speak no TLS
	HintUntrusted                  // nobody who is trusted vouches for the server's certificate
)

// hinted is fmt.Errorf with a Hint.
func hinted(hint Hint, format string, args ...any) error {
	return &Error{hint, fmt.Errorf(format, args...)}
}
