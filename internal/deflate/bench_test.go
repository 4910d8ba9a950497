package deflate_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/deflate"
)

// forEachBench runs a benchmark for some windows and sizes of messages. They are all different, and alike.
func forEachBench(b *testing.B, run func(b *testing.B, bits int, takeover bool, messages [][]byte)) {
	for _, bits := range []int{15, 12, 9, 8} {
		for _, takeover := range []bool{true, false} {
			for _, size := range []int{64, 1 << 10, 64 << 10} {
				name := fmt.Sprintf("bits=%d/takeover=%v/size=%d", bits, takeover, size)
				b.Run(name, func(b *testing.B) {
					random := rand.New(rand.NewPCG(11, 12))
					messages := make([][]byte, 100)
					for i := range messages {
						messages[i] = text(random, size)
					}
					b.SetBytes(int64(size))
					b.ReportAllocs()
					run(b, bits, takeover, messages)
				})
			}
		}
	}
}

func BenchmarkWriter(b *testing.B) {
	forEachBench(b, func(b *testing.B, bits int, takeover bool, messages [][]byte) {
		w := deflate.NewWriter(bits, takeover)
		var payload []byte
		var in, out int
		for i := 0; b.Loop(); i++ {
			msg := messages[i%len(messages)]
			payload, _ = w.Append(payload[:0], msg)
			in, out = in+len(msg), out+len(payload)
		}
		b.ReportMetric(100*float64(out)/float64(in), "%size")
	})
}

func BenchmarkReader(b *testing.B) {
	forEachBench(b, func(b *testing.B, bits int, takeover bool, messages [][]byte) {
		// The messages are written in a circle; the first one refers to none, as it follows the last.
		w := deflate.NewWriter(bits, takeover)
		payloads := make([][]byte, len(messages))
		for i, msg := range messages {
			payloads[i], _ = w.Append(nil, msg)
		}
		r := deflate.NewReader(bits, takeover)
		var msg []byte
		var err error
		for i := 0; b.Loop(); i++ {
			msg, err = r.Append(msg[:0], payloads[i%len(payloads)], 1<<20)
			if err != nil {
				break
			}
		}
		require.NoError(b, err)
	})
}
