package terminal_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/streammap/maptest"
	"echolab/internal/text"
)

func TestTheAccountSaysWhatIsInAFramesHeader(t *testing.T) {
	compressed := eventtest.Whole(event.OpText, "\xf2\x48\xcd\xc9\xc9\x07\x00") // RFC 7692 section 7.2.3.1
	compressed.RSV = 4
	reserved := eventtest.Fragment(3, "?")
	reserved.RSV = 3
	plainly(t, `
#1  frame    17 bytes at 187: FIN text of 11, masked 37fa213d  "hello world"
#1  frame    21 bytes at 204: FIN text of 15, masked 37fa213d  "안녕하세요"
#1  frame    5 bytes at 129: FIN binary of 3  "\x00\x01\x02"
#1  frame    9 bytes at 129: no FIN text of 7  "hello, "
#1  frame    5 bytes at 138: no FIN continuation of 3  "wor"
#1  frame    4 bytes at 143: FIN continuation of 2  "ld"
#1  frame    9 bytes at 147: FIN RSV1 text of 7  "\xf2H\xcd\xc9\xc9\a\x00"
#1  frame    2 bytes at 156: FIN ping, empty
#1  frame    6 bytes at 225: FIN pong, empty, masked 37fa213d
#1  frame    3 bytes at 158: no FIN RSV2 RSV3 reserved 0x3 of 1  "?"
`,
		eventtest.Whole(event.OpText, "hello world").WithMask().At(event.Client, 187),
		eventtest.Whole(event.OpText, "안녕하세요").WithMask().At(event.Client, 204),
		eventtest.Whole(event.OpBinary, "\x00\x01\x02").At(event.Server, 129),
		eventtest.Fragment(event.OpText, "hello, ").At(event.Server, 129),
		eventtest.Fragment(event.OpContinuation, "wor").At(event.Server, 138),
		eventtest.Whole(event.OpContinuation, "ld").At(event.Server, 143),
		compressed.At(event.Server, 147),
		eventtest.Whole(event.OpPing, "").At(event.Server, 156),
		eventtest.Whole(event.OpPong, "").WithMask().At(event.Client, 225),
		reserved.At(event.Server, 158),
	)
}

func TestACloseFrameIsReadOut(t *testing.T) {
	plainly(t, `
#1  frame    11 bytes at 187: FIN close of 5, masked 37fa213d  code 1000 "bye"
#1  frame    4 bytes at 129: FIN close of 2  code 1001
#1  frame    2 bytes at 129: FIN close, empty
#1  frame    3 bytes at 129: FIN close of 1  "\x03"
#1  frame    14 bytes at 129: FIN close of 12  code 1000 "\x1b[2J안녕"
#1  frame    124 bytes at 129: FIN close of 122  code 1000 "so long so long "...
`,
		eventtest.Whole(event.OpClose, "\x03\xe8bye").WithMask().At(event.Client, 187),
		eventtest.Whole(event.OpClose, "\x03\xe9").At(event.Server, 129),
		eventtest.Whole(event.OpClose, "").At(event.Server, 129),
		eventtest.Whole(event.OpClose, "\x03").At(event.Server, 129),
		eventtest.Whole(event.OpClose, "\x03\xe8\x1b[2J안녕").At(event.Server, 129),
		eventtest.Whole(event.OpClose, "\x03\xe8"+strings.Repeat("so long ", 15)).At(event.Server, 129),
	)
}

func TestAPayloadThatHasNoRoomHasALineOfItsOwn(t *testing.T) {
	told := eventtest.Whole(event.OpBinary, strings.Repeat("x", 100_000)).WithMask().At(event.Client, 10_485_760)
	told.Bytes = told.Bytes[:20]
	plainly(t, `
#1  frame    19 bytes at 100,225: FIN text of 13, masked 37fa213d
             "goodbye, TCP!"
#1  frame    808 bytes at 187: FIN text of 800, masked 37fa213d
             "goodbye goodbye goodbye goodbye goodbye goodbye goodbye goodby"...
#1  frame    804 bytes at 187: FIN text of 800  "goodbye goodbye goodbye goo"...
#1  frame    100,014 bytes at 10,485,760: FIN binary of 100,000, masked 37fa213d
             "xxxxxxxxxxxxxxxxxxxx"...
`,
		eventtest.Whole(event.OpText, "goodbye, TCP!").WithMask().At(event.Client, 100_225),
		eventtest.Whole(event.OpText, strings.Repeat("goodbye ", 100)).WithMask().At(event.Client, 187),
		eventtest.Whole(event.OpText, strings.Repeat("goodbye ", 100)).At(event.Client, 187),
		told,
	)
}

func TestTheAccountHasTheLinesOfTheHandshake(t *testing.T) {
	request := eventtest.Span(event.Request, 0, "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:9000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
	response := eventtest.Span(event.Response, 0, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
	response.Text = "the key's SHA-1 together with the GUID of RFC 6455, in Base64, is what makes it an answer"
	plainly(t, `
#1  request  155 bytes at 0
               GET /ws HTTP/1.1
               Host: 127.0.0.1:9000
               Upgrade: websocket
               Connection: Upgrade
               Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
               Sec-WebSocket-Version: 13
#1  response 129 bytes at 0; the key's SHA-1 together with the GUID of RFC 6455,
             in Base64, is what makes it an answer
               HTTP/1.1 101 Switching Protocols
               Upgrade: websocket
               Connection: Upgrade
               Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=
`, request, response)
}

func TestAHostileHandshakeIsCutToFit(t *testing.T) {
	plainly(t, `
#1  request  360 bytes at 0
               GET /·[2J· HTTP/1.1
               X-Wide: 안녕안녕안녕안녕안녕안녕안녕안녕안녕안녕안녕안녕안녕안...
               X-Bad: ��·X: y
               body
#1  request  60,065 bytes at 200
               a: b
               a: b
               a: b
               a: b
               a: b
               a: b
               a: b
               a: b
               a: b
               a: b
               a: b
               a: b
               ...
#1  request  GET /
#1  response 0 bytes at 0
`,
		eventtest.Span(event.Request, 0, "GET /\x1b[2J\x00 HTTP/1.1\r\nX-Wide: "+strings.Repeat("안녕", 50)+"\r\nX-Bad: \xff\xfe\rX: y  \r\n\r\n \t\r\nbody\n"),
		eventtest.Span(event.Request, 200, strings.Repeat("a: b\n", 13)+strings.Repeat("x", 60_000)),
		event.Event{Ev: event.Request, Conn: 1, Text: "GET /"},
		eventtest.Span(event.Response, 0, ""),
	)
}

func TestALineIsAsLongAsThereIsRoom(t *testing.T) {
	for n := 1; n <= 80; n++ {
		line := strings.Repeat("a", n)
		got := account(text.Style{}, eventtest.Span(event.Request, 0, line))
		maptest.Tame(t, got)
		const room = text.Width - len("#1  request  ") - len("  ")
		assert.Equal(t, len(line) <= room, strings.Contains(got, line+"\n"), "%d columns", len(line))
	}
}
