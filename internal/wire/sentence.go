package wire

import (
	"strconv"
	"strings"
	"time"

	"echolab/internal/capture"
	"echolab/internal/event"
	"echolab/internal/text"
)

// sentence says what the packet is for, by the state that its connection is in now that the packet was taken in. It
// claims what the capture shows and what RFC 9293 makes of that, and nothing about what the programs did.
func (s *step) sentence() string {
	switch {
	case s.late:
		return s.lateSentence()
	case s.outside:
		return s.outsideSentence()
	case s.has(capture.RST):
		return s.resetSentence()
	case s.has(capture.SYN):
		return s.synSentence()
	case s.probe != "":
		return s.probeSentence() + s.asides()
	case s.n > 0 && s.has(capture.FIN):
		return s.bytesSentence() + "; " + s.finSentence() + s.asides()
	case s.n > 0:
		return s.bytesSentence() + s.asides()
	case s.has(capture.FIN):
		return s.finSentence() + s.asides()
	case s.acks:
		return s.ackSentence() + s.asides()
	}
	return "no bytes and no ACK: it does nothing"
}

// asides are what else is to be said of a packet that is for something else.
func (s *step) asides() (words string) {
	if s.complete && (s.n > 0 || s.has(capture.FIN)) {
		words += "; this completes the handshake"
	}
	if s.unseen > 0 {
		words += "; the capture lacks " + text.Bytes(s.unseen) + " of what it acknowledges (a FIN counts as one)"
	}
	if s.window == 0 && s.acks && s.probe == "" {
		words += "; the " + s.from.name() + " has no room for more"
	}
	return words
}

func (s *step) synSentence() string {
	var words string
	switch {
	case s.has(capture.ACK) && s.from == &s.c.client:
		words = "SYN ACK: the client's kernel agrees: both asked at once"
	case s.has(capture.ACK):
		words = "SYN ACK: the server's kernel agrees, without waiting for the program to accept"
	case s.from == &s.c.server:
		words = "SYN: the server asks for the connection too, at the same time"
	default:
		words = "SYN: the client asks for a connection"
	}
	if s.again {
		name, _, _ := strings.Cut(words, ":")
		words = name + " again" + since(s.Time, s.since, "the first")
		if !s.to.heard && !s.to.syn {
			words += "; no answer in the capture so far"
		}
	} else {
		words += s.options()
	}
	switch {
	case s.n > 0 && s.bytes.again == s.n:
		words += "; with " + text.Bytes(s.n) + ", again"
	case s.n > 0:
		words += "; " + text.Bytes(s.n) + " with it (TCP Fast Open)" + content(s.brief)
	}
	return words
}

// options are what a SYN says of its sender.
func (s *step) options() string {
	var list []string
	if s.MSS > 0 {
		list = append(list, "MSS "+text.Number(int64(s.MSS)))
	}
	if s.WindowScale >= 0 {
		list = append(list, "window scale "+strconv.Itoa(s.WindowScale))
	}
	if s.OptionsCut {
		list = append(list, "the capture lacks some of its options")
	}
	if len(list) == 0 {
		return ""
	}
	return "; " + strings.Join(list, ", ")
}

// content is what decode says of the bytes, after what is said of their place.
func content(brief string) string {
	if brief == "" {
		return ""
	}
	return ": " + brief
}

func (s *step) bytesSentence() string {
	k := &s.bytes
	words := text.Bytes(s.n) + " at " + text.Number(s.off)
	switch {
	case k.again == s.n:
		words = "again: " + words + since(s.Time, k.first, "the first time")
	case k.given == s.n:
		words += ", too late: they were given up as missing, and are ignored"
	case k.given > 0:
		words += "; " + text.Number(k.given) + " of them are too late: they were given up as missing"
	case k.again > 0:
		words += ", " + text.Number(k.again) + " of them again"
	}
	if k.differs {
		words += "; the bytes differ from the first ones, which count here"
	}
	switch {
	case k.fresh == 0:
	case k.missing > 0 && k.fills:
		words += ", between others: " + text.Number(k.missing) + " before them are missing so far"
	case k.missing > 0:
		words += ", ahead: " + text.Number(k.missing) + " before them are missing so far"
	case k.fills:
		words += ", which were missing: what follows them came first"
	case s.isWindowProbe():
		words += ", sent to see whether there is room"
	}
	words += content(s.brief)
	if int64(len(s.b)) < s.n {
		words += "; the capture has the first " + text.Number(int64(len(s.b))) + " of them"
	}
	if s.begin && k.fresh > 0 {
		words += "; the " + s.from.name() + "'s SYN is not in the capture: offset 0 is its first byte here"
	}
	return words
}

func (s *step) isWindowProbe() bool {
	for _, m := range s.marks {
		if m == event.WindowProbe {
			return true
		}
	}
	return false
}

func (s *step) probeSentence() string {
	room := "whether the " + s.to.name() + " has room again"
	there := "whether the " + s.to.name() + " is still there"
	switch {
	case s.probe == event.WindowProbe && s.n == 0:
		return "window probe: asks " + room
	case s.probe == event.WindowProbe:
		return "window probe: a byte that was already acknowledged, to ask " + room
	case s.n == 0:
		return "keepalive: asks " + there
	}
	return "keepalive: a byte that was already acknowledged, to ask " + there
}

func (s *step) finSentence() string {
	h := s.from
	switch {
	case s.again:
		return "FIN again" + since(s.Time, s.since, "the first")
	case s.to.fin < 0:
		return "FIN: the " + h.name() + " has no more bytes to send; it may still read"
	case s.acks && s.ack > s.to.fin:
		return "FIN: the " + h.name() + " has no more bytes either; the " + s.to.name() + " keeps TIME-WAIT"
	}
	return "FIN: the " + h.name() + " has no more bytes either, and has not seen the other FIN yet; " +
		"both keep TIME-WAIT"
}

// resetSentence says why a connection was reset, as far as the capture shows that.
func (s *step) resetSentence() string {
	h, server := s.from, &s.c.server
	name := h.name()
	switch {
	case h == server && !server.syn && !server.begun && s.to.syn:
		return "RST: refused: nothing listens on that port, or a firewall rejects it"
	case h == &s.c.client && server.syn && !s.c.complete && !h.begun:
		return "RST: the client does not want the connection that the server agreed to"
	case h.answered:
		return "RST: bytes came after the " + name + "'s FIN, and nobody is left to read them"
	case s.to.begun && h.fin < 0:
		return "RST: the " + name + " ends the connection at once, as when a program closes with bytes unread"
	}
	return "RST: the " + name + " ends the connection at once"
}

func (s *step) outsideSentence() string {
	what := s.Flags.String()
	if s.n > 0 {
		what = text.Bytes(s.n)
	}
	switch {
	case s.off < s.from.past.lost && s.off >= 0 && s.n > 0:
		return what + " at " + text.Number(s.off) + ", too far back to say whether they are new: ignored"
	case s.n > 0 && s.off < 0 && !s.from.sure:
		return what + " before offset 0, the first byte here: ignored"
	case what == "":
		what = "no flags"
	}
	return what + ": the numbers fit no part of the connection: ignored"
}

func (s *step) lateSentence() string {
	const over = "; the connection is already over"
	switch {
	case s.has(capture.RST):
		return "RST" + over
	case s.outside && s.n > 0:
		return text.Bytes(s.n) + ", ignored" + over
	case s.n > 0:
		return "again: " + text.Bytes(s.n) + " at " + text.Number(s.off) + over
	case s.has(capture.SYN):
		return "SYN again" + over
	case s.has(capture.FIN) && !s.outside:
		return "FIN again" + over
	case s.has(capture.FIN):
		return "FIN" + over
	}
	return "ACK" + over
}

// since says how long after another time a packet came, if both are known; a capture may have them in another order.
func since(now, then time.Time, what string) string {
	if now.IsZero() || then.IsZero() || now.Before(then) {
		return ""
	}
	return ", " + interval(now.Sub(then)) + " after " + what
}

// interval is a time span in few digits.
func interval(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return text.Number(d.Microseconds()) + " µs"
	case d < 10*time.Second:
		return text.Number(d.Milliseconds()) + " ms"
	}
	return text.Number(int64(d/time.Second)) + " s"
}
