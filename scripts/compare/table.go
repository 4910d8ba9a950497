package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"

	"echolab/internal/text"
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
			ratio, spread = ratioTexts(turns[i], turns[plain])
		}
		t.rows = append(t.rows, []string{
			s.name, timeText(medianOf(turns[i], cpu)), ratio, spread,
			rateText(medianOf(turns[i], func(t turn) float64 { return t.rate })),
			timeText(medianOf(turns[i], func(t turn) float64 { return t.p50 })),
			timeText(medianOf(turns[i], func(t turn) float64 { return t.p99 })),
			memoryText(medianOf(turns[i], func(t turn) float64 { return t.memory })),
		})
	}
	return t.explained(turns[0])
}

// idleTable shows what n idle connections cost each server.
func idleTable(n int, servers []server, idles []idle) table {
	t := table{
		title: text.Count(n, "connection", "connections") + ", idle after one message; and one more that is active",
		head:  []string{"server", "memory/connection", "CPU/message alone", "among them", "ratio", "in turns"},
	}
	for i, s := range servers {
		r := idles[i]
		ratio, spread := ratioTexts(r.among, r.alone)
		t.rows = append(t.rows, []string{
			s.name, memoryText(r.perConn), timeText(medianOf(r.alone, cpu)), timeText(medianOf(r.among, cpu)), ratio, spread,
		})
		if r.moving {
			t.notes = append(t.notes, s.name+": its memory had not come to rest.")
		}
	}
	return t.explained(idles[0].alone)
}

// explained has a note if the turns know no processor time.
func (t table) explained(turns []turn) table {
	if math.IsNaN(medianOf(turns, cpu)) {
		t.notes = append(t.notes, untold)
	}
	return t
}

// show prints the table for a terminal, or in Markdown.
func (t table) show(w io.Writer, markdown bool) {
	rows := append([][]string{t.head}, t.rows...)
	if markdown {
		fmt.Fprintf(w, "%s:\n\n", t.title)
		rule := append([]string{"---"}, slices.Repeat([]string{"---:"}, len(t.head)-1)...)
		for _, row := range slices.Insert(rows, 1, rule) {
			fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
		}
		if len(t.notes) > 0 {
			fmt.Fprintln(w)
		}
	} else {
		fmt.Fprintln(w, t.title)
		aligned := tabwriter.NewWriter(w, 0, 0, 0, ' ', tabwriter.AlignRight)
		for _, row := range rows {
			fmt.Fprintf(aligned, "%-9s\t  %s\t\n", row[0], strings.Join(row[1:], "\t  "))
		}
		aligned.Flush()
	}
	for _, note := range t.notes {
		fmt.Fprintln(w, note)
	}
	fmt.Fprintln(w)
}
