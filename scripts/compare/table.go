package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A table is what one load came to, a row for each server.
type table struct {
	title string
	head  []string // the first column is text, the others are numbers
	rows  [][]string
	notes []string
}

// loadTable shows what each server needed for the load.
func loadTable(l load, servers []server, results []result) table {
	t := table{title: l.String(), head: []string{"server", "CPU/message", "ratio", "messages/s", "p50", "p99", "memory"}}
	plain := math.NaN()
	for i, s := range servers {
		if s.name == reference {
			plain = results[i].cpu
		}
	}
	for i, s := range servers {
		r := results[i]
		t.rows = append(t.rows, []string{
			s.name, timeText(r.cpu), ratioText(r.cpu / plain), rateText(r.rate), timeText(r.p50), timeText(r.p99),
			memoryText(r.memory),
		})
	}
	if math.IsNaN(results[0].cpu) {
		t.notes = append(t.notes, untold)
	}
	return t
}

// idleTable shows what n idle connections cost each server.
func idleTable(n int, servers []server, idles []idle) table {
	t := table{
		title: fmt.Sprintf("%s, idle after one message; and one more that is active", count(n, "connection")),
		head:  []string{"server", "memory/connection", "CPU/message alone", "among them", "ratio"},
	}
	for i, s := range servers {
		r := idles[i]
		t.rows = append(t.rows, []string{
			s.name, memoryText(r.perConn), timeText(r.alone), timeText(r.among), ratioText(r.among / r.alone),
		})
		if r.moving {
			t.notes = append(t.notes, fmt.Sprintf("%s: its memory was still changing after %v.", s.name, settleBound))
		}
	}
	if math.IsNaN(idles[0].alone) {
		t.notes = append(t.notes, untold)
	}
	return t
}

// showText prints the table for a terminal.
func showText(w io.Writer, t table) {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	fmt.Fprintln(w, t.title)
	for _, row := range append([][]string{t.head}, t.rows...) {
		var line strings.Builder
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line.WriteString("  " + cell + space)
			} else {
				line.WriteString("  " + space + cell)
			}
		}
		fmt.Fprintln(w, line.String())
	}
	for _, note := range t.notes {
		fmt.Fprintln(w, "  "+note)
	}
	fmt.Fprintln(w)
}

// showMarkdown prints the table in Markdown.
func showMarkdown(w io.Writer, t table) {
	fmt.Fprintf(w, "%s:\n\n", t.title)
	fmt.Fprintf(w, "| %s |\n", strings.Join(t.head, " | "))
	fmt.Fprintf(w, "|---|%s\n", strings.Repeat("---:|", len(t.head)-1))
	for _, row := range t.rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
	fmt.Fprintln(w)
	for _, note := range t.notes {
		fmt.Fprintf(w, "%s\n\n", note)
	}
}

// showLegend prints what each server is, in lines of that format.
func showLegend(w io.Writer, format string, servers []server) {
	for _, s := range servers {
		fmt.Fprintf(w, format, s.name, s.describe())
	}
}

// heading says when and where the tables were made, and with what command.
func heading(now time.Time, command string) string {
	return fmt.Sprintf("Measured on %s with `%s`: %s. CPU is the server's processor time, ratio that of the plain loop.",
		now.Format(time.DateOnly), command, machine())
}

// machineText describes the machine.
func machineText(processor, system string) string {
	return fmt.Sprintf("%s, %s, %s, %s", processor, count(runtime.NumCPU(), "core"), system, runtime.Version())
}

// notAvailable stands for a number that is not there, and untold says why all of a table are not.
const (
	notAvailable = "n/a"
	untold       = "n/a: this system does not tell what another process uses."
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
	return fmt.Sprintf("%.*f %s", decimals(value), value, units[unit])
}

// decimals is how many make three digits that count.
func decimals(value float64) int {
	switch abs := math.Abs(value); {
	case abs >= 99.95:
		return 0
	case abs >= 9.995:
		return 1
	}
	return 2
}

// ratioText is a ratio.
func ratioText(r float64) string {
	if math.IsNaN(r) || math.IsInf(r, 0) {
		return notAvailable
	}
	return strconv.FormatFloat(r, 'f', decimals(r), 64)
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

// grouped is n with a comma behind the thousands.
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
