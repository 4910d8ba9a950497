package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

// turns are turns that differ in nothing but the processor time.
func turns(cpus ...float64) (list []turn) {
	for _, cpu := range cpus {
		list = append(list, turn{cpu: cpu, rate: 1000, p50: 1, p99: 2, memory: 3 << 20})
	}
	return list
}

// A disturbance hits both servers of a round: so the ratios are those of the rounds, not that of the medians.
func TestRatiosAreToThePlainLoopInTheSameRound(t *testing.T) {
	gws, plain := turns(30_000, 90_000, 20_000), turns(10_000, 45_000, 10_000)
	table := loadTable(load{100, 64, 1}, []server{{name: "gws"}, {name: "plain"}}, [][]turn{gws, plain})
	assert.Equal(t, [][]string{
		{"gws", "30.0 µs", "2.00", "2.00–3.00", "1,000", "1.00 ns", "2.00 ns", "3.00 MiB"},
		{"plain", "10.0 µs", "1.00", "1.00–1.00", "1,000", "1.00 ns", "2.00 ns", "3.00 MiB"},
	}, table.rows)
	table = loadTable(load{100, 64, 1}, []server{{name: "gws"}}, [][]turn{gws})
	assert.Equal(t, []string{"n/a", "n/a"}, table.rows[0][2:4], "there is nothing to compare with")
	assert.Empty(t, table.notes)
}

func TestEveryColumnIsTheMedianOfItsTurns(t *testing.T) {
	all := []turn{{1, 200, 30, 4000, 5 << 20}, {3, 100, 20, 5000, 4 << 20}, {2, 300, 10, 6000, 6 << 20}}
	table := loadTable(load{1, 1, 1}, []server{{name: "plain"}}, [][]turn{all})
	assert.Equal(t, []string{"plain", "2.00 ns", "1.00", "1.00–1.00", "200", "20.0 ns", "5.00 µs", "5.00 MiB"}, table.rows[0])
}

func TestMemoryThatNeverSettledIsReported(t *testing.T) {
	table := idleTable(15000, []server{{name: "gws"}, {name: "plain"}}, []idle{
		{12_800, true, turns(20_000, 10_000, 40_000), turns(25_000, 20_000, 44_000)},
		{4096, false, turns(1), turns(1)},
	})
	assert.Equal(t, []string{"gws", "12.5 KiB", "20.0 µs", "25.0 µs", "1.25", "1.10–2.00"}, table.rows[0])
	assert.Equal(t, []string{"gws: its memory had not come to rest."}, table.notes)
}

func TestTheWidestTableFitsATerminal(t *testing.T) {
	wide := turn{cpu: 888_888, rate: 88_888_888, p50: 888_888, p99: 888_888, memory: 888 << 20}
	all := make([][]turn, len(servers))
	idles := make([]idle, len(servers))
	for i := range servers {
		all[i], idles[i] = []turn{wide}, idle{888 << 10, true, []turn{wide}, []turn{wide}}
	}
	var out bytes.Buffer
	loadTable(load{maxConns, maxSize, maxWindow}, servers, all).show(&out, false)
	idleTable(maxIdle, servers, idles).show(&out, false)
	for line := range strings.Lines(out.String()) {
		assert.LessOrEqual(t, utf8.RuneCountInString(line)-1, 80, line)
	}
}

func TestATableIsAlignedAndIsMarkdownIfAsked(t *testing.T) {
	table := table{title: "A title", head: []string{"server", "x"}, rows: [][]string{{"gws", "10.0 µs"}}, notes: []string{"A note."}}
	var text, markdown bytes.Buffer
	table.show(&text, false)
	assert.Equal(t, "A title\nserver           x\ngws        10.0 µs\nA note.\n\n", text.String())
	table.show(&markdown, true)
	assert.Equal(t, "A title:\n\n| server | x |\n| --- | ---: |\n| gws | 10.0 µs |\n\nA note.\n\n", markdown.String())
}

func TestWhatASystemDoesNotTellIsExplained(t *testing.T) {
	nan := math.NaN()
	untoldTurns := []turn{{nan, 10, 1, 2, nan}}
	loads := loadTable(load{1, 1, 1}, servers[:1], [][]turn{untoldTurns})
	assert.Equal(t, []string{"plain", "n/a", "n/a", "n/a", "10", "1.00 ns", "2.00 ns", "n/a"}, loads.rows[0])
	assert.Equal(t, []string{untold}, loads.notes)
	idles := idleTable(1, servers[:1], []idle{{nan, false, untoldTurns, untoldTurns}})
	assert.Equal(t, []string{"plain", "n/a", "n/a", "n/a", "n/a", "n/a"}, idles.rows[0])
	assert.Equal(t, []string{untold}, idles.notes)
}
