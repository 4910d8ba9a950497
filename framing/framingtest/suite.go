package framingtest

import (
	"time"

	"echolab/framing"
)

// A suite is one run of all checks on one codec.
type suite struct {
	sender, receiver framing.Codec

	samples []sample // every kind of message at every size, as far as the codec carries it
	bySize  []sample // one for each size
	short   []sample // a few of at most shortSize bytes, each with a size or content that is worth every check
	special []sample // those with bytes that a framing may give a meaning of its own
	long    []sample // of those above shortSize the first and the last, and those that the caller asked for

	overhead uint64 // what reading a small message allocates, where that is much

	watch  watch
	report report
}

// run does the checks in a goroutine of their own, so that a call that never returns can be left behind.
func (s *suite) run(sizes []int, patience time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.collect(sizes)
		if len(s.samples) == 0 {
			s.find(carries, scene{}, "Append refused each of them as unframable, or failed",
				"at least one: pass a size that this codec carries. (It may also be that it refuses the suite's contents.)")
			return
		}
		s.overhead = s.measure(s.atLeast(5))
		for _, check := range []func(){
			s.checkAppend, s.checkRoundTrip, s.checkDelivery, s.checkGlued, s.checkSpecial, s.checkShared, s.checkEnd, s.checkLimit,
			s.checkWaiting, s.checkReadError, s.checkEndless, s.checkHostile,
		} {
			check()
		}
	}()
	if stuck, verb, at := s.watch.wait(done, patience); stuck {
		s.find(hangs, at, verb+" had not returned after "+patience.String()+"; the suite ends here (the call waits, or goes on for ever, "+
			"or sets aside a lot of memory)",
			"a message or an error")
	}
}

// find notes that the codec broke a rule.
func (s *suite) find(r rule, at scene, came, want string) { s.report.add(r, at, came, want) }
