package framingtest

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"echolab/framing"
)

// checkLimit reads a message of every size with limits that it just keeps, and that it just exceeds.
func (s *suite) checkLimit() {
	for _, m := range s.bySize {
		n := len(m.msg)
		for _, size := range []int{4096, 16} {
			s.checkWithin(m, size)
			for _, max := range []int{n - 1, n / 2, 0, -1} {
				if max < n && n > 0 {
					s.checkOver(m, max, size)
				}
			}
		}
	}
	s.checkLargeLimits(s.atLeast(5))
	s.checkUnread()
}

// checkLargeLimits has limits at which a narrower integer overflows. The largest comes first: a codec that sets aside
// as much as the limit allows fails there, before it gets memory.
func (s *suite) checkLargeLimits(m sample) {
	if s.report.has(limit) || s.report.has(panics) {
		return
	}
	limits := []int64{math.MaxInt, 1<<31 - 1, 1 << 16}
	if strconv.IntSize == 64 {
		limits = append(limits, 1<<31, 1<<32, 1<<32+1)
	}
	for _, max := range limits {
		if int64(len(m.msg)) > max {
			continue
		}
		w := newWire(&source{data: m.frame, end: io.EOF}, inOneRead, 4096, scene{what: m.name})
		if _, ok := s.expect(limit, w, int(max), m.msg); !ok {
			return
		}
	}
}

// checkWithin wants the message for limits that allow it. A negative one counts as 0, which an empty message keeps.
func (s *suite) checkWithin(m sample, buffer int) {
	for _, max := range []int{len(m.msg), len(m.msg) + 1, math.MaxInt, -1} {
		if max < 0 && len(m.msg) > 0 {
			continue
		}
		w := newWire(&source{data: m.frame, end: io.EOF}, inOneRead, buffer, scene{what: m.name})
		if _, ok := s.expect(limit, w, max, m.msg); !ok {
			return
		}
	}
}

// checkOver wants a *SizeError for a message over the limit.
func (s *suite) checkOver(m sample, max, buffer int) {
	w := newWire(&source{data: m.frame, end: io.EOF}, inOneRead, buffer, scene{what: m.name})
	msg, err, ok := s.read(w, max)
	switch {
	case !ok:
	case err == nil:
		s.find(limit, w.at, outcome(msg, err), "a *SizeError")
	default:
		if wrong := faultOf(err, atLeastZero(max), len(m.msg)); wrong != "" {
			s.find(sizeError, w.at, outcome(nil, err)+": "+wrong, "a *SizeError that says what is too large")
		}
	}
}

// faultOf says what is wrong with the error of a message of n bytes that is over the limit.
func faultOf(err error, max, n int) string {
	var size *framing.SizeError
	switch {
	case !errors.Is(err, framing.ErrTooLarge):
		return "errors.Is does not find ErrTooLarge"
	case !errors.As(err, &size):
		return "errors.As finds no *SizeError"
	case size.Max != max:
		return fmt.Sprintf("its Max is %d, not %d", size.Max, max)
	case size.Length <= uint64(max):
		return fmt.Sprintf("its Length is %d, which is within the limit of %d", size.Length, max)
	case size.Length > uint64(n):
		return fmt.Sprintf("its Length is %d, but the message has %s", size.Length, count(n, "byte"))
	}
	return ""
}

func atLeastZero(n int) int { return max(n, 0) }

// checkUnread sees how much of a message over the limit a codec waits for, and what memory that takes. A length that
// comes first needs no byte of the message; a codec that looks for an end may wait for as many as are allowed, for two
// more that could be that end, and for whatever else the framing adds.
func (s *suite) checkUnread() {
	for _, m := range slices.Concat(s.short, s.long) {
		n := len(m.msg)
		for _, max := range []int{0, 1, n / 2, n - 1} {
			if max >= n || len(m.frame) < n { // shorter than its message: no telling how much is too much
				continue
			}
			w := newWire(&source{data: m.frame, end: errStall}, byteByByte, 4096, scene{what: m.name})
			if _, _, ok := s.read(w, max); !ok {
				continue
			}
			if allowed := max + 2 + len(m.frame) - n; w.src.next > allowed {
				s.find(unread, w.at, fmt.Sprintf("Read returned behind byte %d of %d", w.src.next, len(m.frame)),
					fmt.Sprintf("at most %d bytes waited for", allowed))
			}
		}
		w := newWire(&source{data: m.frame, end: errStall}, byteByByte, 4096, scene{what: m.name, max: "10"})
		s.call("Read", w.at, func() { s.checkMemory(w, byteByByte, 10) })
	}
}
