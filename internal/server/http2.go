package server

import (
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"time"

	"echolab/internal/event"
)

// isHTTP2 says whether a request is how a connection of HTTP/2 begins, which HTTP/1 is made to take for one (RFC 9113
// section 3.4).
func isHTTP2(r *http.Request) bool {
	return r.Method == "PRI" && r.RequestURI == "*" && r.Proto == "HTTP/2.0"
}

// noHTTP2 is what a client of HTTP/2 is told.
const noHTTP2 = "only HTTP/1.1 is spoken here"

// refuseHTTP2 tells a client of HTTP/2 in its own frames that it must begin again with HTTP/1.1. Its first request gets
// that as an answer too, which more programs show than why a connection ended.
func (v *visit) refuseHTTP2(w http.ResponseWriter) {
	v.refused.Store(true)
	v.c.record(event.Event{Ev: event.Refused, Text: "HTTP/2 begins here, and " + noHTTP2 + ": 505 HTTP Version Not Supported"})
	_, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer v.leave(nil)
	v.SetReadDeadline(time.Now().Add(v.c.srv.headerTimeout()))
	if v.c.srv.closing.Load() { // after the deadline, as in arm
		v.c.hurry()
	}
	if _, err := v.Write(h2Frame{kind: h2Settings}.append(nil)); err != nil {
		return
	}
	stream, err := firstRequest(buffered)
	if err != nil {
		stream = 0 // it is told why the connection ends all the same
	}
	last := binary.BigEndian.AppendUint32(nil, stream)
	bye := h2Frame{kind: h2GoAway, payload: append(append(last, 0, 0, 0, h2Required), noHTTP2...)}
	var answer []byte
	if stream != 0 {
		answer = h2Frame{kind: h2Settings, flags: h2Ack}.append(answer)
		answer = h2Frame{h2Headers, h2EndHeaders, stream, []byte("\x48\x03505")}.append(answer) // :status (RFC 7541 appendix A)
		answer = h2Frame{h2Data, h2EndStream, stream, []byte(noHTTP2 + "\n")}.append(answer)
	}
	_, _ = v.Write(bye.append(answer))
}

// firstRequest returns the stream of the first request that a client makes after its preface.
func firstRequest(r io.Reader) (stream uint32, err error) {
	const preface = "SM\r\n\r\n" // the rest of it
	if _, err := io.CopyN(io.Discard, r, int64(len(preface))); err != nil {
		return 0, err
	}
	for range 16 { // SETTINGS, WINDOW_UPDATE and PRIORITY come before it, if at all
		var header [9]byte
		if _, err := io.ReadFull(r, header[:]); err != nil {
			return 0, err
		}
		size := binary.BigEndian.Uint32(header[:]) >> 8
		switch {
		case size > 16<<10: // section 4.2
			return 0, errors.New("a frame that is too large")
		case header[3] == h2Headers:
			return binary.BigEndian.Uint32(header[5:]) &^ (1 << 31), nil
		}
		if _, err := io.CopyN(io.Discard, r, int64(size)); err != nil {
			return 0, err
		}
	}
	return 0, errors.New("no request")
}

// An h2Frame is a frame of HTTP/2 (RFC 9113 section 4.1).
type h2Frame struct {
	kind, flags byte
	stream      uint32
	payload     []byte
}

// Of section 6, and an error of section 7.
const (
	h2Data, h2EndStream     = 0, 0x1
	h2Headers, h2EndHeaders = 1, 0x4
	h2Settings, h2Ack       = 4, 0x1
	h2GoAway, h2Required    = 7, 13
)

func (f h2Frame) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(f.payload))<<8|uint32(f.kind))
	dst = binary.BigEndian.AppendUint32(append(dst, f.flags), f.stream)
	return append(dst, f.payload...)
}
