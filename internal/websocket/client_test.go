package websocket_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/websocket"
)

func TestAKeyIsSixteenFreshBytes(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		key := websocket.NewKey()
		b, err := base64.StdEncoding.DecodeString(key)
		require.NoError(t, err)
		require.Len(t, b, 16)
		require.NoError(t, websocket.CheckKey(key))
		require.False(t, seen[key])
		seen[key] = true
	}
}

func TestARequestIsOneThatAServerAccepts(t *testing.T) {
	for _, extensions := range []string{"", "permessage-deflate; client_max_window_bits"} {
		b := websocket.Request("example.org:81", "/ws", websocket.NewKey(), extensions)
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b)))
		require.NoError(t, err)
		assert.NoError(t, websocket.CheckRequest(r, nil))
		assert.Equal(t, "example.org:81", r.Host)
		assert.Equal(t, "/ws", r.RequestURI)
		assert.Equal(t, extensions, r.Header.Get("Sec-Websocket-Extensions"))
	}
}

func TestTheHeadIsReadToItsLastByteAndNoFurther(t *testing.T) {
	head := websocket.Response(sampleKey, "permessage-deflate")
	frames := "\x81\x05hello"
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "with its end": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			r := bufio.NewReader(wrap(strings.NewReader(string(head) + frames)))
			got, err := websocket.ReadHead(r)
			require.NoError(t, err)
			assert.Equal(t, string(head), string(got))
			extensions, err := websocket.CheckResponse(got, r, sampleKey)
			require.NoError(t, err)
			assert.Equal(t, []string{"permessage-deflate"}, extensions)
			rest, err := io.ReadAll(r)
			require.NoError(t, err)
			assert.Equal(t, frames, string(rest), "the check of a 101 does not touch what follows it")
		})
	}
}

func TestAHeadThatEndsTooEarly(t *testing.T) {
	head := websocket.Response(sampleKey, "")
	for n := range head {
		got, err := websocket.ReadHead(bufio.NewReader(bytes.NewReader(head[:n])))
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		assert.Equal(t, want, err)
		assert.Equal(t, string(head[:n]), string(got))
	}
}

func TestAHeadHasALimit(t *testing.T) {
	endless := io.MultiReader(strings.NewReader("HTTP/1.1 101 ok\r\n"), iotest.ErrReader(errors.New("read too far")))
	full := io.MultiReader(strings.NewReader("HTTP/1.1 101 "+strings.Repeat("x", websocket.MaxResponse-13)), iotest.ErrReader(errors.New("read too far")))
	_, err := websocket.ReadHead(bufio.NewReader(full))
	assert.EqualError(t, err, "the server's answer has a head that is too long: over 16384 bytes")
	_, err = websocket.ReadHead(bufio.NewReader(endless))
	assert.EqualError(t, err, "read too far")

	longest := "HTTP/1.1 101 " + strings.Repeat("x", websocket.MaxResponse-13-4) + "\r\n\r\n"
	got, err := websocket.ReadHead(strings.NewReader(longest))
	assert.NoError(t, err)
	assert.Len(t, got, websocket.MaxResponse)
}

func TestWhatIsNoHTTPIsKnownByItsFirstWrongByte(t *testing.T) {
	for answer, read := range map[string]int{"GET / HTTP/1.1\r\n": 1, "HTTP/2.0 200\r\n": 6, "\x15\x03\x01": 1, "HTTPS": 5, "\r\n\r\n": 1, "HTTP/1/1": 7} {
		// The rest never comes: it must not be waited for.
		r := io.MultiReader(strings.NewReader(answer[:read]), iotest.ErrReader(errors.New("waited")))
		head, err := websocket.ReadHead(bufio.NewReader(r))
		var other *websocket.NotHTTPError
		require.ErrorAs(t, err, &other, "%q", answer)
		assert.Equal(t, answer[:read], string(other.Head))
		assert.Equal(t, answer[:read], string(head))
	}
}

func TestARefusalIsToldInTheServersWords(t *testing.T) {
	for name, c := range map[string]struct{ answer, says string }{
		"a sentence":     {"HTTP/1.1 403 Forbidden\r\n\r\nnot from here\nmore", `the server answered "HTTP/1.1 403 Forbidden" and not 101: "not from here"`},
		"of a length":    {"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nnot from here", `the server answered "HTTP/1.1 403 Forbidden" and not 101: "not"`},
		"chunked":        {"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", `the server answered "HTTP/1.1 500 Oh" and not 101: "abc"`},
		"nothing":        {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", `the server answered "HTTP/1.1 404 Not Found" and not 101`},
		"elsewhere":      {"HTTP/1.1 302 Found\r\nLocation: wss://a.example/ws\r\nContent-Length: 0\r\n\r\n", `the server answered "HTTP/1.1 302 Found" and not 101, and sends to "wss://a.example/ws"`},
		"bare LF":        {"HTTP/1.0 404 Not Found\nContent-Type: text/plain\n\nno such page\n", `the server answered "HTTP/1.0 404 Not Found" and not 101: "no such page"`},
		"not for people": {"HTTP/1.1 200 OK\r\n\r\n\x1b[31mred", `the server answered "HTTP/1.1 200 OK" and not 101`},
		"a long one":     {"HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", 1<<20), `the server answered "HTTP/1.1 200 OK" and not 101: "` + strings.Repeat("x", 512) + `"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := bufio.NewReader(strings.NewReader(c.answer))
			head, err := websocket.ReadHead(r)
			require.NoError(t, err)
			_, err = websocket.CheckResponse(head, r, websocket.NewKey())
			assert.EqualError(t, err, c.says)
			assert.ErrorAs(t, err, new(*websocket.StatusError))
		})
	}
}

func TestWhichAnswersAreInterim(t *testing.T) {
	for head, want := range map[string]bool{
		"HTTP/1.1 100 Continue\r\n\r\n": true, "HTTP/1.0 103\r\n\r\n": true, "HTTP/1.1 199 x\n\n": true,
		"HTTP/1.1 101 Switching Protocols\r\n\r\n": false, "HTTP/1.1 200 OK\r\n\r\n": false, "HTTP/1.1 1000 x\r\n\r\n": false,
		"HTTP/1.1 10\r\n\r\n": false, "HTTP/1.1 1x0 y\r\n\r\n": false, "HTTP/1.1\r\n\r\n": false, "": false,
	} {
		assert.Equal(t, want, websocket.IsInterim([]byte(head)), "%q", head)
	}
}

func FuzzTheAnswerToAHandshake(f *testing.F) {
	f.Add(websocket.Response(sampleKey, ""))                      // right
	f.Add(websocket.Response(websocket.NewKey(), ""))             // to another key
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")) // a body that is not there
	f.Fuzz(func(t *testing.T, answer []byte) {
		r := bufio.NewReader(bytes.NewReader(answer))
		head, err := websocket.ReadHead(r)
		require.LessOrEqual(t, len(head), websocket.MaxResponse)
		require.True(t, bytes.HasPrefix(answer, head))
		if err != nil {
			return
		}
		if _, err := websocket.CheckResponse(head, r, sampleKey); err == nil {
			require.Contains(t, string(head), websocket.Accept(sampleKey))
			require.Contains(t, string(head), " 101")
		}
	})
}
