package framing

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// The close codes of RFC 6455 section 7.4.1 that this package's errors carry.
const (
	CodeProtocolError  = 1002
	CodeNoStatus       = 1005 // stands for a Close without a code; never on the wire
	CodeInvalidPayload = 1007
)

// A ProtocolError says that the peer's bytes break RFC 6455.
type ProtocolError struct {
	Code int    // the code for the Close frame that answers it (section 7.4.1)
	Text string // what is wrong, and the section that says so
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("websocket: %s (close code %d)", e.Text, e.Code)
}

// A CloseError says that the peer sent a Close frame: no message will follow.
type CloseError struct {
	Code   int    // 1005 if the frame carried none
	Reason string // UTF-8, 123 bytes at most
}

func (e *CloseError) Error() string {
	switch {
	case e.Code == CodeNoStatus: // which is no code that the peer sent
		return "websocket: the peer sent a Close without a code"
	case e.Reason == "":
		return fmt.Sprintf("websocket: the peer sent Close %d", e.Code)
	}
	return fmt.Sprintf("websocket: the peer sent Close %d %q", e.Code, e.Reason)
}

// ParseClose returns the content of a Close frame as a *CloseError, or a *ProtocolError that says what is wrong with it
// (RFC 6455 sections 5.5.1 and 7.4). The payload is unmasked.
func ParseClose(payload []byte) error {
	if len(payload) == 0 {
		return &CloseError{Code: CodeNoStatus}
	}
	if len(payload) == 1 {
		return &ProtocolError{CodeProtocolError, "a Close frame's code has 2 bytes, this one has 1 (RFC 6455, 5.5.1)"}
	}
	code := int(binary.BigEndian.Uint16(payload))
	if !sendable(code) {
		return &ProtocolError{CodeProtocolError, fmt.Sprintf("close code %d may not be sent (RFC 6455, 7.4)", code)}
	}
	if !utf8.Valid(payload[2:]) {
		return &ProtocolError{CodeInvalidPayload, "a Close frame's reason is not UTF-8 (RFC 6455, 5.5.1)"}
	}
	return &CloseError{Code: code, Reason: string(payload[2:])}
}

// sendable says whether a Close frame may carry the code: those that section 7.4.1 or IANA's registry defines for the
// wire, and the ranges for libraries and applications.
func sendable(code int) bool {
	switch code {
	case 1004, 1005, 1006, 1015:
		return false
	}
	return code >= 1000 && code <= 1014 || code >= 3000 && code <= 4999
}
