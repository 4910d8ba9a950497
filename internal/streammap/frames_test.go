package streammap_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
	"echolab/internal/terminal"
)

func TestFramesAgreeWithMessagesWhereverReadsEnd(t *testing.T) {
	maptest.Draws(t, maptest.Spoken([]int{8, 8, 35}, eventtest.Whole(event.OpText, "hello").WithMask(), eventtest.Whole(event.OpText, "안녕하세요").WithMask(), eventtest.Whole(event.OpText, "goodbye, TCP!").WithMask()), `
client → server, 51 bytes after the handshake's 187
offset      187          200       210       220       230
payload     ······hello······안 녕 하 세 요 ······goodbye, TCP!
3 messages  ├────11────┼─────────21─────────┼────────19────────┤
3 writes    ├────11────┼─────────21─────────┼────────19────────┤
3 reads     ├───8───╳──╎─8──╳───────────────╎─35───────────────┤
3 frames    ├─text 11──┼──────text 21───────┼─────text 19──────┤
3 received  ├────11────┼─────────21─────────┼────────19────────┤
┼ boundary of a message   ╳ cut inside a message
╎ message boundary, lost in this row
`)
}

func TestThePayloadIsUnmaskedAndTheWireIsNot(t *testing.T) {
	maptest.Draws(t, maptest.Spoken([]int{11}, eventtest.Whole(event.OpText, "Hello").WithMask()), `
client → server, 11 bytes after the handshake's 187
offset      187         190     192     194     196     198
payload      ·   ·   ·   ·   ·   ·   H   e   l   l   o
wire         81  85  37  fa  21  3d  7f  9f  4d  51  58
1 message   ├────────────────────11─────────────────────┤
1 write     ├────────────────────11─────────────────────┤
1 read      ├────────────────────11─────────────────────┤
1 frame     ├──────────────────text 11──────────────────┤
1 received  ├────────────────────11─────────────────────┤
`)
	maptest.Draws(t, maptest.Spoken([]int{7}, eventtest.Whole(event.OpText, "Hello")), `
client → server, 7 bytes after the handshake's 187
offset      187         190     192     194
payload      ·   ·   H   e   l   l   o
wire         81  05  48  65  6c  6c  6f
1 message   ├─────────────7─────────────┤
1 write     ├─────────────7─────────────┤
1 read      ├─────────────7─────────────┤
1 frame     ├──────────text 7───────────┤
1 received  ├─────────────7─────────────┤
`)
}

func TestAMessageCanBeSeveralFrames(t *testing.T) {
	maptest.Draws(t, maptest.Spoken([]int{37}, eventtest.Fragment(event.OpText, "hello, ").WithMask(), eventtest.Fragment(event.OpContinuation, "wor").WithMask(), eventtest.Whole(event.OpContinuation, "ld").WithMask(), eventtest.Whole(event.OpText, "!").WithMask()), `
client → server, 37 bytes after the handshake's 187
offset      187          200       210       220
payload     ······hello, ······wor······ld······!
2 messages  ├─────────────30──────────────┼──7───┤
4 writes    ├─────13─────╳───9────╳───8───┼──7───┤
1 read      ├─────────────────37──────────╎──────┤
4 frames    ├──text 13───┴───9────┴───8───┼──7───┤
2 received  ├─────────────30──────────────┼──7───┤
┼ boundary of a message   ╳ cut inside a message
┴ a frame ends, the message goes on   ╎ message boundary, lost in this row
`)
}

func TestControlFramesStandBetweenMessagesOrInsideOne(t *testing.T) {
	maptest.Draws(t, maptest.Spoken([]int{58}, eventtest.Fragment(event.OpText, "hello, "), eventtest.Whole(event.OpPing, "are you there?"), eventtest.Whole(event.OpContinuation, "world"),
		eventtest.Whole(event.OpPong, ""), eventtest.Whole(event.OpText, "안녕하세요"), eventtest.Whole(event.OpClose, "\x03\xe8bye")), `
client → server, 58 bytes after the handshake's 187
offset      187          200       210       220       230       240
payload     ··hello, ··are you there?··world····안 녕 하 세 요 ····bye
2 messages  ├──────────────32───────────────┤ ├───────17───────┤
6 writes    ├───9────╳──────16───────╳──7───┼─┼───────17───────┼──7───│
1 read      ├───────────────────────────58──╎─╎────────────────╎──────│
6 frames    ├─text 9─┴────ping 16────┴──7───┼─┼────text 17─────┼──7───│
2 received  ├──────────────32───────────────┤ ├───────17───────┤
┼ boundary of a message   │ boundary where no message is known
╳ cut inside a message   ┴ a frame ends, the message goes on
╎ message boundary, lost in this row
`)
}

func TestABoundaryBetweenMessagesCutsNone(t *testing.T) {
	m := maptest.Spoken([]int{7, 2, 2, 7, 3, 4}, eventtest.Whole(event.OpText, "hello"), eventtest.Whole(event.OpPing, "ab"), eventtest.Whole(event.OpText, "world"), eventtest.Whole(event.OpClose, "\x03\xe8bye"))
	maptest.Draws(t, m, `
client → server, 25 bytes after the handshake's 187
offset      187   190       195       200       205       210
payload      · · h e l l o · · a b · · w o r l d · · · · b y e
2 messages  ├──────7──────┤       ├──────7──────┤
4 writes    ├──────7──────┼───4───┼──────7──────┼──────7──────│
6 reads     ├──────7──────┼─2─│─2─┼──────7──────┼──3──│───4───│
4 frames    ├───text 7────┼─ping──┼───text 7────┼───close 7───│
2 received  ├──────7──────┤       ├──────7──────┤
┼ boundary of a message   │ boundary where no message is known
`)
	agree, cut, lost := m.Compare(streammap.Reads)
	assert.Equal(t, [3]int{3, 0, 0}, [3]int{agree, cut, lost})
}

func TestManyFramesAreDrawnWholeAndCloser(t *testing.T) {
	var many []eventtest.Frame
	for range 1000 {
		many = append(many, eventtest.Whole(event.OpText, "hello").WithMask())
	}
	maptest.Draws(t, maptest.Spoken([]int{4096, 4096, 11000 - 8192}, many...), `
client → server, 11,000 bytes after the handshake's 187
offset          187       2K          4K          6K         8K          10K
1,000 messages  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ 11 bytes each ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓┤
1,000 writes    ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ 11 bytes each ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓┤
3 reads         ░░░░░░░░░░░░░░░░░░░░░░░╳░░░░░░░░░░░░░░░░░░░░░░╳░░░░░░░░░░░░░░░░┤
1,000 frames    ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ 11 bytes each ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓┤
1,000 received  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ 11 bytes each ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓┤
closer, around the first cut inside a message, at offset 4,283
offset                 4,260     4,270     4,280     4,290     4,300     4,310
payload         ello······hello······hello······hello······hello······hello·
1,000 messages  ────┼────11────┼────11────┼────11────┼────11────┼────11────┼─
1,000 writes    ────┼────11────┼────11────┼────11────┼────11────┼────11────┼─
3 reads         ────╎──────────╎──────────╎───╳──────╎──────────╎──────────╎─
1,000 frames    ────┼─text 11──┼─text 11──┼─text 11──┼─text 11──┼─text 11──┼─
1,000 received  ────┼────11────┼────11────┼────11────┼────11────┼────11────┼─
┼ boundary of a message   ▓ several boundaries   ╳ cut inside a message
╎ message boundary, lost in this row   ░ several boundaries lost
`)
}

func TestWithoutItsSenderAMessageIsAsItsReceiverMadeItOut(t *testing.T) {
	m := maptest.Stream("", maptest.Reads(8, 4), maptest.Received(7, 5))
	assert.Equal(t, 0, strings.Count(terminal.String(m), "┼"), "without frames nobody knows")
	m.AddFrame(event.Span{Off: 0, N: 7}, event.FrameHeader{Opcode: event.OpText, Fin: true, Payload: 5}, []byte("hello"))
	m.AddFrame(event.Span{Off: 7, N: 5}, event.FrameHeader{Opcode: event.OpText, Fin: true, Payload: 3}, []byte("bye"))
	maptest.Draws(t, m, `
client → server, 12 bytes
offset      0       2       4       6       8       10      12
payload      ·   ·   h   e   l   l   o   ·   ·   b   y   e
2 reads     ├───────────────8───────────╎───╳───────4───────┤
2 frames    ├──────────text 7───────────┼──────text 5───────┤
2 received  ├─────────────7─────────────┼─────────5─────────┤
┼ boundary of a message   ╳ cut inside a message
╎ message boundary, lost in this row
`)
	agree, cut, lost := m.Compare(streammap.Reads)
	assert.Equal(t, [3]int{1, 1, 1}, [3]int{agree, cut, lost})
}

func TestManyPartsOfAMessageInAColumnAreNoCuts(t *testing.T) {
	m := maptest.Stream(strings.Repeat("x", 1000), maptest.Sent(1000), maptest.Reads(1000))
	for range 500 {
		m.AddFrame(event.Span{Off: m.Row(streammap.Frames).End, N: 2}, event.FrameHeader{Opcode: event.OpBinary}, nil)
	}
	drawn := terminal.String(m)
	assert.Contains(t, drawn, "▓ several boundaries")
	assert.NotContains(t, drawn, "▒")
}

func TestWhatIsMaskedAndNotToldIsNotShown(t *testing.T) {
	const masked = "\x81\x83abcd\xd8\xa7x" // two of its bytes are a letter, by chance
	for name, told := range map[string]event.FrameHeader{
		"masked": {Opcode: event.OpText, Fin: true, Masked: true, Payload: 3}, "plain": {Opcode: event.OpText, Fin: true, Payload: 3},
	} {
		m := maptest.Stream(masked, maptest.Writes(len(masked)))
		m.AddFrame(event.Span{Off: 0, N: len(masked)}, told, nil)
		shown, _, _ := m.Whole().Content()
		if told.Masked {
			assert.Equal(t, make([]byte, len(masked)), shown, name)
		} else {
			assert.Equal(t, masked, string(shown), name)
		}
	}
}
