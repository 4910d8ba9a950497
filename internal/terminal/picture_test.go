package terminal_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/event/eventtest"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
	"echolab/internal/terminal"
	"echolab/internal/text"
)

func TestABoundaryIsAgreedOnOrCutOrLost(t *testing.T) {
	maptest.Draws(t, maptest.Stream(eventtest.Greeting, maptest.Sent(5, 15, 13), maptest.Writes(5, 28), maptest.Reads(5, 8, 20), maptest.Received(5, 15, 13)), `
client → server, 33 bytes
offset      0         5         10        15        20        25        30
bytes        h e l l o 안    녕    하    세    요    g o o d b y e ,   T C P !
3 messages  ├────5────┼─────────────15──────────────┼───────────13────────────┤
2 writes    ├────5────┼──────────────────────────28─╎─────────────────────────┤
3 reads     ├────5────┼───────8───────╳─────────────╎────20───────────────────┤
3 received  ├────5────┼─────────────15──────────────┼───────────13────────────┤
┼ boundary of a message   ╳ cut inside a message
╎ message boundary, lost in this row
`)
}

func TestFewBytesAreShownInHexadecimal(t *testing.T) {
	maptest.Draws(t, maptest.Stream("\x00\x00\x00\x02hi\x00\x00\x00\x00", maptest.Sent(6, 4), maptest.Writes(6, 4), maptest.Reads(3, 7), maptest.Received(6, 4)), `
client → server, 10 bytes
offset      0       2       4       6       8       10
bytes        ·   ·   ·   ·   h   i   ·   ·   ·   ·
hex          00  00  00  02  68  69  00  00  00  00
2 messages  ├───────────6───────────┼───────4───────┤
2 writes    ├───────────6───────────┼───────4───────┤
2 reads     ├─────3─────╳───────────╎─7─────────────┤
2 received  ├───────────6───────────┼───────4───────┤
┼ boundary of a message   ╳ cut inside a message
╎ message boundary, lost in this row
`)
}

func TestAByteOfACutCharacterIsADot(t *testing.T) {
	maptest.Draws(t, maptest.Stream("안녕"[:5], maptest.Sent(5), maptest.Writes(5), maptest.Reads(5)), `
client → server, 5 bytes
offset     0   1   2   3   4   5
bytes       안          ·   ·
hex         ec  95  88  eb  85
1 message  ├─────────5─────────┤
1 write    ├─────────5─────────┤
1 read     ├─────────5─────────┤
`)
}

func TestOneByteHasAMapToo(t *testing.T) {
	maptest.Draws(t, maptest.Stream("x", maptest.Sent(1), maptest.Writes(1), maptest.Reads(1), maptest.Received(1)), `
client → server, 1 byte
offset      0   1
bytes        x
hex          78
1 message   ├─1─┤
1 write     ├─1─┤
1 read      ├─1─┤
1 received  ├─1─┤
`)
}

func TestAnEmptyStreamHasNoPicture(t *testing.T) {
	maptest.Draws(t, maptest.Stream(""), `
client → server: no byte
`)
	maptest.Draws(t, maptest.Stream("", maptest.Sent(), maptest.Writes()), `
client → server: no byte
`)
	assert.Contains(t, terminal.String(new(streammap.Map)), "no byte")
}

func TestEmptyMessagesAreCountedThoughTheyTakeNoRoom(t *testing.T) {
	maptest.Draws(t, maptest.Stream("", maptest.Sent(0, 0)), `
client → server: no byte
`)
	maptest.Draws(t, maptest.Stream("abcdef", maptest.Sent(0, 3, 0, 0, 3, 0), maptest.Writes(3, 3), maptest.Reads(6)), `
client → server, 6 bytes
offset      0   1   2   3   4   5   6
bytes        a   b   c   d   e   f
hex          61  62  63  64  65  66
6 messages  ├─────3─────┼─────3─────┤
2 writes    ├─────3─────┼─────3─────┤
1 read      ├─────────6─╎───────────┤
┼ boundary of a message   ╎ message boundary, lost in this row
`)
}

func TestWithoutMessagesNothingIsAgreedOn(t *testing.T) {
	maptest.Draws(t, maptest.Stream(eventtest.Greeting, maptest.Writes(5, 15, 13), maptest.Reads(33)), `
client → server, 33 bytes
offset    0         5         10        15        20        25        30
bytes      h e l l o 안    녕    하    세    요    g o o d b y e ,   T C P !
3 writes  ├────5────│─────────────15──────────────│───────────13────────────┤
1 read    ├───────────────────────────────33────────────────────────────────┤
│ boundary where no message is known
`)
}

func TestASizeStandsInTheMiddleOfItsSpanAndNotOnAMark(t *testing.T) {
	maptest.Draws(t, maptest.Stream("abcdef", maptest.Sent(3, 3), maptest.Reads(6)), `
client → server, 6 bytes
offset      0   1   2   3   4   5   6
bytes        a   b   c   d   e   f
hex          61  62  63  64  65  66
2 messages  ├─────3─────┼─────3─────┤
1 read      ├─────────6─╎───────────┤
┼ boundary of a message   ╎ message boundary, lost in this row
`)
	maptest.Draws(t, maptest.Stream(strings.Repeat("x", 70), maptest.Sent(1, 1, 8, 20, 40), maptest.Reads(29, 41)), `
client → server, 70 bytes
offset      0        10        20       30        40       50        60
5 messages  ▓┼───8───┼────────20────────┼──────────────────40──────────────────┤
2 reads     ╎╎───────╎───29────────────╳╎─────────────────41───────────────────┤
closer, around the first cut inside a message, at offset 29
offset      0    5    10   15   20   25   30   35   40   45   50   55
bytes       xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
5 messages  ├┼┼───8───┼────────20─────────┼─────────────────────────────
2 reads     ├╎╎───────╎───29─────────────╳╎─────────────────────────────
┼ boundary of a message   ▓ several boundaries   ╳ cut inside a message
╎ message boundary, lost in this row
`)
}

func TestNothingInThePayloadReachesTheTerminal(t *testing.T) {
	maptest.Draws(t, maptest.Stream("\x1b[31mred\x1b[0m\r\n\x00\x7f\u0085\u200e\u202e\xff", maptest.Writes(25)), `
client → server, 25 bytes
offset   0         5         10        15        20        25
bytes     · [ 3 1 m r e d · [ 0 m · · · · ·   ·     ·     ·
1 write  ├───────────────────────25────────────────────────┤
`)
}

func TestACharacterKeepsItsPlaceOnTheRuler(t *testing.T) {
	// An accent and the parts of a Hangul syllable are drawn into the character before them: they have no column.
	maptest.Draws(t, maptest.Stream("e\u0301é한\u1112\u1161\u11ab\u20ac😀\u3000.", maptest.Writes(30)), `
client → server, 30 bytes
offset   0         5         10        15        20        25        30
bytes     e ·   é   한    ᄒ    ·     ·     €     😀      　    .
1 write  ├────────────────────────────30─────────────────────────────┤
`)
}

func TestDrawWritesOnceAndReturnsTheError(t *testing.T) {
	for _, m := range []*streammap.Map{maptest.Stream(""), maptest.Stream(eventtest.Greeting, maptest.Sent(33)), maptest.Stream(eventtest.Greeting, maptest.Sent(5, 28), maptest.Reads(33))} {
		w := &failing{err: errors.New("broken")}
		assert.Equal(t, w.err, terminal.Draw(w, m, text.Style{}))
		assert.Equal(t, 1, w.writes)
	}
}

// failing is a Writer that fails.
type failing struct {
	writes int
	err    error
}

func (f *failing) Write([]byte) (int, error) {
	f.writes++
	return 0, f.err
}
