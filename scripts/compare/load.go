package main

import (
	"fmt"
	"strconv"
	"strings"

	"echolab/internal/text"
)

// A load is what the generator sends: so many connections, and on each of them a window of messages of one size. It
// writes as many messages as the window has room for with one write.
type load struct {
	conns  int
	size   int // of a message's payload, in bytes
	window int // messages in flight on each connection
}

const defaultLoads = "100x64x1,100x64x64,100x1Kx16,4x1Mx1"

// What a load may ask for: everything that it sends is held in memory.
const (
	maxConns    = 10_000
	maxSize     = 64 << 20
	maxWindow   = 1 << 16
	maxInFlight = 256 << 20 // bytes, on all connections together
)

// parseLoads reads loads with commas between them; none if text is empty.
func parseLoads(text string) (loads []load, err error) {
	if text == "" {
		return nil, nil
	}
	for spec := range strings.SplitSeq(text, ",") {
		l, err := parseLoad(spec)
		if err != nil {
			return nil, fmt.Errorf("-loads: %q: %w", spec, err)
		}
		loads = append(loads, l)
	}
	return loads, nil
}

// parseLoad reads a load in the form 100x1Kx16.
func parseLoad(spec string) (load, error) {
	parts := strings.Split(spec, "x")
	if len(parts) != 3 {
		return load{}, fmt.Errorf("it must be CONNSxBYTESxWINDOW, as in 100x1Kx16")
	}
	var numbers [3]int
	for i, most := range [3]int{maxConns, maxSize, maxWindow} {
		n, err := parseNumber(parts[i], most)
		if err != nil {
			return load{}, err
		}
		numbers[i] = n
	}
	l := load{numbers[0], numbers[1], numbers[2]}
	if l.conns*l.window > maxInFlight/l.size {
		return load{}, fmt.Errorf("it has more than %s in flight", bytesText(maxInFlight))
	}
	return l, nil
}

// parseNumber reads a whole number from 1 to most, perhaps with K (1024) or M (1024*1024) after it.
func parseNumber(s string, most int) (int, error) {
	digits, unit := s, 1
	if before, ok := strings.CutSuffix(s, "K"); ok {
		digits, unit = before, 1<<10
	} else if before, ok := strings.CutSuffix(s, "M"); ok {
		digits, unit = before, 1<<20
	}
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || n < 1 || n > uint64(most/unit) {
		return 0, fmt.Errorf("%q: it must be a number from 1 to %d", s, most)
	}
	return int(n) * unit, nil
}

func (l load) String() string {
	return fmt.Sprintf("%s, %s, %d in flight", text.Count(l.conns, "connection", "connections"), bytesText(l.size), l.window)
}

// bytesText is a number of bytes in the largest unit that makes it whole.
func bytesText(n int) string {
	units := []string{"B", "KiB", "MiB"}
	for n%1024 == 0 && len(units) > 1 {
		n, units = n/1024, units[1:]
	}
	return fmt.Sprintf("%d %s", n, units[0])
}
