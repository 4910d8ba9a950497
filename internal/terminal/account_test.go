package terminal_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/sock"
	"echolab/internal/streammap/maptest"
	"echolab/internal/terminal"
	"echolab/internal/text"
)

// account is what Text prints of the events.
func account(style text.Style, events ...event.Event) string {
	var b bytes.Buffer
	text := terminal.NewAccount(&b, style)
	for _, e := range events {
		text.Record(e)
	}
	return b.String()
}

// plainly asserts that the events' account is the one that stands in the test, and that it suits a terminal.
func plainly(t *testing.T, want string, events ...event.Event) {
	t.Helper()
	got := account(text.Style{}, events...)
	maptest.Tame(t, got)
	assert.Equal(t, strings.TrimPrefix(want, "\n"), got)
	assert.Equal(t, got, maptest.SGR.ReplaceAllString(account(text.Style{Color: true}, events...), ""), "colour changes the text")
}

func TestTheAccountHasALineForEachEvent(t *testing.T) {
	listener := &sock.Info{FD: 3, Family: "IPv4", Type: "stream", Protocol: "TCP", Local: netip.MustParseAddrPort("127.0.0.1:9000"),
		Listening: true, State: sock.StateListen, Backlog: 0, BacklogMax: 4096}
	plainly(t, `
bind     descriptor 3: its address is 127.0.0.1:9000
listen   descriptor 3: IPv4 stream, 127.0.0.1:9000, LISTEN, 0 of 4,096 waiting
         for accept
#1  accept   descriptor 7: IPv4 stream, 127.0.0.1:9000 <-> 127.0.0.1:40000,
             ESTABLISHED, MSS 65,483, RTT 25µs, TCP_NODELAY on
#1  message  5 bytes at 0              "hello"
#1  write    5 bytes at 0              "hello"
#1  write    15 bytes at 5             "안녕하세요"
#1  write    13 bytes at 20            "goodbye, TCP!"
#1  read     33 bytes at 0             "hello안녕하세요goodbye, TCP!"
#1  wait     until the kernel holds 33 bytes of echo, not read yet
#1  end      end of the stream: the client ended its side
#1  close    33 bytes in, 1 read; 33 bytes out, 3 writes
`,
		event.Event{Ev: event.Bind, Sock: listener},
		event.Event{Ev: event.Listen, Sock: listener},
		event.Event{Ev: event.Accept, Conn: 1, Sock: eventtest.Info()},
		eventtest.Span(event.Message, 0, "hello"),
		eventtest.Span(event.Write, 0, "hello"),
		eventtest.Span(event.Write, 5, "안녕하세요"),
		eventtest.Span(event.Write, 20, "goodbye, TCP!"),
		eventtest.Span(event.Read, 0, eventtest.Greeting),
		event.Event{Ev: event.Wait, Conn: 1, Text: "until the kernel holds 33 bytes of echo, not read yet"},
		event.Event{Ev: event.End, Conn: 1, Text: "end of the stream: the client ended its side"},
		event.Event{Ev: event.Close, Conn: 1, Text: "33 bytes in, 1 read; 33 bytes out, 3 writes"},
	)
}

func TestTheBytesBeginInOneColumnAndFitTheLine(t *testing.T) {
	long := strings.Repeat("안녕  \x00", 100)
	plainly(t, `
#1  read     1 byte at 0               "x"
#1  read     65 bytes at 1,048,576     "안녕  \x00안녕  \x00안녕  \x00안녕  "...
#1  read     900 bytes at 10,485,760   "안녕  \x00안녕  \x00안녕  \x00안녕  "...
#100 read     900 bytes at 1,048,576    "안녕  \x00안녕  \x00안녕  \x00안녕 "...
#65535 read     900 bytes at 1,125,899,906,842,624  "안녕  \x00안녕  \x00안"...
message  4 bytes at 0              ""
`,
		eventtest.Span(event.Read, 0, "x"),
		eventtest.Span(event.Read, 1_048_576, long[:65]),
		eventtest.Span(event.Read, 10_485_760, long),
		event.Event{Ev: event.Read, Conn: 100, Span: &event.Span{Off: 1_048_576, N: 900}, Bytes: []byte(long)},
		event.Event{Ev: event.Read, Conn: 65535, Span: &event.Span{Off: 1 << 50, N: 900}, Bytes: []byte(long)},
		event.Event{Ev: event.Message, Span: &event.Span{Off: 0, N: 4}, Bytes: []byte{}},
	)
}

func TestBytesAfterALongTextHaveALineOfTheirOwn(t *testing.T) {
	e := eventtest.Span(event.Read, 0, "two  spaces stay two  spaces")
	e.Text = "with a sentence that leaves the bytes no room on its line"
	plainly(t, `
#1  read     28 bytes at 0; with a sentence that leaves the bytes no room on its
             line
             "two  spaces stay two  spaces"
`, e)
}

func TestALongSentenceIsFoldedUnderItself(t *testing.T) {
	plainly(t, `
#12 error    one word behind the other one word behind the other one word behind
             the other one word behind the other one word behind the other one
             word behind the other and the last
refused  안녕하세요 안녕하세요 안녕하세요 안녕하세요 안녕하세요 안녕하세요
         안녕하세요 안녕하세요 안녕하세요 안녕하세요 안녕하세요 안녕하세요 !
error    two errors:
         the first
         the second
`,
		event.Event{Ev: event.Failed, Conn: 12, Text: strings.Repeat("one word behind the other ", 6) + "and the last"},
		event.Event{Ev: event.Refused, Text: strings.Repeat("안녕하세요 ", 12) + "!"},
		event.Event{Ev: event.Failed, Text: "two errors:\nthe first\nthe second"},
	)
}

func TestNothingInATextReachesTheTerminal(t *testing.T) {
	plainly(t, `
error    a·[2Jb·c··d
`, event.Event{Ev: event.Failed, Text: "a\x1b[2Jb\rc\u202e\u0085d"})
}

func TestAfterAWhileAStreamIsOnlyCounted(t *testing.T) {
	var events []event.Event
	for off := range int64(20) {
		events = append(events, eventtest.Span(event.Read, off, "x"), eventtest.Span(event.Write, off, "x"))
		other := eventtest.Span(event.Read, off, "x")
		other.Conn = 2
		events = append(events, other)
		other.Conn, other.Dir = 1, event.ServerToClient
		events = append(events, other)
	}
	got := account(text.Style{}, events...)
	for _, head := range []string{"#1  write    ", "#2  read     "} {
		assert.Equal(t, 12, strings.Count(got, head+"1 byte at "), head)
		assert.Equal(t, 1, strings.Count(got, head+"and so on: "), head)
	}
	assert.Equal(t, 24, strings.Count(got, "#1  read     1 byte at "), "two streams")
	assert.Equal(t, 2, strings.Count(got, "#1  read     and so on: "), "two streams")
}

func TestEventsWithoutASpanAreAllTold(t *testing.T) {
	got := account(text.Style{}, make([]event.Event, 100)...)
	assert.Equal(t, 100, strings.Count(got, "\n"))
}

func TestTheNextConnectionOfThatNumberCountsAnew(t *testing.T) {
	var b bytes.Buffer
	text := terminal.NewAccount(&b, text.Style{})
	reads := func(conn int) (told, more int) {
		b.Reset()
		for off := range int64(20) {
			e := eventtest.Span(event.Read, off, "x")
			e.Conn = conn
			text.Record(e)
		}
		return strings.Count(b.String(), "byte at"), strings.Count(b.String(), "and so on")
	}
	for conn := 1; conn <= 2; conn++ {
		told, more := reads(conn)
		assert.Equal(t, [2]int{12, 1}, [2]int{told, more})
	}
	text.Record(event.Event{Ev: event.Close, Conn: 1})
	told, more := reads(1)
	assert.Equal(t, [2]int{12, 1}, [2]int{told, more}, "after the close")
	told, more = reads(2)
	assert.Equal(t, [2]int{0, 0}, [2]int{told, more}, "the other connection goes on")
}

func TestColoursAreThereWithStyleColorOnly(t *testing.T) {
	failed := event.Event{Ev: event.Failed, Text: "it broke"}
	assert.Equal(t, "error    it broke\n", account(text.Style{}, failed))
	assert.Equal(t, "\x1b[31merror    \x1b[0mit broke\n", account(text.Style{Color: true}, failed))
	waits := event.Event{Ev: event.Wait, Conn: 1, Text: "a little"}
	assert.Equal(t, "\x1b[1m#1  wait     \x1b[0ma little\n", account(text.Style{Color: true}, waits))
}

func TestLinesOfConcurrentEventsAreWhole(t *testing.T) {
	var b bytes.Buffer
	text := terminal.NewAccount(&b, text.Style{})
	var wg sync.WaitGroup
	for conn := 1; conn <= 8; conn++ {
		wg.Go(func() {
			for range 100 {
				text.Record(event.Event{Ev: event.Wait, Conn: conn, Text: fmt.Sprint("conn ", conn)})
			}
		})
	}
	wg.Wait()
	for conn := 1; conn <= 8; conn++ {
		assert.Equal(t, 100, strings.Count(b.String(), fmt.Sprintf("#%-2d wait     conn %d\n", conn, conn)))
	}
}

func TestEveryAccountIsTame(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 13))
	words := strings.Fields("the server has closed its side 안녕하세요 of the stream: 127.0.0.1:9000 ｗｉｄｅ \x1b[31m e\u0301")
	for range 1000 {
		e := event.Event{Ev: eventtest.Kinds[rng.IntN(len(eventtest.Kinds))], Conn: rng.IntN(3) * rng.IntN(1000), Dir: event.ClientToServer}
		for range rng.IntN(3) * rng.IntN(20) {
			e.Text += words[rng.IntN(len(words))] + " "
		}
		e.Text = strings.TrimSpace(e.Text) + "."
		if rng.IntN(2) == 0 {
			e.Span = &event.Span{Off: rng.Int64N(1 << rng.IntN(63)), N: rng.IntN(1 << rng.IntN(32))}
			e.Bytes = []byte(maptest.RandomBytes(rng, rng.IntN(200)))
		}
		if rng.IntN(4) == 0 {
			e.Sock = eventtest.Info()
		}
		if rng.IntN(4) == 0 {
			e.FrameHeader = &event.FrameHeader{Opcode: byte(rng.IntN(16)), Fin: rng.IntN(2) == 0, RSV: byte(rng.IntN(8)),
				Masked: rng.IntN(2) == 0, Key: "37fa213d", Payload: rng.Int64N(1 << rng.IntN(62))}
		}
		got := account(text.Style{}, e)
		maptest.Tame(t, got)
		require.Equal(t, got, maptest.SGR.ReplaceAllString(account(text.Style{Color: true}, e), ""))
	}
}
