package terminal_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/event/eventtest"
	"echolab/internal/streammap/maptest"
)

func TestALongStreamIsShownAsAWholeAndCloser(t *testing.T) {
	three := []int{5, 15, 13, 5, 15, 13, 5, 15, 13}
	maptest.Draws(t, maptest.Stream(strings.Repeat(eventtest.Greeting, 3), maptest.Sent(three...), maptest.Writes(three...), maptest.Reads(40, 40, 19)), `
client → server, 99 bytes
offset      0     10     20     30     40    50     60     70     80    90
9 messages  ├──┼───15────┼───13───┼──┼───15────┼───13───┼─5─┼───15────┼───13───┤
9 writes    ├──┼───15────┼───13───┼──┼───15────┼───13───┼─5─┼───15────┼───13───┤
3 reads     ├──╎─────────╎─40─────╎──╎─╳───────╎────40──╎───╎─────╳───╎─19─────┤
closer, around the first cut inside a message, at offset 40
offset      10   15   20   25   30   35   40   45   50   55   60   65   70
bytes       ·하 세 요 goodbye, TCP!hello안 녕 하 세 요 goodbye, TCP!hell
9 messages  ──────────┼─────13─────┼─5──┼──────15──────┼─────13─────┼────
9 writes    ──────────┼─────13─────┼─5──┼──────15──────┼─────13─────┼────
3 reads     ──────────╎────────────╎────╎─╳────────────╎────────────╎────
┼ boundary of a message   ╳ cut inside a message
╎ message boundary, lost in this row
`)
}

func TestALongStreamWithoutACutNeedsNoCloserLook(t *testing.T) {
	maptest.Draws(t, maptest.Stream("", maptest.Sent(maptest.Times(10, 1024, 0)...), maptest.Writes(maptest.Times(10, 1024, 0)...), maptest.Reads(4096, 4096, 2048)), `
client → server, 10,240 bytes
offset       0     1K     2K    3K     4K     5K    6K     7K    8K     9K
10 messages  ├─────┼──────┼─────┼──────┼──────┼─────┼──────┼─────┼──────┼──────┤
10 writes    ├─────┼──────┼─────┼──────┼──────┼─────┼──────┼─────┼──────┼──────┤
3 reads      ├─────╎──────╎─────╎──────┼──────╎─────╎──────╎─────┼──────╎──────┤
┼ boundary of a message   ╎ message boundary, lost in this row
`)
}

func TestManyBoundariesInAColumnAreDense(t *testing.T) {
	const size = 10 << 10
	maptest.Draws(t, maptest.Stream(strings.Repeat("0123456789", size/10),
		maptest.Sent(maptest.Times(1024, 10, size)...), maptest.Writes(maptest.Times(1024, 10, size)...), maptest.Reads(maptest.Times(7, 1448, size)...), maptest.Received(maptest.Times(1024, 10, size)...)), `
client → server, 10,240 bytes
offset          0     1K    2K    3K     4K    5K    6K     7K    8K    9K
1,024 messages  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ 10 bytes each ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓┤
1,024 writes    ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ 10 bytes each ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓┤
8 reads         ░░░░░░░░╳░░░░░░░░╳░░░░░░░░╳░░░░░░░░╳░░░░░░░░░░░░░░░░░╳░░░░░░░░╳┤
1,024 received  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ 10 bytes each ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓┤
closer, around the first cut inside a message, at offset 1,448
offset            1,420     1,430     1,440     1,450     1,460     1,470
bytes           890123456789012345678901234567890123456789012345678901234567
1,024 messages  ──┼───10────┼───10────┼───10────┼───10────┼───10────┼────────
1,024 writes    ──┼───10────┼───10────┼───10────┼───10────┼───10────┼────────
8 reads         ──╎─────────╎─────────╎───────╳─╎─────────╎─────────╎────────
1,024 received  ──┼───10────┼───10────┼───10────┼───10────┼───10────┼────────
┼ boundary of a message   ▓ several boundaries   ╳ cut inside a message
╎ message boundary, lost in this row   ░ several boundaries lost
`)
}

func TestManyBoundariesInAColumnAreMixedIfSomeAreCuts(t *testing.T) {
	maptest.Draws(t, maptest.Stream(strings.Repeat("x", 1000), maptest.Sent(maptest.Times(200, 5, 0)...), maptest.Writes(maptest.Times(500, 2, 0)...), maptest.Reads(maptest.Times(142, 7, 1000)...)), `
client → server, 1,000 bytes
offset        0            200          400          600          800
200 messages  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ 5 bytes each ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓┤
500 writes    ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ 2 bytes each ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┤
143 reads     ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ 6 to 7 bytes ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒┤
closer, around the first cut inside a message, at offset 2
offset        0         5         10        15        20        25        30
bytes          x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x
200 messages  ├────5────┼────5────┼────5────┼────5────┼────5────┼────5────┼────
500 writes    ├─2─╳─2─╳─╎─╳─2─╳─2─┼─2─╳─2─╳─╎─╳─2─╳─2─┼─2─╳─2─╳─╎─╳─2─╳─2─┼─2─╳
143 reads     ├──────7──╎───╳─────╎─7─────╳─╎────7────╎─╳─────7─╎─────╳───╎────
┼ boundary of a message   ▓ several boundaries   ╳ cut inside a message
▒ several, some inside messages   ╎ message boundary, lost in this row
`)
}

func TestTwoLostInAColumnAreSeveral(t *testing.T) {
	maptest.Draws(t, maptest.Stream("", maptest.Sent(maptest.Times(140, 1, 0)...), maptest.Reads(140)), `
client → server, 140 bytes
offset        0        20       40       60        80       100      120
140 messages  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ 1 byte each ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓┤
1 read        ░░░░░░░░░░░░░░░░░░░░░░░░░░░ 140 bytes ░░░░░░░░░░░░░░░░░░░░░░░░░░░┤
▓ several boundaries   ░ several boundaries lost
`)
}

func TestWhatWasNotKeptIsNotDrawn(t *testing.T) {
	const size = 10 << 20
	messages := maptest.Times(size/30, 30, size) // more than a map keeps
	maptest.Draws(t, maptest.Stream(strings.Repeat("x", 1<<17), maptest.Sent(messages...), maptest.Writes(messages...), maptest.Reads(maptest.Times(160, 65536, size)...), maptest.Received(messages...)), `
client → server, 10,485,760 bytes
offset            0     1M    2M    3M    4M    5M    6M    7M    8M    9M
349,526 messages  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ 10 to 30 bytes ▓▓▓▓▓▓▓┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
349,526 writes    ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ 10 to 30 bytes ▓▓▓▓▓▓▓┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
160 reads         ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ 65,536 bytes each ▒▒▒▒▒▒┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
349,526 received  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ 10 to 30 bytes ▓▓▓▓▓▓▓┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
closer, around the first cut inside a message, at offset 65,536
offset                65,510    65,520    65,530    65,540    65,550    65,560
bytes             xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
349,526 messages  ──────────────┼─────────────30──────────────┼────────────────
349,526 writes    ──────────────┼─────────────30──────────────┼────────────────
160 reads         ──────────────╎───────────────╳─────────────╎────────────────
349,526 received  ──────────────┼─────────────30──────────────┼────────────────
┼ boundary of a message   ▓ several boundaries   ╳ cut inside a message
▒ several, some inside messages   ╎ message boundary, lost in this row
┄ not drawn: more than were kept
`)
}

func TestTheCloserLookHasRoomBesideLongLabels(t *testing.T) {
	const size = 2_000_000
	maptest.Draws(t, maptest.Stream(strings.Repeat("abcdefghij", 13_000), maptest.Sent(maptest.Times(size/2, 2, 0)...), maptest.Reads(99_999, size-99_999)), `
client → server, 2,000,000 bytes
offset              0              512K           1M              1.5M
1,000,000 messages  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
2 reads             ░░╳░░░░░░░░░░░░░┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄
closer, around the first cut inside a message, at offset 99,999
offset              99,970    99,980    99,990    100,000   100,010   100,020
bytes               abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefgh
1,000,000 messages  ┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼─┼
2 reads             ╎─╎─╎─╎─╎─╎─╎─╎─╎─╎─╎─╎─╎─╎─╎╳╎─╎─╎─╎─╎─╎─╎─╎─╎─╎─╎─╎─╎─╎─╎
┼ boundary of a message   ▓ several boundaries   ╳ cut inside a message
╎ message boundary, lost in this row   ░ several boundaries lost
┄ not drawn: more than were kept
`)
}

func TestARowThatEndedBeforeTheCloserLookIsNotInIt(t *testing.T) {
	maptest.Draws(t, maptest.Stream(strings.Repeat("x", 1000), maptest.Sent(500, 500), maptest.Writes(500, 500), maptest.Reads(500, 250), maptest.Received(500)), `
client → server, 1,000 bytes
offset      0            200          400           600          800
2 messages  ├──────────────500───────────────┼───────────────500───────────────┤
2 writes    ├──────────────500───────────────┼───────────────500───────────────┤
2 reads     ├──────────────500───────────────┼──────250───────╳
1 received  ├──────────────500───────────────┤
closer, around the first cut inside a message, at offset 750
offset      720       730       740       750       760       770       780
bytes       xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
2 messages  ─────────────────────────────────────────────────────────────
2 writes    ─────────────────────────────────────────────────────────────
2 reads     ──────────────────────────────╳
1 received
┼ boundary of a message   ╳ cut inside a message
`)
}

func TestTheRulerCountsInTensOrInPowersOfTwo(t *testing.T) {
	for _, ruler := range []struct {
		size  int
		ticks string
	}{
		{1, "0 1"},
		{10, "0 2 4 6 8 10"},
		{34, "0 5 10 15 20 25 30"},
		{70, "0 5 10 15 20 25 30 35 40 45 50 55 60 65"},
		{71, "0 10 20 30 40 50 60 70"},
		{1000, "0 200 400 600 800"},
		{4095, "0 500 1,000 1,500 2,000 2,500 3,000 3,500"},
		{4096, "0 512 1K 1.5K 2K 2.5K 3K 3.5K"},
		{10 << 10, "0 1K 2K 3K 4K 5K 6K 7K 8K 9K"},
		{1_000_000, "0 128K 256K 384K 512K 640K 768K 896K"},
		{3 << 20, "0 512K 1M 1.5M 2M 2.5M"},
		{5 << 40, "0 512G 1T 1.5T 2T 2.5T 3T 3.5T 4T 4.5T"},
		{1 << 62, "0 512P 1E 1.5E 2E 2.5E 3E 3.5E"},
	} {
		lines := strings.Split(maptest.Drawn(t, maptest.Stream("", maptest.Writes(ruler.size))), "\n")
		assert.Equal(t, "offset "+ruler.ticks, strings.Join(strings.Fields(lines[1]), " "), "of %d bytes", ruler.size)
	}
}
