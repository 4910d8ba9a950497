package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
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
	maxConns   = 10_000
	maxSize    = 64 << 20
	maxWindow  = 1 << 16
	maxWaiting = 256 << 20 // bytes in flight on all connections together
)

// parseLoads reads loads with commas between them; none if text is empty.
func parseLoads(text string) ([]load, error) {
	var loads []load
	if text == "" {
		return nil, nil
	}
	for spec := range strings.SplitSeq(text, ",") {
		l, err := parseLoad(spec)
		if err != nil {
			return nil, fmt.Errorf("-loads: %w", err)
		}
		loads = append(loads, l)
	}
	return loads, nil
}

// parseLoad reads a load in the form 100x1Kx16.
func parseLoad(spec string) (load, error) {
	parts := strings.Split(spec, "x")
	if len(parts) != 3 {
		return load{}, fmt.Errorf("%q: it must be CONNSxBYTESxWINDOW, as in 100x1Kx16", spec)
	}
	var l load
	for i, field := range []struct {
		what string
		to   *int
		most int
	}{{"connections", &l.conns, maxConns}, {"bytes", &l.size, maxSize}, {"messages in flight", &l.window, maxWindow}} {
		n, err := parseNumber(parts[i])
		if err != nil || n < 1 || n > field.most {
			return load{}, fmt.Errorf("%q: %q %s: it must be a number from 1 to %d", spec, parts[i], field.what, field.most)
		}
		*field.to = n
	}
	if l.conns*l.window > maxWaiting/l.size {
		return load{}, fmt.Errorf("%q: it has more than %s in flight", spec, bytesText(maxWaiting))
	}
	return l, nil
}

// parseNumber reads a whole number, perhaps with K (1024) or M (1024*1024) after it.
func parseNumber(s string) (int, error) {
	unit := 1
	if n, ok := strings.CutSuffix(s, "K"); ok {
		s, unit = n, 1<<10
	} else if n, ok := strings.CutSuffix(s, "M"); ok {
		s, unit = n, 1<<20
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil || int(n) > math.MaxInt32/unit {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return int(n) * unit, nil
}

func (l load) String() string {
	return fmt.Sprintf("%s, %s, %d in flight", count(l.conns, "connection"), bytesText(l.size), l.window)
}
