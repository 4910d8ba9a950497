package deflate_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"

	"echolab/internal/labtest"
)

// samples are messages of many kinds and sizes, small to large, always the same ones.
func samples() [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	var all [][]byte
	for _, size := range []int{
		0, 1, 2, 3, 4, 5, 12, 13, 14, 64, 127, 128, 129, 255, 256, 257, 258, 259, 511, 512, 513, 1000, 4096, 8191, 8192,
		8193, 16384, 32767, 32768, 32769, 65535, 65536, 65537, 100_000,
	} {
		if labtest.UnderRace && size > 10_000 && size%32768 > 1 {
			continue // the race detector makes the naive inflater ten times slower
		}
		all = append(all, random(r, size), text(r, size), bytes.Repeat([]byte{'x'}, size))
	}
	return all
}

// random cannot be compressed.
func random(r *rand.Rand, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// text is JSON as programs send it: names again and again, values ever new.
func text(r *rand.Rand, size int) []byte {
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, `{"type":"move","player":%d,"x":%.2f,"y":%.2f,"state":"%s"},`,
			r.IntN(100), r.Float64()*1000, r.Float64()*1000, []string{"running", "jumping", "waiting"}[r.IntN(3)])
	}
	return []byte(b.String()[:size])
}
