package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A table has a row for each server.
type table struct {
	title string
	head  []string // the first column is text, the others are numbers
	rows  [][]string
	notes []string
}

// loadTable shows what each server needed for the load, in medians of its turns.
func loadTable(l load, servers []server, turns [][]turn) table {
	t := table{
		title: l.String(),
		head:  []string{"server", "CPU/message", "ratio", "in turns", "messages/s", "p50", "p99", "memory"},
	}
	plain := indexOf(servers, reference)
	for i, s := range servers {
		ratio, spread := notAvailable, notAvailable
		if plain >= 0 {
			ratio, spread = ratioTexts(ratios(turns[i], turns[plain]))
		}
		of := func(get func(turn) float64) float64 { return medianOf(turns[i], get) }
		t.rows = append(t.rows, []string{
			s.name, timeText(of(cpu)), ratio, spread,
			rateText(of(func(t turn) float64 { return t.rate })),
			timeText(of(func(t turn) float64 { return t.p50 })),
			timeText(of(func(t turn) float64 { return t.p99 })),
			memoryText(of(func(t turn) float64 { return t.memory })),
		})
	}
	if math.IsNaN(medianOf(turns[0], cpu)) {
		t.notes = append(t.notes, untold)
	}
	return t
}

// idleTable shows what n idle connections cost each server.
func idleTable(n int, servers []server, idles []idle) table {
	t := table{
		title: fmt.Sprintf("%s, idle after one message; and one more that is active", count(n, "connection")),
		head:  []string{"server", "memory/connection", "CPU/message alone", "among them", "ratio", "in turns"},
	}
	for i, s := range servers {
		r := idles[i]
		ratio, spread := ratioTexts(ratios(r.among, r.alone))
		t.rows = append(t.rows, []string{
			s.name, memoryText(r.perConn), timeText(medianOf(r.alone, cpu)), timeText(medianOf(r.among, cpu)), ratio, spread,
		})
		if r.moving {
			t.notes = append(t.notes, s.name+": its memory had not come to rest.")
		}
	}
	if math.IsNaN(medianOf(idles[0].alone, cpu)) {
		t.notes = append(t.notes, untold)
	}
	return t
}

// show prints the table for a terminal, or in Markdown.
func show(w io.Writer, t table, markdown bool) {
	begin, between, end := "", "  ", ""
	if markdown {
		begin, between, end = "| ", " | ", " |"
	}
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	line := func(row []string) {
		cells := make([]string, len(row))
		for i, cell := range row {
			width := widths[i]
			if i == 0 {
				width = -width // to the left
			}
			cells[i] = fmt.Sprintf("%*s", width, cell)
		}
		fmt.Fprintln(w, begin+strings.Join(cells, between)+end)
	}
	if markdown {
		fmt.Fprintf(w, "%s:\n\n", t.title)
		line(t.head)
		fmt.Fprintf(w, "|---|%s\n", strings.Repeat("---:|", len(t.head)-1))
	} else {
		fmt.Fprintln(w, t.title)
		line(t.head)
	}
	for _, row := range t.rows {
		line(row)
	}
	if markdown && len(t.notes) > 0 {
		fmt.Fprintln(w)
	}
	for _, note := range t.notes {
		fmt.Fprintln(w, note)
	}
	fmt.Fprintln(w)
}

// showLegend prints what each server is, in lines of that format.
func showLegend(w io.Writer, format string, servers []server) {
	for _, s := range servers {
		fmt.Fprintf(w, format, s.name, s.describe())
	}
}

// machineText describes the machine.
func machineText(processor, system string) string {
	return fmt.Sprintf("%s, %s, %s, %s", processor, count(runtime.NumCPU(), "core"), system, runtime.Version())
}

// notAvailable stands for a number that is not there, and untold says why all of a table are not.
const (
	notAvailable = "n/a"
	untold       = "n/a: this system does not report what another process uses."
)

// timeText is a duration in nanoseconds, with three digits that count.
func timeText(ns float64) string {
	return scaled(ns, 1000, []string{"ns", "µs", "ms", "s"})
}

// memoryText is a size in bytes, likewise.
func memoryText(bytes float64) string {
	return scaled(bytes, 1024, []string{"B", "KiB", "MiB", "GiB"})
}

// scaled is a value in the largest unit of which there is one at least.
func scaled(value, step float64, units []string) string {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return notAvailable
	}
	last := len(units) - 1
	unit := 0
	for ; unit < last && math.Abs(value) >= step*0.9995; unit++ {
		value /= step
	}
	return threeDigits(value) + " " + units[unit]
}

// threeDigits is a value with three digits that count.
func threeDigits(value float64) string {
	decimals := 2
	switch abs := math.Abs(value); {
	case abs >= 99.95:
		decimals = 0
	case abs >= 9.995:
		decimals = 1
	}
	return strconv.FormatFloat(value, 'f', decimals, 64)
}

// ratioTexts are the median of the ratios, and the least and the greatest of them.
func ratioTexts(ratios []float64) (middle, spread string) {
	m := median(ratios)
	if math.IsNaN(m) || math.IsInf(m, 0) {
		return notAvailable, notAvailable
	}
	return threeDigits(m), threeDigits(slices.Min(ratios)) + "–" + threeDigits(slices.Max(ratios))
}

// rateText is a whole number, with three digits that count.
func rateText(n float64) string {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return notAvailable
	}
	if n >= 1000 {
		unit := math.Pow(10, math.Floor(math.Log10(n))-2)
		n = math.Round(n/unit) * unit
	}
	return grouped(int(math.Round(n)))
}

// grouped is n with commas between the thousands.
func grouped(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

// bytesText is a number of bytes in the largest unit that makes it whole.
func bytesText(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

// count is a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return grouped(n) + " " + thing + "s"
}
