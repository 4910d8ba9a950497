package framingtest

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// notable are contents that some framing, encoding or line protocol gives a meaning of its own.
var notable = []string{
	"\ufeff", "\ufefftext", "text\ufeff", "#", "# text", "//", "\\", "\\n", "text\\", "\\\\", `"text"`, "'text'", "%", "%25", "%0a", "&amp;",
	"=", "=0A", "text=", ".", "..", ".text", "\r", "\x00text", "text\x00", "\x1b[0m", "+++", "0", "-1", "0\r\n\r\n", "null",
	"{}", "[]", "\xc0\xdb\xdc\xdd", "\xdb\xdb\xdc", "\xdb\xdb\xdd", "\x7d\x5e\x7e", "\x7d\x5d", "\u2028", "\u0085", " ", "\t", " \t ",
}

// collectSpecial frames messages with every byte value: alone, first and last; with every pair of them; and those that
// are notable.
func (s *suite) collectSpecial() {
	n := len(s.atLeast(3).msg)
	if n == 0 {
		return
	}
	var values []byte // those that the codec carries inside a message
	for v := range 256 {
		b := byte(v)
		s.addSpecial(fmt.Sprintf("byte %#02x alone", b), []byte{b})
		msg := text(n, n)
		msg[0] = b
		s.addSpecial(fmt.Sprintf("%d bytes, the first %#02x", n, b), msg)
		s.addSpecial(fmt.Sprintf("%d bytes, the last %#02x", n, b), withLast(text(n, n), b))
		msg = text(n, n)
		msg[n/2] = b
		if _, ok := s.newSample(kind{fmt.Sprintf("%d bytes, %#02x among them", n, b), nil}, msg); ok {
			values = append(values, b)
		}
	}
	for _, content := range notable {
		s.addSpecial(fmt.Sprintf("%q", content), []byte(content))
	}
	s.short = append(s.short, s.carried("every byte value once", values)...)
	s.special = append(s.special, s.carried("every pair of byte values", pairs(values))...)
}

func (s *suite) addSpecial(name string, msg []byte) {
	if m, ok := s.newSample(kind{name, nil}, msg); ok {
		s.special = append(s.special, m)
	}
}

// carried is a content as one message, or if the codec does not carry that, in pieces that overlap by one byte.
func (s *suite) carried(name string, content []byte) (list []sample) {
	if len(content) == 0 {
		return nil
	}
	if m, ok := s.newSample(kind{name, nil}, content); ok {
		return []sample{m}
	}
	n := 0
	for _, m := range s.bySize {
		if len(m.msg) <= shortSize && len(m.msg) < len(content) {
			n = len(m.msg)
		}
	}
	if n < 8 {
		return nil
	}
	for at := 0; at < len(content); at += n - 1 {
		piece := generate(n, func(i int) byte { return content[(at+i)%len(content)] })
		if m, ok := s.newSample(kind{fmt.Sprintf("%s, from byte %d", name, at), nil}, piece); ok {
			list = append(list, m)
		}
	}
	return list
}

// pairs is the shortest sequence that has every two of the values side by side.
func pairs(values []byte) (list []byte) {
	for i, a := range values {
		list = append(list, a)
		for _, b := range values[i+1:] {
			list = append(list, a, b)
		}
	}
	return append(list, values[:min(1, len(values))]...)
}

// checkSpecial reads those messages glued together, and then one of each size; and a message in front of every byte.
func (s *suite) checkSpecial() {
	for _, m := range s.special {
		w := newWire(&source{data: m.frame, end: io.EOF}, inOneRead, 16, scene{what: m.name})
		s.expect(roundTrip, w, len(m.msg), m.msg)
	}
	sizes := slices.DeleteFunc(slices.Clone(s.bySize), func(m sample) bool { return len(m.msg) > shortSize })
	for _, list := range [][]sample{s.special, sizes} {
		if len(list) == 0 {
			continue
		}
		st := newStream(list...)
		s.checkSeries(st, inOneRead, 4096)
		s.checkSeries(st, byteByByte, 16)
		s.checkRest(st, inOneRead, 4096)
	}
	m := s.atLeast(5)
	for v := range 256 {
		data := append(bytes.Clone(m.frame), byte(v), byte(v))
		at := scene{what: m.name, event: fmt.Sprintf("two bytes %#02x behind it", v)}
		w := newWire(&source{data: data, end: io.EOF}, inOneRead, len(data)+64, at)
		msg, err, ok := s.read(w, len(m.msg))
		if taken := w.taken(); ok && err == nil && bytes.Equal(msg, m.msg) && taken != len(m.frame) {
			s.find(exact, w.at, fmt.Sprintf("%s of the stream are taken from r", count(taken, "byte")),
				fmt.Sprintf("%d, which is where this message ends", len(m.frame)))
		}
	}
}
