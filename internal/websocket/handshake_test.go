package websocket_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/websocket"
)

// The key of RFC 6455 section 1.3, and its answer.
const (
	sampleKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	sampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

func TestTheAcceptOfTheRFC(t *testing.T) {
	assert.Equal(t, sampleAccept, websocket.Accept(sampleKey))
	steps := websocket.Computed(sampleKey)
	assert.Contains(t, steps, sampleKey+"258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
	assert.Contains(t, steps, "b37a4f2cc0624f1690f64606cf385945b2bec4ea")
	assert.Contains(t, steps, sampleAccept)
}

func TestAKeyIsSixteenBytesInBase64(t *testing.T) {
	for key, wrong := range map[string]string{
		sampleKey:                          "",
		"AAAAAAAAAAAAAAAAAAAAAA==":         "",
		"":                                 "0 bytes",
		"AAAAAAAAAAAAAAAAAAAA":             "15 bytes",
		"AAAAAAAAAAAAAAAAAAAAAAA=":         "17 bytes",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=": "23 bytes",
		"AAAAAAAAAAAAAAAAAAAAAA":           "not base64", // no padding
		"AAAAAAAAAAAAAAAAAAAAA-==":         "not base64", // the alphabet for URLs
		"AQIDBAUGBwgJCgsMDQ4PEC==":         "",           // RFC 6455 section 4.1, with bits that belong to no byte
		"not a key":                        "not base64",
	} {
		err := websocket.CheckKey(key)
		if wrong == "" {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, wrong, "%q", key)
		}
	}
}

// request is a right one after the changes: "Name: value" sets, "Name:" takes away, anything else is the request line.
func request(t *testing.T, changes ...string) *http.Request {
	t.Helper()
	line := "GET /ws HTTP/1.1"
	header := map[string]string{"Host": "example.org", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
		"Sec-WebSocket-Key": sampleKey, "Sec-WebSocket-Version": "13"}
	for _, change := range changes {
		if name, value, ok := strings.Cut(change, ": "); ok {
			header[name] = value
		} else if name, ok := strings.CutSuffix(change, ":"); ok {
			delete(header, name)
		} else {
			line = change
		}
	}
	head := line + "\r\n"
	for name, value := range header {
		for v := range strings.SplitSeq(value, "|") { // several headers of one name
			head += name + ": " + v + "\r\n"
		}
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + "\r\n")))
	require.NoError(t, err)
	return r
}

// TestWhatARequestForAWebSocketNeeds: RFC 6455 section 4.2.1, with the status that each refusal has.
func TestWhatARequestForAWebSocketNeeds(t *testing.T) {
	for _, test := range []struct {
		changes string // separated by ";"
		status  int    // 0 is none: it is accepted
		header  string // that the refusal has
	}{
		{"", 0, ""},
		{"Upgrade: WebSocket;Connection: UPGRADE", 0, ""},
		{"Upgrade: h2c, websocket", 0, ""},
		{"Upgrade: h2c|websocket", 0, ""},
		{"Connection: keep-alive|UPGRADE", 0, ""},
		{"Connection: ,,\tUpgrade,", 0, ""},
		{"Content-Length: 0", 0, ""},
		{"POST /ws HTTP/1.1", 405, "Allow: GET"},
		{"GET /ws HTTP/1.0", 505, ""},
		{"Host: ", 400, ""},
		{"Upgrade:", 426, "Upgrade: websocket"},
		{"Upgrade: h2c", 426, "Connection: Upgrade"},
		{"Upgrade: websocketx", 426, "Upgrade: websocket"},
		{"Upgrade: no websocket", 426, ""},
		{"Connection:", 400, ""},
		{"Connection: Upgrades", 400, ""},
		{"Connection: keep-alive", 400, ""},
		{"Sec-WebSocket-Version:", 426, "Sec-Websocket-Version: 13"},
		{"Sec-WebSocket-Version: 8", 426, "Sec-Websocket-Version: 13"},
		{"Sec-WebSocket-Version: 13|8", 426, "Sec-Websocket-Version: 13"},
		{"Sec-WebSocket-Version: 13|13", 426, ""},
		{"Sec-WebSocket-Version: 13, 8", 426, ""},
		{"Sec-WebSocket-Version: 013", 426, ""},
		{"Sec-WebSocket-Version: 13.0", 426, ""},
		{"Sec-WebSocket-Key:", 400, ""},
		{"Sec-WebSocket-Key: " + sampleKey + "|" + sampleKey, 400, ""},
		{"Sec-WebSocket-Key: short", 400, ""},
		{"Content-Length: 5", 400, ""},
		{"Transfer-Encoding: chunked", 400, ""},
	} {
		t.Run(test.changes, func(t *testing.T) {
			err := websocket.CheckRequest(request(t, strings.FieldsFunc(test.changes, func(c rune) bool { return c == ';' })...), nil)
			if test.status == 0 {
				assert.NoError(t, err)
				return
			}
			var refusal *websocket.Refusal
			require.ErrorAs(t, err, &refusal)
			assert.Equal(t, test.status, refusal.Status)
			if name, value, ok := strings.Cut(test.header, ": "); ok {
				assert.Equal(t, value, refusal.Header.Get(name))
			}
		})
	}
}

// TestAPageMayComeFromItsOwnHostAlone, unless it is listed: RFC 6455 section 10.2.
func TestAPageMayComeFromItsOwnHostAlone(t *testing.T) {
	for _, test := range []struct {
		origin, host string
		listed       []string
		allowed      bool
	}{
		{"http://example.org", "example.org", nil, true},
		{"https://EXAMPLE.org", "example.org", nil, true},
		{"http://example.org", "example.org:80", nil, true},
		{"https://example.org:443", "example.org", nil, true},
		{"https://example.org:80", "example.org", nil, false},
		{"http://example.org:8080", "example.org:8080", nil, true},
		{"http://example.org:8080", "example.org", nil, false},
		{"http://evil.example", "example.org", nil, false},
		{"http://evil.example", "example.org", []string{"http://good.example"}, false},
		{"http://good.example", "example.org", []string{"http://good.example"}, true},
		{"http://evil.example", "example.org", []string{"*"}, true},
		{"null", "example.org", nil, false},
		{"example.org", "example.org", nil, false},
		{"http://example.org.evil.example", "example.org", nil, false},
		{"https://good.example", "example.org", []string{"http://good.example"}, false},
		{"http://example.org|http://example.org", "example.org", nil, false},
	} {
		r := request(t, "Host: "+test.host, "Origin: "+test.origin)
		err := websocket.CheckRequest(r, test.listed)
		if test.allowed {
			assert.NoError(t, err, "%s on %s", test.origin, test.host)
			continue
		}
		var refusal *websocket.Refusal
		require.ErrorAs(t, err, &refusal, "%s on %s", test.origin, test.host)
		assert.Equal(t, http.StatusForbidden, refusal.Status)
	}
	assert.NoError(t, websocket.CheckRequest(request(t), nil), "a request without an Origin is no browser's")
}

// TestWhatA101NeedsToBeAnAnswer: RFC 6455 section 4.1.
func TestWhatA101NeedsToBeAnAnswer(t *testing.T) {
	right := string(websocket.Response(sampleKey, ""))
	assert.Contains(t, right, "\r\nSec-WebSocket-Accept: "+sampleAccept+"\r\n")
	for name, answer := range map[string]string{
		"another key's accept":       strings.Replace(right, sampleAccept, websocket.Accept("AAAAAAAAAAAAAAAAAAAAAA=="), 1),
		"no accept":                  strings.Replace(right, "Sec-WebSocket-Accept", "X", 1),
		"two accepts":                strings.Replace(right, "Upgrade: w", "Sec-WebSocket-Accept: "+sampleAccept+"\r\nUpgrade: w", 1),
		"no Upgrade":                 strings.Replace(right, "Upgrade: websocket\r\n", "", 1),
		"another Upgrade":            strings.Replace(right, "websocket", "h2c", 1),
		"two Upgrades":               strings.Replace(right, "Upgrade: w", "Upgrade: websocket\r\nUpgrade: w", 1),
		"no Connection":              strings.Replace(right, "Connection: Upgrade\r\n", "", 1),
		"another Connection":         strings.Replace(right, "Connection: Upgrade", "Connection: close", 1),
		"HTTP/1.0":                   strings.Replace(right, "HTTP/1.1", "HTTP/1.0", 1),
		"a subprotocol":              strings.Replace(right, "Upgrade: w", "Sec-WebSocket-Protocol: chat\r\nUpgrade: w", 1),
		"a header that is no header": strings.Replace(right, "Upgrade: w", "Up grade w", 1),
	} {
		require.NotEqual(t, right, answer, name)
		_, err := websocket.CheckResponse([]byte(answer), strings.NewReader(""), sampleKey)
		assert.Error(t, err, name)
	}
	extensions, err := websocket.CheckResponse([]byte(strings.Replace(right, "websocket", "WebSocket", 1)), strings.NewReader(""), sampleKey)
	assert.NoError(t, err, "case does not matter")
	assert.Empty(t, extensions)
}
