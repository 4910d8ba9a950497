package decode

import (
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"

	"echolab/internal/event"
	"echolab/internal/text/texttest"
	"echolab/internal/websocket"
)

var (
	hello  = frameOf(ws.OpText, true, true, "hello") // of a client
	echoed = frameOf(ws.OpText, true, false, "hello")
)

func TestAnUpgradeAndItsFrames(t *testing.T) {
	got := everyCut(t, nil, fromClient(asking, hello, frameOf(ws.OpClose, true, true, "\x03\xe8")),
		fromServer(accepting, echoed, frameOf(ws.OpClose, true, false, "\x03\xe8")))
	assert.Equal(t, []string{
		"request 0+152: asks for a WebSocket",
		"upgrade 0+152",
		`frame 152+11 op=1 fin=true rsv=0 masked=true key=37fa213d payload=5 "hello"`,
		`message 152+11 "hello"`,
		`frame 163+8 op=8 fin=true rsv=0 masked=true key=37fa213d payload=2 "\x03\xe8"`,
	}, got.lines(c2s))
	assert.Equal(t, []string{
		"response 0+129: " + websocket.Computed(key),
		"upgrade 0+129",
		`frame 129+7 op=1 fin=true rsv=0 masked=false key= payload=5 "hello"`,
		`message 129+7 "hello"`,
		`frame 136+4 op=8 fin=true rsv=0 masked=false key= payload=2 "\x03\xe8"`,
	}, got.lines(s2c))
	for _, e := range got {
		assert.Equal(t, event.Wire, e.At)
		assert.Equal(t, 1, e.Conn)
		assert.Equal(t, noon, e.Time)
	}
	assert.Equal(t, string(asking), string(got.of(c2s, event.Request)[0].Bytes))
	assert.Equal(t, string(accepting), string(got.of(s2c, event.Response)[0].Bytes))
}

func TestTheOrderOfTheDirectionsDoesNotMatter(t *testing.T) {
	c, s := fromClient(asking, hello), fromServer(accepting, echoed)
	want := decoded(nil, 0, c, s)
	for name, order := range map[string][]told{
		"the answer first":          {s, c},
		"frames before the answer":  {fromClient(asking), fromClient(hello), s},
		"an answer before the rest": {fromClient(asking[:9]), fromServer(accepting, echoed), fromClient(asking[9:], hello)},
		"an answer in the middle": {fromClient(asking), fromServer(accepting[:50]), fromClient(hello), fromServer(accepting[50:],
			echoed)},
		"frames in front of frames":   {fromClient(asking), fromServer(accepting, echoed), fromClient(hello)},
		"the answer's end, then more": {fromClient(asking, hello[:3]), s, fromClient(hello[3:])},
	} {
		got := decoded(nil, 0, order...)
		assert.Equal(t, want.lines(c2s), got.lines(c2s), name)
		assert.Equal(t, want.lines(s2c), got.lines(s2c), name)
	}
}

func TestTheMapsBeginAfterTheLastRequest(t *testing.T) {
	get, ok := []byte("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"), []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
	got := everyCut(t, nil, fromClient(get, get, asking, hello), fromServer(ok, ok, accepting, echoed))
	assert.Equal(t, []string{
		"request 0+28: GET /a", `message 0+28 "GET /a HTTP/1.1\r\nHost: x\r\n\r\n": GET /a`,
		"request 28+28: GET /a", `message 28+28 "GET /a HTTP/1.1\r\nHost: x\r\n\r\n": GET /a`,
		"request 56+152: asks for a WebSocket", "upgrade 56+152",
		`frame 208+11 op=1 fin=true rsv=0 masked=true key=37fa213d payload=5 "hello"`, `message 208+11 "hello"`,
	}, got.lines(c2s))
	assert.Len(t, got.of(s2c, event.Message), 3)
	assert.Equal(t, event.Span{Off: 80, N: 129}, *got.of(s2c, event.Upgrade)[0].Span)
}

func TestAnUpgradeThatIsTurnedDownIsAMessage(t *testing.T) {
	again := []byte("GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
	no := []byte("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 3\r\n\r\nno\n")
	got := everyCut(t, nil, fromClient(asking, again), fromServer(no, no))
	assert.Empty(t, got.of(c2s, event.Upgrade))
	assert.Equal(t, []string{"GET /ws", "GET /b"}, got.texts(c2s, event.Message))
	assert.Equal(t, []string{"426 Upgrade Required", "426 Upgrade Required"}, got.texts(s2c, event.Response))
}

func TestAnAcceptOfAnotherKeyIsReported(t *testing.T) {
	got := decoded(nil, 0, fromClient(asking, hello), fromServer(websocket.Response("another", ""), echoed))
	text := got.of(s2c, event.Response)[0].Text
	assert.Contains(t, text, "wrong answer")
	assert.Contains(t, text, `the answer to the key "dGhlIHNhbXBsZSBub25jZQ==" is "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="`)
	assert.Len(t, got.of(c2s, event.Frame), 1, "the frames are there all the same")
}

func TestWithoutAnAnswerNothingIsSaidOfFrames(t *testing.T) {
	got := everyCut(t, nil, fromClient(asking, hello))
	texttest.Each(t, got.lines(c2s),
		"request 0+152: asks for a WebSocket",
		`message 0+152 "GET /ws HTTP/1.1\r\nHost: example.org\r\nUpg"...: GET /ws`,
		"error … answer … request at offset 0 … not in the capture … cannot be decoded")
	got = decoded(nil, 0, fromClient(asking))
	assert.Empty(t, got.of(c2s, event.Failed), "nothing follows")
}

func TestWithoutTheRequestTheServersFramesAreKnown(t *testing.T) {
	got := everyCut(t, nil, fromServer(accepting, echoed))
	texttest.Each(t, got.texts(s2c, event.Response), "makes a WebSocket … request … unknown")
	assert.Len(t, got.of(s2c, event.Frame), 1)
	texttest.Each(t, got.lines(c2s), "request … WebSocket … not in the capture … client's … cannot be decoded")
}

func TestWhatWaitsForTheOtherDirectionIsBounded(t *testing.T) {
	frames := []byte(strings.Repeat(string(hello), 100_000))
	var told tape
	c := New(1, nil, &told)
	off := int64(0)
	feed(c, c2s, &off, asking)
	for range 10 {
		feed(c, c2s, &off, frames)
		assert.LessOrEqual(t, c.client.heldSize, maxHeld+segment)
	}
	texttest.Each(t, told.texts(c2s, event.Failed), "answer … request at offset 0 … not in the capture … cannot be decoded")

	told = nil
	c, off = New(1, nil, &told), 0
	answers := []byte(strings.Repeat("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 10_000))
	feed(c, s2c, &off, answers)
	assert.LessOrEqual(t, c.server.heldSize, maxHeld+segment)
	assert.NotEmpty(t, told.of(s2c, event.Response), "after so many, the requests are not waited for")
	c.End(noon, s2c)
	assert.Len(t, told.of(s2c, event.Message), 10_000)
}

func TestAnotherProtocolAfterA101IsNotClaimed(t *testing.T) {
	ask := []byte("GET / HTTP/1.1\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n")
	yes := []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n")
	for name, c := range map[string]struct{ ask, yes []byte }{
		"upgrade": {ask, yes},
		"tunnel":  {[]byte("CONNECT example.org:443 HTTP/1.1\r\n\r\n"), []byte("HTTP/1.1 200 OK\r\n\r\n")},
	} {
		got := everyCut(t, nil, fromClient(c.ask, hello), fromServer(c.yes, echoed))
		assert.Len(t, got.lines(c2s), 2, name)
		assert.Len(t, got.lines(s2c), 2, name)
		assert.Len(t, got.of(s2c, event.Message), 1, name)
	}
}
