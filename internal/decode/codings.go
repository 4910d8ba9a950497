package decode

import (
	"bufio"
	"bytes"
	"regexp"
)

// codings are those that a body may have had before it was cut into chunks, and the chunks (RFC 9112 section 7).
var codings = regexp.MustCompile(`(?im)^(transfer-encoding:)` +
	`(?:[ \t]*(?:x-gzip|gzip|x-compress|compress|deflate)[ \t]*,)+[ \t]*chunked[ \t]*(\r?)$`)

// reader reads the head as net/http understands it: of codings, it knows chunked alone. That is the last one, and tells
// where the body ends; what the others do to the body makes no difference here.
func (h *head) reader() *bufio.Reader {
	return bufio.NewReader(bytes.NewReader(codings.ReplaceAll(h.b, []byte("$1 chunked$2"))))
}
