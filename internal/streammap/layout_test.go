package streammap_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
)

// told is a lane in words: its marks, and its stretches with what to write on them.
func told(lane streammap.Lane) (marks, stretches string) {
	var ms, ss []string
	for m := range lane.Marks() {
		word := fmt.Sprintf("%d %v", m.At, m.Kind)
		if m.First {
			word += " first"
		}
		if m.Last {
			word += " last"
		}
		ms = append(ms, word)
	}
	for s := range lane.Stretches() {
		ss = append(ss, fmt.Sprintf("%d-%d %s", s.From, s.To, strings.Join(s.Captions(), " or ")))
	}
	return strings.Join(ms, ", "), strings.Join(ss, ", ")
}

func TestALayoutSaysWhatStandsWhere(t *testing.T) {
	m := maptest.Spoken([]int{9, 9, 4, 9, 2}, eventtest.Fragment(event.OpText, "hello, "), eventtest.Whole(event.OpPing, "?"),
		eventtest.Whole(event.OpContinuation, "world"), eventtest.Whole(event.OpPong, ""), eventtest.Whole(event.OpText, "안녕"),
		eventtest.Whole(event.OpClose, "\x03\xe8"))
	want := [][2]string{
		{"187 agree first, 206 agree last, 208 agree first, 216 agree last", "187-206 19, 208-216 8"},
		{"187 agree first, 196 cut, 199 cut, 206 agree, 208 agree, 216 agree, 220 alone last",
			"187-196 9, 196-199 3, 199-206 7, 206-208 2, 208-216 8, 216-220 4"},
		{"187 agree first, 196 cut, 205 cut, 206 lost, 208 lost, 209 cut, 216 lost, 218 alone, 220 alone last",
			"187-196 9, 196-205 9, 205-209 4, 209-218 9, 218-220 2"},
		{"187 agree first, 196 part, 199 part, 206 agree, 208 agree, 216 agree, 220 alone last",
			"187-196 text 9 or 9, 196-199 ping 3 or ping or 3, 199-206 continuation 7 or 7, 206-208 pong 2 or pong or 2, " +
				"208-216 text 8 or 8, 216-220 close 4 or close or 4"},
		{"187 agree first, 206 agree last, 208 agree first, 216 agree last", "187-206 19, 208-216 8"},
	}
	for i, lane := range m.Whole().Lanes {
		marks, stretches := told(lane)
		assert.Equal(t, want[i], [2]string{marks, stretches}, lane.Label())
	}
	marks, stretches := told(m.Layout(200, 212).Lanes[2])
	assert.Equal(t, "205 cut, 206 lost, 208 lost, 209 cut", marks)
	assert.Equal(t, "200-205 read 2, 205-209 4, 209-212 read 4", stretches, "of a part, which one it is")
}

func TestNothingIsLostBeyondTheEndOfARow(t *testing.T) {
	marks, _ := told(maptest.Stream("", maptest.Sent(5, 15, 13), maptest.Reads(8, 4)).Whole().Lanes[1])
	assert.Equal(t, "0 agree first, 5 lost, 8 cut, 12 cut last", marks)
}

func TestWithoutMessagesEveryBoundaryIsAlone(t *testing.T) {
	l := maptest.Stream("", maptest.Writes(5, 15), maptest.Reads()).Whole()
	assert.Nil(t, l.Reference)
	marks, _ := told(l.Lanes[0])
	assert.Equal(t, "0 alone first, 5 alone, 20 alone last", marks)
	marks, stretches := told(l.Lanes[1])
	assert.Empty(t, marks+stretches, "there is no read")
}

func TestAPartOfAMapIsLaidOutAsItIsInTheWhole(t *testing.T) {
	rng := rand.New(rand.NewPCG(29, 14))
	for range 500 {
		var m streammap.Map
		for l := streammap.Sent; l <= streammap.Received; l++ {
			for _, s := range randomSpans(rng) {
				m.Row(l).Add(s)
			}
		}
		from := rng.Int64N(m.Size() + 1)
		to := from + rng.Int64N(m.Size()-from+1)
		part := m.Layout(from, to)
		for i, lane := range m.Whole().Lanes {
			require.Equal(t, marksIn(lane, from, to), marksIn(part.Lanes[i], from, to), "%s from %d to %d", lane.Label(), from, to)
			var want, got []string
			for s := range lane.Stretches() {
				if f, t := max(s.From, from), min(s.To, to); f < t {
					want = append(want, fmt.Sprint(s.Number, s.Span, f, t))
				}
			}
			for s := range part.Lanes[i].Stretches() {
				got = append(got, fmt.Sprint(s.Number, s.Span, s.From, s.To))
			}
			require.Equal(t, want, got, "%s from %d to %d", lane.Label(), from, to)
		}
	}
}

// marksIn are the lane's marks in a part of the map, without what is beside them.
func marksIn(lane streammap.Lane, from, to int64) (all []streammap.Mark) {
	for m := range lane.Marks() {
		if from <= m.At && m.At <= to && (lane.End >= from) {
			all = append(all, streammap.Mark{At: m.At, Kind: m.Kind})
		}
	}
	return all
}

func TestALayoutEndsWhereBoundariesAreNotKnown(t *testing.T) {
	const kept = 1 << 18
	m := maptest.Stream("", maptest.Sent(maptest.Times(kept+10, 2, 0)...), maptest.Reads(kept, kept+20))
	l := m.Whole()
	assert.EqualValues(t, 2*kept, l.Known)
	for _, lane := range l.Lanes {
		from, to := lane.Beyond()
		assert.Equal(t, [2]int64{2 * kept, 2*kept + 20}, [2]int64{from, to}, lane.Label())
		marks := slices.Collect(lane.Marks())
		assert.EqualValues(t, 2*kept, marks[len(marks)-1].At, lane.Label())
	}
	from, to := m.Layout(0, 100).Lanes[1].Beyond()
	assert.Equal(t, from, to, "all is known there")
}

func TestTheCloserLookIsAroundTheFirstCut(t *testing.T) {
	m := maptest.Stream("", maptest.Sent(500, 500), maptest.Reads(100, 900))
	l, caption := m.CloseUp(1000)
	assert.Equal(t, [2]int64{70, 130}, [2]int64{l.From, l.To})
	assert.Contains(t, caption, "100")
	l, _ = m.CloseUp(20)
	assert.Equal(t, [2]int64{90, 110}, [2]int64{l.From, l.To}, "there is less room")
	l, _ = maptest.Stream("", maptest.Sent(500, 500), maptest.Reads(500, 500)).CloseUp(60)
	assert.Nil(t, l, "nothing is cut")
}

func TestSeveralMarksInOnePlaceAreOne(t *testing.T) {
	const agree, alone, cut, part, lost = streammap.Agree, streammap.Alone, streammap.Cut, streammap.Part, streammap.Lost
	for _, c := range []struct {
		marks []streammap.Kind
		want  streammap.Kind
	}{
		{nil, streammap.Nothing}, {[]streammap.Kind{agree}, agree}, {[]streammap.Kind{alone}, alone}, {[]streammap.Kind{cut}, cut},
		{[]streammap.Kind{part}, part}, {[]streammap.Kind{lost}, lost},
		{[]streammap.Kind{agree, agree}, streammap.Dense}, {[]streammap.Kind{part, alone, lost}, streammap.Dense},
		{[]streammap.Kind{agree, cut}, streammap.Mixed}, {[]streammap.Kind{cut, cut, lost}, streammap.Mixed},
		{[]streammap.Kind{lost, lost}, streammap.Sparse}, {[]streammap.Kind{agree, lost}, lost},
		{[]streammap.Kind{lost, agree, lost}, streammap.Sparse}, {[]streammap.Kind{lost, cut, lost}, cut},
	} {
		var tally streammap.Tally
		for _, k := range c.marks {
			tally[k]++
		}
		assert.Equal(t, c.want, tally.Kind(), "%v", c.marks)
	}
}
