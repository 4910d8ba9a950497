package framingtest

// A rule is one sentence of the contract. The order here is the order of the report.
type rule int

const (
	carries rule = iota
	appends
	refuses
	roundTrip
	delivery
	glued
	exact
	cleanEnd
	endInside
	beside
	limit
	sizeError
	waiting
	unread
	readError
	hostile
	memory
	shared
	panics
	hangs
	rules // how many there are
)

var contract = [rules]struct{ name, says string }{
	carries:   {"carries", "a codec carries some of the suite's messages"},
	appends:   {"append", "Append puts the framed message behind dst, and neither changes nor keeps what it was given"},
	refuses:   {"unframable", "a message that cannot be carried gets ErrUnframable, and dst comes back as it was"},
	roundTrip: {"round trip", "what Append framed, Read returns: the same bytes, one message for each"},
	delivery:  {"delivery", "it makes no difference in which pieces the stream arrives"},
	glued:     {"glued", "messages that arrive together come back one by one and in order, empty ones too"},
	exact:     {"exact bytes", "Read takes exactly its message's bytes from r; those behind it are for the next who reads"},
	cleanEnd:  {"clean end", "where the stream ends between two messages, Read returns io.EOF itself, not wrapped"},
	endInside: {"end inside", "where the stream ends inside a message, Read returns io.ErrUnexpectedEOF, never io.EOF"},
	beside:    {"beside an error", "beside an error there is no message, not even a part of one"},
	limit:     {"limit", "a message of max bytes passes, and one byte more is too large"},
	sizeError: {"size error", "a message over max gets a *SizeError: ErrTooLarge, its length and the limit"},
	waiting:   {"waiting", "Read never waits for more bytes than the message needs"},
	unread:    {"too large, unread", "a message over max is reported without waiting for its bytes"},
	readError: {"read error", "an error of r other than io.EOF comes out as it is, or wrapped"},
	hostile:   {"hostile bytes", "whatever arrives, no message is over max, and every Read takes bytes or fails, and ends"},
	memory:    {"memory", "memory is set aside for bytes that arrived and up to max, not for what is only claimed"},
	shared:    {"shared state", "a codec keeps nothing between calls: one connection does not touch another's messages"},
	panics:    {"panic", "a codec returns errors"},
	hangs:     {"hang", "every call returns"},
}
