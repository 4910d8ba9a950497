package framing_test

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/framing"
)

// A pair is the two ends of a connection.
type pair struct{ sender, receiver framing.Codec }

// pairs are all codecs by name, for messages of n bytes.
func pairs(n int) map[string]pair {
	return map[string]pair{
		"raw":                         {framing.Raw{}, framing.Raw{}},
		"lines":                       {framing.Lines{}, framing.Lines{}},
		"fixed":                       {framing.Fixed(n), framing.Fixed(n)},
		"length":                      {framing.LengthPrefix{}, framing.LengthPrefix{}},
		"websocket, client to server": {client, server},
		"websocket, server to client": {server, client},
	}
}

// forEachPair runs a benchmark for every codec and size.
func forEachPair(b *testing.B, run func(b *testing.B, p pair, msg, wire []byte)) {
	for _, size := range []int{64, 4 << 10, 1 << 20} {
		for _, name := range slices.Sorted(maps.Keys(pairs(size))) {
			p := pairs(size)[name]
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				msg := bytes.Repeat([]byte{'x'}, size)
				wire, err := p.sender.Append(nil, msg)
				require.NoError(b, err)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				run(b, p, msg, wire)
			})
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	forEachPair(b, func(b *testing.B, p pair, msg, wire []byte) {
		buffer := make([]byte, 0, 2*len(wire)+64)
		for b.Loop() {
			buffer, _ = p.sender.Append(buffer[:0], msg)
		}
		require.Len(b, buffer, len(wire))
	})
}

// BenchmarkRead reads through a buffer of 16 KiB, in which all but the largest messages fit. What raw brings is what
// the buffer happened to hold, and counts as that.
func BenchmarkRead(b *testing.B) {
	forEachPair(b, func(b *testing.B, p pair, msg, wire []byte) {
		r := bufio.NewReaderSize(&endless{data: wire}, 16<<10)
		total := 0
		for b.Loop() {
			got, err := p.receiver.Read(r, len(msg))
			if err != nil {
				b.Fatal(err)
			}
			total += len(got)
		}
		b.SetBytes(int64(total / b.N))
	})
}
