package decode

import (
	"strings"
	"testing"

	"echolab/internal/event"
	"echolab/internal/text/texttest"

	"github.com/stretchr/testify/assert"
)

func TestBodiesEndWhereTheirHeadsSay(t *testing.T) {
	const get, head, post = "GET /a HTTP/1.1\r\n\r\n", "HEAD /a HTTP/1.1\r\n\r\n",
		"POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
	const next = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	for name, c := range map[string]struct {
		request, response, body string // the response without its body
		until                   bool   // the stream's end
	}{
		"a length": {get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "abcde", false},
		"none":     {get, next, "", false},
		"chunks": {get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
			"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", false},
		"trailers": {get, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
			"1\r\na\r\n00\r\nX: y\r\nZ: a\r\n\r\n", false},
		"chunks, bare LF":  {get, "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n", "3\nabc\n0\n\n", false},
		"the stream's end": {get, "HTTP/1.1 200 OK\r\n\r\n", "abc\r\n\r\n", true},
		"HEAD":             {head, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "", false},
		"HEAD, chunked":    {head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "", false},
		"not modified":     {get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "", false},
		"no content":       {get, "HTTP/1.1 204 No Content\r\n\r\n", "", false},
		"a posted one":     {post, next, "", false},
		"HTTP/1.0":         {"GET /a HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", "x", false},
		"a posted chunk": {"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", next, "",
			false},
		"a request, by LFs": {"GET /a HTTP/1.1\nHost: x\n\n", next, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			requests, responses := c.request+get, c.response+c.body
			if !c.until {
				responses += next
			}
			got := everyCut(t, nil, fromClient([]byte(requests)), fromServer([]byte(responses)))
			messages := got.of(c2s, event.Message)
			assert.Len(t, messages, 2, got.lines(c2s))
			assert.Equal(t, event.Span{N: len(c.request)}, *messages[0].Span)
			answers := got.of(s2c, event.Message)
			assert.Equal(t, event.Span{N: len(c.response + c.body)}, *answers[0].Span, got.lines(s2c))
			assert.Equal(t, c.response, string(answers[0].Bytes))
			if !c.until {
				assert.Len(t, answers, 2)
			}
			assert.Empty(t, got.of(c2s, event.Failed))
			assert.Empty(t, got.of(s2c, event.Failed))
		})
	}
}

func TestInterimResponsesAnswerNothing(t *testing.T) {
	got := everyCut(t, nil, fromClient([]byte("HEAD / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n")),
		fromServer([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"+
			"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")))
	assert.Equal(t, []string{"100 Continue", "103 Early Hints", "200 OK"}, got.texts(s2c, event.Message))
	assert.Empty(t, got.of(s2c, event.Failed), "the last one is to HEAD, and has no body")
}

func TestBrokenHTTPIsReported(t *testing.T) {
	const get = "GET / HTTP/1.1\r\n\r\n"
	for name, c := range map[string]struct{ b, want string }{
		"garbage": {get + "what is this?\n\n", "request at offset 18 … not HTTP … cannot be decoded"},
		"no end": {"GET / HTTP/1.1\r\nX: " + strings.Repeat("x", maxHead),
			"request at offset 0 … head … 65,536 bytes … cannot be decoded"},
		"endless lines": {"GET / HTTP/1.1\r\n" + strings.Repeat("X: y\r\n", maxHead/6+1) + "\r\n",
			"request at offset 0 … head … 65,536 bytes … cannot be decoded"},
		"cut in the head": {get + "GET / HT", "request at offset 18 … not end"},
		"cut in the body": {"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab",
			"message at offset 0 … not end"},
		"chunks": {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
			`body … offset 0 … "xyz" … chunk size … cannot be decoded`},
		"a chunk too long": {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
			`body … offset 0 … "b" … chunk … ended … cannot be decoded`},
		"a chunk's line": {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + strings.Repeat("x", maxLine),
			"body … offset 0 … line between … chunks … 4,096 bytes … cannot be decoded"},
		"a chunk's size": {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
			`body … offset 0 … "ffffffffffffffff" … chunk size … cannot be decoded`},
		"trailers": {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + strings.Repeat("X: y\r\n",
			maxTrailers/4+1), "body … offset 0 … trailers … 65,536 bytes … cannot be decoded"},
		"HTTP/2": {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
			"request at offset 0 … HTTP/2 … cannot be decoded"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{0, 1, 7, 1448} {
				got := decoded(nil, size, fromClient([]byte(c.b)))
				failed := got.texts(c2s, event.Failed)
				assert.Len(t, failed, 1)
				texttest.Says(t, failed[0], c.want)
			}
		})
	}
}

func TestRawBytesAreNotClaimed(t *testing.T) {
	for _, b := range []string{"GET x", "GE", "hello", "\x16\x03\x09", "HTTP/2 200", "\x81\x05hello",
		"\x17\x03\x03\xff\xff", "\x19\x03\x03\x00\x00", ""} {
		got := everyCut(t, nil, fromClient([]byte(b)), fromServer([]byte(b)))
		assert.Empty(t, got, "%q", b)
	}
}

func TestUnansweredRequestsAreForgotten(t *testing.T) {
	var told tape
	c := New(1, nil, &told)
	off := int64(0)
	feed(c, c2s, &off, []byte(strings.Repeat("GET / HTTP/1.1\r\n\r\n", 3*maxRequests)))
	assert.Len(t, told.of(c2s, event.Message), 3*maxRequests)
	assert.LessOrEqual(t, len(c.pairing.requests), maxRequests)
	off = 0
	feed(c, s2c, &off, []byte("HTTP/1.1 204 No Content\r\n\r\n"))
	texttest.Each(t, told.texts(s2c, event.Response), "204 No Content … request … unknown")
}

func TestAnEmptyLineInFrontOfARequestIsIgnored(t *testing.T) {
	get := "GET / HTTP/1.1\r\n\r\n"
	for _, empty := range []string{"\r\n", "\n", "\r\n\r\n"} {
		got := everyCut(t, nil, fromClient([]byte(get+empty+get+empty)))
		assert.Empty(t, got.of(c2s, event.Failed))
		assert.Len(t, got.of(c2s, event.Message), 2)
		assert.Equal(t, event.Span{Off: int64(len(get + empty)), N: len(get)}, *got.of(c2s, event.Message)[1].Span)
	}
}

func TestABodyThatIsCompressedEndsWithItsChunks(t *testing.T) {
	const chunks = "5\r\n\x1f\x8b\x08\x00\x00\r\n0\r\n\r\n"
	for encoding, ok := range map[string]bool{
		"gzip, chunked": true, "GZIP ,\tdeflate,chunked ": true, "chunked, chunked": false, "odd, chunked": false,
	} {
		head := "HTTP/1.1 200 OK\r\ntransfer-Encoding: " + encoding + "\r\n\r\n"
		post := "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + encoding + "\r\n\r\n"
		got := everyCut(t, nil, fromClient([]byte(post+chunks+post+chunks)), fromServer([]byte(head+chunks+head+chunks)))
		for dir, size := range map[event.Dir]int{c2s: len(post + chunks), s2c: len(head + chunks)} {
			if !ok {
				assert.Contains(t, got.texts(dir, event.Failed)[0], "unsupported transfer encoding")
				continue
			}
			assert.Empty(t, got.of(dir, event.Failed), encoding)
			messages := got.of(dir, event.Message)
			assert.Len(t, messages, 2)
			assert.Equal(t, event.Span{Off: int64(size), N: size}, *messages[1].Span)
		}
	}
}
