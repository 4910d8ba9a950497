package server_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/server"
)

// A teller counts the messages that an account tells of, and keeps nothing.
type teller struct{ messages atomic.Int64 }

func (r *teller) Record(e event.Event) {
	if e.Ev == event.Message {
		r.messages.Add(1)
	}
}

// TestAnAccountChangesNoAnswer: without one, whole runs of usual frames are answered in a loop of their own, and with
// one, each frame by itself. What comes back is the same, byte for byte, and so are the counts.
func TestAnAccountChangesNoAnswer(t *testing.T) {
	t.Parallel()
	for _, buffer := range []int{100, 5000, 300_000} {
		t.Run(fmt.Sprintf("reads of %d bytes", buffer), func(t *testing.T) {
			rec := new(teller)
			quiet := &server.Server{Web: new(server.Web), ReadBuffer: buffer, MaxMessage: 100_000}
			told := &server.Server{Web: new(server.Web), ReadBuffer: buffer, MaxMessage: 100_000, Recorder: rec}
			quietDesk, toldDesk := serveDesk(t, quiet), serveDesk(t, told)
			for seed := range uint64(20) {
				rnd := rand.New(rand.NewPCG(seed, 0))
				in, cuts := manyFrames(rnd), make([]byte, rnd.IntN(20))
				for i := range cuts {
					cuts[i] = byte(rnd.Uint32())
				}
				parts := append([]string{askWebSocket}, pieces([]byte(in), cuts)...)
				want, got := toldDesk.play(t, slices.Clone(parts)...), quietDesk.play(t, parts...) // a tape is used up
				require.True(t, want == got, "seed %d: %d bytes with an account, %d without", seed, len(want), len(got))
			}
			quiet.Close()
			told.Close()
			assert.Equal(t, told.Stats(), quiet.Stats())
			assert.Equal(t, rec.messages.Load(), quiet.Stats().Messages)
			assert.Positive(t, quiet.Stats().Messages)
		})
	}
}

// manyFrames are mostly small; some are as large as makes a difference, in fragments, or Pings; the last may be wrong.
func manyFrames(rnd *rand.Rand) string {
	var in strings.Builder
	sizes := []int{0, 1, 64, 125, 126, 1000, 16<<10 - 1, 16 << 10, 70_000}
	payload := func() string {
		return strings.Repeat("0123456789.경계,", 4000)[:sizes[min(rnd.IntN(len(sizes)), rnd.IntN(len(sizes)))]]
	}
	for range rnd.IntN(60) {
		switch kind := rnd.IntN(16); {
		case kind < 8:
			in.WriteString(sends(0x82, payload()))
		case kind < 12:
			in.WriteString(sends(0x81, strings.ToValidUTF8(payload(), "")))
		case kind < 14:
			in.WriteString(sends(0x89, "ping"))
		default:
			in.WriteString(sends(0x02, payload()) + sends(0x8a, "") + sends(0x80, payload()))
		}
	}
	in.WriteString([]string{
		"", sends(0x81, "\xff"), sends(0x83, ""), sends(0x81, "half")[:8], sends(0x82, "half")[:3],
		sends(0x88, closing(1000, "")) + sends(0x81, "late"),
	}[rnd.IntN(6)])
	return in.String()
}
