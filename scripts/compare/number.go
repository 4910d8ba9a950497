package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"echolab/internal/text"
)

// median returns the middle of the values, or between the two in the middle. It is NaN without any, and if one is.
func median(values []float64) float64 {
	if len(values) == 0 || slices.ContainsFunc(values, math.IsNaN) {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// medianOf is the median of one thing that was measured in every turn.
func medianOf(turns []turn, get func(turn) float64) float64 {
	var values []float64
	for _, t := range turns {
		values = append(values, get(t))
	}
	return median(values)
}

func cpu(t turn) float64 { return t.cpu }

// notAvailable stands for a number that is not there, and untold says why all of a table are not.
const (
	notAvailable = "n/a"
	untold       = "n/a: this system does not report what another process uses."
)

// ratioTexts are ratios of processor time, each of a turn over the other's turn in the same round: the median of them,
// and the least and the greatest.
func ratioTexts(turns, others []turn) (middle, spread string) {
	var ratios []float64
	for i := range turns {
		ratios = append(ratios, turns[i].cpu/others[i].cpu)
	}
	m := median(ratios)
	if math.IsNaN(m) || math.IsInf(m, 0) {
		return notAvailable, notAvailable
	}
	return threeDigits(m), threeDigits(slices.Min(ratios)) + "–" + threeDigits(slices.Max(ratios))
}

// timeText is a duration in nanoseconds, with three digits that count.
func timeText(ns float64) string { return scaled(ns, 1000, "ns", "µs", "ms", "s") }

// memoryText is a size in bytes, likewise.
func memoryText(bytes float64) string { return scaled(bytes, 1024, "B", "KiB", "MiB", "GiB") }

// scaled is a value in the smallest unit in which it is less than 1000.
func scaled(value, step float64, units ...string) string {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return notAvailable
	}
	for len(units) > 1 && math.Abs(value) >= 999.5 {
		value, units = value/step, units[1:]
	}
	return threeDigits(value) + " " + units[0]
}

// threeDigits is a value of less than 1000 with three digits that count, or with two decimals.
func threeDigits(value float64) string {
	if math.Abs(value) < 1 {
		return strconv.FormatFloat(value, 'f', 2, 64)
	}
	return strings.TrimSuffix(fmt.Sprintf("%#.3g", value), ".")
}

// rateText is a whole number, with three digits that count.
func rateText(n float64) string {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return notAvailable
	}
	if n >= 1000 {
		n, _ = strconv.ParseFloat(strconv.FormatFloat(n, 'g', 3, 64), 64) // what is formatted can be parsed
	}
	return text.Number(int64(math.Round(n)))
}
