package client

import (
	"fmt"

	"echolab/framing"
	"echolab/internal/streammap"
	"echolab/internal/text"
)

// Verdict is one sentence on what became of the messages' boundaries. If something failed, it only counts: Error says
// the rest.
func (r Result) Verdict(codec framing.Codec) string {
	sent := fmt.Sprintf("%s sent in %s; ", r.sent(), text.Count(r.Writes, "write", "writes"))
	read := fmt.Sprintf("%s returned %s", text.Count(r.Reads, "read", "reads"), text.Bytes(r.BytesReceived))
	if r.Reads == 1 {
		read = fmt.Sprintf("1 read returned all %s", text.Bytes(r.BytesReceived))
	}
	switch {
	case !r.OK:
		return sent + read + "."
	case r.NoEcho:
		return sent + read + r.unechoed(codec) + r.closing()
	case r.BytesSent == 0:
		return sent + "there was no byte to echo."
	case r.FramesResult != nil:
		return sent + read + r.framesVerdict() + r.closing()
	case !framing.Marks(codec):
		return sent + read + r.rawVerdict()
	}
	return sent + read + fmt.Sprintf(", and the framing (%v) gave back %s.", codec, text.Count(r.MessagesReceived, "message", "messages"))
}

// unechoed says what came of a server that does not echo.
func (r Result) unechoed(codec framing.Codec) string {
	had := ""
	if r.FramesResult != nil || framing.Marks(codec) {
		had = ": " + text.Count(r.MessagesReceived, "message", "messages")
	}
	return had + ". Nothing was compared."
}

// sent is what was sent: the messages, and the control frames of a WebSocket.
func (r Result) sent() string {
	messages := text.Count(r.MessagesSent, "message", "messages")
	f := r.FramesResult
	if f == nil {
		return messages
	}
	what := []string{messages}
	if f.Pings > 0 {
		what = append(what, text.Count(f.Pings, "Ping", "Pings"))
	}
	if f.PongsSent > 0 {
		what = append(what, text.Count(f.PongsSent, "Pong", "Pongs"))
	}
	if f.messageFrames > r.MessagesSent {
		what[0] += fmt.Sprintf(" in %s", text.Count(f.messageFrames, "frame", "frames"))
	}
	return text.List(what)
}

// framesVerdict says what the frames did.
func (r Result) framesVerdict() string {
	came := []string{text.Count(r.MessagesReceived, "message", "messages")}
	if r.Pongs > 0 {
		came = append(came, text.Count(r.Pongs, "Pong", "Pongs"))
	}
	sentence := ", and the frames in "
	if r.Reads == 1 {
		sentence += "it gave back "
	} else {
		sentence += "them gave back "
	}
	sentence += text.List(came)
	switch {
	case r.Compressed:
		sentence += ", compressed on the way"
	case r.Declined:
		sentence += ". The server declined to compress"
	}
	return sentence + "."
}

// closing is what the closing handshake adds to the writes and reads, which the maps count too.
func (r Result) closing() string {
	if r.Sent == nil || r.Echoed == nil {
		return ""
	}
	writes, reads := r.Sent.Row(streammap.Writes).Count-r.Writes, r.Echoed.Row(streammap.Reads).Count-r.Reads
	if writes == 0 && reads == 0 {
		return ""
	}
	return fmt.Sprintf(" The Close took %s and %s more.", text.Count(writes, "write", "writes"), text.Count(reads, "read", "reads"))
}

func (r Result) rawVerdict() string {
	agree, cut, lost := r.Echoed.Compare(streammap.Reads)
	switch {
	case r.MessagesSent == 1 && r.Reads == 1:
		return ", a single message: there was no boundary to lose. Send more."
	case cut == 0 && lost == 0 && r.Reads == r.MessagesSent:
		return fmt.Sprintf(", one message each: all %d boundaries agree, by luck. Raw TCP promises none.", agree)
	case r.Reads == 1:
		return ": raw TCP kept no boundary."
	case !r.Echoed.Complete():
		return ", which ended elsewhere than the messages: raw TCP kept no boundary."
	case lost == 0:
		return fmt.Sprintf("; %s inside a message. Raw TCP keeps no boundary.", times(cut, "a read ended"))
	}
	return fmt.Sprintf("; %s inside a message, and %s lost: raw TCP kept no boundary.",
		times(cut, "a read ended"), text.Count(lost, "boundary was", "boundaries were"))
}

func times(n int, what string) string {
	switch n {
	case 0:
		return "no read ended"
	case 1:
		return "once " + what
	case 2:
		return "twice " + what
	}
	return fmt.Sprintf("%s times %s", text.Number(int64(n)), what)
}
