package lab_test

import (
	"context"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/internal/lab"
	"echolab/internal/streammap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryExperimentHasANameAQuestionAndAnAnswer(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range lab.Experiments() {
		assert.Regexp(t, regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`), e.Name)
		assert.False(t, seen[e.Name], "%s twice", e.Name)
		seen[e.Name] = true
		assert.Regexp(t, `\?$`, e.Question)
	}
}

func TestTheExperimentsOfAChapterFollowEachOther(t *testing.T) {
	over := map[string]bool{}
	last := ""
	for _, e := range lab.Experiments() {
		require.NotEmpty(t, e.Chapter, e.Name)
		if e.Chapter != last {
			assert.False(t, over[e.Chapter], "%s begins again with %s", e.Chapter, e.Name)
			over[last], last = true, e.Chapter
		}
	}
}

func TestEveryClaimThatAnExperimentJudgesIsOne(t *testing.T) {
	for _, e := range lab.Experiments() {
		judged := map[string]bool{}
		for _, id := range e.Claims {
			claim, ok := lab.ClaimOf(id)
			assert.True(t, ok, "%s judges %s", e.Name, id)
			assert.Regexp(t, `^[A-Z].*\.$`, claim.Says, id)
			assert.False(t, judged[id], "%s names %s twice", e.Name, id)
			judged[id] = true
		}
	}
}

func TestExperimentsMayRunAtOnce(t *testing.T) {
	for _, e := range lab.Experiments() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			found, err := e.Run(t.Context())
			require.NoError(t, err)
			r := found.Report()
			assert.Empty(t, r.Surprises)
			assert.NotEmpty(t, r.Steps)
			assert.NotEmpty(t, r.Answer)
		})
	}
}

func TestAnExperimentEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, e := range lab.Experiments() {
		_, err := e.Run(ctx)
		assert.ErrorIs(t, err, context.Canceled, e.Name)
	}
}

func TestAnExperimentThatIsCutOffEndsAndMeasuresNothingWrong(t *testing.T) {
	for _, e := range lab.Experiments() {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			for _, after := range []time.Duration{time.Millisecond, 5 * time.Millisecond, 50 * time.Millisecond} {
				ctx, cancel := context.WithTimeout(t.Context(), after)
				found, err := e.Run(ctx)
				cancel()
				if err == nil { // it was faster
					assert.Empty(t, found.Report().Surprises)
				}
			}
		})
	}
}

func TestTheMapsHaveTheMessagesWhereTheFramingHasThem(t *testing.T) {
	maps := func(name string) []*streammap.Map {
		i := slices.IndexFunc(lab.Experiments(), func(e lab.Experiment) bool { return e.Name == name })
		found, err := lab.Experiments()[i].Run(t.Context())
		require.NoError(t, err)
		return found.Report().Maps
	}
	boundaries := func(m *streammap.Map, l streammap.Layer) []int64 { return m.Row(l).Boundaries(0, m.Size()) }
	whole := slices.Concat(maps("framings")[1:], maps("duplex"), maps("segments"), maps("cuts"))
	require.Len(t, whole, 6)
	for _, m := range whole {
		assert.Len(t, boundaries(m, streammap.Sent), m.Count(streammap.Sent)+1, m.Title)
		assert.Equal(t, boundaries(m, streammap.Sent), boundaries(m, streammap.Received), m.Title)
	}
	assert.Equal(t, []int64{0, 6}, boundaries(maps("bufio")[0], streammap.Received), "the first line alone")
	glued := maps("glued")[0]
	sent := boundaries(glued, streammap.Sent)
	require.Len(t, sent, 3)
	assert.Equal(t, sent[1:], boundaries(glued, streammap.Received), "the first message is lost")
	for _, m := range maps("contrast") {
		assert.Len(t, boundaries(m, streammap.Sent), 4, m.Title)
		assert.Equal(t, boundaries(m, streammap.Writes), boundaries(m, streammap.Reads), m.Title)
	}
	frames := maps("contrast")[1]
	assert.Equal(t, boundaries(frames, streammap.Sent), boundaries(frames, streammap.Frames))
}

func TestAMeasurementThatDiffersIsASurprise(t *testing.T) {
	for _, f := range []lab.Finding{
		lab.Contrast{Sent: []string{"a", "b"}, Ways: make([]lab.ContrastWay, 3)},
		lab.ThreeWrites{Writes: 3, Reads: []int{5, 28}},
		lab.OneWrite{Small: []int{33}, SmallWrites: 1, LargeWrites: 1, LargeMessage: 1 << 20, LargeBuffer: 64 << 10, LargeReads: 16},
		lab.NoDelay{},
		lab.Hangul{Valid: []bool{true}},
		lab.Framings{Messages: []string{"a"}, Runs: []lab.FramingRun{{Codec: "lines", Got: []string{"b"}}}},
		lab.Bufio{Sent: 3, Fresh: []string{"a", "b", "c"}, Kept: []string{"a", "b", "c"}},
		lab.TwoSockets{},
		lab.Backlog{},
		lab.HalfClose{Request: "a", Answer: ""},
		lab.BrokenPipe{FirstBytes: 5},
		lab.Reset{Queued: "answer", CleanThen: "EOF"},
		lab.Refused{Error: "none"},
		lab.Handshake{Status: 101, Accept: "a", Answered: "b"},
		lab.Glued{Sent: []string{"a", "b"}, Dropped: []string{"a", "b"}, Kept: []string{"a", "b"}, Upgrader: []string{"b"}, Echo: []string{"a", "b"}, Torn: "x"},
		lab.Cuts{Runs: []lab.CutsRun{{Times: 2, Whole: 1}, {Times: 1, Whole: 1}, {Times: 1, Whole: 1}}},
		lab.Fragments{Messages: 3},
		lab.Segments{Four: lab.Crossing{Frames: 4, Writes: 1, Reads: 1, Out: 4}, One: lab.Crossing{Frames: 1, Writes: 2, Reads: 2, Out: 2}},
		lab.Masking{Code: 1002, Captured: []string{"a", "a"}, Keys: []string{"", ""}, Read: []string{"", ""}},
		lab.Writers{Sent: []string{"a", "b"}, Mixed: []string{"a", "b"}},
		lab.Duplex{Server: "the client speaks", Client: "the server speaks"},
		lab.Closing{Told: true, Runs: make([]lab.ClosingRun, 4), AbruptEnd: "EOF", Code: 1002},
		lab.Overhead{Size: 11, WebSocket: lab.Cost{Out: 17, In: 13}, HTTP: lab.Cost{Out: 100, In: 100, Conns: 10}},
		lab.UDP{Sent: []int{1}, Read: []int{1}, Short: "hell", AfterIt: "next", Flood: 5, Survived: 5},
	} {
		assert.NotEmpty(t, f.Report().Surprises, "%T", f)
	}
}
