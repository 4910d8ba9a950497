package framingtest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A stream is messages one behind the other.
type stream struct {
	name    string
	samples []sample
	data    []byte
	ends    []int // the offset behind each message
	largest int   // the size of the largest message
}

func newStream(samples ...sample) stream {
	st := stream{samples: samples}
	for _, m := range samples {
		st.data = append(st.data, m.frame...)
		st.ends = append(st.ends, len(st.data))
		st.largest = max(st.largest, len(m.msg))
	}
	st.name = listed(samples)
	return st
}

// listed is "text of 5 bytes" or "3 messages of 5, 0 and 12 bytes".
func listed(samples []sample) string {
	if len(samples) == 1 {
		return samples[0].name
	}
	var sizes []string
	for i, m := range samples {
		if i == 12 {
			sizes = append(sizes, "...")
			break
		}
		sizes = append(sizes, strconv.Itoa(len(m.msg)))
	}
	return fmt.Sprintf("%d messages of %s bytes", len(samples), strings.Join(sizes, ", "))
}

// mixtures are streams of several messages: three that are easy to follow, then all sizes upwards and downwards, one
// size in a row with empty ones between, and long ones.
func (s *suite) mixtures() []stream {
	streams := []stream{newStream(s.atLeast(5), s.atLeast(0), s.atLeast(12))}
	sizes := slices.DeleteFunc(slices.Clone(s.bySize), func(m sample) bool { return len(m.msg) > shortSize })
	if len(sizes) > 12 {
		sizes = slices.Concat(sizes[:6], sizes[len(sizes)-6:])
	}
	if len(sizes) > 0 {
		up := slices.Clone(sizes)
		slices.Reverse(sizes)
		streams = append(streams, newStream(up...), newStream(append(slices.Clone(sizes), up...)...))
	}
	for _, m := range s.picked() {
		streams = append(streams, s.series(m))
	}
	if len(s.long) > 0 {
		first, last := s.long[0], s.long[len(s.long)-1]
		streams = append(streams, newStream(last, s.bySize[0], first, s.bySize[0], first, last))
	}
	return streams
}

// atLeast is a message of n bytes, or of the next size that the codec carries.
func (s *suite) atLeast(n int) sample {
	for _, m := range s.bySize {
		if len(m.msg) >= n {
			return m
		}
	}
	return s.bySize[len(s.bySize)-1]
}

// picked are a few of the sizes: the smallest that are not empty, and one that a byte cannot count.
func (s *suite) picked() []sample {
	filled := slices.DeleteFunc(slices.Clone(s.bySize), func(m sample) bool { return len(m.msg) == 0 })
	if len(filled) < 6 {
		return filled
	}
	return []sample{filled[0], filled[1], filled[4], s.atLeast(shortSize)}
}

// series is messages of m's size with different contents, and empty ones between if the codec carries them.
func (s *suite) series(m sample) stream {
	var list []sample
	for seed := range 6 {
		if other, ok := s.another(m, seed); ok {
			list = append(list, other)
		}
		if first := s.bySize[0]; len(first.msg) == 0 && seed > 1 {
			list = append(list, first, first)
		}
	}
	return newStream(append(list, m)...)
}

// cuts are the offsets at which a stream of n bytes is cut: all of them, or for a long one those at its ends and where
// buffers and length fields are full.
func cuts(n int) []int {
	var list []int
	for k := range n + 1 {
		if n <= longStream || k < 24 || k > n-12 || near(k, 4096) || near(k, 65536) {
			list = append(list, k)
		}
	}
	return list
}

// longStream is where reading a stream once for each of its bytes begins to take time.
const longStream = 1000

// near goes as far as the largest header that a framing is likely to have.
func near(k, edge int) bool { return k > edge-2 && k < edge+16 }
