package wire

import (
	"slices"

	"echolab/internal/event"
	"echolab/internal/text"
)

// ackSentence says what an ACK alone is for.
func (s *step) ackSentence() string {
	h, kernel := s.to, "the "+s.from.name()+"'s kernel"
	is := func(m event.Mark) bool { return slices.Contains(s.marks, m) }
	switch {
	case s.complete:
		return "ACK: the handshake is complete"
	case is(event.KeepAliveACK):
		return "ACK: " + kernel + " is still there"
	case is(event.DuplicateACK):
		return "ACK again: " + kernel + " waits for the byte at " + text.Number(s.ack)
	case is(event.WindowUpdate) && s.before == 0:
		return "ACK: the " + s.from.name() + " has room again, for " + text.Bytes(int64(s.window))
	case is(event.WindowUpdate):
		return "ACK: the " + s.from.name() + " has room for " + text.Bytes(int64(s.window)) + " now"
	case s.heard && s.ack < s.acked:
		return "ACK: an old one; more was acknowledged already"
	case s.heard && s.ack == s.acked:
		return "ACK: nothing new"
	}
	return "ACK: " + kernel + " " + s.progress(h)
}

// progress says what an ACK acknowledges for the first time.
func (s *step) progress(h *half) string {
	fin := h.fin >= 0 && s.ack > h.fin
	sent := min(s.ack, h.top) // without the FIN
	var words string
	switch {
	case s.unseen > 0:
		words = "has everything up to " + text.Number(s.ack)
	case sent <= 0 && h.sure:
		words = "has no byte yet"
	case sent <= 0:
		words = "has everything from before this capture"
	case sent < h.top:
		words = "has the first " + text.Number(sent) + " of " + text.Bytes(h.top)
	case !h.sure:
		words = "has all bytes up to " + text.Number(sent)
	case sent == 1:
		words = "has the one byte"
	default:
		words = "has all " + text.Bytes(sent)
	}
	knows := "knows that the " + h.name() + " has no more bytes"
	switch {
	case fin && s.from.closed() && h.closed():
		return "has everything: the connection is over"
	case fin && s.heard && s.acked >= h.fin:
		return knows
	case fin:
		return words + ", and " + knows
	case sent > 0 && s.unseen == 0 && !s.from.taught:
		s.from.taught = true
		return words + "; whether the program has read them, the ACK does not say"
	}
	return words
}
