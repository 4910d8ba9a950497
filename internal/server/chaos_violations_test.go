package server_test

import (
	"bytes"
	"compress/flate"
	"maps"
	"slices"
	"strings"
	"sync"
)

// violation is something that a client must not send.
func (l *life) violation() talk {
	list := slices.Concat(chaosViolations(), l.badText())
	return list[l.IntN(len(list))]
}

func (l *life) badText() []talk {
	names := slices.Sorted(maps.Keys(badTexts))
	name := names[l.IntN(len(names))]
	return []talk{breaks("text: "+name, head(0x81, 100)+masked("so far "+badTexts[name]), 1007),
		breaks("a reason: "+name, sends(0x88, closing(1000, badTexts[name])), 1007)}
}

var chaosViolations = sync.OnceValue(func() []talk {
	return []talk{
		breaks("RSV1", "\xc1", 1002), breaks("RSV2", "\xa1", 1002), breaks("RSV3", "\x91", 1002),
		breaks("a reserved opcode", "\x83", 1002), breaks("a reserved control opcode", "\x8b", 1002),
		breaks("no mask", "\x81\x05", 1002), breaks("no mask on a Ping", "\x89\x00", 1002),
		breaks("a fragmented Ping", "\x09", 1002), breaks("a long Ping", "\x89\xfe", 1002),
		breaks("nothing to continue", "\x80", 1002), breaks("a message in a message", sends(0x01, "a")+"\x81", 1002),
		breaks("a length that is not the shortest", "\x82\xfe\x00\x7d", 1002),
		breaks("a length of 2^63", "\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00", 1002),
		breaks("over the limit", head(0x82, chaosMessage+1), 1009), breaks("2^63-1", head(0x81, 1<<63-1), 1009),
		breaks("over the limit in fragments", sends(0x02, strings.Repeat("x", chaosMessage))+head(0x80, 1), 1009),
		breaks("half a code", sends(0x88, "\x03"), 1002),
		breaks("a code that is not for the wire", sends(0x88, closing(1006, "")), 1002),
	}
})

// bomb is a message that inflates to more than a message may have.
var bomb = sync.OnceValue(func() string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestSpeed)
	_, _ = w.Write(make([]byte, 4<<20))
	_ = w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
})
