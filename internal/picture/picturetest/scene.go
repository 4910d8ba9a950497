// Package picturetest has maps that every drawing must draw alike, and holds what is drawn of one against its layout.
// It may know maps and the shapes that pictures and pages have. It must not be used by anything but tests.
package picturetest

import (
	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
)

// A Scene is a map that text, picture and page must draw alike.
type Scene struct {
	Name  string
	Clear bool // every mark has a place of its own
	Map   *streammap.Map
}

// Scenes have every kind of mark, and every reason for one.
func Scenes() []Scene {
	gaps := maptest.Stream(eventtest.Greeting, maptest.Sent(20, 13), maptest.Writes(33))
	gaps.Row(streammap.Reads).Add(event.Span{Off: 5, N: 8})
	gaps.Row(streammap.Reads).Add(event.Span{Off: 20, N: 10})
	late := maptest.Stream(eventtest.Greeting, maptest.Segments(5, 15, 13))
	late.Row(streammap.Sent).Add(event.Span{Off: 8, N: 12})
	late.Row(streammap.Sent).Add(event.Span{Off: 20, N: 5})
	control := maptest.Spoken([]int{20, 20, 10}, eventtest.Fragment(event.OpText, "hello, "),
		eventtest.Whole(event.OpPing, "are you there?"), eventtest.Whole(event.OpContinuation, "world"),
		eventtest.Whole(event.OpText, "bye"), eventtest.Whole(event.OpClose, "\x03\xe8done"))
	many := maptest.Stream("", maptest.Sent(1000), maptest.Reads(1000))
	for range 500 {
		many.AddFrame(event.Span{Off: many.Row(streammap.Frames).End, N: 2}, event.FrameHeader{Opcode: event.OpBinary}, nil)
	}
	const kept = 1 << 18
	return []Scene{
		{"lost", true, maptest.Stream(eventtest.Greeting, maptest.Sent(5, 15, 13), maptest.Writes(5, 15, 13), maptest.Reads(33))},
		{"each kind", true, maptest.Stream(eventtest.Greeting, maptest.Sent(5, 15, 13), maptest.Writes(5, 28),
			maptest.Reads(5, 8, 20), maptest.Received(5, 15))},
		{"cut frames", true, maptest.Spoken([]int{8, 8, 35}, eventtest.Texts("hello", "안녕하세요", "goodbye, TCP!")...)},
		{"parts and control frames", true, control},
		{"gaps", true, gaps},
		{"no message known", true, maptest.Stream(eventtest.Greeting, maptest.Writes(5, 15, 13), maptest.Reads(33))},
		{"messages known late, and not to the end", true, late},
		{"empty spans and an empty row", true, maptest.Stream("abcdef", maptest.Sent(0, 3, 0, 0, 3, 0), maptest.Writes(6, 0), maptest.Reads())},
		{"dense", false, maptest.Stream("", maptest.Sent(maptest.Times(200, 5, 0)...), maptest.Writes(maptest.Times(500, 2, 0)...),
			maptest.Segments(1000), maptest.Reads(maptest.Times(142, 7, 1000)...))},
		{"one cut beside many boundaries", false, maptest.Stream("", maptest.Sent(maptest.Times(200, 5, 0)...),
			maptest.Writes(append(maptest.Times(101, 5, 0), 8, 487)...))},
		{"many parts", false, many},
		{"more than are kept", false, maptest.Stream("", maptest.Sent(maptest.Times(kept+50_000, 2, 0)...),
			maptest.Reads(maptest.Times(20, 32_768, 2*(kept+50_000))...))},
	}
}
