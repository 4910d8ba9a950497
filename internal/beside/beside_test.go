package beside_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/beside"
	"echolab/internal/event"
	"echolab/internal/sock"
	"echolab/internal/text"
)

const titles = `
the programs                           │ the wire
───────────────────────────────────────┼────────────────────────────────────────
`

// printed is what print prints below the titles. Every line is checked for its width.
func printed(t testing.TB, print func(p *beside.Printer)) string {
	t.Helper()
	var out strings.Builder
	print(beside.New(&out, text.Style{}, "the programs", "the wire"))
	for line := range strings.Lines(out.String()) {
		line = strings.TrimSuffix(line, "\n")
		assert.LessOrEqual(t, text.Columns(line), 80, line)
		assert.Equal(t, text.Cells(line), line, "something that a terminal would obey")
	}
	rest, ok := strings.CutPrefix(out.String(), titles[1:])
	assert.True(t, ok, out.String())
	return "\n" + rest
}

func TestTimeFlowsDownwards(t *testing.T) {
	got := printed(t, func(p *beside.Printer) {
		p.Account(event.Event{
			Ev: event.Write, At: event.Client, Conn: 1, Dir: event.ClientToServer,
			Span: &event.Span{Off: 0, N: 5}, Data: `"hello"`,
		})
		p.Packet(event.Event{
			Ev: event.Segment, At: event.Wire, Conn: 1, Dir: event.ClientToServer, Span: &event.Span{Off: 0, N: 5},
			PacketHeader: &event.PacketHeader{Number: 4, Flags: "PSH ACK"}, Text: "the first 5 bytes of the client's stream",
		})
		p.Packet(event.Event{
			Ev: event.Packet, At: event.Wire, Conn: 1, Dir: event.ServerToClient,
			PacketHeader: &event.PacketHeader{Number: 5, Flags: "ACK", Marks: []event.Mark{event.DuplicateACK}}, Text: "5 bytes are there",
		})
		p.Account(event.Event{
			Ev: event.Read, At: event.Server, Conn: 1, Dir: event.ClientToServer, Span: &event.Span{Off: 0, N: 5}, Bytes: []byte("hello"),
		})
	})
	assert.Equal(t, `
client write  5 bytes at 0  "hello"    │
                                       │ ▶ 4 PSH ACK  the first 5 bytes of the
                                       │   client's stream
                                       │ ◀ 5 ACK [duplicate ACK]  5 bytes are
                                       │   there
server read  5 bytes at 0  "hello"     │
`, got)
}

func TestFlagsAreNotPrintedTwiceAndASegmentShowsItsBytes(t *testing.T) {
	packet := func(p *beside.Printer, flags, text string, data []byte) {
		p.Packet(event.Event{Ev: event.Segment, Dir: event.ServerToClient, Text: text, Bytes: data,
			PacketHeader: &event.PacketHeader{Number: 7, Flags: flags}})
	}
	got := printed(t, func(p *beside.Printer) {
		packet(p, "SYN ACK", "SYN ACK: the server agrees", nil)
		packet(p, "FIN ACK", "FIN: no more bytes", nil)
		packet(p, "PSH ACK", "5 bytes at 0: a frame", []byte("\x81\x03abc"))
		packet(p, "ACK", "SYN: so it says", nil)
	})
	assert.Equal(t, `
                                       │ ◀ 7 SYN ACK  the server agrees
                                       │ ◀ 7 FIN ACK  no more bytes
                                       │ ◀ 7 PSH ACK  5 bytes at 0: a frame
                                       │   "\x81\x03abc"
                                       │ ◀ 7 ACK  SYN: so it says
`, got)
}

func TestBytesThatNeedMoreRoomHaveALineOfTheirOwn(t *testing.T) {
	got := printed(t, func(p *beside.Printer) {
		p.Account(event.Event{
			Ev: event.Write, At: event.Server, Conn: 2, Span: &event.Span{Off: 1005, N: 1500},
			Data: event.Preview([]byte("안녕하세요" + strings.Repeat("x", 1485))),
		})
	})
	assert.Equal(t, `
server #2 write  1,500 bytes at 1,005  │
  "안녕하세요xxxxxxxxxxxxxxxxxx"...    │
`, got)
}

func TestASocketIsDescribedAsInTheAccount(t *testing.T) {
	e := event.Event{Ev: event.Connect, At: event.Client, Sock: &sock.Info{
		FD: 7, Family: "IPv4", Type: "stream", Protocol: "TCP", State: "ESTABLISHED",
		Local:  netip.MustParseAddrPort("127.0.0.1:41342"),
		Remote: netip.MustParseAddrPort("127.0.0.1:9000"),
	}}
	got := printed(t, func(p *beside.Printer) { p.Account(e) })
	assert.Equal(t, "client connect "+e.Sock.String(), unfolded(got))
}

// unfolded is the left column as one line.
func unfolded(column string) string {
	var words []string
	for line := range strings.Lines(column) {
		left, _, _ := strings.Cut(line, "│")
		words = append(words, strings.Fields(left)...)
	}
	return strings.Join(words, " ")
}

func TestWithoutALeftColumnTheRightOneHasAllTheRoom(t *testing.T) {
	var out strings.Builder
	p := beside.New(&out, text.Style{}, "", "right")
	p.Right("▶ 1 SYN", strings.Repeat("word ", 20))
	assert.Equal(t, "▶ 1 SYN  "+strings.Repeat("word ", 13)+"word\n  word word word word word word\n", out.String())
}

func TestTheColumnsFillTheTerminal(t *testing.T) {
	sentence := strings.Repeat("word ", 100)
	for _, columns := range []int{60, 80, 81, 200} {
		var out strings.Builder
		p := beside.New(&out, text.Style{Columns: columns}, "left", "right")
		p.Left("client write", sentence)
		p.Right("1 SYN", sentence)
		widest := 0
		for line := range strings.Lines(out.String()) {
			widest = max(widest, text.Columns(strings.TrimRight(line, "\n")))
		}
		assert.Equal(t, columns, widest, "the rule")
	}
	var out strings.Builder
	beside.New(&out, text.Style{Columns: 59}, "left", "right")
	assert.Contains(t, out.String(), "59 columns: two texts side by side need 60\n")
}

func TestLineBreaksAreKept(t *testing.T) {
	got := printed(t, func(p *beside.Printer) { p.Right("key", "one\ntwo\n\nfour") })
	assert.Equal(t, `
                                       │ key  one
                                       │   two
                                       │
                                       │   four
`, got)
}

func TestWordsLongerThanTheColumnAreCut(t *testing.T) {
	got := printed(t, func(p *beside.Printer) {
		p.Left("", strings.Repeat("x", 40))
		p.Left("", strings.Repeat("가", 20)) // 19 have room
	})
	assert.Equal(t, `
`+strings.Repeat("x", 38)+` │
  xx                                   │
`+strings.Repeat("가", 19)+` │
  가                                   │
`, got)
}

func TestNothingReachesTheTerminalThatItWouldObey(t *testing.T) {
	got := printed(t, func(p *beside.Printer) {
		p.Account(event.Event{Ev: "\x1b[2J", At: "\a", Text: "\x1b]0;title\a", Data: "\x9b31m"})
		p.Packet(event.Event{
			Ev: event.Packet, PacketHeader: &event.PacketHeader{Number: 1, Flags: "\x1b[1m", Marks: []event.Mark{"\r"}},
			Text: "e\u0301 \u202e \u1112\u1161\u11ab", // an accent, a turn of direction, and a syllable in its parts
		})
	})
	assert.NotContains(t, got, "\x1b")
	assert.Contains(t, got, "e· · \u1112··")
}

func TestTheMarksAreBold(t *testing.T) {
	var out strings.Builder
	p := beside.New(&out, text.Style{Color: true}, "left", "right")
	p.Left("client write", "5 bytes")
	p.Right(strings.Repeat("m", 40), "text")
	assert.Contains(t, out.String(), "\x1b[1mclient write\x1b[0m  5 bytes")
	assert.Contains(t, out.String(), "\x1b[1m"+strings.Repeat("m", 39)+"\x1b[0m\n")
	assert.Contains(t, out.String(), "   \x1b[1mm\x1b[0m\n")
	assert.Contains(t, out.String(), "   text\n")
}

func FuzzAnyEventFits(f *testing.F) {
	f.Add("client write", "5 bytes at 0", `"hello"`, 1)
	f.Add("", "", `"안녕`, 3)           // not a quoted string
	f.Add("m\x00 m", "\n\n", "''", 0) // line breaks, and a character of none
	f.Fuzz(func(t *testing.T, mark, text, data string, n int) {
		printed(t, func(p *beside.Printer) {
			p.Left(mark, text)
			p.Right(text, mark)
			e := event.Event{Ev: event.Kind(mark), At: event.Side(mark), Conn: n, Text: text, Data: data}
			p.Account(e)
			p.Packet(e)
			e.Bytes, e.Span, e.PacketHeader = []byte(data), &event.Span{Off: int64(n), N: n}, &event.PacketHeader{Flags: mark}
			p.Account(e)
			p.Packet(e)
		})
	})
}
