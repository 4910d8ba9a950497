package main

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestNumbersHaveThreeDigitsThatCount(t *testing.T) {
	nan := math.NaN()
	for want, got := range map[string]string{
		"0.00 ns": timeText(0), "7.50 ns": timeText(7.5), "999 ns": timeText(999.4), "1.00 µs": timeText(999.6),
		"14.3 µs": timeText(14_321), "2.00 ms": timeText(2e6), "1.50 s": timeText(1.5e9), "5000 s": timeText(5e12),
		"512 B": memoryText(512), "3.61 KiB": memoryText(3700), "1.00 MiB": memoryText(1 << 20),
		"-1.00 KiB": memoryText(-1024),
		"1.00":      ratioText(1), "0.95": ratioText(0.95), "10.0": ratioText(9.9951),
		"27.4": ratioText(27.41), "134": ratioText(134.4),
		"0": rateText(0), "7": rateText(7.4), "999": rateText(999),
		"1,230": rateText(1234), "8,510,000": rateText(8_514_999), "1,000,000": rateText(999_999),
	} {
		assert.Equal(t, want, got)
	}
	for _, got := range []string{timeText(nan), memoryText(nan), ratioText(nan), rateText(nan), ratioText(math.Inf(1))} {
		assert.Equal(t, "n/a", got)
	}
}

func TestRatiosAreToThePlainLoop(t *testing.T) {
	results := []result{
		{cpu: 30_000, rate: 1000, p50: 1, p99: 2, memory: 3 << 20},
		{cpu: 10_000, rate: 3000, p50: 1, p99: 2, memory: 1 << 20},
	}
	table := loadTable(load{100, 64, 1}, []server{{name: "gws"}, {name: "plain"}}, results)
	assert.Equal(t, [][]string{
		{"gws", "30.0 µs", "3.00", "1,000", "1.00 ns", "2.00 ns", "3.00 MiB"},
		{"plain", "10.0 µs", "1.00", "3,000", "1.00 ns", "2.00 ns", "1.00 MiB"},
	}, table.rows)
	table = loadTable(load{100, 64, 1}, []server{{name: "gws"}}, results[:1])
	assert.Equal(t, "n/a", table.rows[0][2], "there is nothing to compare with")
	assert.Empty(t, table.notes)
}

func TestMemoryThatNeverRestedIsSaidSo(t *testing.T) {
	table := idleTable(15000, []server{{name: "gws"}, {name: "plain"}},
		[]idle{{perConn: 12_800, moving: true, alone: 20_000, among: 25_000}, {perConn: 4096, alone: 1, among: 1}})
	assert.Equal(t, []string{"gws", "12.5 KiB", "20.0 µs", "25.0 µs", "1.25"}, table.rows[0])
	assert.Equal(t, []string{"gws: its memory was still changing after 8s."}, table.notes)
}

func TestTheWidestTableFitsATerminal(t *testing.T) {
	wide := result{cpu: 888_888, rate: 88_888_888, p50: 888_888, p99: 888_888, memory: 888 << 20}
	all := make([]result, len(servers))
	idles := make([]idle, len(servers))
	for i := range servers {
		all[i], idles[i] = wide, idle{888 << 10, true, 888_888, 888_888}
	}
	var out bytes.Buffer
	showText(&out, loadTable(load{maxConns, maxSize, maxWindow}, servers, all))
	showText(&out, idleTable(1_000_000, servers, idles))
	for line := range strings.Lines(out.String()) {
		assert.LessOrEqual(t, utf8.RuneCountInString(line)-1, 80, line)
	}
}

func TestWhatASystemDoesNotTellIsExplained(t *testing.T) {
	nan := math.NaN()
	loads := loadTable(load{1, 1, 1}, servers[:1], []result{{nan, 10, 1, 2, nan}})
	assert.Equal(t, []string{"plain", "n/a", "n/a", "10", "1.00 ns", "2.00 ns", "n/a"}, loads.rows[0])
	assert.Equal(t, []string{untold}, loads.notes)
	idles := idleTable(1, servers[:1], []idle{{nan, false, nan, nan}})
	assert.Equal(t, []string{"plain", "n/a", "n/a", "n/a", "n/a"}, idles.rows[0])
	assert.Equal(t, []string{untold}, idles.notes)
}
