package decode

import (
	"encoding/binary"
	"fmt"

	"echolab/internal/event"
	"echolab/internal/firstbytes"
	"echolab/internal/text"
)

// recordHeader is the size of the header of a TLS record: its type, its version and its length (RFC 8446 section 5.1).
const recordHeader = 5

// The types of records.
const (
	changeCipherSpec = 20
	handshake        = 22
)

var recordTypes = [...]string{"change cipher spec", "alert", "handshake", "application data", "heartbeat"}

// records reports the records of a TLS stream.
type records struct {
	s      *stream
	header [recordHeader]byte
	have   int
	from   int64 // the offset of the record
	left   int   // bytes still to come after the header

	hello []byte // what is known of the stream's first record
	later bool   // that one is over
}

func (r *records) take(b []byte) int {
	if r.have == recordHeader {
		n := min(r.left, len(b))
		if !r.later {
			r.hello = append(r.hello, b[:n]...)
		}
		r.pass(n, r.s.next+int64(n))
		return n
	}
	if r.have == 0 {
		r.from = r.s.next
	}
	n := copy(r.header[r.have:], b)
	r.have += n
	is, more := firstbytes.IsRecord(r.header[:r.have])
	switch {
	case more:
		r.s.carried.part("a TLS record's header")
	case !is:
		r.lose("is not TLS")
		return len(b)
	default:
		r.left = int(binary.BigEndian.Uint16(r.header[3:]))
		if r.left == 0 {
			r.pass(0, r.s.next+int64(n))
		}
	}
	return n
}

func (r *records) miss(n int64) int64 {
	if r.have < recordHeader {
		if r.have == 0 {
			r.from = r.s.next
		}
		r.lose("has a header that is not in the capture")
		return n
	}
	missed := int(min(n, int64(r.left)))
	r.pass(missed, r.s.next+int64(missed))
	return int64(missed)
}

func (r *records) end() {
	if r.have > 0 {
		r.s.failed("the TLS record at offset %s does not end in the capture", text.Number(r.from))
	}
}

func (r *records) holds() int { return cap(r.hello) }

func (r *records) lose(why string) {
	r.s.stop("the record at offset %s %s; what follows cannot be decoded", text.Number(r.from), why)
}

// pass passes over n bytes of the record, up to the given offset, and reports the record at its end.
func (r *records) pass(n int, end int64) {
	kind := recordTypes[r.header[0]-changeCipherSpec]
	size := int(binary.BigEndian.Uint16(r.header[3:]))
	if r.left -= n; r.left > 0 {
		r.s.carried.part(fmt.Sprintf("a TLS record: %s of %s", kind, text.Number(int64(size))))
		return
	}
	text := kind + " record"
	if !r.later && r.header[0] == handshake {
		text += helloText(r.header, r.hello)
	}
	r.s.carried.add(aRecord, thing{text: kind, size: int64(size)})
	r.s.tell(event.Event{Ev: event.TLS, Span: span(r.from, end), Text: text})
	r.have, r.hello, r.later = 0, nil, true
}
